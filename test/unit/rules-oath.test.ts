import {describe, expect, it} from 'vitest'
import {planUser, serialsOf} from '../../src/lib/migration/plan-user.js'
import type {UserPlan} from '../../src/lib/migration/plan.js'
import {OathSecret} from '../../src/lib/model/secret.js'
import {
  HASH_KEY,
  JANE,
  SOMEBODY,
  device,
  inventoryOf,
  inventoryToken,
  options,
  planInput,
  seed,
  serverUser,
  token,
} from '../fixtures/users.js'

const kinds = (plan: UserPlan, item: string) =>
  plan.actions.flatMap((one) => (one.item === item ? [one.kind] : []))
const codes = (plan: UserPlan, item: string) =>
  plan.findings.flatMap((one) => (one.item === item ? [one.code] : []))
const phones = (count: number) =>
  Array.from({length: count}, (_, n) =>
    device(`Phone ${n}`, {oathSecret: seed(n), registeredAt: `2023-01-${String(n + 1).padStart(2, '0')}`}),
  )
const activated = (plan: UserPlan) =>
  plan.actions.flatMap((one) => (one.kind === 'activate-token' ? [one.item] : []))

describe('D1, O3: five devices', () => {
  it('one token before the devices, other tokens after them', () => {
    const oathTokens = ['T2', 'T1'].map((serial, n) => token(serial, {secret: seed(n + 20)}))
    expect(activated(planUser(planInput({server: {devices: phones(3), oathTokens}})))).toEqual([
      'token:1',
      'token:0',
      'device:2',
      'device:1',
      'device:0',
    ])
    const crowded = planUser(planInput({server: {devices: phones(6), oathTokens}}))
    expect(activated(crowded)).toEqual(['token:1', 'device:5', 'device:4', 'device:3', 'device:2'])
    expect(codes(crowded, 'token:0')).toEqual(['token-limit'])
    expect(codes(crowded, 'device:1')).toEqual(['device-limit'])
  })

  it('keeps no second slot where a token of the record is there', () => {
    const plan = planUser(
      planInput({
        server: {devices: phones(5), oathTokens: [token('T1'), token('T2', {secret: seed(21)})]},
        methods: {hardwareOath: [{id: 'h1', serialNumber: 'T1', status: 'activated'}]},
      }),
    )
    expect(activated(plan)).toEqual(['device:4', 'device:3', 'device:2', 'device:1'])
    expect(codes(plan, 'token:1')).toEqual(['token-limit'])
  })

  it('a token that stands at somebody else, or has no time step of Entra, keeps no slot', () => {
    const plan = planUser(
      planInput({
        server: {
          devices: phones(5),
          oathTokens: [
            token('T1', {secret: seed(20)}),
            token('T2', {secret: seed(21), timeInterval: 45}),
            token('T3', {secret: new OathSecret('not base32')}),
          ],
        },
        inventory: inventoryOf(inventoryToken('T1', {assignedTo: SOMEBODY, status: 'assigned'})),
      }),
    )
    expect(activated(plan)).toHaveLength(5)
  })

  it('counts a token that only the inventory shows, and finishes what is assigned although nothing is free', () => {
    const plan = planUser(
      planInput({
        server: {devices: phones(2), oathTokens: [token('T1', {secret: seed(20)})]},
        methods: {authenticators: ['a', 'b', 'c', 'd'].map((id) => ({id}))},
        inventory: inventoryOf(inventoryToken('T1', {assignedTo: JANE, status: 'failedActivation'})),
      }),
    )
    expect(activated(plan)).toEqual(['token:0'])
    expect(codes(plan, 'device:0')).toEqual(['device-limit'])
  })

  it('does not look at tokens of others that happen to be in the inventory', () => {
    const plan = planUser(
      planInput({
        server: {devices: phones(5)},
        inventory: inventoryOf(inventoryToken('NOT-OURS', {assignedTo: JANE, status: 'activated'})),
      }),
    )
    expect(activated(plan)).toHaveLength(5)
  })

  it('adds nothing where Entra has more than five', () => {
    const authenticators = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => ({id}))
    expect(activated(planUser(planInput({server: {devices: phones(1)}, methods: {authenticators}})))).toEqual(
      [],
    )
  })
})

describe('D2, D3', () => {
  it('blank names are not one name', () => {
    const plan = planUser(
      planInput({server: {devices: [device('', {oathSecret: seed(1)}), device('', {oathSecret: seed(2)})]}}),
    )
    expect(activated(plan)).toEqual(['device:0', 'device:1'])
  })

  it('one device has no order to be unknown', () => {
    expect(planUser(planInput({server: {devices: [device('iPhone')]}})).findings).not.toContainEqual(
      expect.objectContaining({code: 'device-order-unknown'}),
    )
  })
})

