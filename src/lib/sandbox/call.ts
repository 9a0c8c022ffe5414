import type {Caller} from './caller.js'
import type {GraphFault} from './graph-fault.js'
import type {Moment} from './facts.js'
import type {KeyRules} from './key-credentials.js'
import type {Store} from './store.js'

export type GraphVersion = 'v1.0' | 'beta'

/** One Graph operation: a request of its own, or an item of a batch. */
export interface Call {
  readonly store: Store
  readonly version: GraphVersion
  readonly method: string
  /** `http://127.0.0.1:PORT`, without the version. */
  readonly root: string
  /** Below the version, as sent (still encoded), without the query. */
  readonly path: string
  /** Decoded path parameters. */
  readonly params: Readonly<Record<string, string>>
  readonly query: ReadonlyMap<string, string>
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
  readonly now: Date
  /** Methods, tokens and preferences are read as they stood at this moment (ms since 1970). */
  readonly seenAt: number
  /** When a write happens, and how long what it replaces is kept. */
  readonly moment: Moment
  readonly caller: Caller
  /** Lower-case UPNs of users whose requests fail. */
  readonly failing: ReadonlySet<string>
  readonly rules: KeyRules
  /** So old is the newest entry of the audit log that can be read, in ms. */
  readonly auditDelay: number
  /** Directory roles of the one person who signs in. */
  readonly personRoles: readonly string[]
}

export interface Answer {
  readonly status: number
  /** JSON value, or text where `contentType` says so. */
  readonly body?: unknown
  readonly contentType?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** A refusal whose changes stay; its body is made where the request ids are known. */
  readonly fault?: GraphFault | undefined
}

export type Handler = (call: Call) => Answer

export const NO_CONTENT: Answer = {status: 204}

export function ok(body: unknown): Answer {
  return {status: 200, body}
}

/** A single entity with its context line. */
export function entity(call: Call, context: string, body: object, status = 200): Answer {
  return {status, body: {'@odata.context': contextUrl(call, `${context}/$entity`), ...body}}
}

export function contextUrl(call: Call, fragment: string): string {
  return `${call.root}/${call.version}/$metadata#${fragment}`
}

/** The named path parameter; a template without it is a mistake in the route table. */
export function param(call: Call, name: string): string {
  const value = call.params[name]
  if (value === undefined) throw new Error(`the route has no {${name}}`)
  return value
}
