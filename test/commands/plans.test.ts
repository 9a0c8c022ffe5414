import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test} from 'vitest'

import {GROUP, manyUsersBundle, manyUsersTenant} from '../helpers/many-users.js'
import {newPlace, type Place} from '../helpers/mfa.js'
import {comparable, startTenant, type Tenant} from '../helpers/tenant.js'

const MIGRATE = ['migrate', '--group', GROUP, '--source', 'bundle']
const APPLY = ['migrate', '--plan', 'plan.json', '--source', 'bundle', '--yes', '--json']

let place: Place
let tenant: Tenant
beforeEach(async () => {
  tenant = await startTenant({tenant: manyUsersTenant(6)})
  place = await newPlace(tenant.env)
  for (const [name, text] of Object.entries(manyUsersBundle(6))) await place.file(`bundle/${name}`, text)
  const saved = await place.mfa([...MIGRATE, '--dry-run', '--out', 'plan.json'])
  if (saved.code !== 0) throw new Error(saved.stderr)
})
afterEach(async () => {
  await tenant.stop()
  await place.remove()
})

/** Changes a user as another administrator would. */
async function addPhone(user: string): Promise<void> {
  const {MFA_GRAPH_URL, MFA_ACCESS_TOKEN} = tenant.env
  const answer = await fetch(`${MFA_GRAPH_URL}/v1.0/users/${user}/authentication/phoneMethods`, {
    method: 'POST',
    headers: {Authorization: `Bearer ${MFA_ACCESS_TOKEN}`, 'Content-Type': 'application/json'},
    body: JSON.stringify({phoneType: 'mobile', phoneNumber: '+1 2065550199'}),
  })
  if (answer.status !== 201) throw new Error(await answer.text())
}

const stale = (who: string, why: RegExp) => ({
  code: 7,
  error: {
    message: expect.stringMatching(new RegExp(`${who}.*${why.source}`)),
    fix: expect.stringContaining('--dry-run'),
  },
})

test('what was saved is what is applied, and is shown before', async () => {
  const shown = await place.mfa(['plan', 'show', 'plan.json', '--csv', 'plan.csv'])
  expect(shown.code).toBe(0)
  expect(shown.stdout).toContain('set mobile to +1 4255551000')
  expect(await place.read('plan.csv')).toMatch(/^user,mark,rule,item,what\r\n/)
  const json = (await place.mfa(['plan', 'show', 'plan.json', '--json'])).json()
  expect(json).toMatchObject({
    schemaVersion: 1,
    kind: 'mfa-plan',
    group: {displayName: GROUP},
    summary: {users: 6},
  })
  expect(tenant.writes()).toBe(0)

  const applied = await place.mfa(APPLY)
  expect(applied.code).toBe(0)
  expect(applied.json()).toMatchObject({summary: {users: 6, migrated: 6}, group: {displayName: GROUP}})
  const after = comparable(tenant.sandbox.dump())

  // The plan has been carried out: there is nothing left of it to do.
  const writes = tenant.writes()
  const again = await place.mfa(APPLY)
  expect([0, 7]).toContain(again.code)
  expect(tenant.writes()).toBe(writes)
  expect(comparable(tenant.sandbox.dump())).toEqual(after)
})

test('stale (7) where the tenant has changed since: who, and why', async () => {
  await addPhone('user00002@contoso.com')
  const writes = tenant.writes()
  const refused = await place.mfa(APPLY)
  expect({code: refused.code, ...refused.json()}).toMatchObject(
    stale('user00002@contoso.com', /changed in Entra/),
  )
  const plain = await place.mfa(APPLY.slice(0, -1))
  expect(plain).toMatchObject({code: 7, stderr: expect.stringContaining('user00002@contoso.com')})
  expect(tenant.writes()).toBe(writes)
})

test('stale where the server has changed since', async () => {
  const path = join(place.work, 'bundle', 'users.csv')
  await writeFile(path, (await readFile(path, 'utf8')).replace('4255551001', '4255551777'))
  const refused = await place.mfa(APPLY)
  expect({code: refused.code, ...refused.json()}).toMatchObject(stale('user00001@contoso.com', /server/))
  expect(tenant.writes()).toBe(0)
})

test('stale where the plan was edited', async () => {
  const path = join(place.work, 'plan.json')
  await writeFile(path, (await readFile(path, 'utf8')).replace('+1 4255551000', '+1 4255551999'))
  const refused = await place.mfa(APPLY)
  expect({code: refused.code, ...refused.json()}).toMatchObject(stale('user00000@contoso.com', /edited/))
  expect(tenant.writes()).toBe(0)
})

test('stale in another tenant', async () => {
  const other = await startTenant({
    tenant: {...manyUsersTenant(6), tenantId: 'dddddddd-0000-4000-8000-000000000001'},
  })
  const refused = await place.mfa(APPLY, {env: other.env})
  expect(refused.code).toBe(7)
  expect(refused.json()).toMatchObject({error: {message: expect.stringContaining('dddddddd-0000')}})
  expect(other.writes()).toBe(0)
  await other.stop()
})

test('an interrupted plan goes on', async () => {
  const slow = await startTenant({tenant: manyUsersTenant(6), faults: {delay: 30}})
  const running = place.start(APPLY, {env: slow.env})
  await expect.poll(() => slow.writes(), {interval: 2, timeout: 20_000}).toBeGreaterThan(2)
  running.process.kill('SIGINT')
  const cut = await running.ended
  expect(cut.code).toBe(130)
  expect(cut.json()).toMatchObject({
    error: {code: 'INTERRUPTED', logFile: expect.stringContaining('-migrate-')},
  })
  const rest = await place.mfa(APPLY, {env: slow.env})
  expect({code: rest.code, said: rest.stdout}).toEqual({code: 0, said: rest.stdout})
  expect(rest.json()).toMatchObject({resumed: true, summary: {users: 6, failed: 0}})
  const fresh = await newPlace(tenant.env)
  const straight = await fresh.mfa([...MIGRATE, '--yes'], {cwd: place.work})
  await fresh.remove()
  expect(straight.code).toBe(0)
  expect(comparable(slow.sandbox.dump())).toEqual(comparable(tenant.sandbox.dump()))
  await slow.stop()
})
