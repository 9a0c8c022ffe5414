import {afterAll, beforeAll, expect, test} from 'vitest'

import {CONTOSO, newPlace, type Place} from '../helpers/mfa.js'
import {startTenant, type Tenant} from '../helpers/tenant.js'

const SOURCE = ['--source', CONTOSO, '--seed-file', `${CONTOSO}/seeds.csv`]
const BIRDS = ['--group', 'MFA early birds', ...SOURCE]

let place: Place
let tenant: Tenant
beforeAll(async () => {
  tenant = await startTenant()
  place = await newPlace(tenant.env)
})
afterAll(async () => {
  await tenant.stop()
  await place.remove()
})

/** Requests below `/users/{id}/authentication` so far. */
const methodCalls = (): number =>
  Object.entries(tenant.sandbox.stats().byRoute)
    .filter(([route]) => route.includes('/authentication/'))
    .reduce((sum, [, times]) => sum + times, 0)

const rowsOf = async (file: string): Promise<readonly string[]> =>
  (await place.read(file)).trim().split('\r\n')

test('nothing is there before the first run', async () => {
  expect((await place.mfa(['runs', 'list'])).stdout).toContain('No runs yet.')
  expect((await place.mfa(['runs', 'list', '--json'])).json()).toEqual({
    schemaVersion: 1,
    runs: [],
    more: false,
    warnings: [],
  })
  const none = await place.mfa(['runs', 'show', 'last', '--json'])
  expect(none.code).toBe(64)
})

test('verify: before a migration work remains (2), after it none (0); nothing is written', async () => {
  const before = await place.mfa(['verify', ...BIRDS, '--json', '--csv', 'before.csv'])
  expect(before.code).toBe(2)
  expect(before.json()).toMatchObject({
    schemaVersion: 1,
    workRemains: true,
    group: {displayName: 'MFA early birds'},
    verdict: '0 of 6 users of "MFA early birds" are migrated; 0 failed, 6 partly',
    summary: {users: 6, migrated: 0, marks: {'+': 6}},
  })
  expect((await rowsOf('before.csv'))[0]).toMatch(/^mark,userPrincipalName,item,rule,what/)
  expect(tenant.writes()).toBe(0)

  expect((await place.mfa(['migrate', ...BIRDS, '--yes'])).code).toBe(0)
  const writes = tenant.writes()
  const after = await place.mfa(['verify', ...BIRDS])
  expect(after.code).toBe(0)
  expect(after.stdout.trimEnd()).toMatch(/\nall 6 users of "MFA early birds" are migrated; 0 failed$/)
  const json = (await place.mfa(['verify', ...BIRDS, '--json'])).json()
  const users = json['users'] as {mark: string; items: {mark: string}[]}[]
  expect(users.map(({mark}) => mark)).toEqual(Array(6).fill('='))
  expect(new Set(users.flatMap(({items}) => items.map(({mark}) => mark)))).toEqual(new Set(['=', '-']))
  expect(tenant.writes()).toBe(writes)
})

test('verify: all marks are there where both sides differ', async () => {
  const pilot = await place.mfa(['verify', '--group', 'MFA pilot', ...SOURCE, '--json'])
  expect(pilot.code).toBe(2)
  const users = pilot.json()['users'] as {items: {mark: string}[]}[]
  const marks = new Set(users.flatMap(({items}) => items.map(({mark}) => mark)))
  expect([...marks].toSorted()).toEqual(['!', '*', '+', '-', '='])
})

test('runs: list, show by id, by its first letters and last, with CSV', async () => {
  const {runs} = (await place.mfa(['runs', 'list', '--json', '--csv', 'runs.csv'])).json() as {
    runs: {id: string; status: string}[]
  }
  const id = runs[0]?.id ?? ''
  expect(runs).toMatchObject([{kind: 'migrate', status: 'finished', group: {displayName: 'MFA early birds'}}])
  expect(await rowsOf('runs.csv')).toHaveLength(2)
  for (const name of [id, id.slice(0, 10), id.toLowerCase(), 'last']) {
    const shown = (await place.mfa(['runs', 'show', name, '--json'])).json()
    expect(shown).toMatchObject({run: {id, logFile: expect.stringContaining(place.state)}})
    expect(shown['users']).toHaveLength(6)
  }
  const plain = await place.mfa(['runs', 'show', 'last', '--csv', 'actions.csv'])
  expect(plain.stdout).toMatch(/Log .*\.jsonl/)
  expect(await rowsOf('actions.csv')).toHaveLength(23)
})

