import {X509Certificate} from 'node:crypto'
import {mkdtemp, rm} from 'node:fs/promises'
import {createServer} from 'node:http'
import type {AddressInfo} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {pathToFileURL} from 'node:url'
import {afterAll, beforeAll, expect, it} from 'vitest'

import {startSandbox, type Sandbox} from '../../src/lib/sandbox/server.js'
import {readTenantFile} from '../../src/lib/sandbox/tenant-file.js'
import {CLIENT, fault, jwt, OTHER_TENANT, TENANT, TokenEndpoint} from '../fakes/token-endpoint.js'
import {encryptKey, makeCertificate, makePfx, type TestCertificate} from '../helpers/certificates.js'
import {CONTOSO, newPlace, type Environment, type Place} from '../helpers/mfa.js'

const NO_ROLES = 'aaaaaaaa-0000-4000-8000-000000000002'
const FEW_ROLES = 'aaaaaaaa-0000-4000-8000-000000000003'
const UNKNOWN_APP = 'aaaaaaaa-0000-4000-8000-000000000009'
const PASSWORD = 'correct horse'
const DAY = 86_400_000

let folder: string
let ours: TestCertificate
let sandbox: Sandbox
let entra: TokenEndpoint
let place: Place
/** Names of certificate files, by what is special about them. */
const files: Record<string, string> = {}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mfa-refused-'))
  const dated = (name: string, from: number, to: number) =>
    makeCertificate(folder, name, {
      notBefore: new Date(Date.now() + from * DAY),
      notAfter: new Date(Date.now() + to * DAY),
    })
  ours = await dated('ours', -30, 300)
  const [other, expired, early, soon, ec] = await Promise.all([
    makeCertificate(folder, 'other'),
    dated('expired', -60, -2.5),
    dated('early', 2.5, 60),
    dated('soon', -30, 12.5),
    makeCertificate(folder, 'ec', {newkey: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']}),
  ])
  place = await newPlace()
  const encrypted = await encryptKey(join(folder, 'ours.key'), join(folder, 'ours.enc'), PASSWORD)
  Object.assign(files, {
    ours: ours.file,
    other: other.file,
    expired: expired.file,
    early: early.file,
    soon: soon.file,
    ec: ec.file,
    pfx: await makePfx(folder, 'ours', PASSWORD),
    soonPfx: await makePfx(folder, 'soon', PASSWORD),
    expiredPfx: await makePfx(folder, 'expired', PASSWORD),
    ecPfx: await makePfx(folder, 'ec', PASSWORD),
    missing: join(folder, 'missing.pem'),
    folder,
    encrypted: await place.file('encrypted.pem', ours.certificate + encrypted),
    noKey: await place.file('no-key.pem', ours.certificate),
    noise: await place.file('noise.pem', 'not a key at all'),
    mismatch: await place.file('mismatch.pem', other.certificate + ours.key),
  })
  const der = (certificate: TestCertificate) =>
    new X509Certificate(certificate.certificate).raw.toString('base64')
  const certificates = [der(ours), der(soon)]
  const contoso = await readTenantFile(`${CONTOSO}/tenant.json`)
  sandbox = await startSandbox({
    stateFile: ':memory:',
    tenant: {
      ...contoso,
      tenantId: TENANT,
      clientApplications: [
        {appId: CLIENT, certificates},
        {appId: NO_ROLES, certificates, roles: []},
        {appId: FEW_ROLES, certificates, roles: ['User.Read.All']},
      ],
    },
  })
  entra = await new TokenEndpoint().start()
  entra.certificates = [ours.certificate]
})
afterAll(async () => {
  await Promise.all([sandbox.stop(), entra.close(), place.remove()])
  await rm(folder, {recursive: true})
})

const environment = (file: string, extra: Environment = {}): Environment => ({
  MFA_TENANT_ID: TENANT,
  MFA_CLIENT_ID: CLIENT,
  MFA_CLIENT_CERTIFICATE_PATH: files[file],
  MFA_GRAPH_URL: sandbox.rootUrl,
  MFA_AUTHORITY_URL: sandbox.rootUrl,
  ...extra,
})
const ARGS = ['users', 'list', '--group', 'MFA pilot']
const shifted = (minutes: number): Environment => ({
  NODE_OPTIONS: `--import=${pathToFileURL(join(import.meta.dirname, '../helpers/shifted-clock.mjs')).href}`,
  MFA_TEST_CLOCK_MINUTES: String(minutes),
})
const password = (value: string): Environment => ({MFA_CLIENT_CERTIFICATE_PASSWORD: value})

