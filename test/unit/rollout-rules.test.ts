import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import type {ObjectId} from '../../src/lib/model/brand.js'
import type {EntraMethods} from '../../src/lib/model/entra-user.js'
import type {MigrationState} from '../../src/lib/ports/migration-standing.js'
import {acceptedCodes, BLOCKER_CODES} from '../../src/lib/rollout/blockers.js'
import {
  groupBlockers,
  memberBlockers,
  type GroupFacts,
  type MemberFacts,
} from '../../src/lib/rollout/rules.js'
import {allowed} from '../fixtures/users.js'
import {NO_METHODS, person, PHONE} from '../helpers/rollout-world.js'

const GROUP: GroupFacts = {
  group: {id: 'g' as ObjectId, displayName: 'Pilot'},
  isDynamic: false,
  nested: [],
  others: 0,
  users: 200,
  isNew: true,
  groupsAfter: 10,
  isMigrationGroup: false,
}
const ANN: MemberFacts = {
  member: person('ann'),
  standing: {user: person('ann').id, state: {is: 'migrated'}},
  methods: PHONE,
  allowed: allowed(),
}
const state = (is: MigrationState): Partial<MemberFacts> => ({standing: {user: ANN.member.id, state: is}})
const codesOf = (found: readonly {readonly code: string}[]) => found.map(({code}) => code)

describe('a group', () => {
  it('at every limit may go over', () => expect(groupBlockers(GROUP)).toEqual([]))
  it.each([
    ['nested-group', {nested: [{id: 'i' as ObjectId, displayName: 'Inner'}]}],
    ['dynamic-group', {isDynamic: true}],
    ['other-members', {others: 1}],
    ['group-limit', {groupsAfter: 11}],
    ['user-limit', {users: 50_001, isNew: false}],
    ['first-add-limit', {users: 201}],
    ['migration-group', {isMigrationGroup: true}],
  ] as const)('%s', (code, over) => {
    const found = groupBlockers({...GROUP, ...over})
    expect(found).toMatchObject([{code, user: null, group: 'Pilot'}])
  })
  it('that is in already may be larger than at first', () =>
    expect(groupBlockers({...GROUP, users: 50_000, isNew: false})).toEqual([]))
  it('names the groups inside, five at most', () => {
    const nested = Array.from({length: 7}, (_, n) => ({id: `${n}` as ObjectId, displayName: `In ${n}`}))
    expect(groupBlockers({...GROUP, nested})[0]?.detail).toContain(
      '"In 0", "In 1", "In 2", "In 3", "In 4" and 2 more',
    )
  })
})

describe('a member', () => {
  it.each([
    ['who is migrated and has a method', {}],
    ['without a server record who has a method', state({is: 'no-record'})],
    [
      'whose account is disabled',
      {
        ...state({is: 'never', detail: ''}),
        methods: NO_METHODS,
        member: person('ann', {accountEnabled: false, isSynced: false}),
      },
    ],
  ] as const)('%s may go over', (_, over) => expect(memberBlockers({...ANN, ...over})).toEqual([]))

  it.each([
    ['not-migrated', state({is: 'never', detail: 'no run'})],
    ['migrated-partly', state({is: 'partly', detail: 'cut off'})],
    ['changed-on-server', state({is: 'changed', detail: 'another record'})],
    ['no-usable-method', {methods: NO_METHODS}],
    ['no-usable-method', {allowed: allowed({sms: false, voice: false})}],
    ['method-uncertain', {allowed: allowed({sms: false, voice: false, uncertain: true})}],
    ['methods-unreadable', {methods: {code: 'x', message: 'broken'}}],
    ['methods-unreadable', {methods: undefined}],
    ['device-limit', {standing: {...ANN.standing, overLimit: 'MFA Server has 7'}}],
    ['device-limit', {methods: {...PHONE, authenticators: [1, 2, 3, 4, 5, 6].map((n) => ({id: `${n}`}))}}],
    ['not-synced', {member: person('ann', {isSynced: false})}],
    ['not-synced', {member: person('ann', {isSynced: false, isGuest: true})}],
  ] as const)('%s', (code, over) => {
    const found = memberBlockers({...ANN, ...over})
    expect(found).toMatchObject([{code, user: 'ann@contoso.com'}])
    expect(found[0]?.detail).not.toBe('')
  })

  it('may be stuck for several reasons', () => {
    const over = {...state({is: 'no-record'}), methods: NO_METHODS, member: person('ann', {isSynced: false})}
    expect(codesOf(memberBlockers({...ANN, ...over}))).toEqual(['no-usable-method', 'not-synced'])
  })
})

const methods: fc.Arbitrary<EntraMethods> = fc.record({
  phones: fc
    .subarray(['mobile', 'alternateMobile', 'office'] as const)
    .map((slots) => slots.map((slot) => ({id: slot, slot, number: '+1 4255550100'}))),
  authenticators: fc.array(fc.record({id: fc.string()}), {maxLength: 2}),
  softwareOath: fc.array(fc.record({id: fc.string()}), {maxLength: 1}),
  hardwareOath: fc.array(
    fc.record({id: fc.string(), status: fc.constantFrom('assigned' as const, 'activated' as const)}),
    {maxLength: 1},
  ),
  others: fc.constant([]),
  systemPreferred: fc.boolean(),
})
const states = fc.constantFrom<MigrationState>(
  {is: 'migrated'},
  {is: 'no-record'},
  {is: 'never', detail: 'x'},
  {is: 'partly', detail: 'x'},
  {is: 'changed', detail: 'x'},
)
const facts: fc.Arbitrary<MemberFacts> = fc.record({
  member: fc
    .record({enabled: fc.boolean(), synced: fc.boolean()})
    .map(({enabled, synced}) => person('ann', {accountEnabled: enabled, isSynced: synced})),
  standing: states.map((is) => ({user: ANN.member.id, state: is})),
  methods,
  allowed: fc
    .record({sms: fc.boolean(), voice: fc.boolean(), push: fc.boolean(), uncertain: fc.boolean()})
    .map((over) => allowed(over)),
})

describe('for whatever member', () => {
  it('one more phone, and one more right, never adds a blocker', () => {
    fc.assert(
      fc.property(facts, (had) => {
        const before = new Set(codesOf(memberBlockers(had)).filter((code) => code !== 'no-usable-method'))
        const more = {...had, methods: PHONE, allowed: allowed()}
        for (const code of codesOf(memberBlockers(more))) expect(before).toContain(code)
      }),
    )
  })

  it('a migration that is finished, or a synchronised account, never adds one', () => {
    fc.assert(
      fc.property(facts, (had) => {
        const before = codesOf(memberBlockers(had))
        const better = {...had, standing: ANN.standing, member: {...had.member, isSynced: true}}
        for (const code of codesOf(memberBlockers(better))) expect(before).toContain(code)
      }),
    )
  })

  it('says each thing once, with a code that can be accepted', () => {
    fc.assert(
      fc.property(facts, (had) => {
        const found = codesOf(memberBlockers(had))
        expect(new Set(found).size).toBe(found.length)
        expect(acceptedCodes(found).size).toBe(found.length)
      }),
    )
  })
})

it('takes no code that is none', () => {
  expect(() => acceptedCodes(['not-migrated', 'everything'])).toThrow('there is no code "everything"')
  expect(acceptedCodes(Object.keys(BLOCKER_CODES)).size).toBe(Object.keys(BLOCKER_CODES).length)
})