test('users list: without a source, without method calls unless a column needs them', async () => {
  const calls = methodCalls()
  const plain = await place.mfa([
    'users',
    'list',
    '--group',
    'MFA early birds',
    '--json',
    '--csv',
    'users.csv',
  ])
  expect(plain.code).toBe(0)
  const users = plain.json()['users'] as {user: string}[]
  expect(users.map(({user}) => user)).toContain('elif.matin@contoso.com')
  expect(await rowsOf('users.csv')).toHaveLength(7)
  const both = (await place.mfa(['users', 'list', ...BIRDS, '--json'])).json()
  expect(both['users']).toContainEqual(
    expect.objectContaining({user: 'elif.matin@contoso.com', server: 'legacy-0005'}),
  )
  expect(methodCalls()).toBe(calls)

  const columns = ['--columns', 'user,phones,default']
  const methods = (
    await place.mfa(['users', 'list', '--group', 'MFA early birds', ...columns, '--json'])
  ).json()
  expect(methods['users']).toContainEqual({
    id: expect.any(String),
    user: 'elif.matin@contoso.com',
    phones: 'mobile +44 2079460011',
    default: 'sms',
  })
  expect(methodCalls()).toBeGreaterThan(calls)
})

test('users show: both sides, and the Entra side alone', async () => {
  const both = await place.mfa(['users', 'show', 'ada.sunrise@contoso.com', ...SOURCE])
  expect(both.stdout).toMatch(/Azure MFA Server.*Microsoft Entra/)
  expect(both.stdout).toMatch(/ADA\.SUNRISE@CONTOSO\.COM.*ada\.sunrise@contoso\.com/)
  const json = (await place.mfa(['users', 'show', 'ada.sunrise@contoso.com', ...SOURCE, '--json'])).json()
  expect(json).toMatchObject({
    schemaVersion: 1,
    entra: {userPrincipalName: 'ada.sunrise@contoso.com'},
    server: {username: 'ADA.SUNRISE@CONTOSO.COM'},
    methods: {phones: [{slot: 'mobile'}]},
  })
  const alone = (await place.mfa(['users', 'show', 'ada.sunrise@contoso.com', '--json'])).json()
  expect(alone).toMatchObject({server: null, methods: {phones: [{slot: 'mobile'}]}})
})

test('source check: what was found, and nothing is asked of Entra', async () => {
  const {requests} = tenant.sandbox.stats()
  const found = await place.mfa(['source', 'check', ...SOURCE, '--json', '--csv', 'problems.csv'])
  expect(found.code).toBe(0)
  expect(found.json()).toMatchObject({
    schemaVersion: 1,
    kind: 'bundle',
    users: 78,
    fullReadSeconds: expect.any(Number),
  })
  expect((await place.read('problems.csv')).split('\r\n')[0]).toBe('code,user,detail')
  const told = (await place.mfa(['source', 'check', ...SOURCE])).stdout
  expect(told).toContain('a full read takes')
  expect(told).toContain(`\nNext: mfa migrate --group NAME --source ${CONTOSO} `)
  expect(tenant.sandbox.stats().requests).toBe(requests)
})

test('mapping: exported, edited by hand, read back', async () => {
  const pilot = ['--group', 'MFA pilot', ...SOURCE]
  const exported = await place.mfa(['mapping', 'export', ...pilot, '--out', 'map.csv', '--json'])
  expect(exported.code).toBe(0)
  const text = await place.read('map.csv')
  expect(text).toMatch(/^UserPrincipalName,Username,Reason,Candidates\r\n/)
  expect(exported.json()['users']).toHaveLength((await rowsOf('map.csv')).length - 1)
  expect(text).toContain('bea.renamed@contoso.com,,no-server-user')
  await place.file(
    'map.csv',
    text.replace('bea.renamed@contoso.com,', 'bea.renamed@contoso.com,CORP\\bmaiden'),
  )
  const told = (
    await place.mfa(['mapping', 'export', ...pilot, '--out', 'map 2.csv', '--mapping', 'map.csv'])
  ).stdout
  expect(told).toContain(`\nNext: mfa migrate --group "MFA pilot" --source ${CONTOSO} `)
  expect(told).toMatch(/ --mapping "map 2\.csv" --dry-run\n$/)
  expect(told).not.toContain('--mapping map.csv')
  const args = ['migrate', ...pilot, '--user', 'bea.renamed@contoso.com', '--dry-run', '--json']
  expect((await place.mfa(args)).json()).toMatchObject({summary: {unmatched: 1}})
  const read = (await place.mfa([...args, '--mapping', 'map.csv'])).json()
  expect(read).toMatchObject({summary: {unmatched: 0}, users: [{source: 'CORP\\bmaiden'}]})
})
