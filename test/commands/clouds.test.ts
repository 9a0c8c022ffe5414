import {afterAll, beforeAll, expect, test} from 'vitest'

import {CONTOSO, newPlace, type Place} from '../helpers/mfa.js'

let place: Place
beforeAll(async () => {
  place = await newPlace()
})
afterAll(() => place.remove())

const SOURCE = ['--source', CONTOSO]
const GROUP = ['--group', 'MFA early birds', '--tenant', 'sandbox']

test.each([
  [
    ['migrate', '--dry-run', ...GROUP, ...SOURCE],
    'neither OATH tokens nor the authentication methods policy',
  ],
  [['sync', 'once', ...GROUP, ...SOURCE], 'neither OATH tokens nor the authentication methods policy'],
  [['readiness', ...GROUP], 'no authentication methods policy'],
])('%j says what the cloud does not have, and nothing of it elsewhere', async (command, says) => {
  const there = await place.mfa([...command, '--cloud', 'china', '--json'])
  expect(there.json()['warnings']).toEqual(expect.arrayContaining([expect.stringContaining(says)]))
  const here = await place.mfa([...command, '--json'])
  expect(JSON.stringify(here.json()['warnings'])).not.toContain('in the cloud')
})
