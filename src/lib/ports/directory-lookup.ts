import type {ServerIdentity} from '../model/server-user.js'

/**
 * U2 (4): finds the server user in Active Directory by the configured attribute and gives the SID of the one object
 * found; undefined if there is none, or several.
 *
 * Asked only for server users that have no SID. Reads only; repeats within its budget. Throws MfaError `auth` or
 * `unavailable`. Whoever fills the bag of server users calls it and stores the answer as `directorySid`; matching does
 * the rest. Nothing implements it yet.
 */
export type DirectoryLookup = (server: ServerIdentity, signal: AbortSignal) => Promise<string | undefined>

/** A server user together with what Active Directory said of it (U2 (4)). */
export interface LookedUpIdentity extends ServerIdentity {
  readonly directorySid?: string | undefined
}
