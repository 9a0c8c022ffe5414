import type {ObjectId} from './brand.js'
import type {HashFunction} from './server-user.js'

export const PHONE_SLOTS = ['mobile', 'alternateMobile', 'office'] as const
export type PhoneSlot = (typeof PHONE_SLOTS)[number]

/** userPreferredMethodForSecondaryAuthentication, most secure first (M4). */
export const DEFAULT_METHODS = [
  'push',
  'oath',
  'sms',
  'voiceMobile',
  'voiceAlternateMobile',
  'voiceOffice',
] as const
export type DefaultMethod = (typeof DEFAULT_METHODS)[number]

export interface EntraIdentity {
  readonly id: ObjectId
  readonly userPrincipalName: string
  readonly displayName?: string | undefined
  readonly accountEnabled: boolean
  readonly isGuest: boolean
  readonly onPremisesSecurityIdentifier?: string | undefined
  readonly onPremisesSamAccountName?: string | undefined
  readonly onPremisesDomainName?: string | undefined
}

export interface EntraPhone {
  readonly id: string
  readonly slot: PhoneSlot
  /** As Graph gave it, for example `+1 4255550100x22`. */
  readonly number: string
  /** ISO 8601 */
  readonly createdDateTime?: string | undefined
  /** `ready` means that the number is a first factor (P9). */
  readonly smsSignInState?: string | undefined
}

export interface EntraAuthenticator {
  readonly id: string
  readonly displayName?: string | undefined
  readonly phoneAppVersion?: string | undefined
  readonly createdDateTime?: string | undefined
}

export type TokenStatus = 'available' | 'assigned' | 'activated' | 'failedActivation' | 'unknown'

/** A hardware OATH token in the tenant's inventory. Graph never returns its secret. */
export interface InventoryToken {
  readonly id: string
  readonly serialNumber: string
  readonly manufacturer: string
  readonly model: string
  readonly timeIntervalInSeconds: number
  readonly hashFunction: HashFunction
  readonly status: TokenStatus
  readonly assignedTo?: ObjectId | undefined
}

/** A hardware OATH token as a method of one user. */
export interface EntraHardwareToken {
  /** Id of the method, used to activate and to unassign. */
  readonly id: string
  readonly deviceId?: string | undefined
  readonly serialNumber?: string | undefined
  readonly status: TokenStatus
}

export interface OtherMethod {
  readonly id: string
  /** Graph's type without `#microsoft.graph.` and `AuthenticationMethod`: fido2, windowsHelloForBusiness, email, password, … */
  readonly type: string
}

/** Everything that Graph shows of one user's methods; also the before-image (R3). */
export interface EntraMethods {
  readonly phones: readonly EntraPhone[]
  readonly authenticators: readonly EntraAuthenticator[]
  readonly softwareOath: readonly {readonly id: string}[]
  readonly hardwareOath: readonly EntraHardwareToken[]
  readonly others: readonly OtherMethod[]
  readonly systemPreferred: boolean
  readonly preferred?: DefaultMethod | undefined
}
