import {beforeAll, test} from 'vitest'

import type {Faults} from '../../src/lib/sandbox/faults.js'
import {GROUP, manyUsersBundle, manyUsersTenant} from '../helpers/many-users.js'
import {newPlace, type MfaResult} from '../helpers/mfa.js'
import {comparable, startTenant} from '../helpers/tenant.js'

const USERS = 40
const BUNDLE = manyUsersBundle(USERS)

/** The service has no quota for activations here, and shows within a second what was written. */
const MIGRATE = ['migrate', '--group', GROUP, '--consistency', '2', '--activation-quota', 'none']

async function migrated(faults: Faults): Promise<{result: MfaResult; tenant: unknown; requests: number}> {
  const tenant = await startTenant({tenant: manyUsersTenant(USERS), faults})
  const place = await newPlace(tenant.env)
  for (const [name, text] of Object.entries(BUNDLE)) await place.file(`bundle/${name}`, text)
  const run = () => place.mfa([...MIGRATE, '--source', 'bundle', '--yes', '--json'], {timeout: 120_000})
  let result = await run()
  // A write whose answers were lost three times in a row is told as in doubt (3); the same command then settles it.
  if (result.code === 3) result = await run()
  const after = {
    result,
    tenant: comparable(tenant.sandbox.dump()),
    requests: tenant.sandbox.stats().requests,
  }
  await tenant.stop()
  await place.remove()
  return after
}

let undisturbed: {readonly tenant: unknown; readonly requests: number}
beforeAll(async () => {
  undisturbed = await migrated({})
})

const FAULTS: readonly {readonly name: string; readonly faults: Faults}[] = [
  {name: 'throttled', faults: {throttle: 0.1, retryAfter: 0, seed: 11}},
  {name: 'throttled without Retry-After', faults: {bareThrottle: 0.05, seed: 12}},
  {name: 'failing', faults: {error: 0.1, seed: 13}},
  {name: 'losing answers', faults: {lost: 0.08, seed: 14}},
  {name: 'losing answers otherwise', faults: {lost: 0.08, seed: 15}},
  {name: 'cutting connections', faults: {reset: 0.08, seed: 16}},
  {name: 'late in showing', faults: {consistency: 1000, seed: 17}},
  {
    name: 'all of it',
    faults: {throttle: 0.03, error: 0.04, lost: 0.04, reset: 0.02, consistency: 700, retryAfter: 0, seed: 18},
  },
  {name: 'with a quota of writes', faults: {writesPerSecond: 15, retryAfter: 1, seed: 19}},
]

test.concurrent.for(FAULTS)(
  'a service $name: the tenant ends as without',
  {timeout: 120_000},
  async ({faults}, {expect}) => {
    const {result, tenant, requests} = await migrated(faults)
    const {summary} = result.json() as {summary: object}
    expect({code: result.code, summary}).toMatchObject({
      code: 0,
      summary: {users: USERS, failed: 0, partly: 0, actions: {failed: 0, unknown: 0}},
    })
    expect(tenant).toEqual(undisturbed.tenant)
    // It was disturbed indeed.
    expect(requests).toBeGreaterThan(undisturbed.requests)
  },
)
