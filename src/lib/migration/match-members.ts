import type {ObjectId} from '../model/brand.js'
import type {EntraIdentity} from '../model/entra-user.js'
import type {ServerIdentity} from '../model/server-user.js'
import type {Directory} from '../ports/directory.js'
import type {DirectoryLookup} from '../ports/directory-lookup.js'
import type {Bag, Scratch} from '../ports/scratch.js'
import {foldCase} from '../model/fold-case.js'
import {
  adSidUnknown,
  type DirectoryAnswer,
  type DirectorySummary,
  directorySummary,
  memberSid,
} from './directory-sids.js'
import {memberMatchKeys} from './match-keys.js'
import {resolveMapping} from './match-mapping.js'
import {ambiguousMembers, matchMember, none, type Match, type MatchInput} from './match.js'
import type {MatchOptions} from './plan.js'
import type {MappingRow} from './request.js'

export interface MatchedMember {
  readonly member: EntraIdentity
  readonly match: Match
}

export interface MatchedMembers {
  /** Every member once; to be gone through once. */
  readonly results: AsyncIterable<MatchedMember>
  /** Mapping lines that cannot be followed, a sentence each. Complete when the first result comes out. */
  problems(): readonly string[]
  /** What Active Directory said of server users that nobody in the group matches. Complete as `problems`. */
  directory(): DirectorySummary
}

export interface MatchMembersInput {
  /** All members of the group under their object ids: with some left out, U3 could not see who else claims a server user. */
  readonly members: Bag<EntraIdentity>
  /** Server users, each under all of its `serverMatchKeys`. */
  readonly servers: Bag<ServerIdentity>
  readonly mapping: readonly MappingRow[]
  readonly options: MatchOptions
  readonly directory: Pick<Directory, 'usersBySamAccountName'>
  readonly lookup: DirectoryLookup | undefined
  /** What `readIdentities` was told by Active Directory. */
  readonly answers: Bag<DirectoryAnswer> | undefined
  readonly scratch: Scratch
  readonly signal: AbortSignal
}

/** Members whose plain names are asked about together. */
const CHUNK = 500

/**
 * U2 and U3 for a whole group: every member once, in the order of the user principal name in lower case, then the id.
 * Nothing comes out before every member was looked at, since two members may claim one server user. A server user that a
 * mapping line gives to somebody is no candidate for anybody else. Memory stays flat: what grows is in `scratch`.
 * Throws what `directory` throws, and the signal's reason when aborted.
 */
