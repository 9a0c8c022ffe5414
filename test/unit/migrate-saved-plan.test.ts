import {describe, expect, test} from 'vitest'
import {MfaError} from '../../src/lib/errors/mfa-error.js'
import {openPlan} from '../../src/lib/migration/plan-file.js'
import {requestOf as requestOfPlan} from '../../src/lib/migration/migrate.js'
import {device, phone, seed, token} from '../fixtures/users.js'
import {killAt} from '../helpers/kill-switch.js'
import {allowing, type Asked, GROUP, idOf, keyOf, run, type World, world} from '../helpers/migration-world.js'

const PLAN = 'plan.json'

const people = (): World =>
  allowing(
    world([
      {name: 'ann', server: {phone: phone('4255550100'), backupPhone: phone('4255550101')}},
      {name: 'bob', server: {mode: 'oathToken', oathTokens: [token('T-1', {secret: seed(1)})]}},
      {
        name: 'cyd',
        server: {devices: [device('iPhone', {oathSecret: seed(2)}), device('Pixel', {oathSecret: seed(3)})]},
      },
      {
        name: 'dot',
        server: {devices: [device('iPhone', {oathSecret: seed(4)}), device('Pixel', {oathSecret: seed(5)})]},
      },
      {name: 'eve', server: {}, methods: {preferred: 'push', authenticators: [{id: 'a'}]}},
      {name: 'fay', server: null},
    ]),
  )

async function planned(): Promise<World> {
  const at = people()
  at.tenant.smsSignInByItself = true
  await run(at, {input: {dryRun: true, out: PLAN}})
  return at
}

async function apply(at: World, asked: Asked = {}) {
  const {header} = await openPlan(PLAN, at.files)
  return run(at, {...asked, request: requestOfPlan(header, 10_000), input: {savedPlan: PLAN, ...asked.input}})
}

const edit = (at: World, how: (text: string) => string): void =>
  void at.files.texts.set(PLAN, how(at.files.text(PLAN)))
const pretty = (text: string): string =>
  `\uFEFF${JSON.stringify(JSON.parse(text), undefined, 2).replaceAll('\n', '\r\n')}\r\n`

test('a saved plan is applied as it is, and a second time nothing is left to do', async () => {
  const at = await planned()
  const report = await apply(at)
  expect(report.results.summary).toMatchObject({users: 6, failed: 0, partly: 0, unmatched: 1})
  const writes = at.tenant.writes.length
  expect((await apply(at)).stop).toBeUndefined()
  expect(at.tenant.writes.length).toBe(writes)
  expect(at.files.open).toBe(0)
})

test('also one that an editor laid out anew', async () => {
  const at = await planned()
  edit(at, pretty)
  expect((await apply(at)).results.summary).toMatchObject({failed: 0, partly: 0})
})

test('also one whose keys were sorted', async () => {
  const at = await planned()
  const turned = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(turned)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value)
        .toReversed()
        .map(([key, one]) => [key, turned(one)]),
    )
  }
  edit(at, (text) => JSON.stringify(turned(JSON.parse(text))))
  expect((await apply(at)).results.summary).toMatchObject({failed: 0})
})

describe('a user for whom nothing was planned', () => {
  const again = async (): Promise<World> => {
    const at = people()
    await run(at)
    await run(at, {input: {dryRun: true, out: PLAN}})
    expect(JSON.parse(at.files.text(PLAN))).toMatchObject({
      plans: expect.arrayContaining([
        expect.objectContaining({userPrincipalName: 'ann@contoso.com', outcome: 'unchanged', actions: []}),
      ]),
    })
    return at
  }

  test('is not stale because a run with other options came between', async () => {
    const at = await again()
    await run(at, {options: {phones: 'keep'}})
    const writes = at.tenant.writes.length
    expect((await apply(at)).results.summary).toMatchObject({failed: 0, partly: 0})
    expect(at.tenant.writes).toHaveLength(writes)
  })

  test('is stale once there is something to write', async () => {
    const at = await again()
    at.source.change(keyOf('ann'), {phone: phone('4255550177')})
    await expect(apply(at)).rejects.toThrow(/ann@contoso\.com: changed on the server/)
  })
})

test('killed at any step, the same --plan goes on', async () => {
  const whole = await planned()
  const counting = killAt(whole, Number.MAX_SAFE_INTEGER)
  await apply(whole, {deps: {journal: counting.journal}})
  for (let nth = 1; nth <= counting.steps(); nth++) {
    const at = await planned()
    const kill = killAt(at, nth)
    await expect(apply(at, {deps: {journal: kill.journal}})).rejects.toThrow('killed')
    kill.revive()
    const report = await apply(at)
    expect({nth, stop: report.stop, tenant: at.tenant.state()}).toEqual({
      nth,
      stop: undefined,
      tenant: whole.tenant.state(),
    })
  }
})

test('stopped half way, the same --plan goes on', async () => {
  const at = await planned()
  at.tenant.fail('assignToken', new MfaError('THROTTLED', 'later', {exit: 'unavailable'}), {
    user: idOf('bob'),
  })
  expect((await apply(at)).stop?.error).toMatchObject({exit: 'unavailable'})
  edit(at, pretty)
  const report = await apply(at)
  expect(report.stop).toBeUndefined()
  expect(at.tenant.inventory.map(({status}) => status)).toEqual(Array.from({length: 5}, () => 'activated'))
})