describe('D5', () => {
  const matching = [{id: 'a1', displayName: 'iPhone', phoneAppVersion: '6.7.1'}]

  it('one registration matches one device; the codes are added', () => {
    const plan = planUser(
      planInput({
        server: {devices: [device('iPhone', {appVersion: '6.7.1', oathSecret: seed(1)}), device('Pixel')]},
        methods: {authenticators: matching},
      }),
    )
    expect(codes(plan, 'device:0')).toEqual(['device-matched'])
    expect(kinds(plan, 'device:0')).toEqual(['create-token', 'assign-token', 'activate-token'])
    expect(codes(plan, 'device:1')).toEqual(['push-needs-registration'])
  })

  it('is told also where the limit leaves the codes out', () => {
    const plan = planUser(
      planInput({
        server: {devices: [device('iPhone', {appVersion: '6.7.1', oathSecret: seed(1)})]},
        methods: {authenticators: [...matching, {id: 'a2'}, {id: 'a3'}, {id: 'a4'}, {id: 'a5'}]},
      }),
    )
    expect(codes(plan, 'device:0')).toEqual(['device-matched', 'device-limit'])
  })

  it('nothing to compare is no match', () => {
    const plan = planUser(
      planInput({
        server: {devices: [device('iPhone')]},
        methods: {authenticators: [{id: 'a1', displayName: 'iPhone'}]},
      }),
    )
    expect(codes(plan, 'device:0')).toEqual(['push-needs-registration'])
  })
})

describe('one secret, several items', () => {
  it('device and token: the token, whether new or there', () => {
    const server = {devices: phones(1), oathTokens: [token('T1', {secret: seed(0)})]}
    const before = planUser(planInput({server}))
    expect(kinds(before, 'device:0')).toEqual([])
    expect(codes(before, 'device:0')).toContain('duplicate-token')
    const after = planUser(
      planInput({server, methods: {hardwareOath: [{id: 'h', serialNumber: 'T1', status: 'activated'}]}}),
    )
    expect(after.actions.filter((one) => one.kind !== 'set-default')).toEqual([])
    expect(codes(after, 'device:0')).toContain('duplicate-token')
  })

  it('a token that cannot be written leaves the code to the device', () => {
    const plan = planUser(
      planInput({
        server: {devices: phones(1), oathTokens: [token('T1', {secret: seed(0), timeInterval: 45})]},
      }),
    )
    expect(activated(plan)).toEqual(['device:0'])
  })

  it('letter case does not make another secret', () => {
    const lower = new OathSecret(seed(0).reveal().toLowerCase())
    const plan = planUser(planInput({server: {devices: [...phones(1), device('Copy', {oathSecret: lower})]}}))
    expect(activated(plan)).toEqual(['device:0'])
    expect(codes(plan, 'device:1')).toContain('duplicate-token')
  })

  it('two secrets under one serial number: nothing is written', () => {
    const oathTokens = [token('T1', {secret: seed(1)}), token('T1', {secret: seed(2)})]
    const plan = planUser(planInput({server: {oathTokens}}))
    expect(plan.actions).toEqual([])
    expect([codes(plan, 'token:0'), codes(plan, 'token:1')]).toEqual([['seed-conflict'], ['seed-conflict']])
  })
})