export function matchMembers(input: MatchMembersInput): MatchedMembers {
  const mapping = resolveMapping(input.mapping, input.servers, input.options)
  const matches = input.scratch.bag<MatchedMember>('match-results')
  const claims = input.scratch.bag<{readonly id: ObjectId; readonly upn: string}>('match-claims')

  let membersLeft = false
  let summary: DirectorySummary = {warnings: [], notes: []}

  async function* run(): AsyncGenerator<MatchedMember> {
    for (const chunk of chunks(input.members)) {
      input.signal.throwIfAborted()
      for (const {member, match} of await byDirectory(await matchChunk(chunk))) {
        matches.set(`${member.userPrincipalName.toLowerCase()} ${member.id}`, {member, match})
        if (match.kind === 'none') membersLeft = true
        else {
          claims.add(match.source, {id: member.id, upn: member.userPrincipalName})
        }
      }
    }
    mapping.finish()
    if (input.answers !== undefined && input.lookup !== undefined) {
      const isMatched = (key: string): boolean => claims.get(key).length > 0
      summary = directorySummary(
        input.answers,
        {attribute: input.lookup.attribute, unasked: input.lookup.unasked()},
        isMatched,
        membersLeft,
      )
    }
    for (const [, result] of matches.entries()) {
      input.signal.throwIfAborted()
      yield settle(result)
    }
  }

  async function matchChunk(chunk: readonly EntraIdentity[]): Promise<readonly MatchedMember[]> {
    const asked = new Set<string>()
    const inputs = chunk.map((member) => matchInput(member))
    const first = inputs.map((each) => {
      let needs = false
      const match = matchMember({
        ...each,
        plainNameIsUnique: (sam) => {
          needs = true
          asked.add(sam.toLowerCase())
          return undefined
        },
      })
      return {each, match, needs}
    })
    const users =
      asked.size === 0
        ? undefined
        : await input.directory.usersBySamAccountName([...asked].toSorted(), input.signal)
    return first.map(({each, match, needs}) => {
      if (!needs) return {member: each.member, match}
      const unique = (sam: string): boolean => isOnly(each.member, users?.get(sam.toLowerCase()))
      return {member: each.member, match: matchMember({...each, plainNameIsUnique: unique})}
    })
  }

  /** U2 (4): members that match nobody and have no SID in Entra, by the account whose attribute is their name. */
  async function byDirectory(results: readonly MatchedMember[]): Promise<readonly MatchedMember[]> {
    const {lookup} = input
    if (lookup === undefined) return results
    const isOpen = ({member, match}: MatchedMember): boolean =>
      match.kind === 'none' &&
      (match.finding.code === 'no-server-user' || match.finding.code === 'domain-needed') &&
      !member.onPremisesSecurityIdentifier
    const names = results.filter(isOpen).map(({member}) => member.userPrincipalName)
    if (names.length === 0) return results
    const found = await lookup.find([...new Set(names)].toSorted(), input.signal)
    const unasked = lookup.unasked()
    return results.map((result) => {
      if (!isOpen(result)) return result
      const {member} = result
      const accounts = found.get(member.userPrincipalName) ?? []
      const answer = memberSid(member, lookup.attribute, accounts, unasked)
      const match = 'sid' in answer ? matchBySid(member, lookup.attribute, answer.sid) : none(answer.finding)
      // A name without a domain says more than that nobody is there.
      const unsure = result.match.kind === 'none' && result.match.finding.code === 'domain-needed'
      const isNobody = match.kind === 'none' && NOBODY.has(match.finding.code)
      return unsure && isNobody ? result : {member, match}
    })
  }

  function matchBySid(member: EntraIdentity, attribute: string, sid: string): Match {
    const known = {...member, onPremisesSecurityIdentifier: sid}
    const match = matchMember({...matchInput(known), plainNameIsUnique: () => undefined})
    if (match.kind === 'matched') return {...match, how: 'active-directory'}
    return match.finding.code === 'no-server-user' ? none(adSidUnknown(member, attribute, sid)) : match
  }

  function matchInput(member: EntraIdentity): Omit<MatchInput, 'plainNameIsUnique'> {
    const mapped = mapping.take(member.userPrincipalName)
    const candidates =
      mapped !== undefined
        ? []
        : memberMatchKeys(member, input.options)
            .flatMap((key) => input.servers.get(key))
            .filter((server) => !mapping.isGivenAway(server.key))
    return {member, candidates, mapped, options: input.options}
  }

  /** U3: two members for one server user. */
  function settle({member, match}: MatchedMember): MatchedMember {
    if (match.kind === 'none') return {member, match}
    const claimants = claims.get(match.source)
    if (claimants.length < 2) return {member, match}
    const names = claimants
      .map((each) => each.upn)
      .toSorted((one, other) => (foldCase(one) < foldCase(other) ? -1 : 1))
    return {member, match: {kind: 'none', finding: ambiguousMembers(match.source, names)}}
  }

  return {results: run(), problems: () => mapping.problems(), directory: () => summary}
}

const NOBODY: ReadonlySet<string> = new Set(['ad-not-found', 'ad-not-asked'])

function isOnly(member: EntraIdentity, users: readonly EntraIdentity[] | undefined): boolean {
  return users !== undefined && users.length > 0 && users.every((user) => user.id === member.id)
}

function* chunks(members: Bag<EntraIdentity>): Generator<readonly EntraIdentity[]> {
  let chunk: EntraIdentity[] = []
  for (const [, member] of members.entries()) {
    chunk.push(member)
    if (chunk.length === CHUNK) {
      yield chunk
      chunk = []
    }
  }
  if (chunk.length > 0) yield chunk
}
