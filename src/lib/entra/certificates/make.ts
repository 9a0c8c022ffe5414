import {generateKeyPair, randomBytes, webcrypto, X509Certificate} from 'node:crypto'
import {promisify} from 'node:util'
import type {Clock} from '../../ports/clock.js'
import type {CertificateRequest, OwnCertificate} from '../../ports/certificates.js'
import {factsOf, pkcs8} from './key-pair.js'
import {refuse} from './refuse.js'

const BITS = 3072
const DAY = 86_400_000
/** Clocks differ: the certificate is good a little before it was made. */
const EARLIER = 5 * 60_000
const ALGORITHM = {name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256'}
/** X.520: the longest common name. */
const LONGEST_NAME = 64

/**
 * A self-signed certificate for client authentication, with a key of its own; the whole life is `days` long.
 * Throws MfaError `usage` for a life of less than one or more than 365 days, or a name that a certificate cannot have.
 */
export async function makeCertificate(
  {commonName, days}: CertificateRequest,
  clock: Pick<Clock, 'now'>,
): Promise<OwnCertificate> {
  if (!Number.isInteger(days) || days < 1 || days > 365)
    throw refuse('CERTIFICATE_DAYS', `A certificate is made for 1 to 365 days, not for ${days}.`, {
      fix: 'Choose fewer days and renew in time: mfa app certificate rotate.',
    })
  if (commonName.length === 0 || commonName.length > LONGEST_NAME || /^#|\p{Cc}/u.test(commonName))
    throw refuse('CERTIFICATE_NAME', `A certificate’s name has 1 to ${LONGEST_NAME} plain characters.`, {
      fix: 'Choose a shorter name.',
    })
  await import('reflect-metadata')
  const x509 = await import('@peculiar/x509')
  const {privateKey, publicKey} = await promisify(generateKeyPair)('rsa', {modulusLength: BITS})
  const keys = {
    privateKey: privateKey.toCryptoKey(ALGORITHM, true, ['sign']),
    publicKey: publicKey.toCryptoKey(ALGORITHM, true, ['verify']),
  }
  const notBefore = new Date(Math.floor((clock.now().getTime() - EARLIER) / 1000) * 1000)
  const made = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: serialNumber(),
      name: [{CN: [commonName]}],
      notBefore,
      notAfter: new Date(notBefore.getTime() + days * DAY),
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  )
  return {facts: factsOf(new X509Certificate(Buffer.from(made.rawData))), privateKey: pkcs8(privateKey)}
}

/** 126 random bits in hex; the first byte keeps it positive and of full length. */
function serialNumber(): string {
  const bytes = randomBytes(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return bytes.toString('hex')
}
