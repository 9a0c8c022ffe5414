import {describe, expect, it} from 'vitest'
import {MfaError} from '../../src/lib/errors/mfa-error.js'
import type {ObjectId} from '../../src/lib/model/brand.js'
import {MFA_FEATURE} from '../../src/lib/ports/rollout.js'
import {allChanges, changed, nextChange} from '../../src/lib/rollout/planner.js'
import {
  add,
  change,
  check,
  codes,
  idOf,
  NO_METHODS,
  person,
  PHONE,
  PILOT,
  rolloutWorld,
} from '../helpers/rollout-world.js'

const ACCEPT = {accept: ['onprem-mfa']}
const rejection = async (promise: Promise<unknown>): Promise<MfaError> => {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error instanceof MfaError) return error
  throw new Error(`not refused: ${String(error)}`)
}

describe('add-group', () => {
  it('makes the policy where there is none, and adds the group', async () => {
    const at = rolloutWorld(['ann', 'bob'])
    const report = await add(at)
    expect(at.tenant.changes).toEqual(['create-policy', 'add-group'])
    expect(report).toMatchObject({
      writes: 2,
      after: {isEnabled: true, isAppliedToOrganization: false, groups: [{id: PILOT}]},
    })
    expect(report.effect).toEqual({expectedBy: '2026-03-02T09:00:00.000Z', atOnce: 2})
  })

  it('changes nothing the second time', async () => {
    const at = rolloutWorld(['ann'])
    await add(at)
    const again = await add(at, {yes: false})
    expect(again).toMatchObject({writes: 0, run: undefined, effect: undefined})
    expect(at.tenant.changes).toHaveLength(2)
  })

  it('refuses, and names who would be stuck, before anything is asked or written', async () => {
    const at = rolloutWorld(['ann', 'bob', 'cyd'])
    at.states.set(idOf('bob'), {is: 'never', detail: 'no run'})
    at.tenant.addUser(person('cyd', {isSynced: false}), NO_METHODS)
    const report = await add(at, {yes: false})
    expect(codes(report)).toEqual(['bob not-migrated', 'cyd no-usable-method', 'cyd not-synced'])
    expect(report).toMatchObject({
      writes: 0,
      objections: {refused: ['not-migrated', 'no-usable-method', 'not-synced'], total: 3},
    })
    expect([at.tenant.changes, at.ui.questions]).toEqual([[], []])
  })

  it('goes on only where every kind was accepted', async () => {
    const at = rolloutWorld(['ann', 'bob'])
    at.states.set(idOf('bob'), {is: 'never', detail: 'no run'})
    at.migrationGroups.add(PILOT)
    expect((await add(at, {accept: ['not-migrated']})).objections.refused).toEqual(['migration-group'])
    expect(at.tenant.changes).toEqual([])
    const report = await add(at, {accept: ['not-migrated', 'migration-group']})
    expect(report).toMatchObject({
      writes: 2,
      objections: {refused: [], accepted: expect.arrayContaining(['not-migrated'])},
    })
  })

  it('asks once, and takes anything but yes for no', async () => {
    const yes = rolloutWorld(['ann'], [true])
    await add(yes, {yes: false})
    expect(yes.ui.questions).toEqual(['Make these 2 changes?'])
    expect(yes.tenant.changes).toHaveLength(2)
    const no = rolloutWorld(['ann'], [false])
    expect(await rejection(add(no, {yes: false}))).toMatchObject({exit: 'declined'})
    expect(no.tenant.changes).toEqual([])
  })

  it.each([
    ['nested', {groups: ['inner' as ObjectId]}, 'nested-group'],
    ['dynamic', {isDynamic: true}, 'dynamic-group'],
    ['with a contact', {others: ['contact']}, 'other-members'],
  ])('refuses a group that is %s', async (_, over, code) => {
    const at = rolloutWorld(['ann'])
    at.tenant.addFakeGroup({id: 'inner' as ObjectId, displayName: 'Inner'}, [])
    at.tenant.addFakeGroup({id: 'odd' as ObjectId, displayName: 'Odd', ...over}, [idOf('ann')])
    expect(codes(await add(at, {}, 'Odd'))).toEqual([code])
  })

  it('refuses an eleventh group, and 201 members at first', async () => {
    const names = Array.from({length: 201}, (_, n) => `u${n}`)
    const at = rolloutWorld(names)
    for (let n = 0; n < 10; n++) {
      at.tenant.addFakeGroup({id: `g${n}` as ObjectId, displayName: `G ${n}`}, [])
      await add(at, {}, `G ${n}`)
    }
    expect(codes(await add(at))).toEqual(
      ['group-limit', 'first-add-limit'].toSorted((a) => (a === 'group-limit' ? -1 : 1)),
    )
  })

  it('refuses a policy for the whole organisation, and several for MFA, whatever is accepted', async () => {
    const at = rolloutWorld(['ann'])
    const policy = {displayName: 'P', feature: MFA_FEATURE, isEnabled: true, groups: [], groupIds: []}
    at.tenant.policies.set('p', {...policy, id: 'p', isAppliedToOrganization: true})
    expect(await rejection(add(at))).toMatchObject({code: 'WHOLE_ORGANIZATION', exit: 'refused'})
    at.tenant.policies.set('p', {...policy, id: 'p', isAppliedToOrganization: false})
    at.tenant.policies.set('q', {...policy, id: 'q', isAppliedToOrganization: false})
    expect(await rejection(add(at))).toMatchObject({code: 'SEVERAL_POLICIES', exit: 'refused'})
    expect(at.tenant.changes).toEqual([])
  })

  it('leaves policies of other features alone', async () => {
    const at = rolloutWorld(['ann'])
    const other = {
      id: 'o',
      displayName: 'PHS',
      feature: 'passwordHashSync',
      isEnabled: true,
      isAppliedToOrganization: true,
      groups: [],
      groupIds: [],
    }
    at.tenant.policies.set('o', other)
    await add(at)
    expect(at.tenant.policies.get('o')).toEqual(other)
  })

  it('looks for what a lost answer may have done before it sends anything again', async () => {
    const at = rolloutWorld(['ann'])
    at.tenant.faults.push(
      {verb: 'create-policy', fault: 'lost-after'},
      {verb: 'add-group', fault: 'lost-before'},
    )
    expect(await add(at)).toMatchObject({after: {groups: [{id: PILOT}]}})
    expect(at.tenant.changes).toEqual(['create-policy', 'add-group'])
  })

  it('says what was refused by the service', async () => {
    const at = rolloutWorld(['ann'])
    at.tenant.faults.push({verb: 'add-group', fault: 'refuse'})
    expect(await rejection(add(at))).toMatchObject({code: 'CHANGE_REFUSED', exit: 'partial'})
  })
})

