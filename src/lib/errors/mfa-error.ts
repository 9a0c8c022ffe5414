import type {ExitName} from './exit-codes.js'

export interface MfaErrorInit {
  /** Which row of the exit-code table this is. */
  readonly exit: ExitName
  /** What the operator can do next; printed under the message. */
  readonly fix?: string | undefined
  /** The request id that Microsoft support asks for. */
  readonly requestId?: string | undefined
  /** Further keys of the JSON object beside `error`: the list of what stands in the way. */
  readonly details?: Readonly<Record<string, unknown>> | undefined
  readonly cause?: unknown
}

/** A failure we foresaw. Anything else that reaches the top is a bug and exits 1. */
export class MfaError extends Error {
  readonly code: Uppercase<string>
  readonly exit: ExitName
  readonly fix: string | undefined
  readonly requestId: string | undefined
  readonly details: Readonly<Record<string, unknown>> | undefined

  constructor(code: Uppercase<string>, message: string, init: MfaErrorInit) {
    super(message, {cause: init.cause})
    this.name = 'MfaError'
    this.code = code
    this.exit = init.exit
    this.fix = init.fix
    this.requestId = init.requestId
    this.details = init.details
  }
}
