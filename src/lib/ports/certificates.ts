import type {Secret} from '../model/secret.js'

/** The public part of a certificate; nothing of it is secret. */
export interface CertificateFacts {
  /** Hex, upper case. */
  readonly thumbprintSha256: string
  /** Hex, upper case; what Entra shows as `customKeyIdentifier`. */
  readonly thumbprintSha1: string
  readonly subject: string
  readonly notBefore: Date
  readonly notAfter: Date
  /** Base64 of the DER form, as keyCredentials have it. */
  readonly der: string
}

/** A certificate with its private key. The key never leaves the machine. */
export interface OwnCertificate {
  readonly facts: CertificateFacts
  /** PKCS#8 in PEM. */
  readonly privateKey: Secret
}

export interface CertificateRequest {
  /** Common name; the machine's name is part of it, so that several servers can be told apart. */
  readonly commonName: string
  /** At most 365. */
  readonly days: number
}

/** Makes, keeps and reads certificates of the app registration. */
export interface Certificates {
  /** RSA 3072, self-signed, for client authentication. */
  make(request: CertificateRequest): Promise<OwnCertificate>
  /**
   * Certificate and key into one file for its owner only (R8): PEM, or PFX where the name ends in `.pfx` or `.p12`, which needs a
   * password. Whole or not at all; an existing file is never overwritten. Throws MfaError `usage` (exists, cannot be written).
   */
  keep(path: string, certificate: OwnCertificate, password?: Secret): Promise<void>
  /**
   * PEM or PFX. Throws MfaError `usage`: CERTIFICATE_MISSING where there is no such file; unreadable, no key, wrong password, key of another certificate, no RSA key.
   * An expired one is returned: what to make of it is the caller's affair.
   */
  read(path: string, password?: Secret): Promise<OwnCertificate>
}
