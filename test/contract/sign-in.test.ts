import {mkdtemp, readFile, rm, stat, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {inspect} from 'node:util'
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, it} from 'vitest'
import {login, logout, signedInUser} from '../../src/lib/entra/auth/login.js'
import {signInFile} from '../../src/lib/entra/auth/sign-in-file.js'
import type {SignInDeps, SignInSettings} from '../../src/lib/entra/auth/sign-in-settings.js'
import {createTokenProvider} from '../../src/lib/entra/auth/token-provider.js'
import {MfaError} from '../../src/lib/errors/mfa-error.js'
import {Secret} from '../../src/lib/model/secret.js'
import {FakeClock} from '../fakes/clock.js'
import {CLIENT, fault, jwt, OTHER_TENANT, TENANT, TokenEndpoint} from '../fakes/token-endpoint.js'
import {FakeUi} from '../fakes/ui.js'
import {makeCertificate, type TestCertificate} from '../helpers/certificates.js'

let folder: string
let ours: TestCertificate
let other: TestCertificate
let entra: TokenEndpoint
let clock: FakeClock
let ui: FakeUi
let deps: SignInDeps
const {signal} = new AbortController()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mfa-sign-in-'))
  ours = await makeCertificate(folder, 'ours')
  other = await makeCertificate(folder, 'other')
})
afterAll(() => rm(folder, {recursive: true}))
beforeEach(async () => {
  entra = await new TokenEndpoint().start()
  entra.certificates = [ours.certificate]
  clock = new FakeClock(new Date().toISOString())
  ui = new FakeUi()
  deps = {clock, ui, fetch: globalThis.fetch, stateFolder: await mkdtemp(join(folder, 'state-'))}
})
afterEach(() => entra.close())

const from = <T>(value: T) => ({value, from: 'test'})
const settings = (extra: Partial<SignInSettings> = {}): SignInSettings => ({
  tenant: from(TENANT),
  cloud: from('global'),
  clientId: from(CLIENT),
  authorityUrl: from(entra.url),
  ...extra,
})
const byCertificate = (extra: Partial<SignInSettings> = {}) =>
  settings({clientCertificatePath: from(ours.file), ...extra})

async function failure(promise: Promise<unknown>): Promise<MfaError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof MfaError)) throw new Error(`not an MfaError: ${inspect(error)}`)
  // R5: whatever was sent or received is in no error.
  const everything = [
    error.message,
    error.fix,
    inspect(error, {depth: 9}),
    JSON.stringify(error),
    error.stack,
  ].join()
  for (const secret of [...entra.secrets, ours.key, other.key]) expect(everything).not.toContain(secret)
  return error
}

