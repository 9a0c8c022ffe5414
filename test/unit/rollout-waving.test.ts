import {describe, expect, it} from 'vitest'
import type {ObjectId} from '../../src/lib/model/brand.js'
import {
  advance,
  change,
  codes,
  idOf,
  NO_METHODS,
  person,
  PHONE,
  PILOT,
  type RolloutWorld,
  rolloutWorld,
  sendBack,
  start,
} from '../helpers/rollout-world.js'

const NAMES = ['ann', 'bob', 'cyd', 'dot', 'eve']
const DAY = 86_400_000
/** Who is in the group that was made, in order. */
const inside = (at: RolloutWorld): readonly string[] =>
  [...(at.tenant.groups.get('made-1')?.users ?? [])].map((id) => id.slice(3)).toSorted()
const join = (at: RolloutWorld, ...names: string[]): void => {
  for (const name of names) at.tenant.groups.get(PILOT)?.users.add(idOf(name))
}

describe('waves', () => {
  it('begin with a group of their own under the policy, and go on until everybody is in', async () => {
    const at = rolloutWorld(NAMES)
    const first = await start(at)
    expect(at.tenant.changes).toEqual(['create-group', 'create-policy', 'add-group', 'add-members 2'])
    expect(first).toMatchObject({
      status: 'filled',
      wave: {number: 1, of: 2, put: 2},
      members: 5,
      placed: 2,
      writes: 4,
      effect: {atOnce: 2},
    })
    expect(inside(at)).toEqual(['ann', 'bob'])
    expect(await advance(at)).toMatchObject([{status: 'filled', wave: {number: 2}, placed: 4}])
    expect(inside(at)).toEqual(['ann', 'bob', 'cyd', 'dot'])
    expect(await advance(at)).toMatchObject([{status: 'filled', wave: {number: 3, put: 1}, placed: 5}])
    expect(await advance(at)).toMatchObject([{status: 'complete', writes: 0}])
    expect(inside(at)).toEqual(NAMES)
  })

  it('do not go on while the staged rollout is switched off', async () => {
    const at = rolloutWorld(NAMES)
    await start(at)
    await change(at, {action: 'disable'}, {accept: ['onprem-mfa']})
    const [refused] = await advance(at)
    expect([refused?.status, refused?.objections.refused]).toEqual(['refused', ['rollout-off']])
    expect(inside(at)).toEqual(['ann', 'bob'])
    expect(await advance(at, {accept: ['rollout-off']})).toMatchObject([{status: 'filled', placed: 4}])
    await change(at, {action: 'enable'})
    expect(await advance(at)).toMatchObject([{status: 'filled', placed: 5}])
  })

  it('change nothing when they are set up once more, and keep their size', async () => {
    const at = rolloutWorld(NAMES)
    await start(at)
    expect(await start(at, {size: '50%'})).toMatchObject({status: 'stands', people: 2, writes: 0})
    expect(at.ui.warnings).toEqual([expect.stringContaining('set up as 2')])
    expect(inside(at)).toEqual(['ann', 'bob'])
  })

  it('wait until they are due, by the clock of the service', async () => {
    const at = rolloutWorld(NAMES)
    expect(await start(at, {everyMs: DAY})).toMatchObject({nextDue: '2026-03-02T09:00:00.000Z'})
    at.clock.advance(DAY - 1000)
    expect(await advance(at)).toMatchObject([
      {status: 'not-due', writes: 0, nextDue: '2026-03-02T09:00:00.000Z'},
    ])
    at.clock.advance(1000)
    expect(await advance(at)).toMatchObject([{status: 'filled', nextDue: '2026-03-03T09:00:00.000Z'}])
    expect(await advance(at, {early: true})).toMatchObject([{status: 'filled', wave: {number: 3}}])
  })

  it('go on only while nobody who is in, and nobody who comes, would be stuck', async () => {
    const at = rolloutWorld(NAMES)
    await start(at)
    at.states.set(idOf('ann'), {is: 'changed', detail: 'another record'})
    at.tenant.addUser(person('cyd'), NO_METHODS)
    at.states.set(idOf('eve'), {is: 'never', detail: 'not her turn'})
    const [refused] = await advance(at)
    expect(refused).toMatchObject({status: 'refused', writes: 0})
    expect(refused === undefined ? [] : codes(refused)).toEqual([
      'ann changed-on-server',
      'cyd no-usable-method',
    ])
    expect(inside(at)).toEqual(['ann', 'bob'])
    at.tenant.addUser(person('cyd'), PHONE)
    expect(await advance(at, {accept: ['changed-on-server']})).toMatchObject([{status: 'filled'}])
  })

  it('do not hold each other up', async () => {
    const at = rolloutWorld(NAMES)
    at.tenant.addUser(person('zoe'), PHONE)
    at.tenant.addUser(person('yan'), PHONE)
    at.tenant.addFakeGroup({id: 'other' as ObjectId, displayName: 'Other'}, [idOf('yan'), idOf('zoe')])
    await start(at)
    await start(at, {group: 'Other', size: '1'})
    at.tenant.addUser(person('cyd'), NO_METHODS)
    expect((await advance(at)).map(({status}) => status)).toEqual(['refused', 'filled'])
    expect((await advance(at, {group: 'Other'})).map(({status}) => status)).toEqual(['complete'])
  })

  it('name who left, and who was taken out; those stay out', async () => {
    const at = rolloutWorld(NAMES)
    await start(at)
    at.tenant.groups.get(PILOT)?.users.delete(idOf('ann'))
    at.tenant.groups.get('made-1')?.users.delete(idOf('bob'))
    expect(await advance(at)).toMatchObject([{left: ['ann@contoso.com'], gone: ['bob@contoso.com']}])
    expect(inside(at)).toEqual(['ann', 'cyd', 'dot'])
    await advance(at)
    expect(await advance(at)).toMatchObject([{status: 'complete'}])
    expect(inside(at)).toEqual(['ann', 'cyd', 'dot', 'eve'])
  })

  it('take in who comes later, and members of groups inside', async () => {
    const at = rolloutWorld(['bob', 'cyd'])
    at.tenant.addUser(person('ann'), PHONE)
    at.tenant.addUser(person('dot'), PHONE)
    at.tenant.addFakeGroup({id: 'inner' as ObjectId, displayName: 'Inner'}, [idOf('dot')])
    at.tenant.addFakeGroup({id: PILOT, displayName: 'Pilot', groups: ['inner' as ObjectId]}, [
      idOf('bob'),
      idOf('cyd'),
    ])
    await start(at)
    join(at, 'ann')
    await advance(at)
    expect(inside(at)).toEqual(['ann', 'bob', 'cyd', 'dot'])
  })

  it('put twenty in with one request, and 200 at first at most', async () => {
    const at = rolloutWorld(Array.from({length: 230}, (_, n) => `u${String(n).padStart(3, '0')}`))
    expect(await start(at, {size: '100%'})).toMatchObject({wave: {of: 200, put: 200}, effect: {atOnce: 200}})
    expect(at.tenant.changes.filter((each) => each === 'add-members 20')).toHaveLength(10)
    expect(await advance(at)).toMatchObject([{wave: {put: 30}, effect: {atOnce: 0}}])
    expect(at.tenant.changes.slice(-2)).toEqual(['add-members 20', 'add-members 10'])
  })

  it('are refused as an eleventh group', async () => {
    const at = rolloutWorld(NAMES)
    for (let n = 0; n < 10; n++) {
      at.tenant.addFakeGroup({id: `g${n}` as ObjectId, displayName: `G ${n}`}, [])
      await change(at, {action: 'add-group', group: `G ${n}`})
    }
    const before = at.tenant.changes.length
    expect(codes(await start(at))).toEqual(['group-limit'])
    expect(at.tenant.changes).toHaveLength(before)
  })

  it('do not mind that their source is the group of the migration', async () => {
    const at = rolloutWorld(NAMES)
    at.migrationGroups.add(PILOT)
    expect(await start(at)).toMatchObject({status: 'filled', objections: {total: 0}})
  })

  it('end with the group, and begin anew with another one', async () => {
    const at = rolloutWorld(NAMES)
    await start(at)
    await change(at, {action: 'remove-group', group: 'Pilot'}, {accept: ['onprem-mfa']})
    expect(at.tenant.changes.at(-1)).toBe('remove-group')
    await expect(advance(at)).rejects.toMatchObject({code: 'NO_WAVES', exit: 'usage'})
    const again = await start(at)
    expect(again).toMatchObject({status: 'filled', wave: {number: 1}})
    expect(again.waveGroup?.displayName).toMatch(/^MFA rollout of Pilot 2 /)
  })

  it('send back one person, who does not come in again', async () => {
    const at = rolloutWorld(NAMES)
    await start(at)
    const bob = ['bob@contoso.com']
    expect(codes(await sendBack(at, bob, []))).toEqual(['onprem-mfa'])
    expect(inside(at)).toEqual(['ann', 'bob'])
    expect(await sendBack(at, bob, ['onprem-mfa'])).toMatchObject({writes: 1})
    expect(await sendBack(at, bob, ['onprem-mfa'])).toMatchObject({writes: 0})
    await advance(at)
    const [last] = await advance(at)
    expect(inside(at)).toEqual(['ann', 'cyd', 'dot', 'eve'])
    expect(last?.gone).toEqual([])
  })
})
