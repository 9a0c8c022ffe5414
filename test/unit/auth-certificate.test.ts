import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {inspect} from 'node:util'
import {afterAll, beforeAll, expect, it} from 'vitest'
import {loadClientCertificate} from '../../src/lib/entra/auth/certificate.js'
import {MfaError} from '../../src/lib/errors/mfa-error.js'
import {Secret} from '../../src/lib/model/secret.js'
import {encryptKey, makeCertificate, makePfx, type TestCertificate} from '../helpers/certificates.js'

const PASSWORD = 'correct horse'
let folder: string
let ours: TestCertificate
let other: TestCertificate
let encrypted: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mfa-certificate-'))
  ours = await makeCertificate(folder, 'ours')
  other = await makeCertificate(folder, 'other')
  encrypted = await encryptKey(join(folder, 'ours.key'), join(folder, 'ours.enc'), PASSWORD)
})
afterAll(() => rm(folder, {recursive: true}))

const file = async (name: string, text: string) => {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}
const load = (path: string, password?: string, now = new Date()) =>
  loadClientCertificate(
    {
      cloud: {value: 'global', from: 'default'},
      clientCertificatePath: {value: path, from: 'MFA_CLIENT_CERTIFICATE_PATH'},
      clientCertificatePassword:
        password === undefined
          ? undefined
          : {value: new Secret(password), from: 'MFA_CLIENT_CERTIFICATE_PASSWORD'},
    },
    now,
  )
async function refusal(promise: Promise<unknown>): Promise<MfaError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof MfaError)) throw new Error(`not an MfaError: ${inspect(error)}`)
  const keyLine = ours.key.split('\n')[2] ?? ''
  expect(inspect(error, {depth: 9}) + error.fix).not.toContain(keyLine)
  expect(inspect(error, {depth: 9}) + error.fix).not.toContain(PASSWORD)
  return error
}

it('reads key and certificate in either order, with other certificates around', async () => {
  const path = await file('chain.pem', `${ours.key}${other.certificate}${ours.certificate}`)
  const loaded = await load(path)
  expect(loaded.facts.thumbprintSha256).toMatch(/^[0-9A-F]{64}$/)
  expect(loaded.chain.indexOf(ours.certificate.slice(28, 90))).toBeLessThan(
    loaded.chain.indexOf(other.certificate.slice(28, 90)),
  )
  expect(inspect(loaded, {depth: 9})).not.toContain('PRIVATE KEY')
})

it('decrypts a key with its password', async () => {
  const path = await file('encrypted.pem', `${ours.certificate}${encrypted}`)
  const {privateKey} = await load(path, PASSWORD)
  expect(privateKey.reveal()).toContain('BEGIN PRIVATE KEY')
})

it('reads files with Windows line ends', async () => {
  const path = await file('crlf.pem', ours.pem.replaceAll('\n', '\r\n'))
  expect((await load(path)).facts.thumbprintSha256).toBe((await load(ours.file)).facts.thumbprintSha256)
})

it.each([
  ['no file', () => join(folder, 'none.pem'), undefined, 'usage', 'there is no such file'],
  ['a folder', () => folder, undefined, 'usage', 'it cannot be read (EISDIR)'],
  ['no private key', () => file('a.pem', ours.certificate), undefined, 'usage', 'has no private key'],
  ['no certificate', () => file('b.pem', ours.key), undefined, 'usage', 'has no certificate'],
  ['an empty file', () => file('c.pem', ''), undefined, 'usage', 'no certificate and no private key'],
  [
    'the key of another',
    () => file('d.pem', `${other.certificate}${ours.key}`),
    undefined,
    'usage',
    'belongs to none',
  ],
  [
    'a key under a password',
    () => file('e.pem', `${ours.certificate}${encrypted}`),
    undefined,
    'usage',
    'protected by a password',
  ],
  [
    'a wrong password',
    () => file('f.pem', `${ours.certificate}${encrypted}`),
    'wrong',
    'usage',
    'MFA_CLIENT_CERTIFICATE_PASSWORD is wrong',
  ],
  [
    'a damaged key',
    () => file('g.pem', ours.pem.replace(/(BEGIN PRIVATE KEY-----\n).{60}/, '$1AAAA')),
    undefined,
    'usage',
    'cannot be understood',
  ],
] as const)('refuses %s', async (_name, path, password, exit, says) => {
  const error = await refusal(load(await path(), password))
  expect(error.exit).toBe(exit)
  expect(error.message).toContain(says)
  expect(error.fix).toBeTruthy()
})

it('reads a PFX with its password', async () => {
  const path = await makePfx(folder, 'ours', PASSWORD)
  const loaded = await load(path, PASSWORD)
  expect(loaded.facts).toEqual((await load(ours.file)).facts)
  expect(loaded.privateKey.reveal()).toBe((await load(ours.file)).privateKey.reveal())
  expect((await refusal(load(path))).fix).toBe('Set MFA_CLIENT_CERTIFICATE_PASSWORD.')
  expect((await refusal(load(path, 'wrong'))).code).toBe('KEY_PASSWORD')
})

it('refuses a key that is not RSA', async () => {
  const ec = await makeCertificate(folder, 'ec', {
    newkey: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'],
  })
  expect((await refusal(load(ec.file))).message).toContain('a key of type ec; signing in needs RSA')
})

it('says when a certificate expired, before anybody is asked', async () => {
  const old = await makeCertificate(folder, 'old', {
    notBefore: new Date('2020-01-01T00:00:00Z'),
    notAfter: new Date('2021-02-03T04:05:06Z'),
  })
  const error = await refusal(load(old.file))
  expect([error.code, error.exit]).toEqual(['CERTIFICATE_EXPIRED', 'auth'])
  expect(error.message).toBe(`The client certificate ${old.file} expired on 2021-02-03T04:05:06Z.`)
  const early = await refusal(load(old.file, undefined, new Date('2019-12-31T23:59:00Z')))
  expect([early.code, early.exit]).toEqual(['CERTIFICATE_NOT_YET_VALID', 'auth'])
  expect((await load(old.file, undefined, new Date('2020-06-01'))).facts.notAfter).toEqual(
    new Date('2021-02-03T04:05:06Z'),
  )
})
