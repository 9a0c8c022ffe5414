import type {Outcome} from '../model/outcome.js'
import type {CertificateFacts, OwnCertificate} from './certificates.js'

/** Of the application itself (an app role), or of a person who signs in through it (a scope). */
export type PermissionKind = 'application' | 'delegated'

/** A permission that Microsoft Graph of this tenant's cloud has. */
export interface GraphPermission {
  readonly id: string
  readonly name: string
  readonly kind: PermissionKind
}

/** Microsoft Graph as the tenant knows it. */
export interface GraphResource {
  /** Object id of its service principal. */
  readonly id: string
  readonly permissions: readonly GraphPermission[]
}

/** A certificate that an application is known by. */
export interface RegisteredKey {
  readonly keyId: string
  readonly name: string
  /** Hex, upper case; as far as Graph tells. */
  readonly thumbprintSha1?: string | undefined
  readonly thumbprintSha256?: string | undefined
  readonly notBefore?: string | undefined
  readonly notAfter?: string | undefined
}

export interface Application {
  readonly objectId: string
  readonly appId: string
  readonly displayName: string
  readonly createdAt?: string | undefined
  readonly keys: readonly RegisteredKey[]
  /** Ids of Microsoft Graph's permissions that it asks for. */
  readonly asksFor: readonly {readonly id: string; readonly kind: PermissionKind}[]
  /** Whether people may sign in through it with a code ("Allow public client flows"). */
  readonly isPublicClient: boolean
  /** Reply addresses of a public client. */
  readonly replyAddresses: readonly string[]
}

/** What the application may do in this tenant. */
export interface Grants {
  readonly roles: readonly {readonly id: string; readonly roleId: string}[]
  /** Delegated permissions for everybody (`AllPrincipals`); names. */
  readonly scopes: readonly {readonly id: string; readonly names: readonly string[]}[]
}

export interface Principal {
  readonly id: string
  readonly isEnabled: boolean
}

/** What came of one write, with the ids that Graph gave. */
export interface Sent {
  readonly outcome: Outcome
  readonly made?: Readonly<Record<string, string>> | undefined
}

/** What is to be changed of an application; what is left out stays. */
export interface ApplicationChange {
  readonly asksFor?: Application['asksFor'] | undefined
  readonly isPublicClient?: boolean | undefined
  readonly replyAddresses?: readonly string[] | undefined
}

/**
 * The app registration of this tool in one tenant, through Microsoft Graph.
 *
 * Reads are repeated within the budget. One call of a write is at most one change; a POST whose answer is lost comes back
 * as `unknown`. What concerns that change alone is an outcome; signed out, forbidden (MfaError GRAPH_FORBIDDEN, which
 * names permission and role) and throttled past the budget are thrown. Writes on what was made moments ago wait until
 * Entra knows it.
 */
export interface AppRegistrations {
  graph(signal: AbortSignal): Promise<GraphResource>
  byAppId(appId: string, signal: AbortSignal): Promise<Application | undefined>
  byObjectId(objectId: string, signal: AbortSignal): Promise<Application | undefined>
  /** Those with exactly this display name. */
  byName(displayName: string, signal: AbortSignal): Promise<readonly Application[]>
  principal(appId: string, signal: AbortSignal): Promise<Principal | undefined>
  grants(principalId: string, graphId: string, signal: AbortSignal): Promise<Grants>

  /** `made`: objectId, appId. */
  createApplication(
    app: {readonly displayName: string} & ApplicationChange,
    signal: AbortSignal,
  ): Promise<Sent>
  /** What it asks of other resources than Microsoft Graph stays. */
  changeApplication(objectId: string, change: ApplicationChange, signal: AbortSignal): Promise<Sent>
  deleteApplication(objectId: string, signal: AbortSignal): Promise<Sent>
  /** `made`: principalId. */
  createPrincipal(appId: string, signal: AbortSignal): Promise<Sent>
  deletePrincipal(principalId: string, signal: AbortSignal): Promise<Sent>
  /** Adds to the certificates that are there, those of other machines included. */
  addKey(objectId: string, certificate: CertificateFacts, signal: AbortSignal): Promise<Sent>
  /** The others stay. Gone already: `already-done`. */
  removeKey(objectId: string, keyId: string, signal: AbortSignal): Promise<Sent>
  grantRole(grant: RoleGrant, signal: AbortSignal): Promise<Sent>
  revokeRole(principalId: string, assignmentId: string, signal: AbortSignal): Promise<Sent>
  /** Every scope that is to be granted to everybody afterwards; none ends the grant. */
  grantScopes(grant: ScopeGrant, signal: AbortSignal): Promise<Sent>

  /** How far this machine's clock is ahead of the service's, in milliseconds; negative: behind. 0 before anything was asked. */
  clockAheadMs(): number
  /** Where an administrator consents by hand. */
  consentAddress(tenantId: string, appId: string): string
}

export interface RoleGrant {
  readonly principalId: string
  readonly graphId: string
  readonly roleId: string
}

export interface ScopeGrant {
  readonly principalId: string
  readonly graphId: string
  /** The grant that is there already. */
  readonly grantId?: string | undefined
  readonly scopes: readonly string[]
}

/** Who signed in to change the registration. */
export interface RegistrationCaller {
  readonly kind: 'person' | 'application' | 'unknown'
  readonly name?: string | undefined
  /** Names of the permissions that the sign-in carries; undefined where it does not tell. */
  readonly permissions?: readonly string[] | undefined
}

export interface AppIdentity {
  readonly tenantId: string
  readonly appId: string
  readonly certificate: OwnCertificate
}

/**
 * Signs in as the application with a certificate. Throws MfaError `auth`: CERTIFICATE_EXPIRED, CERTIFICATE_NOT_REGISTERED,
 * APP_NOT_FOUND, CLOCK_WRONG, TENANT_NOT_FOUND, WRONG_CLOUD, APP_DISABLED and others; `unavailable`.
 */
export interface AppSignIn {
  /** Undefined where it cannot be tried here, and why. */
  readonly untried?: string | undefined
  signIn(identity: AppIdentity, signal: AbortSignal): Promise<SignedInApp>
}

export interface SignedInApp {
  /** Application permissions that the token carries; undefined where it does not tell. */
  readonly permissions?: readonly string[] | undefined
  /** One harmless read that the permission opens. `untried`: there is none, or this service does not answer it. */
  tryOut(permission: string, signal: AbortSignal): Promise<'works' | 'refused' | 'untried'>
  /**
   * Rolls the application's own certificates, which needs no permission: proves with the certificate of this sign-in that
   * the application itself asks.
   */
  rollKey(objectId: string, certificate: CertificateFacts, signal: AbortSignal): Promise<Sent>
  dropKey(objectId: string, keyId: string, signal: AbortSignal): Promise<Sent>
}

/** The settings file that the other commands read. */
export interface ConfigStore {
  readonly file: string
  /** A path that the file names, as an absolute one. */
  resolve(path: string): string
  /** Every key that is there, known or not. Throws MfaError `usage` where the file is no JSON object. */
  read(): Promise<Readonly<Record<string, unknown>>>
  /** Merges; null removes a key. For its owner only (R8), whole or not at all. */
  write(values: Readonly<Record<string, unknown>>): Promise<void>
}
