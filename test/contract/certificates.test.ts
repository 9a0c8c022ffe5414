import {execFile} from 'node:child_process'
import {X509Certificate} from 'node:crypto'
import {mkdtemp, readdir, readFile, rm, stat, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {inspect, promisify} from 'node:util'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'

import {createCertificates} from '../../src/lib/entra/certificates/certificates.js'
import {MfaError} from '../../src/lib/errors/mfa-error.js'
import {Secret} from '../../src/lib/model/secret.js'
import type {OwnCertificate} from '../../src/lib/ports/certificates.js'
import {restrictToOwner} from '../../src/lib/state/restrict.js'
import {FakeClock} from '../fakes/clock.js'
import {makeCertificate, type TestCertificate} from '../helpers/certificates.js'

const run = promisify(execFile)
const openssl = async (...args: readonly string[]) => {
  const {stdout, stderr} = await run('openssl', [...args])
  return stdout + stderr
}
const PASSWORD = 'correct horse 42'
const secret = new Secret(PASSWORD)
const clock = new FakeClock(new Date().toISOString())
const certificates = createCertificates({clock, restrict: restrictToOwner})

let folder: string
let made: OwnCertificate
let pem: string
let theirs: TestCertificate
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mfa-certificates-'))
  made = await certificates.make({commonName: 'mfa on mfa01.contoso.com', days: 365})
  pem = join(folder, 'made.pem')
  await certificates.keep(pem, made)
  theirs = await makeCertificate(folder, 'theirs')
})
afterAll(() => rm(folder, {recursive: true}))

async function refusal(promise: Promise<unknown>): Promise<MfaError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof MfaError)) throw new Error(`not an MfaError: ${inspect(error)}`)
  expect(inspect(error, {depth: 9}) + error.fix).not.toContain(PASSWORD)
  expect(error.fix).toBeTruthy()
  return error
}

/** A PFX of `theirs` (or of what `input` names) as openssl makes it. */
async function pfx(name: string, ...args: readonly string[]): Promise<string> {
  const out = join(folder, name)
  const input = args.includes('-in') ? [] : ['-in', theirs.file]
  await openssl('pkcs12', '-export', ...input, '-out', out, ...args)
  return out
}

describe('a certificate that we make', () => {
  it('is what openssl says a client certificate should be', async () => {
    const text = await openssl('x509', '-in', pem, '-noout', '-text', '-nameopt', 'RFC2253')
    expect(text).toContain('Version: 3 (0x2)')
    expect(text).toContain('Public-Key: (3072 bit)')
    expect(text).toContain('Signature Algorithm: sha256WithRSAEncryption')
    expect(text).toContain('Subject: CN=mfa on mfa01.contoso.com')
    expect(text).toMatch(/Basic Constraints: critical\s+CA:FALSE/)
    expect(text).toMatch(/X509v3 Key Usage: critical\s+Digital Signature\n/)
    expect(text).toMatch(/Extended Key Usage:\s*\n\s+TLS Web Client Authentication\n/)
    expect(text).toContain('Subject Key Identifier')
    const purpose = await openssl('x509', '-in', pem, '-noout', '-purpose')
    expect(purpose).toContain('SSL client : Yes')
    expect(purpose).toContain('SSL server : No')
    expect(purpose).toContain('SSL client CA : No')
  })

  it('is verified by openssl for client authentication', async () => {
    expect(await openssl('verify', '-CAfile', pem, '-purpose', 'sslclient', pem)).toContain(': OK')
    const other = await certificates.make({commonName: 'other', days: 1})
    await certificates.keep(join(folder, 'other.pem'), other)
    await expect(openssl('verify', '-CAfile', pem, join(folder, 'other.pem'))).rejects.toThrow(/self.signed/)
  })

  it('begins a few minutes back and lives for the days that were asked for', () => {
    const {notBefore, notAfter} = made.facts
    const before = clock.now().getTime() - notBefore.getTime()
    expect(before).toBeGreaterThanOrEqual(60_000)
    expect(before).toBeLessThanOrEqual(10 * 60_000)
    expect(notAfter.getTime() - notBefore.getTime()).toBe(365 * 86_400_000)
  })

  it('has the facts that openssl and Entra show', async () => {
    const print = async (digest: string) =>
      (await openssl('x509', '-in', pem, '-noout', '-fingerprint', `-${digest}`))
        .split('=')[1]
        ?.trim()
        .replaceAll(':', '')
    expect(made.facts.thumbprintSha256).toBe(await print('sha256'))
    expect(made.facts.thumbprintSha1).toBe(await print('sha1'))
    expect(made.facts.subject).toBe('CN=mfa on mfa01.contoso.com')
    expect(new X509Certificate(Buffer.from(made.facts.der, 'base64')).toString()).toContain('BEGIN CERT')
  })

  it('has a serial number and a key of its own each time', async () => {
    const [one, two] = await Promise.all([1, 2].map(() => certificates.make({commonName: 'same', days: 1})))
    const serial = (each: OwnCertificate | undefined) =>
      new X509Certificate(Buffer.from(each?.facts.der ?? '', 'base64')).serialNumber
    expect(serial(one)).toMatch(/^[4-7][0-9A-F]{31}$/)
    expect(serial(one)).not.toBe(serial(two))
    expect(one?.privateKey.reveal()).not.toBe(two?.privateKey.reveal())
  })

  it.each([0, 366, 1.5, Number.NaN])('is not made for %s days', async (days) => {
    expect((await refusal(certificates.make({commonName: 'x', days}))).exit).toBe('usage')
  })

  it.each(['', 'x'.repeat(65), 'line\nbreak', '#abc'])('is not made with the name %j', async (commonName) => {
    expect((await refusal(certificates.make({commonName, days: 1}))).exit).toBe('usage')
  })

  it('shows no key', () => {
    expect(inspect(made, {depth: 9}) + JSON.stringify(made)).not.toContain('PRIVATE KEY')
  })
})

