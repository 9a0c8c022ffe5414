import {redact} from '../../model/redact.js'
import {MfaError} from '../../errors/mfa-error.js'

/**
 * `refused`: the service said no, nothing happened. `failed`: it kept failing; a write may have happened.
 * `lost`: sent once, answer lost; must be read back before anything is sent again (R1).
 */
export type GraphErrorKind = 'refused' | 'failed' | 'lost'

/** One request that did not succeed. Concerns that request alone; holds neither token nor body. */
export class GraphError extends MfaError {
  readonly kind: GraphErrorKind
  /** HTTP status; 0 where there was no answer. */
  readonly status: number
  /** Graph's `error.code`, or a word of ours. Branch on this and `status`, never on the message. */
  readonly graphCode: string

  constructor(
    kind: GraphErrorKind,
    about: {
      readonly status: number
      readonly graphCode: string
      readonly message: string
      readonly requestId?: string | undefined
    },
  ) {
    super(
      kind === 'refused' ? 'GRAPH_REFUSED' : kind === 'failed' ? 'GRAPH_FAILED' : 'GRAPH_ANSWER_LOST',
      about.message,
      {
        exit: kind === 'refused' && !isForeign(about.graphCode) ? 'bug' : 'unavailable',
        fix:
          kind !== 'refused'
            ? 'Run the same command again: it reads back what happened and goes on.'
            : isForeign(about.graphCode)
              ? 'This is not how Microsoft Graph says no: check that MFA_GRAPH_URL is its root (/v1.0 and /beta are appended), and what stands in between.'
              : undefined,
        requestId: about.requestId,
      },
    )
    this.name = 'GraphError'
    this.kind = kind
    this.status = about.status
    this.graphCode = about.graphCode
  }
}

const FOREIGN = 'HTTP_'

/** An error status without Graph's error shape: something else answered. */
const isForeign = (code: string): boolean => code.startsWith(FOREIGN)

export interface ErrorBody {
  readonly code: string
  readonly message: string
  readonly requestId?: string | undefined
}

/**
 * Reads Graph's error shape: `{"error":{"code","message","innerError":{"request-id"}}}`. The authentication methods
 * backend sometimes puts JSON text into `message`; the sentence inside it is taken.
 */
export function readErrorBody(body: unknown, status: number): ErrorBody {
  const error = field(body, 'error')
  const inner = field(error, 'innerError') ?? field(error, 'innererror')
  const requestId = text(field(inner, 'request-id')) ?? text(field(inner, 'requestId'))
  const code = text(field(error, 'code')) || `${FOREIGN}${status}`
  const message = unwrapped(text(field(error, 'message')))
  return {code, message: redact(message || `the service answered ${status}`), requestId}
}

function unwrapped(message: string | undefined): string | undefined {
  if (message === undefined || !message.trimStart().startsWith('{')) return message
  try {
    const inside: unknown = JSON.parse(message)
    return (
      text(field(inside, 'message')) ??
      text(field(inside, 'Message')) ??
      text(field(field(inside, 'error'), 'message')) ??
      message
    )
  } catch {
    return message
  }
}

export function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