describe('O1', () => {
  it('no secret is needed for a token that works', () => {
    const plan = planUser(
      planInput({
        server: {mode: 'oathToken', oathTokens: [token('T1', {seedConflict: 'x'})]},
        inventory: inventoryOf(inventoryToken('T1', {assignedTo: JANE, status: 'activated'})),
        methods: {preferred: 'oath'},
      }),
    )
    expect(plan).toMatchObject({outcome: 'unchanged', findings: []})
    expect(plan.alreadyThere[0]).toEqual({item: 'token:0', rule: 'O1', target: 'T1'})
  })

  it('of several tokens with one serial number, this user’s is meant', () => {
    const plan = planUser(
      planInput({
        server: {oathTokens: [token('T1', {secret: seed(1)})]},
        inventory: inventoryOf(
          inventoryToken('T1', {id: 'theirs', assignedTo: SOMEBODY, status: 'activated'}),
          inventoryToken('T1', {id: 'free'}),
          inventoryToken('T1', {id: 'ours', assignedTo: JANE, status: 'assigned'}),
        ),
      }),
    )
    expect(kinds(plan, 'token:0')).toEqual(['activate-token'])
  })

  it('of several tokens of this user with one serial number, the activation names the one whose details it follows', () => {
    const mine = {assignedTo: JANE, status: 'assigned'} as const
    const plan = planUser(
      planInput({
        server: {oathTokens: [token('T1', {secret: seed(1)})]},
        inventory: inventoryOf(
          inventoryToken('T1', {...mine, id: 'second', timeIntervalInSeconds: 60}),
          inventoryToken('T1', {...mine, id: 'first'}),
        ),
        methods: {
          hardwareOath: ['second', 'first'].map((deviceId) => ({
            id: `method-${deviceId}`,
            deviceId,
            serialNumber: 'T1',
            status: 'assigned' as const,
          })),
        },
      }),
    )
    expect(plan.actions).toContainEqual(
      expect.objectContaining({kind: 'activate-token', deviceId: 'first', timeIntervalInSeconds: 30}),
    )
  })

  it('is somebody else’s where Graph tells that it is assigned, but not to whom', () => {
    const plan = planUser(
      planInput({
        server: {oathTokens: [token('T1', {secret: seed(1)})]},
        inventory: inventoryOf(inventoryToken('T1', {status: 'activated'})),
      }),
    )
    expect(kinds(plan, 'token:0')).toEqual([])
    expect(codes(plan, 'token:0')).toEqual(['token-assigned-elsewhere'])
  })

  it('by remembered secret, where the serial number is not in Entra', () => {
    const plan = planUser(
      planInput({
        server: {oathTokens: [token('NEW-NAME', {secret: seed(1)})]},
        inventory: inventoryOf(inventoryToken('OLD-NAME', {assignedTo: JANE, status: 'activated'})),
        memory: {tokens: [{secretHash: seed(1).keyedHash(HASH_KEY), serialNumber: 'OLD-NAME'}]},
      }),
    )
    expect(plan.alreadyThere).toContainEqual({item: 'token:0', rule: 'O1', target: 'OLD-NAME'})
  })

  it('an activated method counts before the inventory has caught up', () => {
    const plan = planUser(
      planInput({
        server: {oathTokens: [token('T1', {secret: seed(1)})]},
        inventory: inventoryOf(inventoryToken('T1')),
        methods: {hardwareOath: [{id: 'h', deviceId: 'device-T1', serialNumber: 'T1', status: 'activated'}]},
      }),
    )
    expect(plan.alreadyThere).toContainEqual({item: 'token:0', rule: 'O1', target: 'T1'})
  })
})

it('D4: a token that the user has comes before another of the same secret that is free', () => {
  const own = seed(1).carriedSerial()
  const plan = planUser(
    planInput({
      server: {devices: [device('iPhone', {oathSecret: seed(1)})]},
      inventory: inventoryOf(
        inventoryToken('T-OLD'),
        inventoryToken(own, {assignedTo: JANE, status: 'activated'}),
      ),
      memory: {tokens: [{secretHash: seed(1).keyedHash(HASH_KEY), serialNumber: 'T-OLD'}]},
    }),
  )
  expect(plan.alreadyThere).toContainEqual({item: 'device:0', rule: 'D4', target: own})
  expect(kinds(plan, 'device:0')).toEqual([])
})

describe('serialsOf', () => {
  const memory = {
    tokens: [
      {secretHash: seed(1).keyedHash(HASH_KEY), serialNumber: 'REMEMBERED'},
      {secretHash: seed(9).keyedHash(HASH_KEY), serialNumber: 'OF-NO-INTEREST'},
    ],
  }
  const server = serverUser({
    devices: [device('iPhone', {oathSecret: seed(1)}), device('No secret')],
    oathTokens: [token('T2'), token('T1', {secret: seed(2)}), token('T2'), token(' ')],
  })

  it('names what the planner looks for', () => {
    expect(serialsOf(server, memory, options(), HASH_KEY)).toEqual(
      ['REMEMBERED', 'T1', 'T2', seed(1).carriedSerial()].sort(),
    )
  })

  it('leaves app codes out with --app-codes skip', () => {
    expect(serialsOf(server, memory, options({appCodes: 'skip'}), HASH_KEY)).toEqual([
      'REMEMBERED',
      'T1',
      'T2',
    ])
  })

  it('takes secrets that are no Base32', () => {
    const wrong = serverUser({devices: [device('x', {oathSecret: new OathSecret('no base32!')})]})
    expect(serialsOf(wrong, memory, options(), HASH_KEY)).toEqual([])
  })
})
