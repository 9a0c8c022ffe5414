import {mkdtemp, rm, stat} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {pathToFileURL} from 'node:url'
import {afterAll, beforeAll, expect, it} from 'vitest'

import {createCertificates} from '../../src/lib/entra/certificates/certificates.js'
import {Secret} from '../../src/lib/model/secret.js'
import {restrictToOwner} from '../../src/lib/state/restrict.js'
import {makeCertificate} from '../helpers/certificates.js'
import {newPlace, type Environment, type Place} from '../helpers/mfa.js'
import {approve} from './browser.js'
import {APP, PUBLIC_APP, startEntraProvider, TENANT, type EntraProvider} from './entra-provider.js'
import {startCheckingGraph, type CheckingGraph} from './graph-that-checks.js'
import {makePrivateCa, type PrivateCa} from './private-ca.js'

const PASSWORD = 'correct horse'
const DAY = 86_400_000
let folder: string
let ca: PrivateCa
let entra: EntraProvider
let graph: CheckingGraph
let place: Place
const file = (name: string) => join(folder, name)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mfa-entra-'))
  ca = await makePrivateCa(folder)
  // Registered: a certificate of our own making, dated back so that a wrong clock may be tried with it.
  const clock = {now: () => new Date(Date.now() - DAY)}
  const certificates = createCertificates({clock, restrict: restrictToOwner})
  const own = await certificates.make({commonName: 'mfa on mfa01.contoso.com', days: 300})
  await certificates.keep(file('own.pem'), own)
  await certificates.keep(file('own.pfx'), own, new Secret(PASSWORD))
  const pem = `-----BEGIN CERTIFICATE-----\n${own.facts.der}\n-----END CERTIFICATE-----\n`
  await makeCertificate(folder, 'other')
  await makeCertificate(folder, 'expired', {notAfter: new Date(Date.now() - 3 * DAY)})
  entra = await startEntraProvider(ca, pem)
  graph = await startCheckingGraph(entra.publicKey)
  place = await newPlace({
    MFA_TENANT_ID: TENANT,
    MFA_CLIENT_ID: APP,
    MFA_AUTHORITY_URL: entra.origin,
    MFA_GRAPH_URL: graph.url,
    NODE_EXTRA_CA_CERTS: ca.file,
  })
})
afterAll(async () => {
  await Promise.all([entra.close(), graph.close(), place.remove()])
  await rm(folder, {recursive: true})
})

const list = (env: Environment) => place.mfa(['users', 'list', '--group', 'Everybody', '--json'], {env})
const byCertificate = (name: string, env: Environment = {}) =>
  list({MFA_CLIENT_CERTIFICATE_PATH: file(name), MFA_CLIENT_CERTIFICATE_PASSWORD: PASSWORD, ...env})
const shifted = (minutes: number): Environment => ({
  NODE_OPTIONS: `--import=${pathToFileURL(join(import.meta.dirname, '../helpers/shifted-clock.mjs')).href}`,
  MFA_TEST_CLOCK_MINUTES: String(minutes),
})
const errorOf = (result: {json(): Record<string, unknown>}) =>
  result.json()['error'] as Record<string, string>

it.each(['own.pem', 'own.pfx'])('the provider accepts what our certificate signed: %s', async (name) => {
  const before = graph.claims.length
  const result = await byCertificate(name)
  expect(result.code, result.stdout + result.stderr).toBe(0)
  expect(entra.asked.at(-1)).toBe('POST /oauth2/v2.0/token client_credentials')
  expect(graph.claims.length).toBeGreaterThan(before)
  expect(graph.claims.at(-1)).toMatchObject({tid: TENANT, appid: APP, idtyp: 'app'})
})

it('a token that Graph refuses is renewed with a new assertion: the provider takes each but once', async () => {
  const before = entra.asked.length
  graph.refuse = 1
  const result = await byCertificate('own.pem')
  expect(result.code, result.stdout).toBe(0)
  expect(entra.asked.length - before).toBe(2)
})

it('the provider refuses the signature of another key', async () => {
  const result = await byCertificate('other.pem')
  expect([result.code, errorOf(result)['code']]).toEqual([4, 'CERTIFICATE_NOT_REGISTERED'])
  expect(errorOf(result)['message']).toContain('does not know this certificate')
})

it('an expired certificate is not even shown to it', async () => {
  const before = entra.asked.length
  const result = await byCertificate('expired.pem')
  expect([result.code, errorOf(result)['code']]).toEqual([4, 'CERTIFICATE_EXPIRED'])
  expect(entra.asked).toHaveLength(before)
})

