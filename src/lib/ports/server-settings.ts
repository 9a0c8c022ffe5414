/** What was read of the server, or why it was not. */
export type Readable<T> =
  | {readonly read: true; readonly value: T; readonly operation: string}
  | {readonly read: false; readonly why: string}

/** What new users get. A value that the server did not give is undefined, never a guess. */
export interface CustomerDefaults {
  readonly mode?: string | undefined
  readonly pinMode?: string | undefined
  readonly smsDirection?: string | undefined
  readonly smsMode?: string | undefined
  readonly phoneAppMode?: string | undefined
  readonly voiceCallLanguage?: string | undefined
  readonly smsTextLanguage?: string | undefined
  readonly phoneAppLanguage?: string | undefined
  readonly oathTokenLanguage?: string | undefined
  readonly minimumPinLength?: number | undefined
  readonly pinExpirationDays?: number | undefined
  readonly historicalPins?: number | undefined
}

/** What portal and AD FS adapter let users do. */
export interface UserChoices {
  readonly allowUserEnrollment?: boolean | undefined
  readonly promptForBackupPhone?: boolean | undefined
  readonly promptForOathToken?: boolean | undefined
  readonly usersCanSwitchMode?: boolean | undefined
  readonly usersCanSwitchModeToVoiceCall?: boolean | undefined
  readonly usersCanSwitchModeToSmsText?: boolean | undefined
  readonly usersCanSwitchModeToPhoneApp?: boolean | undefined
  readonly usersCanSwitchModeToOathToken?: boolean | undefined
  readonly enableSecurityQuestions?: boolean | undefined
  readonly useOathTokenForFallback?: boolean | undefined
}

export interface PortalSettings extends UserChoices {
  readonly url?: string | undefined
  readonly allowUserLogIn?: boolean | undefined
  readonly allowOneTimeBypass?: boolean | undefined
  readonly usersCanSelectLanguage?: boolean | undefined
  readonly usersCanActivatePhoneApp?: boolean | undefined
  readonly deviceLimit?: number | undefined
  readonly usersCanEnrollOathToken?: boolean | undefined
  readonly sessionTimeoutMinutes?: number | undefined
  readonly samlEnabled?: boolean | undefined
}

export type AdfsSettings = UserChoices

export interface ServerFeatures {
  readonly userPortal?: boolean | undefined
  readonly pinMode?: boolean | undefined
  readonly sms?: boolean | undefined
  readonly phoneApp?: boolean | undefined
  readonly oathToken?: boolean | undefined
  readonly adfs?: boolean | undefined
  readonly staticToken?: boolean | undefined
}

/** Settings of MFA Server, each read by itself: one that the server refuses does not hide the others. */
export interface ServerSettings {
  readonly defaults: Readable<CustomerDefaults>
  readonly portal: Readable<PortalSettings>
  readonly adfs: Readable<AdfsSettings>
  readonly features: Readable<ServerFeatures>
  /** Ranges of addresses: `10.0.0.1`, `10.0.0.0/8`, `10.0.0.1-10.0.0.9`. */
  readonly trustedIps: Readable<readonly string[]>
}
