import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises'
import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http'
import type {AddressInfo} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {pathToFileURL} from 'node:url'
import {inspect} from 'node:util'
import {afterAll, afterEach, beforeAll, expect, it} from 'vitest'

import {loadSettings} from '../../src/lib/config/load-settings.js'
import {CLIENT, jwt, TENANT, TokenEndpoint} from '../fakes/token-endpoint.js'
import {encryptKey, makeCertificate, makePfx} from '../helpers/certificates.js'
import {newPlace, type Environment, type Place} from '../helpers/mfa.js'

const PASSWORD = 'pass-word-that-is-secret-5550199'
const IDENTITY_HEADER = 'identity-header-that-is-secret-5550188'
const READY = jwt({tid: TENANT, scp: 'User.Read.All', exp: Math.floor(Date.now() / 1000) + 3600})
const FEDERATED = jwt({iss: 'https://ci.example.com', sub: 'repo', exp: Math.floor(Date.now() / 1000) + 3600})

let folder: string
let place: Place
let entra: TokenEndpoint
let graph: Server
let identity: Server
let key: string
/** How the services answer: well, or with a refusal that quotes what they were sent. */
let manner: 'good' | 'graph refuses' | 'entra refuses' = 'good'
const ways: Record<string, Environment> = {}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mfa-secrets-'))
  const own = await makeCertificate(folder, 'own')
  key = own.key
  const encrypted = await encryptKey(join(folder, 'own.key'), join(folder, 'own.enc'), PASSWORD)
  await writeFile(join(folder, 'encrypted.pem'), own.certificate + encrypted)
  await writeFile(join(folder, 'federated'), FEDERATED)
  entra = await new TokenEndpoint().start()
  entra.certificates = [own.certificate]
  entra.federated = [FEDERATED]
  graph = await listen((request, response) => {
    const refused = manner === 'graph refuses'
    const message = `You sent ${request.headers.authorization}.`
    answer(response, refused ? 403 : 200, refused ? {error: {code: 'Denied', message}} : {value: []})
  })
  identity = await listen((request, response) => {
    const refused = manner === 'entra refuses'
    const message = `You sent ${String(request.headers['x-identity-header'])}.`
    const token = {
      access_token: READY,
      expires_on: `${Math.floor(Date.now() / 1000) + 3600}`,
      token_type: 'Bearer',
    }
    answer(response, refused ? 400 : 200, refused ? {error: 'bad_request', message} : token)
  })
  place = await newPlace({
    MFA_TENANT_ID: TENANT,
    MFA_CLIENT_ID: CLIENT,
    MFA_AUTHORITY_URL: entra.url,
    MFA_GRAPH_URL: url(graph),
  })
  await makePfx(folder, 'own', PASSWORD)
  const path = (name: string) => join(folder, name)
  Object.assign(ways, {
    'certificate file': {MFA_CLIENT_CERTIFICATE_PATH: own.file},
    'certificate variable': {MFA_CLIENT_CERTIFICATE: own.pem},
    'encrypted key': {
      MFA_CLIENT_CERTIFICATE_PATH: path('encrypted.pem'),
      MFA_CLIENT_CERTIFICATE_PASSWORD: PASSWORD,
    },
    PFX: {MFA_CLIENT_CERTIFICATE_PATH: path('own.pfx'), MFA_CLIENT_CERTIFICATE_PASSWORD: PASSWORD},
    'federated token': {AZURE_FEDERATED_TOKEN_FILE: path('federated')},
    'managed identity': {
      MFA_MANAGED_IDENTITY: '1',
      IDENTITY_ENDPOINT: `${url(identity)}/token`,
      IDENTITY_HEADER,
    },
    'ready token': {MFA_ACCESS_TOKEN: READY},
    person: {},
  } satisfies Record<string, Environment>)
  const login = await place.mfa(['auth', 'login', '--verbose'], {timeout: 30_000})
  expect(login.code, login.stderr).toBe(0)
  expect(found(login.stdout + login.stderr)).toEqual([])
})
afterEach(() => {
  manner = 'good'
  entra.script.length = 0
})
afterAll(async () => {
  await Promise.all([entra.close(), place.remove(), stop(graph), stop(identity)])
  await rm(folder, {recursive: true})
})

async function listen(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<Server> {
  const server = createServer(handle)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}
const stop = (server: Server) => {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(resolve))
}
const url = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
const answer = (response: ServerResponse, status: number, body: object) =>
  response.writeHead(status, {'content-type': 'application/json'}).end(JSON.stringify(body))

/** Known secret values, and the parts of them that would do harm alone. */
function secrets(): readonly string[] {
  const whole = [PASSWORD, IDENTITY_HEADER, READY, FEDERATED, ...entra.secrets]
  const keyLines = key.split('\n').filter((line) => /^[\w+/]{40,}$/.test(line))
  const payloads = whole.filter((text) => text.startsWith('eyJ')).flatMap((text) => text.split('.')[1] ?? [])
  return [...whole, ...keyLines, ...payloads].filter((text) => text.length > 8)
}
const found = (text: string) => secrets().filter((secret) => text.includes(secret))

