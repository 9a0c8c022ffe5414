import {readFileSync} from 'node:fs'
import {createSecureContext, getCACertificates, type SecureContext, type SecureContextOptions} from 'node:tls'
import {MfaError} from '../../errors/mfa-error.js'
import type {Secret} from '../../model/secret.js'

export interface TlsFiles {
  /** PEM with certificate and key, or PFX. */
  readonly certificate?: {readonly file: string; readonly password?: Secret | undefined} | undefined
  /** PEM; trusted in addition to what the system trusts. */
  readonly caFile?: string | undefined
}

/** Made once and shared by all connections. Throws MfaError `usage` that names the file and its flag. */
export function secureContext(files: TlsFiles): SecureContext {
  const {certificate, caFile} = files
  const ca = trustedCas(caFile, '--source-ca')
  if (certificate === undefined) return createSecureContext({ca: [...ca]})
  const {file, password} = certificate
  const bytes = read(file, '--source-certificate')
  const isPem = bytes.includes('-----BEGIN')
  const identity: SecureContextOptions = isPem ? {cert: bytes, key: bytes} : {pfx: bytes}
  try {
    if (isPem && !(bytes.includes('CERTIFICATE-----') && bytes.includes('PRIVATE KEY-----')))
      throw new Error(HALF)
    return createSecureContext({ca: [...ca], ...identity, ...(password && {passphrase: password.reveal()})})
  } catch (error) {
    throw new MfaError(
      'SOURCE_CERTIFICATE',
      `--source-certificate ${file} cannot be used: ${whyNot(error)}`,
      {
        exit: 'usage',
        fix: 'Give a PEM file with certificate and private key, or a PFX file (exported with AES, not RC2), and its right password.',
      },
    )
  }
}

/**
 * PEM certificates of the CAs that are trusted. The system's own list is read too: on Windows that is where an
 * organisation's private CA usually is. Throws MfaError `usage` that names the flag.
 */
export function trustedCas(caFile: string | undefined, flag: '--source-ca' | '--ad-ca'): readonly string[] {
  const ca = new Set([...getCACertificates('default'), ...getCACertificates('system')])
  if (caFile !== undefined) ca.add(readCa(caFile, flag))
  return [...ca]
}

function readCa(file: string, flag: string): string {
  const text = read(file, flag).toString('utf8')
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text
  throw new MfaError('SOURCE_CA', `${flag} ${file} holds no PEM certificate`, {
    exit: 'usage',
    fix: 'Export the CA certificate as "Base-64 encoded X.509" and give that file.',
  })
}

function read(file: string, flag: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
    throw new MfaError('SOURCE_FILE', `${flag} ${file} cannot be read (${code})`, {
      exit: 'usage',
      fix: 'Check the path and who may read the file.',
    })
  }
}

const HALF = 'certificate or private key is missing in it'

function whyNot(error: unknown): string {
  const text = error instanceof Error ? error.message : ''
  if (/mac verify|bad decrypt|passphrase|password/i.test(text)) return 'the password is missing or wrong'
  if (/unsupported/i.test(text)) return 'it is encrypted in a way that is no longer supported'
  if (text === HALF) return HALF
  if (/key values mismatch/i.test(text)) return 'certificate and private key do not belong together'
  return 'it is neither PEM nor PFX'
}
