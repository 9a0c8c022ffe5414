export const POLICY_METHODS = [
  'microsoftAuthenticator',
  'softwareOath',
  'hardwareOath',
  'sms',
  'voice',
  'fido2',
] as const
export type PolicyMethod = (typeof POLICY_METHODS)[number]

/** Stands for everybody among the targets of a policy. */
export const EVERYBODY = 'all_users'

export interface MethodConfiguration {
  readonly method: PolicyMethod
  readonly enabled: boolean
  /** Group ids; or `EVERYBODY`. */
  readonly include: readonly {readonly id: string; readonly isUsableForSignIn?: boolean | undefined}[]
  readonly exclude: readonly string[]
  readonly isOfficePhoneAllowed?: boolean | undefined
  readonly isSoftwareOathEnabled?: boolean | undefined
}

/** The tenant's authentication methods policy, as far as a migration needs it (M3, M6, P9). */
export interface MethodsPolicy {
  /** preMigration, migrationInProgress, migrationComplete; undefined where the service shows none. */
  readonly migrationState?: string | undefined
  readonly configurations: readonly MethodConfiguration[]
}

/** The policy seen from one user; targets and exclusions already resolved through nested groups. */
export interface AllowedMethods {
  readonly push: boolean
  readonly hardwareOath: boolean
  readonly softwareOath: boolean
  readonly sms: boolean
  readonly voice: boolean
  readonly voiceOffice: boolean
  /** Passkeys and security keys. */
  readonly fido2: boolean
  /** Legacy settings may allow what the policy does not (M3). */
  readonly uncertain: boolean
}