/** What every sign-in is kept in; it holds tokens and is for its owner only. */
const KEPT = /sign-in\.json$/

async function inFiles(): Promise<readonly string[]> {
  const files = (await place.everything()).filter(({path}) => !KEPT.test(path))
  return files.flatMap(({path, text}) => found(text).map((secret) => `${path}: ${secret}`))
}

const WAYS = [
  'certificate file',
  'certificate variable',
  'encrypted key',
  'PFX',
  'federated token',
  'managed identity',
  'ready token',
  'person',
]
const run = (way: string, args: readonly string[] = [], env: Environment = {}) =>
  place.mfa(['users', 'list', '--group', 'Everybody', '--verbose', ...args], {env: {...ways[way], ...env}})

it('there is something to look for, and it would be found', async () => {
  expect(secrets().length).toBeGreaterThan(20)
  expect(found(`x ${key} x`).length).toBeGreaterThan(20)
  expect(found(await readFile(join(place.state, 'sign-in.json'), 'utf8')).length).toBeGreaterThan(0)
})

it.each(WAYS)('no secret is told where the service is well: %s', async (way) => {
  const {stdout, stderr} = await run(way)
  expect(stderr).toMatch(/GET \S+\/groups\S* 200 /)
  expect(found(stdout + stderr)).toEqual([])
})

it.each(WAYS)('nor where Graph refuses and quotes what it was sent: %s', async (way) => {
  manner = 'graph refuses'
  const {code, stdout, stderr} = await run(way, ['--json'])
  expect([code, stdout]).toEqual([4, expect.stringContaining('You sent Bearer [secret]')])
  expect(found(stdout + stderr)).toEqual([])
})

it.each(WAYS.filter((way) => way !== 'ready token' && way !== 'person'))(
  'nor where Entra refuses and quotes what it was sent: %s',
  async (way) => {
    manner = 'entra refuses'
    entra.certificates = []
    const before = entra.federated
    entra.federated = []
    const {code, stdout, stderr} = await run(way)
    entra.certificates = [await readFile(join(folder, 'own.crt'), 'utf8')]
    entra.federated = before
    expect(code).toBe(4)
    expect(stderr).toMatch(/^error: /m)
    expect(found(stdout + stderr)).toEqual([])
  },
)

it.each([
  ['a wrong password', {MFA_CLIENT_CERTIFICATE_PASSWORD: `${PASSWORD}x`}, 'PFX', 64],
  ['a key that is damaged', {MFA_CLIENT_CERTIFICATE: 'damaged'}, 'person', 64],
  ['a token that is none', {MFA_ACCESS_TOKEN: `${PASSWORD} ${PASSWORD}`}, 'person', 64],
] as const)('nor for %s', async (_name, env, way, exit) => {
  const damaged = key.replace(/(BEGIN PRIVATE KEY-----\n).{60}/, '$1AAAA')
  const all = 'MFA_CLIENT_CERTIFICATE' in env ? {MFA_CLIENT_CERTIFICATE: damaged} : env
  for (const args of [[], ['--json']]) {
    const {code, stdout, stderr} = await run(way, args, all)
    expect(code, stdout + stderr).toBe(exit)
    expect(found(stdout + stderr)).toEqual([])
  }
})

it.each(['certificate variable', 'PFX', 'managed identity', 'ready token', 'person'])(
  'nor by a crash, its stack and Node’s diagnostic report: %s',
  async (way) => {
    const crash = pathToFileURL(join(import.meta.dirname, '../helpers/crash.mjs')).href
    for (const args of [[], ['--json']]) {
      const {code, stdout, stderr} = await run(way, args, {NODE_OPTIONS: `--import=${crash}`})
      expect([code, stdout + stderr]).toEqual([
        1,
        expect.stringContaining('unforeseen: crash with Bearer [secret]'),
      ])
      expect(found(stdout + stderr)).toEqual([])
    }
    const report = await place.read('crash-report.json')
    expect(JSON.parse(report)).toMatchObject({header: {event: 'JavaScript API'}})
    expect(JSON.parse(report)).not.toHaveProperty('environmentVariables')
  },
)

it('the settings hide them in every dump', async () => {
  const env = {
    ...place.environment(),
    MFA_CLIENT_CERTIFICATE: key,
    MFA_CLIENT_CERTIFICATE_PASSWORD: PASSWORD,
    MFA_ACCESS_TOKEN: READY,
  }
  const settings = await loadSettings({flags: {}, env, cwd: place.work, home: place.folder})
  const error = new Error('with settings', {cause: settings})
  const dump = inspect(error, {depth: Infinity, showHidden: true, getters: true}) + JSON.stringify(settings)
  expect(dump).toContain('[secret]')
  expect(found(dump)).toEqual([])
})

it('and no file of state, logs, results and reports holds one', async () => {
  const names = (await place.everything()).map(({path}) => path).join(' ')
  for (const name of [/\/state\.db/, /\/logs\/.*-users-list-/, /crash-report\.json/, /sign-in\.json/])
    expect(names).toMatch(name)
  expect(await inFiles()).toEqual([])
})