interface Case {
  readonly name: string
  readonly file?: string
  readonly env?: Environment | (() => Environment)
  /** What the token endpoint answers, whatever it is asked. */
  readonly answer?: Parameters<TokenEndpoint['script']['push']>[0]
  readonly exit: number
  readonly code: string
  readonly says: string
  readonly fix: string
}

const elsewhere = () => ({MFA_AUTHORITY_URL: entra.url})
const cases: readonly Case[] = [
  {
    name: 'certificate expired',
    file: 'expired',
    env: elsewhere,
    exit: 4,
    code: 'CERTIFICATE_EXPIRED',
    says: 'expired on 20',
    fix: 'mfa app certificate rotate',
  },
  {
    name: 'certificate in a PFX expired',
    file: 'expiredPfx',
    env: () => ({...elsewhere(), ...password(PASSWORD)}),
    exit: 4,
    code: 'CERTIFICATE_EXPIRED',
    says: 'expired on 20',
    fix: 'mfa app certificate rotate',
  },
  {
    name: 'certificate not yet valid',
    file: 'early',
    env: elsewhere,
    exit: 4,
    code: 'CERTIFICATE_NOT_YET_VALID',
    says: 'is valid from 20',
    fix: 'clock',
  },
  {
    name: 'clock ten minutes ahead',
    env: shifted(10),
    exit: 4,
    code: 'CLOCK_WRONG',
    says: 'this machine’s clock is 10 min ahead (AADSTS700024)',
    fix: 'Set this machine’s clock',
  },
  {
    name: 'clock twenty minutes behind',
    env: shifted(-20),
    exit: 4,
    code: 'CLOCK_WRONG',
    says: 'this machine’s clock is 20 min behind (AADSTS700024)',
    fix: 'Set this machine’s clock',
  },
  {
    name: 'wrong tenant',
    env: {MFA_TENANT_ID: OTHER_TENANT},
    exit: 4,
    code: 'TENANT_NOT_FOUND',
    says: `there is no tenant ${OTHER_TENANT} in the cloud "global" (AADSTS90002)`,
    fix: '--tenant',
  },
  ...[900382, 900432].map((number) => ({
    name: `tenant of another cloud (${number})`,
    env: elsewhere,
    answer: fault(number, 'invalid_request', 'Confidential Client is not supported in Cross Cloud request.'),
    exit: 4,
    code: 'WRONG_CLOUD',
    says: `tenant ${TENANT} does not belong to the cloud "global" (AADSTS${number})`,
    fix: '--cloud',
  })),
  {
    name: 'app deleted',
    env: {MFA_CLIENT_ID: UNKNOWN_APP},
    exit: 4,
    code: 'APP_NOT_FOUND',
    says: `application ${UNKNOWN_APP} does not exist in tenant ${TENANT} (AADSTS700016)`,
    fix: 'MFA_CLIENT_ID',
  },
  {
    name: 'certificate not registered',
    file: 'other',
    exit: 4,
    code: 'CERTIFICATE_NOT_REGISTERED',
    says: 'does not know this certificate (SHA-256 ',
    fix: 'Certificates & secrets',
  },
  {
    name: 'principal disabled',
    env: elsewhere,
    answer: fault(7000112, 'unauthorized_client', 'Application is disabled.'),
    exit: 4,
    code: 'APP_DISABLED',
    says: `application ${CLIENT} is disabled (AADSTS7000112)`,
    fix: 'Enterprise applications',
  },
  {
    name: 'consent missing, said by the authority',
    env: elsewhere,
    answer: fault(65001, 'invalid_grant', 'The user or administrator has not consented.'),
    exit: 4,
    code: 'CONSENT_MISSING',
    says: 'nobody has consented to the permissions',
    fix: 'Grant admin consent',
  },
  {
    name: 'consent missing, no roles in the token',
    env: {MFA_CLIENT_ID: NO_ROLES},
    exit: 4,
    code: 'CONSENT_MISSING',
    says: 'nobody has consented to the permissions of this sign-in: its token holds none',
    fix: 'Grant admin consent',
  },
  {
    name: 'one permission missing',
    env: {MFA_CLIENT_ID: FEW_ROLES},
    exit: 4,
    code: 'GRAPH_FORBIDDEN',
    says: 'the permission GroupMember.Read.All is missing',
    fix: 'GroupMember.Read.All',
  },
  {
    name: 'certificate file missing',
    file: 'missing',
    exit: 64,
    code: 'CERTIFICATE_MISSING',
    says: 'there is no such file',
    fix: 'Check the path',
  },
  {
    name: 'certificate is a folder',
    file: 'folder',
    exit: 64,
    code: 'CERTIFICATE_UNREADABLE',
    says: 'it cannot be read (EISDIR)',
    fix: 'may read the file',
  },
  {
    name: 'file is not a key',
    file: 'noise',
    exit: 64,
    code: 'CERTIFICATE_INCOMPLETE',
    says: 'has no certificate and no private key',
    fix: 'BEGIN PRIVATE KEY',
  },
  {
    name: 'certificate without key',
    file: 'noKey',
    exit: 64,
    code: 'CERTIFICATE_INCOMPLETE',
    says: 'has no private key',
    fix: 'BEGIN PRIVATE KEY',
  },
  {
    name: 'key of another certificate',
    file: 'mismatch',
    exit: 64,
    code: 'KEY_MISMATCH',
    says: 'belongs to none of the certificates',
    fix: 'its own private key',
  },
  {
    name: 'key without its password',
    file: 'encrypted',
    exit: 64,
    code: 'KEY_ENCRYPTED',
    says: 'is protected by a password',
    fix: 'MFA_CLIENT_CERTIFICATE_PASSWORD',
  },
  {
    name: 'key with a wrong password',
    file: 'encrypted',
    env: password('wrong'),
    exit: 64,
    code: 'KEY_PASSWORD',
    says: 'MFA_CLIENT_CERTIFICATE_PASSWORD is wrong',
    fix: 'MFA_CLIENT_CERTIFICATE_PASSWORD',
  },
  {
    name: 'PFX without its password',
    file: 'pfx',
    exit: 64,
    code: 'KEY_ENCRYPTED',
    says: 'is protected by a password',
    fix: 'MFA_CLIENT_CERTIFICATE_PASSWORD',
  },
  {
    name: 'PFX with a wrong password',
    file: 'pfx',
    env: password('wrong'),
    exit: 64,
    code: 'KEY_PASSWORD',
    says: 'MFA_CLIENT_CERTIFICATE_PASSWORD is wrong',
    fix: 'the password of this file',
  },
  {
    name: 'EC key',
    file: 'ec',
    exit: 64,
    code: 'KEY_UNSUITABLE',
    says: 'a key of type ec; signing in needs RSA',
    fix: 'RSA key of 3072 bits',
  },
  {
    name: 'EC key in a PFX',
    file: 'ecPfx',
    env: password(PASSWORD),
    exit: 64,
    code: 'KEY_UNSUITABLE',
    says: 'a key of type ec; signing in needs RSA',
    fix: 'RSA key of 3072 bits',
  },
  {
    name: 'authority unreachable',
    env: {MFA_AUTHORITY_URL: 'http://127.0.0.1:59999'},
    exit: 6,
    code: 'SIGN_IN_UNREACHABLE',
    says: '127.0.0.1:59999 cannot be reached: the connection was refused',
    fix: 'HTTPS_PROXY',
  },
  {
    name: 'name of the authority unknown',
    env: {MFA_AUTHORITY_URL: 'https://login.invalid'},
    exit: 6,
    code: 'SIGN_IN_UNREACHABLE',
    says: 'login.invalid cannot be reached: its name cannot be resolved',
    fix: 'HTTPS_PROXY',
  },
  {
    name: 'a page of a proxy instead of JSON',
    env: elsewhere,
    answer: {
      status: 200,
      headers: {'content-type': 'text/html'},
      body: '<html>Access denied by proxy</html>',
    },
    exit: 6,
    code: 'SIGN_IN_UNEXPECTED',
    says: 'something that is not JSON',
    fix: 'whether a proxy',
  },
]