describe('a certificate', () => {
  it('signs an assertion that Entra can check, and keeps the token', async () => {
    const provider = createTokenProvider(byCertificate(), deps)
    const token = await provider.token(signal)
    expect(await provider.token(signal)).toBe(token)
    expect(entra.tokenRequests).toHaveLength(1)
    expect(entra.asked).toHaveLength(1)
    expect(entra.asked[0]?.form.get('scope')).toContain('https://graph.microsoft.com/.default')
    expect(provider.describe()).toEqual({kind: 'certificate', tenantId: TENANT, clientId: CLIENT})
  })

  it('asks for the audience of the cloud, wherever Graph’s address points', async () => {
    const provider = createTokenProvider(
      byCertificate({cloud: from('usgov'), graphUrl: from('http://127.0.0.1:9')}),
      deps,
    )
    await provider.token(signal)
    expect(entra.asked[0]?.form.get('scope')).toContain('https://graph.microsoft.us/.default')
  })

  it('renews before the end, and on request with a new assertion', async () => {
    const provider = createTokenProvider(byCertificate(), deps)
    const first = await provider.token(signal)
    clock.advance(54 * 60_000)
    expect(await provider.token(signal)).toBe(first)
    clock.advance(2 * 60_000)
    const second = await provider.token(signal)
    expect(second).not.toBe(first)
    expect(await provider.token(signal, {refresh: true})).not.toBe(second)
    expect(entra.tokenRequests).toHaveLength(3)
  })

  it('learns the id of a tenant that is named by a domain', async () => {
    const provider = createTokenProvider(byCertificate({tenant: from('contoso.com')}), deps)
    expect(provider.describe().tenantId).toBeUndefined()
    await provider.token(signal)
    expect(provider.describe().tenantId).toBe(TENANT)
  })

  it('shares one sign-in among calls side by side', async () => {
    const provider = createTokenProvider(byCertificate(), deps)
    const tokens = await Promise.all([1, 2, 3, 4].map(() => provider.token(signal)))
    expect(new Set(tokens).size).toBe(1)
    expect(entra.tokenRequests).toHaveLength(1)
  })

  it('serves those who still wait when the first one gives up', async () => {
    const provider = createTokenProvider(byCertificate(), deps)
    const first = new AbortController()
    const given = provider.token(first.signal)
    const waiting = provider.token(signal)
    first.abort(new Error('stopped'))
    await expect(given).rejects.toThrow('stopped')
    expect(await waiting).toMatch(/^eyJ/)
  })

  it('is taken from a variable too, on one line', async () => {
    const provider = createTokenProvider(
      settings({
        clientCertificate: {
          value: new Secret(ours.pem.replaceAll('\n', '\\n')),
          from: 'MFA_CLIENT_CERTIFICATE',
        },
      }),
      deps,
    )
    expect(await provider.token(signal)).toMatch(/^eyJ/)
  })

  it('of another app is refused with its thumbprint', async () => {
    const error = await failure(
      createTokenProvider(byCertificate({clientCertificatePath: from(other.file)}), deps).token(signal),
    )
    expect(error.exit).toBe('auth')
    expect(error.message).toMatch(/does not know this certificate \(SHA-256 [0-9A-F]{64}\) \(AADSTS700027\)/)
    expect(error.requestId).toBe('0f0f0f0f-0000-4000-8000-000000000000')
  })

  it('in the wrong tenant', async () => {
    const error = await failure(
      createTokenProvider(byCertificate({tenant: from(OTHER_TENANT)}), deps).token(signal),
    )
    expect(error.exit).toBe('auth')
    expect(error.message).toBe(
      `Entra refused the sign-in: there is no tenant ${OTHER_TENANT} in the cloud "global" (AADSTS90002).`,
    )
    expect(error.fix).toContain('--cloud')
  })

  it('for an app that does not exist', async () => {
    const missing = 'bbbbbbbb-0000-4000-8000-000000000002'
    const error = await failure(
      createTokenProvider(byCertificate({clientId: from(missing)}), deps).token(signal),
    )
    expect(error.message).toContain(
      `application ${missing} does not exist in tenant ${TENANT} (AADSTS700016)`,
    )
  })

  it('without tenant and application names both', async () => {
    const error = await failure(
      createTokenProvider({cloud: from('global'), clientCertificatePath: from(ours.file)}, deps).token(
        signal,
      ),
    )
    expect(error.exit).toBe('usage')
    expect(error.fix).toBe('Set --tenant or MFA_TENANT_ID and MFA_CLIENT_ID.')
  })

  it.each([
    [700024, 'invalid_client', 'auth', 'must be fresh'],
    [65001, 'invalid_grant', 'auth', 'Grant admin consent'],
    [7000112, 'unauthorized_client', 'auth', 'Enable sign-in'],
    [500011, 'invalid_resource', 'auth', '--cloud'],
    [90033, 'temporarily_unavailable', 'unavailable', 'again'],
    [424242, 'invalid_request', 'auth', 'AADSTS number'],
  ] as const)('AADSTS%i (%s) ends as %s and says what to do', async (number, word, exit, fix) => {
    entra.script.push(fault(number, word, 'Text of the service.'))
    const error = await failure(createTokenProvider(byCertificate(), deps).token(signal))
    expect(error.exit).toBe(exit)
    expect(error.message).toContain(`(AADSTS${number})`)
    expect(error.fix).toContain(fix)
  })
})

