import type {Clock} from '../../ports/clock.js'
import type {Ui} from '../../ports/ui.js'
import type {CloudName} from '../../model/cloud.js'
import type {Secret} from '../../model/secret.js'
import type {Setting} from '../../model/setting.js'

/** The part of the settings that signing in needs. */
export interface SignInSettings {
  /** Id or domain of the tenant, in lower case. */
  readonly tenant?: Setting<string> | undefined
  readonly cloud: Setting<CloudName>
  readonly clientId?: Setting<string> | undefined
  readonly clientCertificatePath?: Setting<string> | undefined
  readonly clientCertificate?: Setting<Secret> | undefined
  readonly clientCertificatePassword?: Setting<Secret> | undefined
  readonly federatedTokenFile?: Setting<string> | undefined
  readonly managedIdentity?: Setting<boolean> | undefined
  readonly accessToken?: Setting<Secret> | undefined
  readonly graphUrl?: Setting<string> | undefined
  readonly authorityUrl?: Setting<string> | undefined
}

export interface SignInDeps {
  readonly clock: Clock
  readonly ui: Ui
  readonly fetch: typeof fetch
  /** Holds the sign-in of `mfa auth login`. */
  readonly stateFolder: string
}

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

/** A token, and for how long it is good from the moment it came. */
export interface Acquired {
  readonly token: Secret
  /** Milliseconds. */
  readonly lifetime: number
}