describe('a file that we write', () => {
  it('comes back as it was, as PEM, as PEM with a password, and as PFX', async () => {
    for (const [name, password] of [
      ['plain.pem', undefined],
      ['guarded.pem', secret],
      ['guarded.pfx', secret],
      ['GUARDED.P12', secret],
    ] as const) {
      const path = join(folder, name)
      await certificates.keep(path, made, password)
      const back = await certificates.read(path, password)
      expect(back.facts, name).toEqual(made.facts)
      expect(back.privateKey.reveal(), name).toBe(made.privateKey.reveal())
    }
    expect(await readFile(join(folder, 'guarded.pem'), 'utf8')).toContain('BEGIN ENCRYPTED PRIVATE KEY')
  })

  it('is a PFX that openssl 3 opens without -legacy, with AES-256, and not without the password', async () => {
    const path = join(folder, 'for-openssl.pfx')
    await certificates.keep(path, made, secret)
    const info = await openssl('pkcs12', '-in', path, '-info', '-noenc', '-passin', `pass:${PASSWORD}`)
    expect(info).toMatch(/Shrouded Keybag: PBES2, PBKDF2, AES-256-CBC/)
    const out = join(folder, 'back.pem')
    await openssl('pkcs12', '-in', path, '-noenc', '-passin', `pass:${PASSWORD}`, '-out', out)
    expect((await certificates.read(out)).facts).toEqual(made.facts)
    expect((await certificates.read(out)).privateKey.reveal()).toBe(made.privateKey.reveal())
    await expect(openssl('pkcs12', '-in', path, '-noenc', '-passin', 'pass:wrong')).rejects.toThrow(
      /invalid password/,
    )
  })

  it.skipIf(process.platform === 'win32')(
    'is for its owner only, with nothing left beside it (R8)',
    async () => {
      const path = join(folder, 'deep', 'er', 'mine.pem')
      await certificates.keep(path, made)
      expect((await stat(path)).mode & 0o777).toBe(0o600)
      expect((await stat(join(folder, 'deep'))).mode & 0o777).toBe(0o700)
      expect(await readdir(join(folder, 'deep', 'er'))).toEqual(['mine.pem'])
    },
  )

  it('is never overwritten', async () => {
    const before = await readFile(theirs.file, 'utf8')
    const error = await refusal(certificates.keep(theirs.file, made))
    expect([error.exit, error.code]).toEqual(['usage', 'CERTIFICATE_EXISTS'])
    expect(await readFile(theirs.file, 'utf8')).toBe(before)
    expect((await readdir(folder)).filter((name) => name.endsWith('.part'))).toEqual([])
  })

  it('says where it cannot be written', async () => {
    const error = await refusal(certificates.keep(join(theirs.file, 'below', 'a.pem'), made))
    expect([error.exit, error.code]).toEqual(['usage', 'CERTIFICATE_NOT_KEPT'])
  })

  it.each([undefined, new Secret(''), new Secret('grüße')])(
    'is no PFX without a good password',
    async (password) => {
      const path = join(folder, 'never.pfx')
      expect((await refusal(certificates.keep(path, made, password))).code).toBe('PFX_PASSWORD')
      await expect(stat(path)).rejects.toThrow('ENOENT')
    },
  )
})

