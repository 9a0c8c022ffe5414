import * as fc from 'fast-check'
import {expect, test} from 'vitest'
import {memberMatchKeys, serverMatchKeys} from '../../src/lib/migration/match-keys.js'
import {matchMember} from '../../src/lib/migration/match.js'
import type {ObjectId, SourceKey} from '../../src/lib/model/brand.js'
import type {EntraIdentity} from '../../src/lib/model/entra-user.js'
import type {ServerIdentity} from '../../src/lib/model/server-user.js'
import {type GroupCase, matchGroup} from './match-helpers.js'

// Few names, so that they collide all the time.
const sam = fc.constantFrom(
  'ann',
  'Ann',
  'bob',
  'inci',
  'İnci',
  'J\u00F6rg',
  'Jo\u0308rg',
  'van der E',
  ' ann',
)
const sid = fc.option(fc.constantFrom('S-1-5-21-1', 's-1-5-21-1', 'S-1-5-21-2', 'S-1-5-21-3', ''), {
  nil: undefined,
})
const domain = fc.constantFrom('contoso.com', 'CONTOSO', 'corp.contoso.com', 'CORP', 'fabrikam.com')
const upn = fc.tuple(sam, fc.constantFrom('contoso.com', 'Contoso.com')).map(([name, at]) => `${name}@${at}`)
const username = fc.oneof(
  sam,
  upn,
  fc.tuple(domain, sam).map(([name, user]) => `${name}\\${user}`),
  fc.string({maxLength: 4}),
)
const optional = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(of, {nil: undefined})

const members: fc.Arbitrary<EntraIdentity[]> = fc.uniqueArray(
  fc.record({
    id: fc.integer({min: 0, max: 99}).map((at) => `id-${at}` as ObjectId),
    userPrincipalName: upn,
    accountEnabled: fc.boolean(),
    isGuest: fc.boolean(),
    onPremisesSecurityIdentifier: sid,
    onPremisesSamAccountName: optional(sam),
    onPremisesDomainName: optional(fc.constantFrom('contoso.com', 'corp.contoso.com', 'fabrikam.com')),
  }),
  {maxLength: 6, selector: (member) => member.id},
)
const servers: fc.Arbitrary<ServerIdentity[]> = fc
  .array(fc.record({username, userPrincipalName: optional(upn), sid}), {maxLength: 8})
  .map((all) => all.map((each, at) => ({...each, key: `${each.username} (line ${at + 2})` as SourceKey})))
const options = fc.constantFrom(
  {netbios: {}},
  {netbios: {}, defaultDomain: 'contoso.com'},
  {netbios: {CORP: 'fabrikam.com'}},
  {netbios: {CORP: 'corp.contoso.com', FAB: 'fabrikam.com'}, defaultDomain: 'FAB'},
)
const mapping = fc
  .array(fc.record({userPrincipalName: upn, username}), {maxLength: 3})
  .map((lines) => lines.map((line, at) => ({...line, line: at + 2})))
const group: fc.Arbitrary<GroupCase> = fc.record({members, servers, options, mapping, others: members})

const shuffled = (of: GroupCase): fc.Arbitrary<GroupCase> =>
  fc.record({
    members: fc.shuffledSubarray([...of.members], {minLength: of.members.length}),
    servers: fc.shuffledSubarray([...of.servers], {minLength: of.servers.length}),
    options: fc.constant(of.options ?? {netbios: {}}),
    mapping: fc.constant(of.mapping ?? []),
    others: fc.shuffledSubarray([...(of.others ?? [])], {minLength: (of.others ?? []).length}),
  })

test('the order of the input does not matter', async () => {
  const pair = group.chain((one) => fc.tuple(fc.constant(one), shuffled(one)))
  await fc.assert(
    fc.asyncProperty(pair, async ([one, other]) => {
      const results = [await matchGroup(one), await matchGroup(other)]
      expect(results[1]?.results).toEqual(results[0]?.results)
      expect(results[1]?.problems).toEqual(results[0]?.problems)
    }),
    {numRuns: 300},
  )
})

test('every member once, no server user twice, no SIDs that differ', async () => {
  await fc.assert(
    fc.asyncProperty(group, async (one) => {
      const {results} = await matchGroup(one)
      expect(results.map(({member}) => member.id).toSorted()).toEqual(
        one.members.map((member) => member.id).toSorted(),
      )
      const used = new Set<string>()
      for (const {member, match} of results) {
        if (match.kind === 'none') continue
        expect(used.has(match.source)).toBe(false)
        used.add(match.source)
        const theirs = one.servers.find((each) => each.key === match.source)?.sid
        const ours = member.onPremisesSecurityIdentifier
        expect(!theirs || !ours || theirs.toLowerCase() === ours.toLowerCase()).toBe(true)
      }
    }),
    {numRuns: 500},
  )
})

test('who shares no key cannot match', () => {
  const one = fc.record({member: members, server: servers, options})
  fc.assert(
    fc.property(one, ({member: [member], server: [server], options: how}) => {
      if (member === undefined || server === undefined) return
      const made = matchMember({member, candidates: [server], options: how, plainNameIsUnique: () => true})
      const keys = memberMatchKeys(member, how)
      const shared = serverMatchKeys(server, how).some((key) => keys.includes(key))
      expect(made.kind === 'matched' && !shared).toBe(false)
    }),
    {numRuns: 2000},
  )
})
