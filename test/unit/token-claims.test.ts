import {describe, expect, it} from 'vitest'
import type {UserPlan} from '../../src/lib/migration/plan.js'
import {device, inventoryToken, seed, token} from '../fixtures/users.js'
import {codesOf, idOf, plansOf, run, resultsOf, verified, world} from '../helpers/migration-world.js'
import type {Person, World} from '../helpers/migration-world.js'

const T1 = token('T1', {secret: seed(1)})
const holder = (name: string, ...oathTokens: readonly (typeof T1)[]): Person => ({
  name,
  server: {mode: 'oathToken', oathTokens},
})
const written = (plans: readonly UserPlan[]) =>
  plans.map(({userPrincipalName, actions}) => [
    userPrincipalName.replace('@contoso.com', ''),
    actions.flatMap((one) => (one.kind === 'activate-token' ? [one.serialNumber] : [])),
  ])

describe('O1: one token in the records of several users', () => {
  it('is written for none of them, and all are told of each other', async () => {
    const plans = await plansOf(world([holder('cy', T1), holder('ann', T1), holder('bob')]))
    expect(written(plans)).toEqual([
      ['ann', []],
      ['bob', []],
      ['cy', []],
    ])
    for (const plan of [plans[0], plans[2]]) {
      expect(plan?.findings).toContainEqual({
        code: 'token-shared',
        rule: 'O1',
        item: 'token:0',
        detail: expect.stringContaining('2 users of this run: ann@contoso.com, cy@contoso.com.'),
        target: 'T1',
      })
    }
  })

  it('also where the secrets differ, and where the token waits in the inventory', async () => {
    const at = world([holder('ann', T1), holder('bob', token('T1', {secret: seed(2)}))])
    at.tenant.addToken(inventoryToken('T1'), seed(1))
    expect(written(await plansOf(at))).toEqual([
      ['ann', []],
      ['bob', []],
    ])
  })

  it('goes on with who has it in Entra', async () => {
    const at = world([holder('ann', T1), holder('bob', T1)])
    at.tenant.addToken(inventoryToken('T1', {assignedTo: idOf('bob'), status: 'assigned'}), seed(1))
    const plans = await plansOf(at)
    expect(written(plans)).toEqual([
      ['ann', []],
      ['bob', ['T1']],
    ])
    expect(plans.map((plan) => codesOf(plan).filter((code) => code.startsWith('token')))).toEqual([
      ['token-assigned-elsewhere'],
      [],
    ])
  })

  it('goes to the one who is asked for alone; afterwards it is not in question any more', async () => {
    const at: World = world([holder('ann', T1), holder('bob', T1)])
    await run(at, {request: {users: ['bob@contoso.com']}})
    expect(at.tenant.methodsOf(idOf('bob')).hardwareOath).toMatchObject([
      {serialNumber: 'T1', status: 'activated'},
    ])
    const [ann, bob] = await plansOf(at, {request: {all: true}})
    expect([ann?.actions, bob?.alreadyThere[0]?.target]).toEqual([[], 'T1'])
  })

  it('takes no slot, and what then finds a place is looked at too', async () => {
    const five = ['T1', 'T2', 'T3', 'T4', 'T5'].map((serial, n) => token(serial, {secret: seed(n + 1)}))
    const T6 = token('T6', {secret: seed(6)})
    const at = world([holder('ann', ...five, T6), holder('bob', T1), holder('cy', T6)])
    expect(written(await plansOf(at))).toEqual([
      ['ann', ['T2', 'T3', 'T4', 'T5']],
      ['bob', []],
      ['cy', []],
    ])
  })

  it('fails no action, and verify says that a person must look', async () => {
    const at = world([holder('ann', T1), holder('bob', T1)])
    expect(resultsOf(await run(at)).flatMap(({actions}) => actions)).toEqual([])
    expect(at.tenant.writes).toEqual([])
    const {summary} = await verified(at)
    expect(summary.marks).toMatchObject({'!': 2})
  })
})

it('D6: one app secret in the records of several users', async () => {
  const phone = (name: string): Person => ({
    name,
    server: {mode: 'phoneApp', devices: [device('iPhone', {oathSecret: seed(1)})]},
  })
  const plans = await plansOf(world([phone('ann'), phone('bob')]))
  expect(plans.map((plan) => [plan.actions, codesOf(plan)])).toEqual([
    [[], expect.arrayContaining(['token-shared'])],
    [[], expect.arrayContaining(['token-shared'])],
  ])
})

it('D3: planning somebody again tells the unknown order once all the same', async () => {
  const undated = (name: string, oathTokens: readonly (typeof T1)[]): Person => ({
    name,
    server: {devices: [device('A'), device('B')], oathTokens},
  })
  const plans = await plansOf(world([undated('ann', [T1]), undated('bob', [T1]), undated('cy', [])]))
  expect(plans.map((plan) => codesOf(plan).includes('device-order-unknown'))).toEqual([true, false, false])
})