describe('stale, with the user and the reason', () => {
  const cases: readonly (readonly [string, (at: World) => void, RegExp])[] = [
    [
      'server',
      (at) => at.source.change(keyOf('ann'), {phone: phone('4255550177')}),
      /ann@contoso\.com: changed on the server/,
    ],
    [
      'Entra',
      (at) => at.tenant.change(idOf('ann'), () => ({others: [{id: 'f', type: 'fido2'}]})),
      /ann@contoso\.com: changed in Entra/,
    ],
    [
      'disabled',
      (at) => at.tenant.changeIdentity(idOf('ann'), {accountEnabled: false}),
      /ann@contoso\.com: is disabled now/,
    ],
    [
      'matched',
      (at) => at.source.change(keyOf('ann'), {username: 'CONTOSO\\somebody'}),
      /ann@contoso\.com: has no safe match/,
    ],
    ['left', (at) => at.tenant.removeUser(idOf('ann')), /ann@contoso\.com: is not in the group any more/],
    [
      'came',
      (at) => {
        at.tenant.addUser({
          id: idOf('new'),
          userPrincipalName: 'new@contoso.com',
          accountEnabled: true,
          isGuest: false,
        })
        at.tenant.addGroup(GROUP, 'MFA pilot', ['ann', 'bob', 'cyd', 'dot', 'eve', 'fay', 'new'].map(idOf))
      },
      /new@contoso\.com: is not in the plan: came into the group/,
    ],
    [
      'unreadable',
      (at) => void at.tenant.unreadable.add(idOf('ann')),
      /ann@contoso\.com: cannot be migrated now/,
    ],
    ['policy', (at) => void (at.tenant.policy = {configurations: []}), /plans differently now/],
    [
      'edited',
      (at) => edit(at, (text) => text.replace('+1 4255550100', '+1 4255550666')),
      /ann@contoso\.com: plans differently now: the plan was edited/,
    ],
    [
      'other state',
      (at) => void (at.store.hashKey = new Uint8Array(32).fill(1)),
      /was planned with another state/,
    ],
  ]
  test.each(cases)('%s', async (_, change, reason) => {
    const at = await planned()
    change(at)
    const error: unknown = await apply(at).catch((cause: unknown) => cause)
    expect(error).toMatchObject({exit: 'stale', code: 'PLAN_STALE', message: expect.stringMatching(reason)})
    expect(at.tenant.writes).toEqual([])
    expect(at.store.runs.size + at.store.locks.size).toBe(0)
  })

  test('only the user whom it concerns is named', async () => {
    const at = await planned()
    at.source.change(keyOf('cyd'), {devices: [device('Tablet', {oathSecret: seed(7)})]})
    await expect(apply(at)).rejects.toThrow(/for 1 user;.*cyd@contoso\.com/s)
  })

  test('another tenant, before anything else is read', async () => {
    const at = await planned()
    edit(at, (text) => text.replaceAll(at.tenant.id, '00000000-0000-4000-8000-000000000002'))
    at.tenant.counts.clear()
    await expect(apply(at)).rejects.toMatchObject({exit: 'stale', code: 'PLAN_TENANT'})
    expect([...at.tenant.counts.keys()]).toEqual(['tenantId'])
  })
})

describe('a file that is no plan', () => {
  const cases: readonly (readonly [string, (text: string) => string, RegExp])[] = [
    ['empty', () => '', /plan\.json: is empty/],
    ['not JSON', () => 'hello', /plan\.json, line 1, column 1: is not JSON$/],
    ['cut within a line', (text) => text.slice(0, -40), /plan\.json, line \d+, column \d+: is not JSON$/],
    [
      'cut between lines',
      (text) => text.split('\n').slice(0, 3).join('\n'),
      /line 4: the file ends before the plan does/,
    ],
    ['cut in the header', (text) => text.slice(0, 100), /line 1, column \d+: is not JSON$/],
    [
      'another version',
      (text) => text.replace('"schemaVersion":1', '"schemaVersion":2'),
      /field schemaVersion: is not 1/,
    ],
    ['something else', () => '{"kind":"report"}', /field kind: is not "mfa-plan"/],
    [
      'a field of a user',
      (text) => text.replace('"outcome":"migrate"', '"outcome":"perhaps"'),
      /line 2: field outcome/,
    ],
    [
      'a field of a user, laid out anew',
      (text) => pretty(text).replace('"outcome": "migrate"', '"outcome": "perhaps"'),
      /plans\.0: field outcome/,
    ],
    [
      'no users',
      (text) => JSON.stringify({...(JSON.parse(text) as object), plans: 3}),
      /field plans: is missing/,
    ],
  ]
  test.each(cases)('%s', async (_, how, message) => {
    const at = await planned()
    edit(at, how)
    const read = async (): Promise<void> => {
      for await (const plan of (await openPlan(PLAN, at.files)).plans) expect(plan).toBeDefined()
    }
    await expect(read()).rejects.toMatchObject({exit: 'data', message: expect.stringMatching(message)})
    expect(at.files.open).toBe(0)
  })
})

test('what is read back is what was written', async () => {
  const at = await planned()
  const text = at.files.text(PLAN)
  const {header, plans} = await openPlan(PLAN, at.files)
  const users = []
  for await (const plan of plans) users.push(plan)
  expect({...header, plans: users}).toEqual(JSON.parse(text))
  expect(at.files.open).toBe(0)
})
