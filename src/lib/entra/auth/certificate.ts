import type {X509Certificate} from 'node:crypto'
import type {Secret} from '../../model/secret.js'
import {factsOf, keyPairOf, pkcs8, readCertificateFile} from '../certificates/key-pair.js'
import {refuse} from '../certificates/refuse.js'
import type {SignInSettings} from './sign-in-settings.js'

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

/**
 * Reads, decrypts and checks the certificate that the settings name, anew at each call, so that a renewed file is seen.
 * Throws MfaError `usage` (unreadable, no key, wrong password, key of another certificate) or `auth` (not valid today).
 */
export async function loadClientCertificate(settings: SignInSettings, now: Date): Promise<ClientCertificate> {
  const {clientCertificate, clientCertificatePath, clientCertificatePassword} = settings
  const path = clientCertificatePath?.value ?? ''
  const [where, bytes] =
    clientCertificate === undefined
      ? [path, await readCertificateFile(path)]
      : [clientCertificate.from, Buffer.from(unfold(clientCertificate.value.reveal()))]
  const {own, others, key} = await keyPairOf(where, bytes, clientCertificatePassword?.value)
  checkDates(where, own, now)
  const {thumbprintSha256, notAfter} = factsOf(own)
  return {thumbprintSha256, privateKey: pkcs8(key), chain: [own, ...others].map(String).join('\n'), notAfter}
}

/** Some systems keep a variable on one line and write line breaks as \n. */
function unfold(pem: string): string {
  return pem.includes('\n') ? pem : pem.replaceAll('\\n', '\n')
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
