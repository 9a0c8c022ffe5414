import type {SourceKey} from '../model/brand.js'
import type {ServerSettings} from './server-settings.js'
import type {ServerIdentity, ServerUser} from '../model/server-user.js'

/** A fault that belongs to no user: an unknown column, a device of nobody, a seed that nobody has. */
export interface SourceProblem {
  readonly code:
    | 'unknown-column'
    | 'row-without-user'
    | 'row-invalid'
    | 'user-unknown'
    | 'seed-duplicate'
    | 'seed-unmatched'
    | 'seed-invalid'
    | 'incomplete'
  readonly file: string
  readonly line?: number | undefined
  readonly field?: string | undefined
  readonly message: string
}

/** What `mfa source check` tells beyond the users. */
export interface SourceDescription {
  readonly kind: 'bundle' | 'web-service-sdk'
  /** Where it is, as the user typed it; never credentials. */
  readonly label: string
  /** Plain lines: files and sizes, server version clues, operations chosen, how names are searched. */
  readonly facts: readonly {readonly name: string; readonly value: string}[]
}

/**
 * On-premises users, read-only.
 *
 * Memory stays flat in the number of users. Reads are repeated where that is safe. Values come exactly as they stand.
 * Input that cannot be read as a whole ends with MfaError (exit `data`, `auth`, `unavailable` or `usage`) from
 * `identities` or `describe`, before anything else has happened; a wrong row becomes a fault of its user.
 */
export interface Source {
  /** Opens, signs in, and says what is there; after `identities` also how it was shown to be whole. Throws as above. */
  describe(signal: AbortSignal): Promise<SourceDescription>
  /** Every user once, in a stable order. Reads and checks the whole input. Keys are unique. */
  identities(signal: AbortSignal): AsyncIterable<ServerIdentity>
  /** Whole records: of everybody, or of these keys in this order (a key that is gone is left out). After `identities`. */
  users(signal: AbortSignal, keys?: readonly SourceKey[]): AsyncIterable<ServerUser>
  /** The serial number of every OATH token of a user, where all of them are cheap to read. After `identities`. */
  serialNumbers?(signal: AbortSignal): AsyncIterable<string>
  /** Settings of the server, where the source can be asked for them. */
  serverSettings?: ((signal: AbortSignal) => Promise<ServerSettings>) | undefined
  /** What the last full pass of `identities` found wrong and belongs to no user. */
  problems(): readonly SourceProblem[]
  /** Hash over the input as it is now; changes when the input does. After `identities`. */
  fingerprint(signal: AbortSignal): Promise<string>
  close(): Promise<void>
}
