import {readFile, stat} from 'node:fs/promises'
import {afterAll, beforeAll, expect, test} from 'vitest'

import {parse} from 'csv-parse/sync'
import {startPfServer} from '../fakes/pf-server.js'
import {CONTOSO, newPlace, type Place} from '../helpers/mfa.js'
import {startTenant, type Tenant} from '../helpers/tenant.js'

const SOURCE = [
  '--source',
  CONTOSO,
  '--seed-file',
  `${CONTOSO}/seeds.csv`,
  '--seed-file',
  `${CONTOSO}/vendor-seeds.csv`,
]
const PILOT = ['--group', 'MFA pilot', ...SOURCE]
const PASSWORD = 'pass-word-that-is-secret-5550199'

let tenant: Tenant
let place: Place
let secrets: readonly string[]
beforeAll(async () => {
  tenant = await startTenant()
  place = await newPlace(tenant.env)
  secrets = [...(await secretsOfContoso()), PASSWORD, tenant.env['MFA_ACCESS_TOKEN'] ?? '']
})
afterAll(async () => {
  await tenant.stop()
  await place.remove()
})

/** Every cell of the example files that nobody may see. */
async function secretsOfContoso(): Promise<readonly string[]> {
  const columns = ['SecretKey', 'secret key', 'OathTokenSecretKey', 'DeviceToken']
  const files = ['devices.csv', 'oath-tokens.csv', 'seeds.csv', 'vendor-seeds.csv']
  const cells = await Promise.all(
    files.map(async (file) => {
      const rows: Record<string, string>[] = parse(await readFile(`${CONTOSO}/${file}`, 'utf8'), {
        columns: true,
      })
      return rows.flatMap((row) => columns.map((column) => row[column] ?? ''))
    }),
  )
  return [...new Set(cells.flat().filter((cell) => cell.length > 8))]
}

test('there is something to look for', () => {
  expect(secrets.length).toBeGreaterThan(40)
})

test.each([
  {args: ['migrate', ...PILOT, '--dry-run', '--out', 'plan.json', '--csv', 'dry.csv']},
  {args: ['migrate', ...PILOT, '--dry-run', '--json']},
  {args: ['migrate', ...PILOT, '--yes', '--csv', 'users.csv']},
  {args: ['migrate', '--group', 'Refused token', ...SOURCE, '--yes', '--json']},
  {args: ['verify', ...PILOT, '--csv', 'verify.csv']},
  {args: ['verify', ...PILOT, '--json']},
  {args: ['source', 'check', ...SOURCE, '--json']},
  {args: ['users', 'show', 'hana.sevendevices@contoso.com', ...SOURCE, '--json']},
  {
    args: [
      'users',
      'list',
      '--group',
      'MFA pilot',
      ...SOURCE,
      '--columns',
      'user,server,tokens,devices',
      '--json',
    ],
  },
  {args: ['plan', 'show', 'plan.json', '--json']},
  {args: ['runs', 'show', 'last', '--json']},
  {args: ['mapping', 'export', ...PILOT, '--out', 'map.csv', '--json']},
])('no secret is told by $args', async ({args}) => {
  const {stdout, stderr} = await place.mfa([...args, '--verbose'])
  expect(stdout.length + stderr.length).toBeGreaterThan(100)
  expect(secrets.filter((secret) => `${stdout}${stderr}`.includes(secret))).toEqual([])
})

test('nor does the live source', async () => {
  const server = await startPfServer(
    [{username: 'ada.sunrise@contoso.com', settings: {Pin: '246810246810'}}],
    {
      basic: {username: 'svc', password: PASSWORD},
    },
  )
  const env = {MFA_SOURCE_USERNAME: 'svc', MFA_SOURCE_PASSWORD: PASSWORD}
  const args = ['source', 'check', '--source', server.url, '--verbose', '--json']
  const good = await place.mfa(args, {env})
  const bad = await place.mfa(args, {env: {...env, MFA_SOURCE_PASSWORD: `${PASSWORD}x`}})
  await server.close()
  expect([good.code, bad.code]).toEqual([0, 4])
  const said = [good, bad].map(({stdout, stderr}) => stdout + stderr).join('')
  expect(
    [...secrets, '246810246810', btoa(`svc:${PASSWORD}`)].filter((secret) => said.includes(secret)),
  ).toEqual([])
})

test('and no file of state, logs, plans and results holds one', async () => {
  const files = await place.everything()
  const names = files.map(({path}) => path.slice(place.folder.length)).join(' ')
  for (const name of [/\/state\.db/, /\/logs\/.*-migrate-/, /plan\.json/, /users\.csv/])
    expect(names).toMatch(name)
  const found = files.flatMap(({path, text}) =>
    secrets.filter((secret) => text.includes(secret)).map((secret) => `${path}: ${secret}`),
  )
  expect(found).toEqual([])
})

test.skipIf(process.platform === 'win32')('they are for their owner only (R8)', async () => {
  const files = await place.everything()
  const open = await Promise.all(
    files.map(async ({path}) => ({path, mode: ((await stat(path)).mode & 0o777).toString(8)})),
  )
  expect(open.filter(({mode}) => mode !== '600')).toEqual([])
})