describe('a certificate that will not be good for long', () => {
  it('is spoken of once, and once a day by a command that runs on', async () => {
    clock = new FakeClock(new Date(Date.now() + 10 * 86_400_000).toISOString())
    deps = {...deps, clock}
    const provider = createTokenProvider(byCertificate(), deps)
    await provider.token(signal)
    clock.advance(23 * 3_600_000)
    await provider.token(signal, {refresh: true})
    expect(ui.warnings).toEqual([
      expect.stringMatching(/ours\.pem expires on \S+ \(in (19|20) days\); renew it/),
    ])
    clock.advance(3_600_001)
    await provider.token(signal, {refresh: true})
    expect(ui.warnings).toHaveLength(2)
    expect(ui.warnings[1]).toMatch(/\(in (18|19) days\)/)
  })
})

describe('a clock that is wrong', () => {
  const answering = async (minutes: number) => {
    const {status, body} = fault(
      700024,
      'invalid_client',
      'Client assertion is not within its valid time range.',
    )
    const date = new Date(clock.now().getTime() - minutes * 60_000).toUTCString()
    entra.script.push({status, body, headers: {date}})
    return failure(createTokenProvider(byCertificate(), deps).token(signal))
  }

  it.each([
    [10, '10 min ahead'],
    [-10, '10 min behind'],
    [-180, '3 h behind'],
  ])('by %i minutes is told from the answer of the service', async (minutes, says) => {
    const error = await answering(minutes)
    expect(error.exit).toBe('auth')
    expect(error.message).toBe(
      `Entra refused the sign-in: the signed statement that proves who we are is not valid at this time; this machine’s clock is ${says} (AADSTS700024).`,
    )
    expect(error.fix).toContain('Set this machine’s clock')
  })

  it('is not blamed when it is right', async () => {
    const error = await answering(0)
    expect(error.message).toContain('this machine’s clock is right')
    expect(error.fix).not.toContain('Set this machine')
  })
})

describe('the token endpoint', () => {
  it('is asked again when it is busy or the connection breaks', async () => {
    entra.script.push({status: 503, headers: {'retry-after': '4'}, body: ''}, 'drop')
    expect(await createTokenProvider(byCertificate(), deps).token(signal)).toMatch(/^eyJ/)
    expect(clock.sleeps[0]).toBe(4000)
    expect(entra.asked).toHaveLength(3)
  })

  it('that stays busy is unavailable, with the time to wait', async () => {
    entra.script.push({status: 429, headers: {'retry-after': '120'}, body: '{}'})
    const error = await failure(createTokenProvider(byCertificate(), deps).token(signal))
    expect([error.exit, error.fix]).toEqual(['unavailable', 'Run the same command again in 120 s.'])
    expect(entra.asked).toHaveLength(1)
  })

  it('that is not there is unavailable', async () => {
    const gone = byCertificate()
    await entra.close()
    const error = await failure(createTokenProvider(gone, deps).token(signal))
    expect(error.exit).toBe('unavailable')
    expect(error.message).toContain('cannot be reached: the connection was refused (ECONNREFUSED)')
    await entra.start()
  })

  it('that answers with a page is named', async () => {
    entra.script.push({
      status: 200,
      headers: {'content-type': 'text/html'},
      body: '<html>Sign in to the Wi-Fi',
    })
    const error = await failure(createTokenProvider(byCertificate(), deps).token(signal))
    expect(error.exit).toBe('unavailable')
    expect(error.message).toContain('something that is not JSON')
  })

  it('cannot send the assertion elsewhere', async () => {
    entra.script.push({status: 307, headers: {location: 'http://127.0.0.1:9/'}, body: ''})
    const error = await failure(createTokenProvider(byCertificate(), deps).token(signal))
    expect(error.message).toContain('redirected the request, which is not followed')
  })

  it('is not spoken to over plain http, except on this machine', async () => {
    const error = await failure(
      createTokenProvider(byCertificate({authorityUrl: from('http://login.example.com')}), deps).token(
        signal,
      ),
    )
    expect(error.message).toContain('was not sent')
  })

  it('is left as soon as the command is stopped', async () => {
    const stop = new AbortController()
    const never: typeof fetch = (_input, init) =>
      new Promise((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => reject(new Error('gone')))
        stop.abort(new Error('stopped by hand'))
      })
    const provider = createTokenProvider(byCertificate(), {...deps, fetch: never})
    await expect(provider.token(stop.signal)).rejects.toThrow('stopped by hand')
  })
})

