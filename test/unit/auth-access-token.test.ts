import {mkdtemp, rm} from 'node:fs/promises'
import {createServer} from 'node:http'
import type {AddressInfo} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {inspect} from 'node:util'
import {afterAll, afterEach, beforeAll, expect, it, vi} from 'vitest'
import type {SignInDeps, SignInSettings} from '../../src/lib/entra/auth/sign-in-settings.js'
import {createTokenProvider} from '../../src/lib/entra/auth/token-provider.js'
import {cloud, endpoints} from '../../src/lib/entra/clouds.js'
import {CLOUD_NAMES} from '../../src/lib/model/cloud.js'
import {Secret} from '../../src/lib/model/secret.js'
import {FakeClock} from '../fakes/clock.js'
import {jwt, OTHER_TENANT, TENANT} from '../fakes/token-endpoint.js'
import {FakeUi} from '../fakes/ui.js'

const {signal} = new AbortController()
const NOW = Date.parse('2026-03-01T09:00:00Z')
let deps: SignInDeps
beforeAll(async () => {
  const stateFolder = await mkdtemp(join(tmpdir(), 'mfa-token-'))
  deps = {
    clock: new FakeClock('2026-03-01T09:00:00Z'),
    ui: new FakeUi(),
    fetch: globalThis.fetch,
    stateFolder,
  }
})
afterAll(() => rm(deps.stateFolder, {recursive: true}))
afterEach(() => vi.unstubAllEnvs())

const ready = (token: string, extra: Partial<SignInSettings> = {}) =>
  createTokenProvider(
    {
      cloud: {value: 'global', from: 'default'},
      accessToken: {value: new Secret(token), from: 'MFA_ACCESS_TOKEN'},
      ...extra,
    },
    deps,
  )

it('takes an opaque token as it is', async () => {
  expect(await ready('opaque-token').token(signal)).toBe('opaque-token')
  expect(await ready('a.b.c').token(signal)).toBe('a.b.c')
})

it('says when a token has expired', async () => {
  const token = jwt({tid: TENANT, exp: NOW / 1000 - 60})
  await expect(ready(token).token(signal)).rejects.toMatchObject({
    exit: 'auth',
    message: 'The token in MFA_ACCESS_TOKEN expired at 2026-03-01T08:59:00Z.',
    // Nobody can change the environment of a process that runs.
    fix: expect.stringContaining('Start it again with a new token in MFA_ACCESS_TOKEN'),
  })
  const good = jwt({tid: TENANT, exp: NOW / 1000 + 60})
  expect(await ready(good).token(signal)).toBe(good)
})

it('cannot renew it', async () => {
  const token = jwt({tid: TENANT, exp: NOW / 1000 + 60})
  const error: unknown = await ready(token)
    .token(signal, {refresh: true})
    .catch((reason: unknown) => reason)
  expect(error).toMatchObject({
    exit: 'auth',
    message: expect.stringContaining('cannot be renewed'),
    fix: expect.stringContaining('Start it again'),
  })
  expect(inspect(error, {depth: 9})).not.toContain(token)
})

it('refuses a token of another tenant, and does not judge by a domain', async () => {
  const token = jwt({tid: TENANT.toUpperCase()})
  const tenant = (value: string) => ({tenant: {value, from: 'mfa.config.json: tenant'}})
  await expect(ready(token, tenant(OTHER_TENANT)).token(signal)).rejects.toMatchObject({
    exit: 'auth',
    message: `The token in MFA_ACCESS_TOKEN is for tenant ${TENANT}, but mfa.config.json: tenant says ${OTHER_TENANT}.`,
  })
  expect(await ready(token, tenant(TENANT)).token(signal)).toBe(token)
  expect(await ready(token, tenant('contoso.com')).token(signal)).toBe(token)
})

it('refuses a token of another cloud, unless requests are sent elsewhere', async () => {
  const token = jwt({tid: TENANT, aud: 'https://graph.microsoft.us/'})
  await expect(ready(token).token(signal)).rejects.toMatchObject({
    code: 'WRONG_CLOUD',
    exit: 'auth',
    fix: expect.stringContaining('--cloud usgov'),
  })
  const usgov = {cloud: {value: 'usgov', from: '--cloud'}} as const
  expect(await ready(token, usgov).token(signal)).toBe(token)
  const elsewhere = {graphUrl: {value: 'http://127.0.0.1:9', from: 'MFA_GRAPH_URL'}}
  expect(await ready(token, elsewhere).token(signal)).toBe(token)
  const byId = jwt({tid: TENANT, aud: '00000003-0000-0000-c000-000000000000'})
  expect(await ready(byId).token(signal)).toBe(byId)
})

