import type {SourceKey} from './brand.js'
import type {OathSecret, Secret} from './secret.js'

/** Authentication Method in MFA Server's own words. */
export const SERVER_MODES = ['voiceCall', 'smsText', 'phoneApp', 'oathToken'] as const
export type ServerMode = (typeof SERVER_MODES)[number]

export type HashFunction = 'hmacsha1' | 'hmacsha256'

/** One wrong value in the input; the user it belongs to is known, the others go on. */
export interface SourceFault {
  /** File name inside the bundle, seed file, or SOAP operation. */
  readonly file: string
  /** 1-based line where the row starts; absent for SOAP answers. */
  readonly line?: number | undefined
  /** Column or element name; absent when the whole row is meant. */
  readonly field?: string | undefined
  readonly message: string
  /** `mode`: R7, the user is not migrated. `row`: the row cannot be trusted as a whole, the user is not migrated.
   * `field`: only that value is left out. */
  readonly severity: 'mode' | 'row' | 'field'
}

/** A number as the record has it: nothing trimmed, nothing normalised (P4 does that). */
export interface ServerPhone {
  readonly countryCode?: string | undefined
  readonly number: string
  readonly extension?: string | undefined
}

/** A mobile app registration. */
export interface AppDevice {
  readonly name: string
  readonly token?: Secret | undefined
  readonly oathSecret?: OathSecret | undefined
  readonly appVersion?: string | undefined
  /** ISO 8601 */
  readonly registeredAt?: string | undefined
}

export interface ServerOathToken {
  readonly serialNumber: string
  readonly secret?: OathSecret | undefined
  /** Seconds, as it came; O5 judges it. */
  readonly timeInterval?: number | undefined
  readonly manufacturer?: string | undefined
  readonly model?: string | undefined
  readonly hashFunction?: HashFunction | undefined
  /** Set by the seed-file join when several seed rows claim this serial number with different secrets. */
  readonly seedConflict?: string | undefined
}

/** What matching needs, cheap to read for every user. */
export interface ServerIdentity {
  readonly key: SourceKey
  readonly username: string
  readonly userPrincipalName?: string | undefined
  readonly sid?: string | undefined
}

/** One user of MFA Server, the same from every source. PINs, static tokens and security questions are never here. */
export interface ServerUser extends ServerIdentity {
  readonly firstName?: string | undefined
  readonly lastName?: string | undefined
  readonly emailAddress?: string | undefined
  readonly userGroup?: string | undefined
  readonly phone?: ServerPhone | undefined
  readonly backupPhone?: ServerPhone | undefined
  /** Undefined where the record's Mode is none of the four (R7); a fault says what stood there. */
  readonly mode?: ServerMode | undefined
  readonly pinMode?: string | undefined
  readonly smsDirection?: string | undefined
  readonly smsMode?: string | undefined
  readonly phoneAppMode?: string | undefined
  /** Languages of calls, texts, app and tokens, each once; nothing is migrated of them. */
  readonly languages?: readonly string[] | undefined
  readonly enabled: boolean
  /** ISO 8601 */
  readonly lastModified?: string | undefined
  /** The server's order. */
  readonly devices: readonly AppDevice[]
  readonly oathTokens: readonly ServerOathToken[]
  readonly faults: readonly SourceFault[]
}
