import {countOf} from '../model/count-of.js'
import type {EntraIdentity} from '../model/entra-user.js'
import {foldCase} from '../model/fold-case.js'
import type {ServerIdentity} from '../model/server-user.js'
import type {DirectoryAccount, DirectoryLookup, LookedUpIdentity} from '../ports/directory-lookup.js'
import type {Bag} from '../ports/scratch.js'
import type {Ui} from '../ports/ui.js'
import {canonicalDomain, serverName} from './match-keys.js'
import type {Finding, MatchOptions} from './plan.js'

/** What Active Directory said of one server user that has no SID of its own. */
export interface DirectoryAnswer {
  readonly username: string
  readonly accounts: 0 | 1 | 'several'
}

/**
 * U2 (4): gives each server user without a SID that of its account in Active Directory. The attribute must hold the
 * Username; of `DOMAIN\name` the name will do where the account is in that domain. `answers` takes what was said, under
 * the source key. Throws what `lookup` throws.
 */
export async function withDirectorySids(
  servers: readonly ServerIdentity[],
  lookup: DirectoryLookup,
  options: MatchOptions,
  answers: Bag<DirectoryAnswer>,
  signal: AbortSignal,
): Promise<readonly LookedUpIdentity[]> {
  const asked = servers.filter(({sid}) => !sid).flatMap(({username}) => valuesOf(username))
  if (asked.length === 0) return servers
  const found = await lookup.find([...new Set(asked)], signal)
  return servers.map((server) => {
    if (server.sid || valuesOf(server.username).length === 0) return server
    const sids = [...new Set(accountsOf(server.username, found, options).map(({sid}) => sid))].toSorted()
    const [sid, ...more] = sids
    const accounts = sid === undefined ? 0 : more.length === 0 ? 1 : 'several'
    answers.set(server.key, {username: server.username, accounts})
    if (sid === undefined) return server
    return more.length === 0 ? {...server, directorySid: sid} : {...server, directorySids: sids}
  })
}

function valuesOf(username: string): readonly string[] {
  const name = originalName(username)
  return [username, ...(name === undefined ? [] : [name])].filter((value) => value !== '')
}

/** `name` of `DOMAIN\name`, in its own letter case. */
function originalName(username: string): string | undefined {
  return serverName(username)?.form === 'domain' ? username.slice(username.indexOf('\\') + 1) : undefined
}

function accountsOf(
  username: string,
  found: ReadonlyMap<string, readonly DirectoryAccount[]>,
  options: MatchOptions,
): readonly DirectoryAccount[] {
  const whole = found.get(username) ?? []
  const name = serverName(username)
  const sam = originalName(username)
  if (name?.form !== 'domain' || sam === undefined) return whole
  const domain = canonicalDomain(name.domain, options)
  const inDomain = (found.get(sam) ?? []).filter(({domains}) =>
    domains.some((each) => foldCase(each) === domain),
  )
  return [...whole, ...inDomain]
}

/**
 * U2 (4), from the other side: the account whose attribute is the user principal name of a member that matches nobody
 * and has no SID in Entra. The SID to match by, or the finding that says why there is none.
 */
export function memberSid(
  member: EntraIdentity,
  attribute: string,
  accounts: readonly DirectoryAccount[],
  unasked: readonly string[],
): {readonly sid: string} | {readonly finding: Finding} {
  const sids = [...new Set(accounts.map(({sid}) => sid))]
  const [sid, ...more] = sids
  if (sid !== undefined && more.length === 0) return {sid}
  const {userPrincipalName} = member
  if (sid === undefined && unasked.length > 0) {
    return {
      finding: {
        code: 'ad-not-asked',
        rule: 'U2',
        item: 'user',
        detail: `MFA Server has no user that matches this member by name, and Active Directory no user account whose ${attribute} is ${userPrincipalName} in the part that was asked. ${notAsked(unasked)}, see the warnings: the account may be there. If there is a server user, give it in a mapping file (mfa mapping export).`,
      },
    }
  }
  if (sid === undefined) {
    return {
      finding: {
        code: 'ad-not-found',
        rule: 'U2',
        item: 'user',
        detail: `MFA Server has no user that matches this member by name, and Active Directory no user account whose ${attribute} is ${userPrincipalName}. If there is a server user, give it in a mapping file (mfa mapping export).`,
      },
    }
  }
  const names = accounts.map(({distinguishedName}) => `"${distinguishedName}"`)
  return {finding: adAmbiguous(`whose ${attribute} is ${userPrincipalName}`, names)}
}

