import {hostname} from 'node:os'
import {expect, test} from 'vitest'

import {GROUP, manyUsersBundle, manyUsersTenant} from '../helpers/many-users.js'
import {newPlace} from '../helpers/mfa.js'
import {startTenant} from '../helpers/tenant.js'

test('a second run at the same time is refused (5): whose, where, since when', async () => {
  const tenant = await startTenant({tenant: manyUsersTenant(12), faults: {delay: 400}})
  const place = await newPlace(tenant.env)
  for (const [name, text] of Object.entries(manyUsersBundle(12))) await place.file(`bundle/${name}`, text)
  const migrate = ['migrate', '--group', GROUP, '--source', 'bundle', '--yes']
  const first = place.start(migrate)
  await expect.poll(() => tenant.writes(), {interval: 2, timeout: 20_000}).toBeGreaterThan(0)
  const second = await place.mfa(migrate)
  const json = await place.mfa([...migrate, '--json'])
  expect([second.code, json.code]).toEqual([5, 5])
  for (const told of [
    hostname(),
    String(first.process.pid),
    'mfa migrate',
    new Date().toISOString().slice(0, 10),
  ])
    expect(second.stderr).toContain(told)
  expect(json.json()).toMatchObject({error: {message: expect.stringContaining(hostname())}})
  // Looking is allowed all the same.
  expect((await place.mfa(['migrate', '--group', GROUP, '--source', 'bundle', '--dry-run'])).code).toBe(0)
  expect((await place.mfa(['runs', 'list'])).code).toBe(0)
  expect((await first.ended).code).toBe(0)
  expect((await place.mfa(migrate)).code).toBe(0)
  await tenant.stop()
  await place.remove()
})
