import {chmod, chown, mkdir, readFile, stat, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, it} from 'vitest'

import {loadSettings} from '../../src/lib/config/load-settings.js'
import {readTenantFile} from '../../src/lib/sandbox/tenant-file.js'
import {Wiring} from '../../src/wire.js'
import {jwt} from '../fakes/token-endpoint.js'
import {CONTOSO, newPlace, type Place} from '../helpers/mfa.js'
import {startTenant, type Tenant} from '../helpers/tenant.js'

const CLIENT = 'aaaaaaaa-0000-4000-8000-000000000001'
const ARGS = ['users', 'list', '--group', 'MFA pilot', '--json']
let tenant: Tenant
let place: Place
let file: string

/** What one `mfa auth login` left behind: signing in takes a second. */
let kept: string

beforeAll(async () => {
  const contoso = await readTenantFile(`${CONTOSO}/tenant.json`)
  tenant = await startTenant({tenant: {...contoso, clientApplications: [{appId: CLIENT}]}})
  place = await newPlace(environment())
  await logIn()
  kept = await readFile(join(place.state, 'sign-in.json'), 'utf8')
  await place.remove()
})
afterAll(() => tenant.stop())
beforeEach(async () => {
  place = await newPlace(environment())
  file = join(place.state, 'sign-in.json')
})
afterEach(() => place.remove())

const environment = () => ({
  MFA_GRAPH_URL: tenant.sandbox.rootUrl,
  MFA_AUTHORITY_URL: tenant.sandbox.authorityUrl,
  MFA_TENANT_ID: tenant.sandbox.tenantId,
})
const errorOf = (result: {json(): Record<string, unknown>}) =>
  result.json()['error'] as Record<string, string>
const logIn = async (env: Readonly<Record<string, string>> = {}) => {
  const result = await place.mfa(['auth', 'login', '--json'], {env})
  expect(result.code, result.stderr).toBe(0)
  return result.json()
}

const signedIn = async (content = kept) => {
  await mkdir(place.state, {recursive: true, mode: 0o700})
  await writeFile(file, content, {mode: 0o600})
}

describe.skipIf(process.platform === 'win32')('the kept sign-in', () => {
  it('is named beside what signs in without people', async () => {
    await signedIn()
    const env = {MFA_ACCESS_TOKEN: jwt({exp: 4_000_000_000})}
    const {person, kind} = (await place.mfa(['auth', 'status', '--json'], {env})).json()
    expect({person, kind}).toEqual({
      kind: 'access-token',
      person: {account: 'admin@contoso.com', signedInAt: expect.stringMatching(/^\d{4}-/)},
    })
    const told = (await place.mfa(['auth', 'status'], {env})).stdout
    expect(told).toContain('\nfor what only people may do: admin@contoso.com, signed in ')
    await signedIn('{}')
    expect((await place.mfa(['auth', 'status', '--json'], {env})).json()).not.toHaveProperty('person')
  })

  it('is 0600 in a folder of 0700', async () => {
    await logIn()
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect((await stat(place.state)).mode & 0o777).toBe(0o700)
    expect((await place.mfa(ARGS)).code).toBe(0)
    expect((await stat(place.state)).mode & 0o777).toBe(0o700)
  })

  it.each([0o644, 0o602])('with the mode %i is not used, and what to do is said', async (mode) => {
    await signedIn()
    await chmod(file, mode)
    for (const args of [ARGS, ['auth', 'status', '--json']]) {
      const result = await place.mfa(args)
      expect([result.code, errorOf(result)['code']]).toEqual([4, 'SIGN_IN_EXPOSED'])
      expect(errorOf(result)['message']).toContain(`(mode ${mode.toString(8)})`)
      expect(errorOf(result)['fix']).toContain(`chmod 600 "${file}"`)
    }
    expect((await place.mfa(['auth', 'logout'])).stdout).toBe('signed out\n')
  })

  it.runIf(process.getuid?.() === 0)('of another user is not used', async () => {
    await signedIn()
    await chown(file, 12_345, 12_345)
    const result = await place.mfa(ARGS)
    expect([result.code, errorOf(result)['code']]).toEqual([4, 'SIGN_IN_EXPOSED'])
    expect(errorOf(result)['message']).toContain('belongs to another user')
  })

  it('that is damaged is told, and logout removes it', async () => {
    await signedIn('{"schemaVersion":1')
    const result = await place.mfa(ARGS)
    expect([result.code, errorOf(result)['code']]).toEqual([4, 'SIGN_IN_UNREADABLE'])
    expect((await place.mfa(['auth', 'logout', '--json'])).json()).toMatchObject({removed: true})
    expect((await place.mfa(['auth', 'logout', '--json'])).json()).toMatchObject({removed: false})
  })
})

