import type {CloudName} from '../model/cloud.js'
import type {Secret} from '../model/secret.js'
import type {AppRegistrations, AppSignIn, ConfigStore, RegistrationCaller} from '../ports/app-registration.js'
import type {CertificateFacts, Certificates} from '../ports/certificates.js'
import type {Clock} from '../ports/clock.js'
import type {Files} from '../ports/files.js'
import type {Journal} from '../ports/journal.js'
import type {Ui} from '../ports/ui.js'
import type {Feature, NeededPermission} from './features.js'
import type {PermissionRow} from './granted.js'
import type {Which} from './locate.js'
import type {Granted} from './plan.js'
import type {Proof} from './prove.js'

export interface ConfigureRequest {
  /** As typed, for whoever meets the lock. */
  readonly command: string
  readonly which: Which
  /** Another application, though one is known. */
  readonly createNew: boolean
  /** The application has to be there. */
  readonly mustExist: boolean
  readonly features: readonly Feature[]
  /** Permissions that were named one by one: these alone are granted. None: all that the features need. */
  readonly extra: readonly NeededPermission[]
  readonly cloud: CloudName
  /** What the settings file is to say of the tenant. */
  readonly tenant: string
  /** Absent: certificates are left alone. */
  readonly certificate?: CertificateRequest | undefined
  /** What goes into the settings file. */
  readonly keep: {readonly signIn: boolean; readonly features: boolean}
  readonly prune: boolean
  readonly dryRun: boolean
  readonly yes: boolean
  /** How long an administrator may take to consent. */
  readonly waitMs: number
  readonly consistencyMs: number
  readonly logFile?: string | undefined
  /** Shows what is going to happen, before anything is asked or written. */
  readonly preview: (preview: Preview) => Promise<void>
}

export interface CertificateRequest {
  readonly file: string
  /** Whether one is made where there is none; a file that somebody names has to be there. */
  readonly mayMake: boolean
  readonly commonName: string
  readonly days: number
  readonly password?: Secret | undefined
}

export interface Preview {
  readonly tenantId: string
  readonly caller: RegistrationCaller
  readonly application?: {readonly displayName: string; readonly appId: string} | undefined
  /** In order, in the imperative. */
  readonly says: readonly string[]
  readonly beyond: readonly Granted[]
}

export interface RegistrationDeps {
  readonly registrations: AppRegistrations
  readonly caller: RegistrationCaller
  readonly signIn: AppSignIn
  readonly certificates: Certificates
  readonly config: ConfigStore
  readonly files: Files
  readonly journal: Journal
  readonly clock: Clock
  readonly ui: Ui
  readonly tenantId: string
}

export interface ConfigureReport {
  readonly tenantId: string
  readonly dryRun: boolean
  readonly application?:
    {readonly appId: string; readonly objectId: string; readonly displayName: string} | undefined
  readonly certificate?: {readonly facts: CertificateFacts; readonly file: string} | undefined
  /** How many changes were made; in a dry run, would be. */
  readonly changes: number
  readonly permissions: readonly PermissionRow[]
  readonly beyond: readonly Granted[]
  /** Undefined: not tried, and why is among the warnings. */
  readonly proof?: Proof | undefined
  readonly configFile: string
  readonly run?: string | undefined
}
