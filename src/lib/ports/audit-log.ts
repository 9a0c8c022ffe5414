import type {ObjectId} from '../model/brand.js'
import type {Secret} from '../model/secret.js'

/** Who did something, as the log names it. */
export interface AuditActor {
  readonly kind: 'app' | 'person' | 'unknown'
  /** App id, or object id of a person; services of Entra have none. */
  readonly id?: string | undefined
  /** Display name of an app, user principal name of a person. */
  readonly name?: string | undefined
}

/** One property as it was and as it is: JSON as text, sometimes malformed. It may hold device tokens, so it hides itself. */
export interface AuditedProperty {
  readonly property: string
  readonly before?: Secret | undefined
  readonly after?: Secret | undefined
}

export interface AuditTarget {
  readonly id?: string | undefined
  /** User principal name, else display name. */
  readonly name?: string | undefined
  readonly properties: readonly AuditedProperty[]
}

/** One entry of the directory's audit log. */
export interface AuditEntry {
  readonly id: string
  /** ISO 8601, UTC, by the service's clock. */
  readonly at: string
  readonly activity: string
  /** `success`, `failure`, … */
  readonly result?: string | undefined
  readonly reason?: string | undefined
  readonly service?: string | undefined
  readonly actor: AuditActor
  readonly targets: readonly AuditTarget[]
}

export type ActorFilter =
  {readonly appId: string} | {readonly appName: string} | {readonly userPrincipalName: string}

export interface AuditQuery {
  readonly from?: Date | undefined
  readonly to?: Date | undefined
  readonly actor?: ActorFilter | undefined
  /** Object id of the user that something was done to. */
  readonly target?: ObjectId | undefined
}

/**
 * Reads the directory's audit log. Pages hidden; repeated within the budget. Entries arrive minutes to hours after what they tell
 * of. Throws MfaError `auth` (AuditLog.Read.All is missing: named), `unavailable`.
 */
export interface AuditLog {
  /** Newest first, page by page. */
  entries(query: AuditQuery, signal: AbortSignal): AsyncIterable<readonly AuditEntry[]>
  /** Time of the newest entry, whatever it is about; undefined for an empty log. */
  reaches(signal: AbortSignal): Promise<string | undefined>
}