it('tells who it is for', () => {
  const token = jwt({tid: TENANT, appid: 'app', upn: 'alice@contoso.com'})
  expect(ready(token).describe()).toEqual({
    kind: 'access-token',
    tenantId: TENANT,
    clientId: 'app',
    account: 'alice@contoso.com',
  })
  expect(ready('opaque').describe().kind).toBe('access-token')
})

it('beats every other way, in the order of the documentation', () => {
  const all: SignInSettings = {
    cloud: {value: 'global', from: 'default'},
    accessToken: {value: new Secret('x'), from: 'MFA_ACCESS_TOKEN'},
    clientCertificatePath: {value: 'x', from: 'x'},
    federatedTokenFile: {value: 'x', from: 'x'},
    managedIdentity: {value: true, from: 'x'},
  }
  const kind = (without: readonly (keyof SignInSettings)[]) =>
    createTokenProvider(
      {...all, ...Object.fromEntries(without.map((key) => [key, undefined]))},
      deps,
    ).describe().kind
  expect([
    kind([]),
    kind(['accessToken']),
    kind(['accessToken', 'clientCertificatePath']),
    kind(['accessToken', 'clientCertificatePath', 'federatedTokenFile']),
    kind(['accessToken', 'clientCertificatePath', 'federatedTokenFile', 'managedIdentity']),
  ]).toEqual(['access-token', 'certificate', 'federated-token', 'managed-identity', 'none'])
})

it('a managed identity is asked at the endpoint that Azure names', async () => {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${String(request.headers['x-identity-header'])}`)
    const good = request.url?.includes('client_id=') !== true
    response.writeHead(good ? 200 : 400, {'content-type': 'application/json'})
    response.end(
      JSON.stringify(
        good
          ? {
              access_token: 'managed-token',
              expires_on: Math.floor(Date.now() / 1000) + 3600,
              resource: 'x',
              token_type: 'Bearer',
            }
          : {error: {code: 'BadRequest', message: 'No such identity.'}},
      ),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const {port} = server.address() as AddressInfo
  vi.stubEnv('IDENTITY_ENDPOINT', `http://127.0.0.1:${port}/msi/token`)
  vi.stubEnv('IDENTITY_HEADER', 'header-secret')
  const settings: SignInSettings = {
    cloud: {value: 'usgov', from: 'MFA_CLOUD'},
    managedIdentity: {value: true, from: 'MFA_MANAGED_IDENTITY'},
  }
  try {
    expect(await createTokenProvider(settings, deps).token(signal)).toBe('managed-token')
    expect(asked[0]).toMatch(
      /^GET \/msi\/token\?.*resource=https%3A%2F%2Fgraph\.microsoft\.us.* header-secret$/,
    )
    const clientId = {value: 'aaaaaaaa-0000-4000-8000-000000000001', from: 'MFA_CLIENT_ID'}
    const error: unknown = await createTokenProvider({...settings, clientId}, deps)
      .token(signal)
      .catch((reason: unknown) => reason)
    expect(error).toMatchObject({exit: 'auth', message: expect.stringContaining('No such identity.')})
    expect(inspect(error, {depth: 9})).not.toContain('header-secret')
  } finally {
    server.close()
  }
})

it('knows the addresses of every cloud', () => {
  expect(CLOUD_NAMES.map((name) => cloud(name))).toEqual([
    {
      name: 'global',
      graphRoot: 'https://graph.microsoft.com',
      authority: 'https://login.microsoftonline.com',
    },
    {name: 'usgov', graphRoot: 'https://graph.microsoft.us', authority: 'https://login.microsoftonline.us'},
    {
      name: 'usgovdod',
      graphRoot: 'https://dod-graph.microsoft.us',
      authority: 'https://login.microsoftonline.us',
    },
    {
      name: 'china',
      graphRoot: 'https://microsoftgraph.chinacloudapi.cn',
      authority: 'https://login.chinacloudapi.cn',
    },
  ])
  expect(endpoints('china', {graphUrl: 'https://graph.example.com'})).toEqual({
    graphUrl: 'https://graph.example.com',
    authorityUrl: 'https://login.chinacloudapi.cn',
    scope: 'https://microsoftgraph.chinacloudapi.cn/.default',
    resource: 'https://microsoftgraph.chinacloudapi.cn',
  })
})
