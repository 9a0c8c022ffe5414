import type {ObjectId, SourceKey} from '../../src/lib/model/brand.js'
import type {EntraIdentity} from '../../src/lib/model/entra-user.js'
import type {ServerIdentity} from '../../src/lib/model/server-user.js'
import type {DirectoryAnswer} from '../../src/lib/migration/directory-sids.js'
import type {DirectoryLookup} from '../../src/lib/ports/directory-lookup.js'
import type {Bag} from '../../src/lib/ports/scratch.js'
import {memberMatchKeys, serverMatchKeys} from '../../src/lib/migration/match-keys.js'
import {matchMembers, type MatchedMember} from '../../src/lib/migration/match-members.js'
import {matchMember, type Match} from '../../src/lib/migration/match.js'
import type {MatchOptions} from '../../src/lib/migration/plan.js'
import type {MappingRow} from '../../src/lib/migration/request.js'
import {memoryScratch} from '../fakes/memory-scratch.js'

export const NO_OPTIONS: MatchOptions = {netbios: {}}

export const entra = (fields: Partial<EntraIdentity> & {userPrincipalName: string}): EntraIdentity => ({
  id: `id-${fields.userPrincipalName}` as ObjectId,
  accountEnabled: true,
  isGuest: false,
  ...fields,
})

export const server = (username: string, fields: Partial<ServerIdentity> = {}): ServerIdentity => ({
  key: username as SourceKey,
  username,
  ...fields,
})

/** One member against a few server users, by shared keys only, as `matchMembers` finds them. */
export function match(
  member: EntraIdentity,
  servers: readonly ServerIdentity[],
  {options = NO_OPTIONS, unique}: {options?: MatchOptions; unique?: boolean} = {},
): Match {
  const keys = new Set(memberMatchKeys(member, options))
  return matchMember({
    member,
    candidates: servers.filter((each) => serverMatchKeys(each, options).some((key) => keys.has(key))),
    options,
    plainNameIsUnique: () => unique,
  })
}

export interface GroupCase {
  readonly members: readonly EntraIdentity[]
  readonly servers: readonly ServerIdentity[]
  readonly mapping?: readonly MappingRow[]
  readonly options?: MatchOptions
  readonly lookup?: DirectoryLookup
  readonly answers?: Bag<DirectoryAnswer>
  /** Users of the tenant outside the group. */
  readonly others?: readonly EntraIdentity[]
}

export interface GroupResult {
  readonly results: readonly MatchedMember[]
  readonly problems: readonly string[]
  readonly notes: readonly string[]
  /** Names asked of the directory, a list a question. */
  readonly asked: readonly (readonly string[])[]
}

/** A whole group through `matchMembers`, with a tenant of members and others. */
export async function matchGroup(group: GroupCase): Promise<GroupResult> {
  const {members, servers, mapping = [], options = NO_OPTIONS, others = []} = group
  const scratch = memoryScratch()
  const memberBag = scratch.bag<EntraIdentity>('members')
  for (const member of members) memberBag.set(member.id, member)
  const serverBag = scratch.bag<ServerIdentity>('servers')
  for (const each of servers) for (const key of serverMatchKeys(each, options)) serverBag.add(key, each)
  const asked: (readonly string[])[] = []
  const matches = matchMembers({
    members: memberBag,
    servers: serverBag,
    mapping,
    options,
    scratch,
    lookup: group.lookup,
    answers: group.answers,
    signal: new AbortController().signal,
    directory: {
      usersBySamAccountName: async (names) => {
        asked.push(names)
        const found = new Map<string, EntraIdentity[]>()
        for (const user of [...members, ...others]) {
          const sam = user.onPremisesSamAccountName?.toLowerCase()
          if (sam !== undefined && names.includes(sam)) found.set(sam, [...(found.get(sam) ?? []), user])
        }
        return found
      },
    },
  })
  const results: MatchedMember[] = []
  for await (const result of matches.results) results.push(result)
  return {
    results,
    problems: [...matches.problems(), ...matches.directory().warnings],
    notes: matches.directory().notes,
    asked,
  }
}

/** Outcome a member: the source key, or the finding's code. */
export const brief = ({results}: GroupResult): Readonly<Record<string, string>> =>
  Object.fromEntries(
    results.map(({member, match: made}) => [
      member.userPrincipalName,
      made.kind === 'matched' ? `${made.source} by ${made.how}` : made.finding.code,
    ]),
  )
