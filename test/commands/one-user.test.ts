import {afterAll, beforeAll, expect, test} from 'vitest'

import type {TenantFile} from '../../src/lib/sandbox/tenant-file.js'
import {newPlace, type MfaResult, type Place} from '../helpers/mfa.js'

/** What is said where there is just one of everything. */

const ANN = '00000000-0000-4000-8000-000000000001'
const TENANT: TenantFile = {
  tenantId: 'c0de0000-0000-4000-8000-00000000000c',
  displayName: 'One',
  domains: ['one.example.com'],
  users: [
    {
      id: ANN,
      userPrincipalName: 'ann@one.example.com',
      displayName: 'Ann',
      signInPreferences: {userPreferredMethodForSecondaryAuthentication: 'push'},
    },
  ],
  groups: [
    {id: '00000000-0000-4000-8000-0000000000aa', displayName: 'Just Ann', members: ['ann@one.example.com']},
  ],
}

let place: Place
beforeAll(async () => {
  place = await newPlace({MFA_TENANT_ID: 'sandbox', MFA_SOURCE: 'export'})
  await place.file('tenant.json', JSON.stringify(TENANT))
  await place.file(
    'export/users.csv',
    'Username,Mode,CountryCode,Phone,Shoes\nann@one.example.com,oathToken,1,4255550101,38\n',
  )
})
afterAll(() => place.remove())

const fine = async (...args: string[]): Promise<string> => {
  const {code, stdout, stderr}: MfaResult = await place.mfa(args)
  expect({code, stderr}).toMatchObject({code: 0})
  // Scripts match the verdict: "all N users" for any N.
  const said = stdout.replaceAll(/^all 1 users of .*$/gm, '')
  expect(said).not.toMatch(/\b1 [a-z ]*(users|groups|members|changes|problems|requests|tokens)\b/)
  return stdout
}

test('one is said in the singular, and a reset names a group of its own tenant', async () => {
  expect(await fine('sandbox', 'reset', '--tenant-file', 'tenant.json', '--yes')).toBe(
    'sandbox tenant "One" is as at its beginning: 1 user, 1 group\n' +
      'Next: mfa migrate --tenant sandbox --group "Just Ann" --source WHERE\n',
  )
  expect(await fine('sandbox', 'show')).toContain('group "Just Ann": 1 direct member\n')
  expect(await fine('source', 'check')).toContain('\n1 user can be read; 1 problem\n')
  expect(await fine('users', 'list', '--group', 'Just Ann')).toContain('\n1 user\n')

  const planned = await fine('migrate', '--group', 'Just Ann', '--dry-run', '--out', 'plan.json')
  expect(planned).toContain('Group "Just Ann": 1 user\n')
  expect(planned).toMatch(/\nPlan: 1 change for 1 user; about \d+ request/)
  expect(await fine('plan', 'show', 'plan.json')).toContain('\n1 change for 1 user: ')

  const refused = await place.mfa(['migrate', '--group', 'Just Ann', '--max-changes', '0', '--yes'])
  expect(refused.stderr).toContain('the plan has 1 change, more than --max-changes 0 allows')

  const migrated = await fine('migrate', '--group', 'Just Ann', '--yes')
  expect(migrated).toContain('\nall 1 users of "Just Ann" are migrated; 0 failed\n')
  expect(await fine('undo', 'last', '--yes')).toContain('Plan: 1 change put 1 user back')
  expect(await fine('runs', 'forget', 'last', '--yes')).toMatch(/^forgot 1 user of run /)
})

test('a tenant without a group has none to go on with', async () => {
  await place.file('empty.json', JSON.stringify({...TENANT, groups: []}))
  expect(await fine('sandbox', 'reset', '--tenant-file', 'empty.json', '--yes')).toMatch(
    /\nNext: mfa sandbox show\n$/,
  )
})

test('without a file of its own the reset names the example', async () => {
  expect(await fine('sandbox', 'reset', '--yes')).toMatch(
    /\nNext: mfa migrate --tenant sandbox --group "MFA early birds" --source examples\/contoso\n$/,
  )
})