describe('a PFX file of openssl', () => {
  const pass = ['-passout', `pass:${PASSWORD}`]
  it.each([
    ['modern', pass],
    ['legacy', ['-legacy', ...pass]],
    ['aes-128', ['-keypbe', 'AES-128-CBC', '-certpbe', 'AES-128-CBC', ...pass]],
    [
      '3des as older Windows',
      ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1', ...pass],
    ],
    ['sealed with SHA-512', ['-macalg', 'sha512', ...pass]],
  ] as const)('is read: %s', async (name, args) => {
    const read = await certificates.read(await pfx(`${name}.pfx`, ...args), secret)
    const expected = await certificates.read(theirs.file)
    expect(read.facts).toEqual(expected.facts)
    expect(read.privateKey.reveal()).toBe(expected.privateKey.reveal())
  })

  it('is read without a password where it has none', async () => {
    const path = await pfx('open.pfx', '-passout', 'pass:')
    expect((await certificates.read(path)).facts.subject).toBe('CN=theirs.example.com')
    expect((await refusal(certificates.read(path, secret))).code).toBe('KEY_PASSWORD')
  })

  it.each(['modern', 'legacy'])('is read with a password of other than ASCII letters: %s', async (kind) => {
    const path = await pfx(
      `umlaut-${kind}.pfx`,
      ...(kind === 'legacy' ? ['-legacy'] : []),
      '-passout',
      'pass:Grüße €5',
    )
    expect((await certificates.read(path, new Secret('Grüße €5'))).facts.subject).toBe(
      'CN=theirs.example.com',
    )
    expect((await refusal(certificates.read(path, new Secret('Grüsse €5')))).code).toBe('KEY_PASSWORD')
  })

  it('is read with the certificates of its authorities around it', async () => {
    const path = await pfx('chain.pfx', '-certfile', pem, ...pass)
    expect((await certificates.read(path, secret)).facts.subject).toBe('CN=theirs.example.com')
  })

  it('is refused with what is wrong', async () => {
    const good = await pfx('good.pfx', ...pass)
    const bytes = await readFile(good)
    const write = async (name: string, content: Uint8Array | string) => {
      await writeFile(join(folder, name), content)
      return join(folder, name)
    }
    const ec = await makeCertificate(folder, 'ec', {
      newkey: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'],
    })
    const der = new X509Certificate(theirs.certificate).raw
    const keyDer = join(folder, 'key.der')
    await openssl('pkcs8', '-topk8', '-nocrypt', '-in', theirs.file, '-outform', 'DER', '-out', keyDer)
    const cases = [
      [good, undefined, 'KEY_ENCRYPTED', 'is protected by a password'],
      [good, new Secret('wrong'), 'KEY_PASSWORD', 'MFA_CLIENT_CERTIFICATE_PASSWORD is wrong'],
      [
        await write('cut.pfx', bytes.subarray(0, 900)),
        secret,
        'CERTIFICATE_INVALID',
        'neither a PEM nor a PFX',
      ],
      [await write('cert.der', der), undefined, 'CERTIFICATE_INCOMPLETE', 'holds a certificate alone'],
      [keyDer, undefined, 'CERTIFICATE_INCOMPLETE', 'holds a private key alone'],
      [
        await pfx('nokey.pfx', '-in', theirs.file, '-nokeys', ...pass),
        secret,
        'CERTIFICATE_INCOMPLETE',
        'has no private key',
      ],
      [
        await pfx('nocert.pfx', '-nocerts', ...pass, '-inkey', theirs.file),
        secret,
        'CERTIFICATE_INCOMPLETE',
        'has no certificate',
      ],
      [
        await pfx('ec.pfx', '-in', ec.file, ...pass),
        secret,
        'KEY_UNSUITABLE',
        'holds a key of type ec; signing in needs RSA',
      ],
      [await write('noise.pfx', Buffer.from([0x30, 3, 2, 1, 3])), secret, 'CERTIFICATE_INVALID', 'neither'],
      [join(folder, 'none.pfx'), secret, 'CERTIFICATE_MISSING', 'there is no such file'],
    ] as const
    for (const [path, password, code, says] of cases) {
      const error = await refusal(certificates.read(path, password))
      expect([error.code, error.exit], path).toEqual([code, 'usage'])
      expect(error.message).toContain(says)
    }
  })

  it('damaged anywhere never gives another key, and never a crash', async () => {
    const good = await readFile(await pfx('damage.pfx', ...pass))
    const path = join(folder, 'damaged.pfx')
    const codes = new Set<string>()
    for (let at = 0; at < good.length; at += 97) {
      const bytes = Buffer.from(good)
      bytes[at] = (bytes[at] ?? 0) ^ 0x55
      await writeFile(path, bytes)
      codes.add((await refusal(certificates.read(path, secret))).code)
    }
    expect(codes.size).toBeGreaterThan(0)
  })
})
