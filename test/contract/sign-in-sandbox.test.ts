import {X509Certificate} from 'node:crypto'
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, it} from 'vitest'
import {login} from '../../src/lib/entra/auth/login.js'
import type {SignInDeps, SignInSettings} from '../../src/lib/entra/auth/sign-in-settings.js'
import {createTokenProvider} from '../../src/lib/entra/auth/token-provider.js'
import {startSandbox, type Sandbox} from '../../src/lib/sandbox/server.js'
import {FakeClock} from '../fakes/clock.js'
import {CLIENT, TENANT} from '../fakes/token-endpoint.js'
import {FakeUi} from '../fakes/ui.js'
import {makeCertificate, type TestCertificate} from '../helpers/certificates.js'

let folder: string
let ours: TestCertificate
let other: TestCertificate
let sandbox: Sandbox
let deps: SignInDeps
const {signal} = new AbortController()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mfa-sign-in-'))
  ours = await makeCertificate(folder, 'ours')
  other = await makeCertificate(folder, 'other')
  const certificates = [new X509Certificate(ours.certificate).raw.toString('base64')]
  sandbox = await startSandbox({
    stateFile: ':memory:',
    tenant: {
      tenantId: TENANT,
      displayName: 'Contoso',
      domains: ['contoso.com'],
      users: [],
      groups: [],
      clientApplications: [{appId: CLIENT, certificates}],
    },
  })
  const clock = new FakeClock(new Date().toISOString())
  deps = {clock, ui: new FakeUi(), fetch: globalThis.fetch, stateFolder: folder}
})
afterAll(async () => {
  await sandbox.stop()
  await rm(folder, {recursive: true})
})

const from = <T>(value: T) => ({value, from: 'test'})
const settings = (extra: Partial<SignInSettings>): SignInSettings => ({
  tenant: from(TENANT),
  cloud: from('global'),
  clientId: from(CLIENT),
  graphUrl: from(sandbox.rootUrl),
  authorityUrl: from(sandbox.rootUrl),
  ...extra,
})
const users = (token: string) =>
  fetch(`${sandbox.rootUrl}/v1.0/users`, {headers: {authorization: `Bearer ${token}`}}).then(
    ({status}) => status,
  )

it.each([TENANT, 'contoso.com'])('signs in to the embedded tenant by certificate: %s', async (tenant) => {
  const provider = createTokenProvider(
    settings({tenant: from(tenant), clientCertificatePath: from(ours.file)}),
    deps,
  )
  expect(await users(await provider.token(signal))).toBe(200)
  expect(await users(await provider.token(signal, {refresh: true}))).toBe(200)
  expect(provider.describe().tenantId).toBe(TENANT)
})

it('is refused there with the certificate of another', async () => {
  const provider = createTokenProvider(settings({clientCertificatePath: from(other.file)}), deps)
  await expect(provider.token(signal)).rejects.toMatchObject({
    exit: 'auth',
    message: expect.stringContaining('AADSTS700027'),
  })
})

it('signs in there as a person by device code', async () => {
  const signIn = await login('device-code', settings({}), deps, signal)
  expect(signIn).toMatchObject({account: 'admin@contoso.com', tenantId: TENANT})
  expect(await users(await createTokenProvider(settings({}), deps).token(signal, {refresh: true}))).toBe(200)
})