describe('a federated token', () => {
  const inMinutes = (minutes: number) => Math.floor(Date.now() / 1000) + minutes * 60
  const write = async (claims: Record<string, unknown>) => {
    const token = jwt(claims)
    const file = join(deps.stateFolder, 'federated')
    await writeFile(file, `${token}\n`)
    return {token, file}
  }

  it('is read anew each time', async () => {
    const first = await write({sub: 'repo:contoso/mfa', exp: inMinutes(5)})
    entra.federated = [first.token]
    const provider = createTokenProvider(settings({federatedTokenFile: from(first.file)}), deps)
    expect(await provider.token(signal)).toMatch(/^eyJ/)
    const second = await write({sub: 'repo:contoso/mfa', exp: inMinutes(6)})
    entra.federated = [second.token]
    expect(await provider.token(signal, {refresh: true})).toMatch(/^eyJ/)
    expect(provider.describe().kind).toBe('federated-token')
  })

  it('that the app does not trust', async () => {
    const {file} = await write({sub: 'repo:contoso/other', exp: inMinutes(5)})
    const error = await failure(
      createTokenProvider(settings({federatedTokenFile: from(file)}), deps).token(signal),
    )
    expect(error.exit).toBe('auth')
    expect(error.message).toContain('trusts no federated credential')
  })

  it('that has expired is not sent', async () => {
    const {file} = await write({exp: inMinutes(-5)})
    const error = await failure(
      createTokenProvider(settings({federatedTokenFile: from(file)}), deps).token(signal),
    )
    expect([error.code, error.exit]).toEqual(['FEDERATED_TOKEN_EXPIRED', 'auth'])
    expect(entra.asked).toHaveLength(0)
  })

  it('that is not there', async () => {
    const error = await failure(
      createTokenProvider(
        settings({federatedTokenFile: {value: join(folder, 'none'), from: 'AZURE_FEDERATED_TOKEN_FILE'}}),
        deps,
      ).token(signal),
    )
    expect([error.exit, error.fix]).toEqual(['usage', expect.stringContaining('AZURE_FEDERATED_TOKEN_FILE')])
  })
})

