import type {CloudName} from '../model/cloud.js'
import type {Secret} from '../model/secret.js'
import type {Setting} from '../model/setting.js'

/** Where MFA Server's data is. `label` is as a person wrote it, for people; it holds no credentials. */
export type SourceLocation =
  | {readonly kind: 'web-service-sdk'; readonly url: string; readonly label: string}
  | {readonly kind: 'bundle'; readonly folder: string; readonly label: string}

/** Where runs are remembered. `folder` (absolute) also takes what lies beside: the sign-in, logs. */
export type StateLocation =
  | {readonly kind: 'folder'; readonly folder: string}
  | {readonly kind: 'sqlite'; readonly folder: string; readonly file: string}
  /** `folder` is this machine's own, for what is not shared. */
  | {readonly kind: 'postgres'; readonly folder: string; readonly address: string}

type Optional<T> = Setting<T> | undefined

/** Defaults of `mfa migrate` and its kin; a command's own flags are among the places they come from. */
export interface MigrationSettings {
  readonly defaultMethod?: Optional<'always' | 'if-unset' | 'most-secure'>
  readonly phones?: Optional<'safe' | 'replace' | 'keep'>
  readonly appCodes?: Optional<'carry' | 'skip'>
  readonly smsSignIn?: Optional<'prevent' | 'allow'>
  readonly promoteBackup?: Optional<boolean>
  readonly includeDisabled?: Optional<boolean>
  /** ISO 3166 alpha-2, upper case. */
  readonly defaultCountry?: Optional<string>
  readonly defaultDomain?: Optional<string>
  /** NetBIOS name (upper case) → DNS domain (lower case). */
  readonly netbios?: Optional<Readonly<Record<string, string>>>
  readonly mapping?: Optional<string>
  /** `25` or `10%`. */
  readonly maxChanges?: Optional<string>
  readonly errorsMax?: Optional<number>
}

/** Everything that flags, environment and config file say together, each with where it came from. Paths are absolute. */
export interface Settings extends MigrationSettings {
  /** A tenant id or domain in lower case, or `sandbox`. */
  readonly tenant?: Optional<string>
  readonly cloud: Setting<CloudName>
  readonly clientId?: Optional<string>
  /** Object id of the application: what it is known by when it rolls its own certificates. */
  readonly clientObjectId?: Optional<string>
  /** What the app registration is for; see `mfa app configure --with`. */
  readonly features?: Optional<readonly string[]>
  readonly clientCertificatePath?: Optional<string>
  /** PEM text: certificate and private key. */
  readonly clientCertificate?: Optional<Secret>
  readonly clientCertificatePassword?: Optional<Secret>
  readonly federatedTokenFile?: Optional<string>
  readonly managedIdentity?: Optional<boolean>
  readonly accessToken?: Optional<Secret>
  /** Without a trailing slash; `/v1.0/…` is appended. */
  readonly graphUrl?: Optional<string>
  /** Without a trailing slash; `/{tenant}/oauth2/v2.0/…` is appended. */
  readonly authorityUrl?: Optional<string>
  readonly source?: Optional<SourceLocation>
  readonly sourceUsername?: Optional<string>
  readonly sourcePassword?: Optional<Secret>
  readonly sourceCertificate?: Optional<string>
  readonly sourceCertificatePassword?: Optional<Secret>
  readonly sourceCa?: Optional<string>
  /** `ldaps://host[:port]`, or `ldap://host[:port]` for StartTLS; in the order in which they are tried. */
  readonly adUrls?: Optional<readonly string[]>
  readonly adBase?: Optional<string>
  readonly adAttribute?: Optional<string>
  readonly adCa?: Optional<string>
  /** Whether other domains of the forest are asked too, with the same account. */
  readonly adReferrals?: Optional<'report' | 'follow'>
  readonly adAnonymous?: Optional<boolean>
  readonly adUsername?: Optional<string>
  readonly adPassword?: Optional<Secret>
  readonly seedFiles: Setting<readonly string[]>
  readonly state: Setting<StateLocation>
  /** The file that was read, if one was. */
  readonly configFile?: string | undefined
  /** What the file itself says of the tenant: the application that it names is known there alone. */
  readonly configTenant?: string | undefined
}
