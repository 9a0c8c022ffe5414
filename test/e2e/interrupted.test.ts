import {afterAll, beforeAll, test} from 'vitest'

import {GROUP, manyUsersBundle, manyUsersTenant} from '../helpers/many-users.js'
import {newPlace, type Place} from '../helpers/mfa.js'
import {comparable, startTenant, type Tenant} from '../helpers/tenant.js'

const USERS = 24
const MIGRATE = ['migrate', '--group', GROUP, '--source', 'bundle', '--yes', '--consistency', '3']

async function placeFor(tenant: Tenant): Promise<Place> {
  const place = await newPlace(tenant.env)
  for (const [name, text] of Object.entries(manyUsersBundle(USERS))) await place.file(`bundle/${name}`, text)
  return place
}

/** The tenant as an undisturbed run leaves it, and what that costs. */
let undisturbed: unknown
let writes: number
beforeAll(async () => {
  const tenant = await startTenant({tenant: manyUsersTenant(USERS)})
  const place = await placeFor(tenant)
  const done = await place.mfa(MIGRATE)
  if (done.code !== 0) throw new Error(done.stderr)
  undisturbed = comparable(tenant.sandbox.dump())
  writes = tenant.writes()
  await tenant.stop()
  await place.remove()
})

/** Runs that are cut off once so many writes have arrived. */
const CUTS = [
  {signal: 'SIGINT', after: 1},
  {signal: 'SIGINT', after: 40},
  {signal: 'SIGTERM', after: 20},
  {signal: 'SIGKILL', after: 1},
  {signal: 'SIGKILL', after: 25},
  {signal: 'SIGKILL', after: 60},
] as const

const tenants: Tenant[] = []
const places: Place[] = []
afterAll(async () => {
  await Promise.all(tenants.map((tenant) => tenant.stop()))
  await Promise.all(places.map((place) => place.remove()))
})

test.concurrent.for(CUTS)(
  '$signal after $after writes: the same command goes on',
  {timeout: 120_000},
  async ({signal, after}, {expect}) => {
    const tenant = await startTenant({tenant: manyUsersTenant(USERS), faults: {delay: 15}})
    tenants.push(tenant)
    const place = await placeFor(tenant)
    places.push(place)

    const running = place.start(MIGRATE)
    await expect.poll(() => tenant.writes(), {interval: 2, timeout: 20_000}).toBeGreaterThanOrEqual(after)
    running.process.kill(signal)
    const cut = await running.ended
    const killed = signal === 'SIGKILL'
    expect({code: cut.code, err: cut.stderr}).toEqual({code: killed ? null : 130, err: cut.stderr})
    expect(cut.stderr.includes('The same command goes on where it stopped')).toBe(!killed)
    const sent = tenant.writes()
    expect(sent).toBeLessThan(writes)

    const again = await place.mfa([...MIGRATE, '--json'])
    expect(again.json()).toMatchObject({resumed: true, summary: {users: USERS, failed: 0, partly: 0}})
    expect(again.code).toBe(0)
    expect(comparable(tenant.sandbox.dump())).toEqual(undisturbed)
    // What was under way when the process was killed may have to be sent a second time, nothing else.
    const underWay = killed ? tenant.writes() - writes : 0
    expect(tenant.writes()).toBe(writes + underWay)
    expect(underWay).toBeLessThanOrEqual(USERS)

    const runs = await place.mfa(['runs', 'list', '--json'])
    expect(runs.json()).toMatchObject({runs: [{status: 'finished'}]})
    const third = await place.mfa([...MIGRATE, '--json'])
    expect(third.json()).toMatchObject({summary: {actions: {planned: 0}}})
  },
)
