/** How a token is come by. */
export type SignInKind =
  'access-token' | 'certificate' | 'federated-token' | 'managed-identity' | 'user' | 'none'

/** Who signs in, as far as it is known without asking anybody. */
export interface SignInDescription {
  readonly kind: SignInKind
  /** The id; unknown before the first token where the settings name the tenant by a domain. */
  readonly tenantId?: string | undefined
  readonly clientId?: string | undefined
  /** User principal name, where a person signed in. */
  readonly account?: string | undefined
}

export interface CertificateLife {
  /** Whole days until the end; negative after it. */
  readonly daysLeft: number
  /** `soon`: good, and to be renewed. */
  readonly state: 'good' | 'soon' | 'expired' | 'not-yet-valid'
}

/** The certificate that would sign; dates as ISO 8601. */
export interface CertificateStatus extends CertificateLife {
  /** The file, or the variable that holds it. */
  readonly from: string
  readonly subject: string
  readonly thumbprintSha256: string
  readonly notBefore: string
  readonly notAfter: string
}

/** The token at hand: a ready one, a pipeline's, or that of the person who signed in. */
export interface TokenStatus {
  /** ISO 8601. */
  readonly expiresAt: string
  /** Negative after the end. */
  readonly minutesLeft: number
  /** A new one is got without anybody's help. */
  readonly renews: boolean
}

/** How the commands would sign in, as far as it can be told without asking anybody. Nothing secret is in it. */
export interface SignInStatus extends SignInDescription {
  /** As the settings name it: an id or a domain. */
  readonly tenant?: string | undefined
  /** False where it is known already that Entra would refuse. */
  readonly usable: boolean
  readonly certificate?: CertificateStatus | undefined
  readonly token?: TokenStatus | undefined
  /** When the person signed in; ISO 8601. */
  readonly signedInAt?: string | undefined
  /** Signed in beside what the settings name, for what only people may do. */
  readonly person?: {readonly account: string; readonly signedInAt: string} | undefined
  /** Of the federated token: what the app registration has to trust. */
  readonly federated?:
    {readonly issuer?: string | undefined; readonly subject?: string | undefined} | undefined
}
