import type {Secret} from '../../model/secret.js'
import type {CertificateFacts} from '../../ports/certificates.js'
import {factsOf, keyPairOf, pkcs8, readCertificateFile, type KeyPair} from '../certificates/key-pair.js'
import {refuse} from '../certificates/refuse.js'
import {lifeOf} from './certificate-life.js'
import type {SignInSettings} from './sign-in-settings.js'

/** What msal-node needs to sign an assertion with. */
export interface ClientCertificate {
  /** The file, or the variable that holds it. */
  readonly where: string
  readonly facts: CertificateFacts
  /** PKCS#8, decrypted. */
  readonly privateKey: Secret
  /** The certificate in PEM, then those it was issued by, as far as the file has them. */
  readonly chain: string
}

/**
 * Reads, decrypts and checks the certificate that the settings name, anew at each call, so that a renewed file is seen.
 * Throws MfaError `usage` (unreadable, no key, wrong password, key of another certificate) or `auth` (not valid today).
 */
export async function loadClientCertificate(settings: SignInSettings, now: Date): Promise<ClientCertificate> {
  const {where, own, others, key} = await readClientCertificate(settings)
  const facts = factsOf(own)
  checkDates(where, facts, now)
  return {where, facts, privateKey: pkcs8(key), chain: [own, ...others].map(String).join('\n')}
}

/** As `loadClientCertificate`, valid or not. */
export async function readClientCertificate(
  settings: SignInSettings,
): Promise<KeyPair & {readonly where: string}> {
  const {clientCertificate, clientCertificatePath, clientCertificatePassword} = settings
  const path = clientCertificatePath?.value ?? ''
  const [where, bytes] =
    clientCertificate === undefined
      ? [path, await readCertificateFile(path)]
      : [clientCertificate.from, Buffer.from(unfold(clientCertificate.value.reveal()))]
  return {where, ...(await keyPairOf(where, bytes, clientCertificatePassword?.value))}
}

/** Some systems keep a variable on one line and write line breaks as \n. */
function unfold(pem: string): string {
  return pem.includes('\n') ? pem : pem.replaceAll('\\n', '\n')
}

/** Said here with the date, where Entra would only refuse the assertion. */
function checkDates(where: string, facts: CertificateFacts, now: Date): void {
  const {state} = lifeOf(facts, now)
  if (state === 'expired')
    throw refuse(
      'CERTIFICATE_EXPIRED',
      `The client certificate ${where} expired on ${iso(facts.notAfter)}.`,
      {
        exit: 'auth',
        fix: 'It cannot renew itself any more: sign in as a person (mfa auth login), then mfa app certificate rotate. If it should still be valid, check this machine’s clock.',
      },
    )
  if (state === 'not-yet-valid')
    throw refuse(
      'CERTIFICATE_NOT_YET_VALID',
      `The client certificate ${where} is valid from ${iso(facts.notBefore)} only; this machine says it is ${iso(now)}.`,
      {exit: 'auth', fix: 'Check this machine’s clock, or wait.'},
    )
}

const iso = (date: Date) => date.toISOString().replace('.000Z', 'Z')
