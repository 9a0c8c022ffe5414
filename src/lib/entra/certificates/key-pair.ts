import {createPrivateKey, X509Certificate, type KeyObject} from 'node:crypto'
import {readFile} from 'node:fs/promises'
import {errorCode} from '../../errors/error-code.js'
import {Secret} from '../../model/secret.js'
import type {CertificateFacts} from '../../ports/certificates.js'
import {parsePem, type Contents} from './pem.js'
import {refuse} from './refuse.js'

/** A certificate, its key, and the other certificates that came along. */
export interface KeyPair {
  readonly own: X509Certificate
  readonly others: readonly X509Certificate[]
  readonly key: KeyObject
}

/** Throws MfaError `usage` where the file cannot be read. */
export async function readCertificateFile(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    const code = errorCode(error)
    const why =
      code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code ?? 'unknown reason'})`
    throw refuse(
      code === 'ENOENT' ? 'CERTIFICATE_MISSING' : 'CERTIFICATE_UNREADABLE',
      `The client certificate ${path}: ${why}.`,
      {
        fix: 'Check the path, and that the user who runs this may read the file.',
      },
    )
  }
}

/**
 * Certificate and key of a PEM or PFX file: an RSA key of at least 2048 bits. Validity is not looked at.
 * Throws MfaError `usage` with what is wrong; `where` names the file or variable in messages.
 */
export async function keyPairOf(
  where: string,
  bytes: Buffer,
  password: Secret | undefined,
): Promise<KeyPair> {
  const contents = await contentsOf(where, bytes, password)
  const pair = pairOf(contents)
  if (pair === undefined)
    throw refuse('KEY_MISMATCH', `The private key in ${where} belongs to none of the certificates in it.`, {
      fix: 'Put the certificate and its own private key into one file.',
    })
  checkKey(where, pair.key)
  return pair
}

export function factsOf(certificate: X509Certificate): CertificateFacts {
  return {
    thumbprintSha256: certificate.fingerprint256.replaceAll(':', ''),
    thumbprintSha1: certificate.fingerprint.replaceAll(':', ''),
    subject: certificate.subject.replaceAll('\n', ', '),
    notBefore: certificate.validFromDate,
    notAfter: certificate.validToDate,
    der: certificate.raw.toString('base64'),
  }
}

export function pkcs8(key: KeyObject): Secret {
  return new Secret(key.export({type: 'pkcs8', format: 'pem'}).toString())
}

async function contentsOf(where: string, bytes: Buffer, password: Secret | undefined): Promise<Contents> {
  // DER begins with a SEQUENCE.
  if (bytes[0] !== 0x30 || bytes.includes('-----BEGIN'))
    return parsePem(where, bytes.toString('utf8'), password)
  const half = isCertificate(bytes) ? 'a certificate' : isKey(bytes) ? 'a private key' : undefined
  if (half !== undefined)
    throw refuse('CERTIFICATE_INCOMPLETE', `${where} holds ${half} alone, in binary form (DER).`, {
      fix: 'It needs the certificate and its private key in one file: PEM, or PFX.',
    })
  const {parsePfx} = await import('./pfx.js')
  const contents = await parsePfx(where, bytes, password)
  const missing =
    contents.keys.length === 0
      ? 'private key'
      : contents.certificates.length === 0
        ? 'certificate'
        : undefined
  if (missing !== undefined)
    throw refuse('CERTIFICATE_INCOMPLETE', `The PFX file ${where} has no ${missing}.`, {
      fix: 'Export it again with its private key ("Yes, export the private key").',
    })
  return contents
}

function pairOf({certificates, keys}: Contents): KeyPair | undefined {
  for (const key of keys) {
    const own = certificates.find((certificate) => certificate.checkPrivateKey(key))
    if (own !== undefined)
      return {own, key, others: certificates.filter((certificate) => certificate !== own)}
  }
  return undefined
}

function checkKey(where: string, key: KeyObject): void {
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  if (key.asymmetricKeyType === 'rsa' && bits >= 2048) return
  const what =
    key.asymmetricKeyType === 'rsa' ? `an RSA key of ${bits} bits` : `a key of type ${key.asymmetricKeyType}`
  throw refuse('KEY_UNSUITABLE', `${where} holds ${what}; signing in needs RSA of at least 2048 bits.`, {
    fix: 'Make a certificate with an RSA key of 3072 bits and add it to the app registration.',
  })
}

function isCertificate(der: Buffer): boolean {
  try {
    return new X509Certificate(der).raw.length > 0
  } catch {
    return false
  }
}

/** PKCS#8 (encrypted or not) and PKCS#1. An encrypted one needs a password before anything else is said of it. */
function isKey(der: Buffer): boolean {
  return (['pkcs8', 'pkcs1', 'sec1'] as const).some((type) => {
    try {
      return createPrivateKey({key: der, format: 'der', type}).type === 'private'
    } catch (error) {
      return errorCode(error) === 'ERR_MISSING_PASSPHRASE'
    }
  })
}
