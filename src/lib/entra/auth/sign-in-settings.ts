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
  /** R8: takes every right to a file or folder from others. Absent: by the mode alone. */
  readonly restrict?: ((path: string) => Promise<void>) | undefined
}

/** A token, and for how long it is good from the moment it came. */
export interface Acquired {
  readonly token: Secret
  /** Milliseconds. */
  readonly lifetime: number
}
