import {createPrivateKey, X509Certificate, type KeyObject} from 'node:crypto'
import {readFile} from 'node:fs/promises'
import {errorCode} from '../../errors/error-code.js'
import {MfaError} from '../../errors/mfa-error.js'
import type {SignInSettings} from './sign-in-settings.js'
import {Secret} from '../../model/secret.js'

/** What msal-node needs to sign an assertion with. */
export interface ClientCertificate {
  /** Hex, upper case. */
  readonly thumbprintSha256: string
  /** PKCS#8, decrypted. */
  readonly privateKey: Secret
  /** The certificate in PEM, then those it was issued by, as far as the file has them. */
  readonly chain: string
  readonly notAfter: Date
}

const PASSWORD = 'MFA_CLIENT_CERTIFICATE_PASSWORD'
const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]+?-----END \1-----/g

/**
 * Reads, decrypts and checks the certificate that the settings name, anew at each call, so that a renewed file is seen.
 * Throws MfaError `usage` (unreadable, no key, wrong password, key of another certificate) or `auth` (not valid today).
 */
export async function loadClientCertificate(settings: SignInSettings, now: Date): Promise<ClientCertificate> {
  const {clientCertificate, clientCertificatePath, clientCertificatePassword} = settings
  const [where, text] =
    clientCertificate === undefined
      ? [clientCertificatePath?.value ?? '', await readPem(clientCertificatePath?.value ?? '')]
      : [clientCertificate.from, unfold(clientCertificate.value.reveal())]
  const {certificates, key} = parsePem(where, text, clientCertificatePassword?.value)
  const own = certificates.find((certificate) => certificate.checkPrivateKey(key))
  if (own === undefined)
    throw refuse('KEY_MISMATCH', `The private key in ${where} belongs to none of the certificates in it.`, {
      fix: 'Put the certificate and its own private key into one PEM file.',
    })
  checkKey(where, key)
  checkDates(where, own, now)
  return {
    thumbprintSha256: own.fingerprint256.replaceAll(':', ''),
    privateKey: new Secret(key.export({type: 'pkcs8', format: 'pem'}).toString()),
    chain: [own, ...certificates.filter((certificate) => certificate !== own)].map(String).join('\n'),
    notAfter: new Date(own.validTo),
  }
}

async function readPem(path: string): Promise<string> {
  let bytes: Buffer
  try {
    bytes = await readFile(path)
  } catch (error) {
    const code = errorCode(error)
    const why =
      code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code ?? 'unknown reason'})`
    throw refuse('CERTIFICATE_UNREADABLE', `The client certificate ${path}: ${why}.`, {
      fix: 'Check the path, and that the user who runs this may read the file.',
    })
  }
  // DER begins with a SEQUENCE: a PKCS#12 file, or a certificate without its key.
  if (bytes[0] === 0x30 && !bytes.includes('-----BEGIN'))
    throw refuse(
      'CERTIFICATE_NOT_PEM',
      `The client certificate ${path} is a binary file (PFX or DER), not PEM.`,
      {
        fix: `Convert it: openssl pkcs12 -in "${path}" -out client.pem ; then name client.pem, and set ${PASSWORD} to the pass phrase you chose.`,
      },
    )
  return bytes.toString('utf8')
}

/** Some systems keep a variable on one line and write line breaks as \n. */
function unfold(pem: string): string {
  return pem.includes('\n') ? pem : pem.replaceAll('\\n', '\n')
}

function parsePem(
  where: string,
  text: string,
  password: Secret | undefined,
): {certificates: readonly X509Certificate[]; key: KeyObject} {
  const blocks = [...text.matchAll(BLOCK)].map(([pem, label = '']) => ({pem, label}))
  const key = blocks.find(({label}) => label.endsWith('PRIVATE KEY'))
  const certificates = blocks.filter(({label}) => label === 'CERTIFICATE')
  if (key === undefined || certificates.length === 0) {
    const missing =
      key === undefined
        ? certificates.length === 0
          ? 'certificate and no private key'
          : 'private key'
        : 'certificate'
    throw refuse('CERTIFICATE_INCOMPLETE', `${where} has no ${missing} in PEM form.`, {
      fix: 'It needs a BEGIN CERTIFICATE and a BEGIN PRIVATE KEY block, for example: cat certificate.pem key.pem > client.pem',
    })
  }
  const encrypted = key.label === 'ENCRYPTED PRIVATE KEY' || key.pem.includes('Proc-Type: 4,ENCRYPTED')
  if (encrypted && password === undefined)
    throw refuse('KEY_ENCRYPTED', `The private key in ${where} is protected by a password.`, {
      fix: `Set ${PASSWORD}.`,
    })
  return {
    certificates: certificates.map(({pem}) => {
      try {
        return new X509Certificate(pem)
      } catch {
        throw refuse('CERTIFICATE_INVALID', `${where} holds a certificate that cannot be understood.`, {
          fix: 'Export it again in PEM form.',
        })
      }
    }),
    key: decrypt(where, key.pem, encrypted ? password : undefined),
  }
}

function decrypt(where: string, pem: string, password: Secret | undefined): KeyObject {
  try {
    return createPrivateKey({
      key: pem,
      ...(password === undefined ? {} : {passphrase: password.reveal()}),
    })
  } catch {
    // OpenSSL's reason says nothing to people, and the key stays out of the message.
    throw password === undefined
      ? refuse('KEY_INVALID', `The private key in ${where} cannot be understood.`, {
          fix: 'Export it again in PEM form (PKCS#8).',
        })
      : refuse(
          'KEY_PASSWORD',
          `The private key in ${where} cannot be decrypted: ${PASSWORD} is wrong, or the file is damaged.`,
          {
            fix: `Set ${PASSWORD} to the password of this key.`,
          },
        )
  }
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

/** Said here with the date, where Entra would only refuse the assertion. */
function checkDates(where: string, certificate: X509Certificate, now: Date): void {
  const from = new Date(certificate.validFrom)
  const until = new Date(certificate.validTo)
  if (now > until)
    throw refuse('CERTIFICATE_EXPIRED', `The client certificate ${where} expired on ${iso(until)}.`, {
      exit: 'auth',
      fix: 'Make a new certificate, add it to the app registration, and name it here. If it should still be valid, check this machine’s clock.',
    })
  if (now < from)
    throw refuse(
      'CERTIFICATE_NOT_YET_VALID',
      `The client certificate ${where} is valid from ${iso(from)} only; this machine says it is ${iso(now)}.`,
      {
        exit: 'auth',
        fix: 'Check this machine’s clock, or wait.',
      },
    )
}

const iso = (date: Date) => date.toISOString().replace('.000Z', 'Z')

function refuse(
  code: Uppercase<string>,
  message: string,
  init: {readonly fix: string; readonly exit?: 'auth' | undefined},
): MfaError {
  return new MfaError(code, message, {exit: init.exit ?? 'usage', fix: init.fix})
}
