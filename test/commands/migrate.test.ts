import {afterAll, afterEach, beforeAll, beforeEach, expect, test} from 'vitest'

import {CONTOSO, newPlace, type Place} from '../helpers/mfa.js'
import {comparable, startTenant, type Tenant} from '../helpers/tenant.js'

const SOURCE = ['--source', CONTOSO, '--seed-file', `${CONTOSO}/seeds.csv`]
const BIRDS = ['--group', 'MFA early birds', ...SOURCE]
const PILOT = ['--group', 'MFA pilot', ...SOURCE, '--seed-file', `${CONTOSO}/vendor-seeds.csv`]

let place: Place
let tenant: Tenant
beforeEach(async () => {
  tenant = await startTenant()
  place = await newPlace(tenant.env)
})
afterEach(async () => {
  await tenant.stop()
  await place.remove()
})

interface Report {
  schemaVersion: number
  run: string | null
  tenantId: string
  group: {id: string; displayName: string}
  dryRun: boolean
  summary: Record<string, number> & {actions: Record<string, number>}
  users: {
    source: string | null
    id: string
    userPrincipalName: string
    outcome: string
    actions: {id: string; kind: string; rule: string; slot?: string; outcome: string}[]
    findings: {code: string; rule: string; detail: string}[]
  }[]
  warnings: string[]
}
const report = (json: Record<string, unknown>): Report => json as unknown as Report

const RULE = /^(U[1-7]|P[1-9]|B[1-4]|D[1-7]|O[1-5]|M[1-7]|R[1-8])$/
const RUN = /^[0-9A-HJKMNP-TV-Z]{26}$/
const SLOT = /^(mobile|alternateMobile|office)$/
const OUTCOMES = ['migrated', 'unchanged', 'partly', 'failed', 'unmatched', 'disabled']

/** Everything in which a report is not as the contract has it: keys, their types, counts that do not add up. */
function breaches(found: Report, dryRun: boolean): readonly string[] {
  const broken: string[] = []
  const hold = (what: string, holds: boolean): void => void (holds || broken.push(what))
  const {summary, users} = found
  hold('schemaVersion', found.schemaVersion === 1)
  hold('dryRun', found.dryRun === dryRun)
  hold('run', dryRun ? found.run === null : RUN.test(found.run ?? ''))
  hold('tenantId', found.tenantId === tenant.sandbox.tenantId)
  hold('warnings', Array.isArray(found.warnings))
  for (const key of [...OUTCOMES, 'users', 'smsOrVoiceOnly'])
    hold(`summary.${key}`, typeof summary[key] === 'number')
  hold('outcomes add up', OUTCOMES.reduce((sum, key) => sum + (summary[key] ?? 0), 0) === summary['users'])
  hold('all users are there', users.length === summary['users'])
  for (const outcome of OUTCOMES)
    hold(outcome, users.filter((user) => user.outcome === outcome).length === summary[outcome])
  const actions = users.flatMap((user) => user.actions)
  const {planned, done = 0, alreadyDone = 0, failed = 0, unknown = 0} = summary.actions
  hold('actions.planned', planned === actions.length)
  hold('actions add up', done + alreadyDone + failed + unknown === (dryRun ? 0 : planned))
  hold('ids of actions', new Set(actions.map(({id}) => id)).size === actions.length)
  const state = dryRun ? /^planned$/ : /^(done|already-done|failed|unknown)$/
  for (const user of users) {
    const name = user.userPrincipalName
    hold(`${name}: id`, typeof user.id === 'string' && name.includes('@'))
    hold(`${name}: source`, (user.source === null) === (user.outcome === 'unmatched'))
    for (const {id, kind, rule, slot, outcome} of user.actions) {
      hold(
        `${name} ${id}: texts`,
        [id, kind].every((text) => typeof text === 'string' && text !== ''),
      )
      hold(`${name} ${id}: rule ${rule}`, RULE.test(rule))
      hold(`${name} ${id}: outcome ${outcome}`, state.test(outcome))
      hold(`${name} ${id}: slot`, kind !== 'set-phone' || SLOT.test(slot ?? ''))
    }
    for (const {code, rule, detail} of user.findings)
      hold(`${name} ${code}`, /^[a-z-]+$/.test(code) && RULE.test(rule) && detail !== '')
  }
  return broken
}

test('a dry run has the same keys, writes nothing, and tells 2 only if asked', async () => {
  const dry = await place.mfa(['migrate', ...PILOT, '--dry-run', '--json'])
  expect(dry.code).toBe(0)
  const found = report(dry.json())
  expect(breaches(found, true)).toEqual([])
  expect(found.group).toEqual({id: expect.any(String), displayName: 'MFA pilot'})
  expect(found.summary).toMatchObject({users: 76, failed: 1, disabled: 2})
  const detailed = ['migrate', ...BIRDS, '--dry-run', '--detailed-exitcode']
  expect((await place.mfa(detailed)).code).toBe(2)
  expect((await place.mfa([...detailed, '--json'])).code).toBe(2)
  expect(tenant.writes()).toBe(0)
})