it('uses the app of the config file', async () => {
  await place.file('mfa.config.json', JSON.stringify({clientId: CLIENT}))
  expect(await logIn()).toMatchObject({clientId: CLIENT})
  expect((await place.mfa(['auth', 'status', '--json'])).json()).toMatchObject({
    kind: 'user',
    clientId: CLIENT,
  })
})

it('says who is signed in, for how long, and nothing secret', async () => {
  await signedIn()
  const status = await place.mfa(['auth', 'status'])
  expect(status.code).toBe(0)
  expect(status.stdout).toMatch(
    /^user admin@contoso\.com\ntenant \S+\nclient \S+\nsigned in 20\S+\ntoken good for 59 minutes; it is renewed without you\n$/,
  )
  expect(status.stdout).not.toMatch(/eyJ/)
})

it('says that somebody has to sign in again where nothing is left to renew it with', async () => {
  const {cache, ...rest} = JSON.parse(kept) as Record<string, string>
  const tokens = JSON.parse(cache ?? '') as Record<string, Record<string, Record<string, string>>>
  for (const token of Object.values(tokens['AccessToken'] ?? {})) token['expires_on'] = '1700000000'
  await signedIn(JSON.stringify({...rest, cache: JSON.stringify({...tokens, RefreshToken: {}})}))
  const status = await place.mfa(['auth', 'status'])
  expect(status.code).toBe(4)
  expect(status.stdout).toMatch(/token expired at 2023-11-14T22:13:20.000Z\nsign in again: mfa auth login\n$/)
})

it('needs nobody for the tenant inside the tool', async () => {
  const env = {MFA_GRAPH_URL: undefined, MFA_AUTHORITY_URL: undefined, MFA_TENANT_ID: 'sandbox'}
  const status = await place.mfa(['auth', 'status'], {env})
  expect([status.code, status.stdout]).toEqual([0, 'the tenant inside the tool needs no sign-in\n'])
})

it('says how long a ready token is good', async () => {
  const {tenantId} = tenant.sandbox
  const token = (minutes: number) =>
    jwt({tid: tenantId, exp: Math.floor(Date.now() / 1000) + minutes * 60 + 30})
  const status = (minutes: number) =>
    place.mfa(['auth', 'status', '--json'], {env: {MFA_ACCESS_TOKEN: token(minutes)}})
  const good = await status(20)
  expect([good.code, good.json()['token']]).toMatchObject([0, {minutesLeft: 20, renews: false}])
  const gone = await status(-20)
  expect([gone.code, gone.json()['usable']]).toEqual([4, false])
})

describe('what only a person may change', () => {
  const wiring = async (env: NodeJS.ProcessEnv = {}) => {
    const flags = {state: place.state}
    const all = {...place.environment(), ...env}
    const settings = await loadSettings({flags, env: all, cwd: place.work, home: place.folder})
    return new Wiring(settings, flags, {
      json: true,
      version: '0',
      command: 'test',
      signal: new AbortController().signal,
    })
  }
  const refusal = async (env: NodeJS.ProcessEnv = {}) => {
    const wired = await wiring(env)
    try {
      return await wired.personTenant('Staged rollout').then(
        () => undefined,
        (error: unknown) => error,
      )
    } finally {
      await wired.close()
    }
  }
  const MESSAGE =
    'Staged rollout can be changed only by a person: Microsoft Graph does not let applications do it.'

  it('asks for one where nobody is signed in, whatever else is configured', async () => {
    const {tenantId} = tenant.sandbox
    for (const env of [
      {},
      {MFA_CLIENT_ID: CLIENT, MFA_CLIENT_CERTIFICATE_PATH: 'client.pem'},
      {MFA_MANAGED_IDENTITY: '1'},
    ])
      expect(await refusal(env)).toMatchObject({
        code: 'PERSON_NEEDED',
        exit: 'auth',
        message: `${MESSAGE} Nobody is signed in.`,
        fix: `Run: mfa auth login --tenant ${tenantId}`,
      })
  })

  it('refuses the ready token of an application', async () => {
    expect(await refusal({MFA_ACCESS_TOKEN: tenant.env['MFA_ACCESS_TOKEN']})).toMatchObject({
      code: 'PERSON_NEEDED',
      exit: 'auth',
      message: `${MESSAGE} The token in MFA_ACCESS_TOKEN belongs to an application.`,
      fix: expect.stringMatching(/^Unset MFA_ACCESS_TOKEN, then run: mfa auth login --tenant /),
    })
  })

  it('is done by the person who is signed in, though a certificate is configured', async () => {
    await signedIn()
    const wired = await wiring({MFA_CLIENT_ID: CLIENT, MFA_CLIENT_CERTIFICATE_PATH: 'client.pem'})
    const person = await wired.personTenant('Staged rollout')
    expect(person.signIn?.()).toMatchObject({kind: 'user', account: 'admin@contoso.com'})
    await wired.close()
  })
})
