import {afterAll, beforeAll, describe, expect, it} from 'vitest'

import {CONTOSO, newPlace, type Place} from '../helpers/mfa.js'
import {comparable, startTenant, type Tenant} from '../helpers/tenant.js'

const SOURCE = [
  '--source',
  CONTOSO,
  '--seed-file',
  `${CONTOSO}/seeds.csv`,
  '--mapping',
  `${CONTOSO}/mapping.csv`,
]
const GROUP = ['--group', 'MFA pilot']

/** Whole, but for ids and dates; and of SMS sign-in only whether it is on, since Graph judges the rest anew. */
function asShown(tenant: Tenant): unknown {
  const whole = comparable(tenant.sandbox.dump())
  return JSON.parse(JSON.stringify(whole), (key, value: unknown) =>
    key === 'smsSignInState' ? value === 'ready' : value,
  )
}

describe('undo', () => {
  let tenant: Tenant
  let place: Place
  let before: unknown
  beforeAll(async () => {
    tenant = await startTenant()
    place = await newPlace(tenant.env)
    before = asShown(tenant)
    const migrated = await place.mfa(['migrate', ...GROUP, ...SOURCE, '--yes'])
    expect(migrated.code).toBe(3)
  })
  afterAll(async () => {
    await Promise.all([tenant.stop(), place.remove()])
  })

  it('shows its plan and writes nothing without a yes', async () => {
    const writes = tenant.writes()
    const dry = await place.mfa(['undo', 'last', '--dry-run', '--json'])
    expect(dry.code).toBe(0)
    expect(dry.json()).toMatchObject({run: null, dryRun: true, summary: {failed: 0}})
    const asked = await place.mfa(['undo', 'last'])
    expect(asked.code).toBe(64)
    expect(asked.stderr).toContain('--yes')
    expect(tenant.writes()).toBe(writes)
  })

  it('puts one user back and leaves the others', async () => {
    const user = 'zoe.frontline@contoso.com'
    const one = await place.mfa(['undo', 'last', '--user', user, '--yes', '--json'])
    expect(one.code).toBe(0)
    expect(one.json()).toMatchObject({
      summary: {users: 1, undone: 1},
      users: [{userPrincipalName: user, outcome: 'undone'}],
    })
    const now = tenant.sandbox.dump().users.filter(({phoneMethods}) => phoneMethods !== undefined)
    expect(now.some(({userPrincipalName}) => userPrincipalName === user)).toBe(false)
    expect(now.length).toBeGreaterThan(10)
  })

  it('leaves alone what somebody else changed since, unless forced', async () => {
    const user = 'bibi.pushonly@contoso.com'
    const headers = {
      Authorization: `Bearer ${tenant.env['MFA_ACCESS_TOKEN'] ?? ''}`,
      'Content-Type': 'application/json',
    }
    const mobile = `${tenant.sandbox.rootUrl}/v1.0/users/${user}/authentication/phoneMethods/3179e48a-750b-4051-897c-87b9720928f7`
    const body = JSON.stringify({phoneNumber: '+1 4255550199', phoneType: 'mobile'})
    expect((await fetch(mobile, {method: 'PATCH', headers, body})).ok).toBe(true)

    const gentle = await place.mfa(['undo', 'last', '--user', user, '--yes', '--json'])
    const [left] = gentle.json()['users'] as {findings: {code: string}[]}[]
    expect(left?.findings.map(({code}) => code)).toContain('changed-since')
    expect(await (await fetch(mobile, {headers})).text()).toContain('4255550199')

    const forced = await place.mfa(['undo', 'last', '--user', user, '--yes', '--force', '--json'])
    expect(forced.code).toBe(0)
    expect((await fetch(mobile, {headers})).status).toBe(404)
  })

  it('brings the tenant back to where it was, and a second undo writes nothing', async () => {
    const all = await place.mfa(['undo', 'last', '--yes'])
    expect(all.code).toBe(0)
    expect(all.stdout).toMatch(/all \d+ users of run \w+ are as they were before; 0 failed/)
    expect(asShown(tenant)).toEqual(before)
    const writes = tenant.writes()
    expect((await place.mfa(['undo', 'last', '--yes'])).code).toBe(0)
    expect(tenant.writes()).toBe(writes)
  })

  it('lets the users be migrated again', async () => {
    const again = await place.mfa(['migrate', ...GROUP, ...SOURCE, '--yes', '--json'])
    expect(again.json()['summary']).toMatchObject({failed: 1})
    expect((again.json()['summary'] as {migrated: number}).migrated).toBeGreaterThan(40)
  })

  it('names a run that is not there, and a user it did not touch', async () => {
    const none = await place.mfa(['undo', 'ZZZ', '--yes'])
    expect([none.code, none.stderr]).toEqual([64, expect.stringContaining('mfa runs list')])
    const other = await place.mfa(['undo', 'last', '--user', 'nobody@contoso.com', '--yes'])
    expect([other.code, other.stderr]).toEqual([64, expect.stringContaining('nobody@contoso.com')])
  })
})