test('migrates, says so in one line, and the second run writes nothing', async () => {
  const first = await place.mfa(['migrate', ...PILOT, '--yes', '--json'])
  expect(first.code).toBe(3)
  const found = report(first.json())
  expect(breaches(found, false)).toEqual([])
  expect(found.summary).toMatchObject({partly: 0, failed: 1})
  expect(found.users.find(({outcome}) => outcome === 'failed')).toMatchObject({
    userPrincipalName: 'ilse.badmode@contoso.com',
    findings: [
      {code: 'mode-invalid', rule: 'R7', detail: expect.stringContaining('users.csv, line 67, field Mode')},
    ],
  })
  expect(
    found.users.find(({userPrincipalName}) => userPrincipalName.startsWith('ada.sunrise')),
  ).toMatchObject({
    source: 'ADA.SUNRISE@CONTOSO.COM',
    outcome: 'migrated',
    actions: ['set-phone', 'create-token', 'assign-token', 'activate-token', 'set-default'].map((kind) => ({
      kind,
      outcome: 'done',
    })),
  })
  const after = comparable(tenant.sandbox.dump())
  const writes = tenant.writes()
  expect(writes).toBeGreaterThan(100)

  const again = await place.mfa(['migrate', ...PILOT, '--yes', '--json'])
  expect(again.code).toBe(3)
  expect(breaches(report(again.json()), false)).toEqual([])
  expect(report(again.json()).summary).toMatchObject({migrated: 0, actions: {planned: 0}})
  expect(tenant.writes()).toBe(writes)

  const all = await place.mfa(['migrate', ...PILOT, '--yes', '--json', '--all'])
  expect(report(all.json()).summary).toMatchObject({actions: {planned: 0}})
  expect(tenant.writes()).toBe(writes)
  expect(comparable(tenant.sandbox.dump())).toEqual(after)
})

test('for people: plan and verdict on stdout, progress on stderr, no question with nothing to write', async () => {
  const first = await place.mfa(['migrate', ...BIRDS, '--yes'])
  expect(first).toMatchObject({code: 0})
  expect(first.stdout).toContain('set mobile to +1 4255550101')
  expect(first.stdout).toMatch(/^all 6 users of "MFA early birds" are migrated; 0 failed$/m)
  expect(first.stdout).toMatch(/^Next: mfa verify --group "MFA early birds"/m)
  expect(first.stderr).toMatch(/migrating: 100 % 6\/6/)
  expect(first.stdout).not.toMatch(/migrating:/)

  const second = await place.mfa(['migrate', ...BIRDS])
  expect(second.code).toBe(0)
  expect(second.stdout).toContain('nothing to write')
})

test('without a terminal it does not ask but names --yes, and nothing is written', async () => {
  const refused = await place.mfa(['migrate', ...BIRDS], {input: 'y\n'})
  expect(refused.code).toBe(64)
  expect(refused.stderr).toMatch(/no terminal[\s\S]*--yes/)
  const json = await place.mfa(['migrate', ...BIRDS, '--json'])
  expect(json.code).toBe(64)
  expect(json.json()).toMatchObject({schemaVersion: 1, error: {fix: expect.stringContaining('--yes')}})
  expect(tenant.writes()).toBe(0)
})

test('--user takes only these members', async () => {
  const one = await place.mfa(['migrate', ...BIRDS, '--yes', '--json', '--user', 'Bo.Daybreak@contoso.com'])
  expect(one.code).toBe(0)
  expect(report(one.json()).users.map(({userPrincipalName}) => userPrincipalName)).toEqual([
    'bo.daybreak@contoso.com',
  ])
})

test('--max-changes refuses before the first write, as a number and as a share', async () => {
  for (const limit of ['21', '99%', '0']) {
    const refused = await place.mfa(['migrate', ...BIRDS, '--yes', '--max-changes', limit, '--json'])
    expect({limit, code: refused.code}).toEqual({limit, code: 8})
    expect(refused.json()).toMatchObject({error: {message: expect.stringContaining('--max-changes')}})
  }
  expect(tenant.writes()).toBe(0)
  const share = await place.mfa(['migrate', ...BIRDS, '--yes', '--max-changes', '100%', '--dry-run'])
  expect(share.code).toBe(0)
  const number = await place.mfa(['migrate', ...BIRDS, '--yes', '--max-changes', '22'])
  expect(number.code).toBe(0)
})

test('the group by its id, flags from the environment, and CSV', async () => {
  const {json} = await place.mfa(['migrate', ...BIRDS, '--dry-run', '--json'])
  const {id} = report(json()).group
  const env = {MFA_SOURCE: CONTOSO}
  const csv = await place.mfa(['migrate', '--group', id, '--dry-run', '--csv', 'users.csv'], {env})
  expect(csv.code).toBe(0)
  const lines = (await place.read('users.csv')).trim().split('\r\n')
  expect(lines[0]).toMatch(/^userPrincipalName,source,outcome,/)
  expect(lines).toHaveLength(7)
})

let failing: Tenant
beforeAll(async () => {
  const failUser = ['bo.daybreak@contoso.com', 'elif.matin@contoso.com']
  failing = await startTenant({faults: {failUser}})
})
afterAll(() => failing.stop())
const FAST = ['--max-wait', '1', '--consistency', '1', '--yes', '--json']

test('one failed user stops nobody else (3)', async () => {
  const run = await place.mfa(['migrate', ...BIRDS, ...FAST], {env: failing.env})
  expect(run.code).toBe(3)
  expect(report(run.json()).summary).toMatchObject({users: 6, migrated: 4, failed: 2})
})

test('--errors-max stops the run (8), says so, and the run is on record', async () => {
  const stopped = await place.mfa([
    'migrate',
    '--group',
    'Refused token',
    ...SOURCE,
    ...FAST,
    '--errors-max',
    '1',
  ])
  expect(stopped.code).toBe(8)
  expect(stopped.json()).toMatchObject({error: {message: expect.stringContaining('--errors-max')}})
  const runs = await place.mfa(['runs', 'list', '--json'])
  expect(runs.json()).toMatchObject({
    runs: [{kind: 'migrate', status: 'stopped', logFile: expect.any(String)}],
  })
})