describe('what sends people back', () => {
  it.each(['remove-group', 'disable', 'delete'] as const)(
    '%s wants a word that MFA works on-premises',
    async (action) => {
      const at = rolloutWorld(['ann'])
      await add(at)
      const request = action === 'remove-group' ? {action, group: 'Pilot'} : {action}
      const refused = await change(at, request, {yes: false})
      expect(codes(refused)).toEqual(['onprem-mfa'])
      expect([...refused.objections.blockers()][0]?.detail).toContain('mfa federation set accept')
      expect(at.tenant.changes).toHaveLength(2)
      const done = await change(at, request, ACCEPT)
      expect(done).toMatchObject({writes: 1, effect: {expectedBy: '2026-03-02T09:00:00.000Z'}})
      expect(at.tenant.changes.at(-1)).toBe(action)
      expect(await change(at, request)).toMatchObject({writes: 0, objections: {refused: []}})
    },
  )
})

describe('the switch', () => {
  it('checks every group before it goes on', async () => {
    const at = rolloutWorld(['ann'])
    await add(at)
    await change(at, {action: 'disable'}, ACCEPT)
    at.tenant.addUser(person('ann'), NO_METHODS)
    expect(codes(await change(at, {action: 'enable'}))).toEqual(['ann no-usable-method'])
    at.tenant.addUser(person('ann'), PHONE)
    expect(await change(at, {action: 'enable'})).toMatchObject({
      writes: 1,
      after: {isEnabled: true},
      effect: {atOnce: 1},
    })
    expect(await change(at, {action: 'enable'})).toMatchObject({writes: 0})
  })

  it('needs a policy', async () => {
    expect(await rejection(change(rolloutWorld([]), {action: 'enable'}))).toMatchObject({
      code: 'NO_POLICY',
      exit: 'usage',
    })
  })

  it('goes on without a check where there is no group to check', async () => {
    const at = rolloutWorld([])
    await change(at, {action: 'create', isEnabled: false})
    expect(await change(at, {action: 'enable'})).toMatchObject({writes: 1, check: undefined})
  })

  it('covers nobody while it is off', async () => {
    const at = rolloutWorld(['ann'])
    await change(at, {action: 'create', isEnabled: false})
    expect(await add(at)).toMatchObject({writes: 1, effect: undefined, after: {isEnabled: false}})
  })
})

describe('check', () => {
  it('says what add-group would say, and how far it could look', async () => {
    const at = rolloutWorld(['ann', 'bob'])
    at.tenant.addUser(person('bob', {accountEnabled: false}), NO_METHODS)
    const checked = await check(at)
    expect(checked).toMatchObject({
      isInPolicy: false,
      check: {users: 2, disabled: 1},
      objections: {total: 0, refused: []},
    })
  })

  it('works for an application, which cannot see the policy, and says so', async () => {
    const at = rolloutWorld(['ann'])
    at.tenant.list = async () => {
      throw new MfaError('PERSON_NEEDED', 'Microsoft Graph lets only people do this', {exit: 'auth'})
    }
    expect(await check(at)).toMatchObject({isInPolicy: undefined, objections: {total: 0}})
    expect(at.ui.warnings).toEqual([expect.stringContaining('only people')])
    at.tenant.list = async () => {
      throw new MfaError('DOWN', 'down', {exit: 'unavailable'})
    }
    expect(await rejection(check(at))).toMatchObject({exit: 'unavailable'})
  })
})

it('plans from what is there, so that a plan that was carried out plans nothing', () => {
  const groups = [{id: PILOT, displayName: 'Pilot'}]
  const policy = {
    id: 'p',
    displayName: 'P',
    feature: MFA_FEATURE,
    isEnabled: false,
    isAppliedToOrganization: false,
    groups,
  }
  for (const goal of [
    {to: 'exist', isEnabled: true},
    {to: 'hold', groups},
    {to: 'not-hold', groups},
    {to: 'be', isEnabled: true},
    {to: 'be-gone'},
  ] as const)
    for (const before of [undefined, policy, {...policy, groups: []}]) {
      let now: typeof before | ReturnType<typeof changed> = before
      for (const next of allChanges(goal, before)) now = changed(now, next, {policyId: 'p'})
      expect(nextChange(goal, now)).toBeUndefined()
    }
})
