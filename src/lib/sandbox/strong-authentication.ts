import {countFacts, factOf, factsOf} from './facts.js'
import {tokensOf} from './resources/hardware-tokens.js'
import {NO_PREFERENCES, ONLY} from './resources/method-changes.js'
import type {Preferred, StoredPreferences} from './resources/method-changes.js'
import type {StoredMethods} from './resources/method-kinds.js'
import type {Store} from './store.js'

/** One user's methods as the directory keeps them, by the names that the audit log gives its properties. */
export interface StrongAuthentication {
  readonly properties: Readonly<Record<string, unknown>>
  /** What has entries of its own. */
  readonly devices: Readonly<Record<string, unknown>>
  /** What changes without a property that is named: SMS sign-in, system-preferred MFA. */
  readonly silent: string
  /** How many Temporary Access Passes there are. */
  readonly passes: number
}

const CODE: Readonly<Record<Preferred, number>> = {
  voiceMobile: 0,
  voiceOffice: 2,
  voiceAlternateMobile: 3,
  sms: 5,
  push: 6,
  oath: 7,
}
const PHONE_CODES = {mobile: [0, 5], office: [2], alternateMobile: [3]} as const
const STATES: Readonly<Record<string, number>> = {enabled: 1, enforced: 2}

/** As it stands now. */
export function strongAuthentication(store: Store, owner: number): StrongAuthentication {
  const phones = factsOf<StoredMethods['phone']>(store, owner, 'phone').map(({body}) => body)
  const apps = factsOf<StoredMethods['microsoftAuthenticator']>(store, owner, 'microsoftAuthenticator')
  const software = factsOf<object>(store, owner, 'softwareOath')
  const tokens = tokensOf(store, owner)
  const preferences = factOf<StoredPreferences>(store, owner, 'preferences', ONLY) ?? NO_PREFERENCES
  const codes = new Set([
    ...phones.flatMap(({phoneType}) => PHONE_CODES[phoneType as keyof typeof PHONE_CODES]),
    ...(apps.length > 0 ? [6] : []),
    ...(apps.length + software.length > 0 || tokens.some(({status}) => status === 'activated') ? [7] : []),
  ])
  const preferred = preferences.userPreferredMethodForSecondaryAuthentication
  const standard = preferred === null ? undefined : CODE[preferred]
  const number = (type: keyof typeof PHONE_CODES) =>
    phones.find(({phoneType}) => phoneType === type)?.phoneNumber ?? null
  const state = factOf<{perUserMfaState?: string}>(store, owner, 'requirements', ONLY)?.perUserMfaState
  return {
    properties: {
      StrongAuthenticationMethod: [...codes]
        .toSorted((one, other) => one - other)
        .map((MethodType) => ({MethodType, Default: MethodType === standard})),
      StrongAuthenticationUserDetails: [
        {
          PhoneNumber: number('mobile'),
          AlternativePhoneNumber: number('alternateMobile'),
          Email: null,
          VoiceOnlyPhoneNumber: number('office'),
        },
      ],
      StrongAuthenticationRequirement: requirementOf(state),
    },
    devices: {
      StrongAuthenticationPhoneAppDetail: [
        ...apps.map(({id, body}) => ({
          DeviceName: body.displayName ?? null,
          DeviceTag: body.deviceTag ?? null,
          // Made up: a real entry holds the address that pushes are sent to.
          DeviceToken: `sandbox-push-token-${id}`,
          PhoneAppVersion: body.phoneAppVersion ?? null,
        })),
        ...software.map(() => ({DeviceName: 'Software OATH token', DeviceToken: 'NO_DEVICE_TOKEN'})),
        ...tokens.map(({status, body}) => ({
          DeviceName: body.serialNumber,
          DeviceTag: status,
          DeviceToken: 'NO_DEVICE_TOKEN',
        })),
      ],
    },
    silent: JSON.stringify([
      phones.map(({phoneType, smsSignInState}) => [phoneType, smsSignInState]),
      preferences.isSystemPreferredAuthenticationMethodEnabled,
    ]),
    passes: countFacts(store, owner, 'temporaryAccessPass'),
  }
}

function requirementOf(perUserMfaState: string | undefined): readonly object[] {
  const State = STATES[perUserMfaState ?? '']
  return State === undefined ? [] : [{RelyingParty: '*', State}]
}