describe('a person', () => {
  it('signs in by device code: the code is shown, the wait keeps to the interval', async () => {
    entra.polls = ['authorization_pending', 'slow_down']
    const signIn = await login('device-code', settings(), deps, signal)
    expect(signIn).toEqual({
      account: 'alice@contoso.com',
      tenantId: TENANT,
      clientId: CLIENT,
      signedInAt: expect.any(String),
    })
    expect(ui.notes.join()).toContain('https://login.example.com/device')
    expect(ui.notes.join()).toContain('ABCD-EFGH')
    expect(clock.sleeps).toEqual([7000, 7000, 12_000])
    expect(signedInUser(deps.stateFolder)).toEqual(signIn)
  })

  it.skipIf(process.platform === 'win32')('leaves a file for the owner only', async () => {
    await login('device-code', settings(), deps, signal)
    expect(((await stat(signInFile(deps.stateFolder))).mode & 0o777).toString(8)).toBe('600')
  })

  it('is remembered by the other commands', async () => {
    await login('device-code', settings(), deps, signal)
    const provider = createTokenProvider(settings({clientId: undefined, tenant: undefined}), deps)
    const before = entra.tokenRequests.length
    const token = await provider.token(signal)
    expect(entra.tokenRequests).toHaveLength(before)
    expect(await provider.token(signal, {refresh: true})).not.toBe(token)
    expect(entra.tokenRequests.at(-1)?.form.get('grant_type')).toBe('refresh_token')
    expect(provider.describe()).toEqual({
      kind: 'user',
      tenantId: TENANT,
      clientId: CLIENT,
      account: 'alice@contoso.com',
    })
    // The renewed tokens were kept: another process finds them without asking.
    const count = entra.tokenRequests.length
    await createTokenProvider(settings(), deps).token(signal)
    expect(entra.tokenRequests).toHaveLength(count)
  })

  it('signs in with the browser', async () => {
    const signIn = await login('browser', settings(), deps, signal, {openBrowser: (url) => entra.browse(url)})
    expect(signIn.account).toBe('alice@contoso.com')
    expect(ui.notes.join()).toContain(`${entra.url}/${TENANT}/oauth2/v2.0/authorize?`)
    expect(await createTokenProvider(settings(), deps).token(signal)).toMatch(/^eyJ/)
  })

  it('may stop while the browser is open', async () => {
    const stop = new AbortController()
    const openBrowser = async () => stop.abort(new Error('stopped by hand'))
    await expect(login('browser', settings(), deps, stop.signal, {openBrowser})).rejects.toThrow(
      'stopped by hand',
    )
  })

  it.each([
    ['authorization_declined', 'declined'],
    ['expired_token', 'not entered in time'],
  ])('%s', async (error, says) => {
    entra.polls = ['authorization_pending', error]
    const thrown = await failure(login('device-code', settings(), deps, signal))
    expect(thrown.exit).toBe('auth')
    expect(thrown.message).toContain(says)
    expect(signedInUser(deps.stateFolder)).toBeUndefined()
  })

  it('who declines in the browser', async () => {
    const openBrowser = (url: string) => entra.browse(url, 'denied')
    const thrown = await failure(login('browser', settings(), deps, signal, {openBrowser}))
    expect(thrown.exit).toBe('auth')
    expect(thrown.message).toContain('declined')
  })

  it('whose refresh token is no longer good must sign in again', async () => {
    await login('device-code', settings(), deps, signal)
    entra.script.push(fault(700082, 'invalid_grant', 'The refresh token has expired due to inactivity.'))
    const thrown = await failure(createTokenProvider(settings(), deps).token(signal, {refresh: true}))
    expect([thrown.exit, thrown.fix]).toEqual(['auth', 'Run mfa auth login again.'])
  })

  it('is not used for another tenant or cloud', async () => {
    await login('device-code', settings(), deps, signal)
    const tenant = {value: OTHER_TENANT, from: '--tenant'}
    const elsewhere = await failure(createTokenProvider(settings({tenant}), deps).token(signal))
    expect(elsewhere.message).toBe(
      `alice@contoso.com is signed in to tenant ${TENANT}, but --tenant says ${OTHER_TENANT}.`,
    )
    const cloud = await failure(createTokenProvider(settings({cloud: from('china')}), deps).token(signal))
    expect([cloud.code, cloud.exit]).toEqual(['SIGNED_IN_ELSEWHERE', 'auth'])
  })

  it('signs out', async () => {
    await login('device-code', settings(), deps, signal)
    expect(await logout(deps)).toBe(true)
    expect(await logout(deps)).toBe(false)
    const thrown = await failure(createTokenProvider(settings(), deps).token(signal))
    expect(thrown.code).toBe('NOT_SIGNED_IN')
    for (const way of [
      'mfa auth login',
      'MFA_CLIENT_CERTIFICATE_PATH',
      'AZURE_FEDERATED_TOKEN_FILE',
      'MFA_MANAGED_IDENTITY',
      'MFA_ACCESS_TOKEN',
    ])
      expect(thrown.fix).toContain(way)
  })

  it('finds a damaged sign-in refused, not a crash', async () => {
    await writeFile(signInFile(deps.stateFolder), '{"schemaVersion":1,')
    const thrown = await failure(createTokenProvider(settings(), deps).token(signal))
    expect([thrown.exit, thrown.fix]).toEqual(['auth', expect.stringContaining('mfa auth logout')])
    expect(await readFile(signInFile(deps.stateFolder), 'utf8')).toBe('{"schemaVersion":1,')
  })
})