/** Only these go to the endpoint that counts; the others to the authority of the sandbox. */
const asksEndpoint = ({answer}: Case) => answer !== undefined

it.each(cases)('$name: exit $exit, $code', async (each) => {
  const {file = 'ours', env = {}, answer} = each
  if (answer !== undefined) entra.script.push(answer, answer, answer)
  const before = entra.asked.length
  const result = await place.mfa([...ARGS, '--json'], {
    env: environment(file, typeof env === 'function' ? env() : env),
  })
  entra.script.length = 0
  const error = result.json()['error'] as Record<string, string>
  expect([error['code'], result.code], JSON.stringify(error)).toEqual([each.code, each.exit])
  expect(error['message']).toContain(each.says)
  expect(error['fix']).toContain(each.fix)
  expect(error['fix']).not.toContain(PASSWORD)
  expect(entra.asked.length === before).toBe(!asksEndpoint(each))
})

it('says the same without --json, with the same exit code', async () => {
  const {code, stdout, stderr} = await place.mfa(ARGS, {env: environment('expired')})
  expect([code, stdout]).toEqual([4, ''])
  expect(stderr).toMatch(
    /^error: The client certificate .*expired\.pem expired on 20.*\n {2}It cannot renew/m,
  )
})

it.each([
  ['PEM', 'ours', {}],
  ['PEM with a password', 'encrypted', password(PASSWORD)],
  ['PFX', 'pfx', password(PASSWORD)],
] as const)('signs in with a good certificate: %s', async (_name, file, env) => {
  const result = await place.mfa([...ARGS, '--json'], {env: environment(file, env)})
  expect(result.code, result.stdout).toBe(0)
  expect(result.json()['warnings']).toEqual([])
})

