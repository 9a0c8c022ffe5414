import type {ServerIdentity} from '../model/server-user.js'

/** A user account of Active Directory. */
export interface DirectoryAccount {
  readonly distinguishedName: string
  /** `S-1-5-21-…` */
  readonly sid: string
  /** DNS name of its domain, and the NetBIOS name. */
  readonly domains: readonly string[]
}

/**
 * U2 (4): user accounts of Active Directory by the configured attribute. Reads only; goes on with another domain
 * controller where one fails, within its budget. Throws MfaError: `unavailable` (none can be reached), `auth` (bind
 * refused, or nothing may be read), `usage` (certificate, base or attribute).
 */
export interface DirectoryLookup {
  /** Name of the attribute, as the operator gave it. */
  readonly attribute: string
  /**
   * All accounts that have the value, letter case apart, under each value as it was asked; a value that nobody has is
   * left out. Values are taken as they are: nothing in them is a pattern.
   */
  find(
    values: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, readonly DirectoryAccount[]>>
  /**
   * Parts of the directory that were not asked, as people call them: whoever is not found may be there. Why is told when
   * it turns out. Complete after `find`.
   */
  unasked(): readonly string[]
  close(): Promise<void>
}

/** A server user without a SID, together with what Active Directory said of it (U2 (4)). */
export interface LookedUpIdentity extends ServerIdentity {
  /** The SID of the one account that was found. */
  readonly directorySid?: string | undefined
  /** SIDs where several accounts were found. */
  readonly directorySids?: readonly string[] | undefined
}