it('the provider refuses an assertion that is addressed to another name', async () => {
  const result = await byCertificate('own.pem', {
    MFA_AUTHORITY_URL: entra.origin.replace('localhost', '127.0.0.1'),
  })
  expect(result.code).toBe(4)
  expect(errorOf(result)['message']).toContain(
    'addressed to another place than the one that was asked (AADSTS700023)',
  )
})

it.each([
  [10, 'ahead'],
  [-20, 'behind'],
])('the provider refuses what a clock signed that is %i minutes wrong', async (minutes, way) => {
  const result = await byCertificate('own.pem', shifted(minutes))
  expect(result.code).toBe(4)
  expect(errorOf(result)['message']).toContain(
    `this machine’s clock is ${Math.abs(minutes)} min ${way} (AADSTS700024)`,
  )
})

it('a tenant that it does not have, and an app that it does not have', async () => {
  const tenant = await byCertificate('own.pem', {MFA_TENANT_ID: '99999999-2222-3333-4444-555555555555'})
  expect([tenant.code, errorOf(tenant)['message']]).toEqual([4, expect.stringContaining('AADSTS90002')])
  const app = await byCertificate('own.pem', {MFA_CLIENT_ID: 'aaaaaaaa-0000-4000-8000-000000000009'})
  expect(app.code).toBe(4)
})

it('without the private CA nothing is sent, and NODE_EXTRA_CA_CERTS is named', async () => {
  const before = entra.asked.length
  const result = await byCertificate('own.pem', {NODE_EXTRA_CA_CERTS: undefined})
  expect([result.code, errorOf(result)['code']]).toEqual([6, 'TLS_FAILED'])
  expect(errorOf(result)['fix']).toContain('NODE_EXTRA_CA_CERTS')
  expect(entra.asked).toHaveLength(before)
})

/** `mfa auth login`, and somebody who enters the code at a browser. */
async function logIn(outcome: 'ok' | 'declined', args: readonly string[] = []) {
  const running = place.start(['auth', 'login', '--json', ...args], {env: {MFA_CLIENT_ID: PUBLIC_APP}})
  const shown = await new Promise<string>((resolve, reject) => {
    let text = ''
    running.process.stderr.on('data', (chunk: string) => {
      text += chunk
      if (/enter the code \S+/.test(text)) resolve(text)
    })
    running.process.once('close', () => reject(new Error(`no code: ${text}`)))
  })
  const [, address = '', code = ''] = /Open (\S+) in a browser and enter the code (\S+)/.exec(shown) ?? []
  await approve(address, code, {ca: ca.ca, login: 'alice', outcome})
  return running.ended
}

it(
  'a person signs in by device code, stays signed in, is renewed, and signs out',
  {timeout: 90_000},
  async () => {
    const env = {MFA_CLIENT_ID: PUBLIC_APP}
    const login = await logIn('ok')
    expect(login.code, login.stderr).toBe(0)
    expect(login.json()).toMatchObject({account: 'alice@contoso.com', tenantId: TENANT, clientId: PUBLIC_APP})

    const status = await place.mfa(['auth', 'status', '--json'], {env})
    expect(status.json()).toMatchObject({kind: 'user', account: 'alice@contoso.com', usable: true})
    expect(status.json()['token']).toMatchObject({minutesLeft: 59, renews: true})
    const {mode} = await stat(join(place.state, 'sign-in.json'))
    expect(process.platform === 'win32' ? 0o600 : mode & 0o777).toBe(0o600)

    const asked = entra.asked.length
    expect((await list(env)).code).toBe(0)
    expect(graph.claims.at(-1)).toMatchObject({appid: PUBLIC_APP, sub: 'alice'})
    expect(entra.asked).toHaveLength(asked)
    graph.refuse = 1
    expect((await list(env)).code).toBe(0)
    expect(entra.asked.slice(asked)).toEqual(['POST /oauth2/v2.0/token refresh_token'])

    expect((await place.mfa(['auth', 'logout'], {env})).stdout).toBe('signed out\n')
    expect((await list(env)).code).toBe(4)
    expect((await place.mfa(['auth', 'status'], {env})).code).toBe(4)
  },
)

it('a person who declines is not signed in', async () => {
  const login = await logIn('declined')
  expect([login.code, errorOf(login)['code']]).toEqual([4, 'SIGN_IN_REFUSED'])
  expect(errorOf(login)['message']).toContain('declined')
})

it('a permission can be asked for by name', async () => {
  const login = await logIn('ok', ['--scope', 'Directory.ReadWrite.All'])
  expect(login.code, login.stderr).toBe(0)
  const wrong = await place.mfa(['auth', 'login', '--scope', 'https://x y', '--json'])
  expect([wrong.code, errorOf(wrong)['code']]).toEqual([64, 'SCOPE_INVALID'])
})
