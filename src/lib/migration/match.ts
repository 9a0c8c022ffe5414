import type {SourceKey} from '../model/brand.js'
import type {EntraIdentity} from '../model/entra-user.js'
import type {ServerIdentity} from '../model/server-user.js'
import type {LookedUpIdentity} from '../ports/directory-lookup.js'
import {adAmbiguousServer} from './directory-sids.js'
import {foldCase} from '../model/fold-case.js'
import {isInDomain, plainNameDomain, serverName, serverSid, serverSids} from './match-keys.js'
import type {Finding, MatchOptions} from './plan.js'

export type MatchedBy = 'upn' | 'sid' | 'domain-name' | 'plain-name' | 'active-directory' | 'mapping'

export type Match =
  | {
      readonly kind: 'matched'
      readonly source: SourceKey
      readonly rule: 'U2'
      readonly how: MatchedBy
    }
  | {readonly kind: 'none'; readonly finding: Finding}

/** A line of the mapping file for this member, and the server users that have its Username. */
export interface MappedTo {
  readonly line: number
  readonly username: string
  readonly servers: readonly ServerIdentity[]
}

export interface MatchInput {
  readonly member: EntraIdentity
  /** Server users that share a key with the member; others do no harm. */
  readonly candidates: readonly ServerIdentity[]
  readonly mapped?: MappedTo | undefined
  readonly options: MatchOptions
  /** Whether this member is the only user of the whole tenant with this sAMAccountName; undefined if not known. */
  readonly plainNameIsUnique: (sam: string) => boolean | undefined
}

/**
 * U2: the server user of one member. Steps in the rule's order, the first one that hits decides; a mapping line decides
 * before all of them. A server user whose SID is known to be another one is never a hit, whatever the name says.
 * Pure, and independent of the order of the candidates.
 */
export function matchMember(input: MatchInput): Match {
  if (input.mapped !== undefined) return followMapping(input.member, input.mapped)
  const candidates = distinct(input.candidates)
  const strangers = candidates.filter((server) => sidsDiffer(input.member, server))
  const rest = candidates.filter((server) => !strangers.includes(server))
  for (const how of STEPS) {
    const hits = how.flatMap((each) =>
      rest.filter((server) => isHit(each, input, server)).map((server) => ({server, each})),
    )
    const [hit] = hits
    if (hits.length > 1) return none(ambiguous(hits.map((each) => each.server)))
    if (hit !== undefined) return matched(hit.server, hit.each)
  }
  const isNamed = (server: ServerIdentity): boolean => STEPS.flat().some((how) => isHit(how, input, server))
  const stranger = strangers.find(isNamed)
  if (stranger !== undefined) return none(sidMismatch(input.member, stranger))
  const several = rest.find((server) => isOneOfSeveral(input.member, server))
  if (several !== undefined) return none(adAmbiguousServer(several))
  const unsure = rest.find((server) => isSamePlainName(input.member, server))
  if (unsure !== undefined) return none(domainNeeded(unsure))
  return none(noServerUser())
}

type Step = Exclude<MatchedBy, 'mapping'>

/** U2 (1) to (4). */
const STEPS: readonly (readonly Step[])[] = [
  ['upn'],
  ['sid'],
  ['domain-name', 'plain-name'],
  ['active-directory'],
]

/** One way to match, looked at by itself. A plain name that is not safe to use is no hit. */
function isHit(how: Step, {member, options, plainNameIsUnique}: MatchInput, server: ServerIdentity): boolean {
  const name = serverName(server.username)
  switch (how) {
    case 'upn': {
      const upn = foldCase(member.userPrincipalName)
      const own = server.userPrincipalName !== undefined && foldCase(server.userPrincipalName) === upn
      return own || (name?.form === 'upn' && name.upn === upn)
    }
    case 'sid':
      return !!server.sid && hasSid(member, server)
    case 'domain-name':
      return name?.form === 'domain' && hasSam(member, name.sam) && isInDomain(member, name.domain, options)
    case 'plain-name':
      return (
        isSamePlainName(member, server) &&
        plainNameIsSafe(member, server.username, options, plainNameIsUnique)
      )
    case 'active-directory':
      return !server.sid && hasSid(member, server)
    default:
      return how satisfies never
  }
}