it.each([
  ['PEM', 'soon', {}],
  ['PFX', 'soonPfx', password(PASSWORD)],
] as const)('warns once of a certificate with less than 30 days left: %s', async (_name, file, env) => {
  const text =
    /the client certificate \S+soon\.\w+ expires on 20\d\d-\d\d-\d\d \(in 12 days\); renew it in time: mfa app certificate rotate/
  const json = (await place.mfa([...ARGS, '--json'], {env: environment(file, env)})).json()
  expect(json['warnings']).toEqual([expect.stringMatching(text)])
  const plain = await place.mfa(ARGS, {env: environment(file, env)})
  expect(plain.code).toBe(0)
  expect(plain.stderr.match(/warning:/g)).toHaveLength(1)
  expect(plain.stderr).toMatch(text)
  expect(plain.stdout).not.toContain('expires')
})

it('does not warn where the certificate is not what signs in', async () => {
  const {code, stderr} = await place.mfa([...ARGS, '--tenant', 'sandbox'], {
    env: environment('soon', {MFA_GRAPH_URL: undefined, MFA_AUTHORITY_URL: undefined}),
  })
  expect([code, stderr]).toEqual([0, ''])
})

it('says how it would sign in by certificate, valid or not, and asks nobody', async () => {
  const status = (file: string, args: readonly string[] = []) =>
    place.mfa(['auth', 'status', ...args], {env: environment(file, {...elsewhere(), ...password(PASSWORD)})})
  const before = entra.asked.length
  const good = await status('pfx', ['--json'])
  const thumbprint = new X509Certificate(ours.certificate).fingerprint256.replaceAll(':', '')
  expect(good.json()).toMatchObject({
    kind: 'certificate',
    usable: true,
    tenantId: TENANT,
    clientId: CLIENT,
    certificate: {from: files['pfx'], thumbprintSha256: thumbprint, daysLeft: 299, state: 'good'},
  })
  const soon = await status('soon')
  expect([soon.code, soon.stdout]).toEqual([0, expect.stringContaining('(12 days left); renew it')])
  const expired = await status('expired')
  expect(expired.code).toBe(4)
  expect(expired.stdout).toMatch(/expired on 20.*mfa auth login.*mfa app certificate rotate/)
  expect((await status('early')).code).toBe(4)
  expect((await status('missing')).code).toBe(64)
  expect(entra.asked).toHaveLength(before)
})

it.each([
  ['User.Read.All GroupMember.Read.All', 'ROLE_TOO_LOW', 'the role Global Reader is missing'],
  ['User.Read.All GroupMember.ReadWrite.All', 'ROLE_TOO_LOW', 'the role Global Reader is missing'],
  ['User.Read.All', 'GRAPH_FORBIDDEN', 'the permission GroupMember.Read.All is missing'],
] as const)('a person with the scopes %s is told %s', async (scp, code, says) => {
  const graph = createServer((_request, response) => {
    response.writeHead(403, {'content-type': 'application/json'})
    response.end(JSON.stringify({error: {code: 'Authorization_RequestDenied', message: 'Insufficient.'}}))
  })
  await new Promise<void>((resolve) => graph.listen(0, '127.0.0.1', resolve))
  const token = jwt({tid: TENANT, scp, exp: Date.now() / 1000 + 3600})
  const {port} = graph.address() as AddressInfo
  const result = await place.mfa([...ARGS, '--json'], {
    env: {MFA_ACCESS_TOKEN: token, MFA_TENANT_ID: TENANT, MFA_GRAPH_URL: `http://127.0.0.1:${port}`},
  })
  graph.close()
  const error = result.json()['error'] as Record<string, string>
  expect([result.code, error['code']]).toEqual([4, code])
  expect(error['message']).toContain(says)
  expect(error['fix']).toMatch(/role/)
})