/** Half a sentence. */
const notAsked = (unasked: readonly string[]): string =>
  `${unasked.join(', ')} ${unasked.length === 1 ? 'was' : 'were'} not asked`

function adAmbiguous(which: string, accounts: readonly string[]): Finding {
  return {
    code: 'ad-ambiguous',
    rule: 'U2',
    item: 'user',
    detail: `Active Directory has ${accounts.length} user accounts ${which}: ${accounts.toSorted().join(', ')}. Give the value to one of them only, or name the server user in a mapping file (mfa mapping export).`,
  }
}

/** The member is one of several accounts that Active Directory has for a server user. */
export function adAmbiguousServer(server: LookedUpIdentity): Finding {
  return adAmbiguous(`for the server user "${server.key}"`, server.directorySids ?? [])
}

/** Active Directory knows the member, but no server user has that SID. */
export function adSidUnknown(member: EntraIdentity, attribute: string, sid: string): Finding {
  return {
    code: 'ad-sid-unknown',
    rule: 'U2',
    item: 'user',
    detail: `The account in Active Directory whose ${attribute} is ${member.userPrincipalName} has the SID ${sid}, and no user of MFA Server has that SID. If there is a server user, give it in a mapping file (mfa mapping export).`,
  }
}

/** Sentences about server users that were looked up and that nobody in the group matches. */
export interface DirectorySummary {
  readonly warnings: readonly string[]
  readonly notes: readonly string[]
}

export function tellDirectory({warnings, notes}: DirectorySummary, ui: Ui): void {
  for (const text of warnings) ui.emit({type: 'warning', text, quotes: 'people'})
  for (const text of notes) ui.emit({type: 'note', text, quotes: 'people'})
}

/** How many names a summary shows. */
const SHOWN = 5

/** @param membersLeft whether a member of the group matches nobody */
export function directorySummary(
  answers: Bag<DirectoryAnswer>,
  {attribute, unasked}: {readonly attribute: string; readonly unasked: readonly string[]},
  isMatched: (sourceKey: string) => boolean,
  membersLeft: boolean,
): DirectorySummary {
  const counts = {asked: 0, elsewhere: 0}
  const missing = new Names()
  const several = new Names()
  for (const [key, {username, accounts}] of answers.entries()) {
    counts.asked++
    if (isMatched(key)) continue
    if (accounts === 0) missing.add(username)
    else if (accounts === 'several') several.add(username)
    else counts.elsewhere++
  }
  if (counts.asked === 0) return {warnings: [], notes: []}
  const warnings: string[] = []
  const notes: string[] = []
  if (missing.count > 0) {
    // Where every member has a match, nobody of the group can be among them.
    const told = membersLeft ? warnings : notes
    told.push(
      `Active Directory has no user account whose ${attribute} is the Username of ${missing.text()}${unasked.length === 0 ? '' : `, and ${notAsked(unasked)}`}; nobody in the group matches by another way either.`,
    )
  }
  if (several.count > 0) {
    warnings.push(
      `Active Directory has several user accounts whose ${attribute} is the Username of ${several.text()}; none of them is used.`,
    )
  }
  if (counts.elsewhere > 0) {
    notes.push(
      `Active Directory has accounts for ${countOf(counts.elsewhere, 'more user')} of MFA Server; nobody in the group has their SIDs.`,
    )
  }
  return {warnings, notes}
}

class Names {
  count = 0
  readonly #first: string[] = []

  add(name: string): void {
    if (++this.count <= SHOWN) this.#first.push(`"${name}"`)
  }

  text(): string {
    const more = this.count - this.#first.length
    return `${countOf(this.count, 'server user')} without a SID: ${this.#first.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
  }
}