function plainNameIsSafe(
  member: EntraIdentity,
  sam: string,
  options: MatchOptions,
  plainNameIsUnique: MatchInput['plainNameIsUnique'],
): boolean {
  const pin = plainNameDomain(options)
  if (pin !== undefined) {
    if (isInDomain(member, pin.domain, options)) return true
    if (pin.only) return false
  }
  return plainNameIsUnique(sam) === true
}

function isSamePlainName(member: EntraIdentity, server: ServerIdentity): boolean {
  const name = serverName(server.username)
  return name?.form === 'plain' && hasSam(member, name.sam)
}

function hasSam(member: EntraIdentity, folded: string): boolean {
  return member.onPremisesSamAccountName !== undefined && foldCase(member.onPremisesSamAccountName) === folded
}

function hasSid(member: EntraIdentity, server: ServerIdentity): boolean {
  const sid = serverSid(server)
  return sid !== undefined && !!member.onPremisesSecurityIdentifier && !sidsDiffer(member, server)
}

/** Active Directory has several accounts for the server user, and the member is one of them. */
function isOneOfSeveral(member: EntraIdentity, server: LookedUpIdentity): boolean {
  const {onPremisesSecurityIdentifier: sid} = member
  return serverSids(server).length > 1 && !!sid && serverSids(server).includes(foldCase(sid))
}

function sidsDiffer(member: EntraIdentity, server: ServerIdentity): boolean {
  const theirs = serverSid(server)
  return (
    theirs !== undefined &&
    !!member.onPremisesSecurityIdentifier &&
    foldCase(member.onPremisesSecurityIdentifier) !== theirs
  )
}

function followMapping(member: EntraIdentity, {line, username, servers}: MappedTo): Match {
  const found = distinct(servers)
  const [server] = found
  if (server === undefined) {
    return none({
      code: 'mapping-invalid',
      rule: 'U2',
      item: 'user',
      detail: `Line ${line} of the mapping file names "${username}", but MFA Server has no such user. Correct the line, or take it out.`,
    })
  }
  if (found.length > 1) return none(ambiguous(found))
  if (sidsDiffer(member, server)) return none(sidMismatch(member, server, line))
  return matched(server, 'mapping')
}

function distinct(servers: readonly ServerIdentity[]): readonly ServerIdentity[] {
  const byKey = new Map(servers.map((server) => [server.key, server]))
  return [...byKey.values()].toSorted((one, other) => (one.key < other.key ? -1 : 1))
}

const matched = (server: ServerIdentity, how: MatchedBy): Match => ({
  kind: 'matched',
  source: server.key,
  rule: 'U2',
  how,
})
export const none = (finding: Finding): Match => ({kind: 'none', finding})

/** U3 */
function noServerUser(): Finding {
  return {
    code: 'no-server-user',
    rule: 'U3',
    item: 'user',
    detail:
      'MFA Server has no user that matches this member. If there is one under another name, give it in a mapping file (mfa mapping export).',
  }
}

/** U3 */
function ambiguous(servers: readonly ServerIdentity[]): Finding {
  return {
    code: 'ambiguous-match',
    rule: 'U3',
    item: 'user',
    detail: `${servers.length} MFA Server users match this member: ${servers.map((each) => `"${each.key}"`).join(', ')}. Name the right one in a mapping file (mfa mapping export).`,
  }
}

/** U3: the other way round. */
export function ambiguousMembers(server: SourceKey, userPrincipalNames: readonly string[]): Finding {
  return {
    code: 'ambiguous-match',
    rule: 'U3',
    item: 'user',
    detail: `MFA Server user "${server}" matches ${userPrincipalNames.length} members: ${userPrincipalNames.join(', ')}. Name the right one in a mapping file (mfa mapping export).`,
  }
}

function sidMismatch(member: EntraIdentity, server: ServerIdentity, line?: number): Finding {
  const said = line === undefined ? '' : `line ${line} of the mapping file names it, but `
  return {
    code: 'sid-mismatch',
    rule: 'U2',
    item: 'user',
    detail: `MFA Server user "${server.key}" is somebody else: ${said}its SID is ${serverSid(server)?.toUpperCase()}, that of the Entra user ${member.onPremisesSecurityIdentifier}. The name may have been given to another person; check who this is.`,
  }
}

function domainNeeded(server: ServerIdentity): Finding {
  return {
    code: 'domain-needed',
    rule: 'U2',
    item: 'user',
    detail: `MFA Server user "${server.key}" is named without a domain, and several users of the tenant may be meant. Say which with --default-domain or --netbios, or in a mapping file.`,
  }
}
