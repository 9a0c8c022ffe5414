import type {Call} from '../call.js'
import {countFacts, endFact, factOf, putFact} from '../facts.js'
import {phoneKey} from '../phone-rules.js'
import {countTokensOf, hasActivatedToken} from './hardware-tokens.js'
import type {MethodKind, StoredMethods} from './method-kinds.js'
import {PHONE_ID} from '../phone-rules.js'

/** Authenticator apps, software and hardware OATH tokens together. */
export const MAX_DEVICES = 5

export type Preferred = 'push' | 'oath' | 'voiceMobile' | 'voiceAlternateMobile' | 'voiceOffice' | 'sms'

export interface StoredPreferences {
  readonly isSystemPreferredAuthenticationMethodEnabled: boolean
  readonly userPreferredMethodForSecondaryAuthentication: Preferred | null
}

export const NO_PREFERENCES: StoredPreferences = {
  isSystemPreferredAuthenticationMethodEnabled: false,
  userPreferredMethodForSecondaryAuthentication: null,
}

/** Preferences and requirements are one fact a user; they need an id like the others. */
export const ONLY = 'only'

export function putMethod<Kind extends MethodKind>(
  call: Call,
  owner: number,
  kind: Kind,
  id: string,
  body: StoredMethods[Kind],
): void {
  const number = 'phoneNumber' in body && typeof body.phoneNumber === 'string' ? body.phoneNumber : undefined
  putFact(
    call.store,
    owner,
    {kind, id, body, ...(number === undefined ? {} : {key: phoneKey(number)})},
    call.moment,
  )
}

export function removeMethod(call: Call, owner: number, kind: MethodKind, id: string): boolean {
  return endFact(call.store, owner, kind, id, call.moment)
}

export function preferencesOf(call: Call, owner: number): StoredPreferences {
  return factOf<StoredPreferences>(call.store, owner, 'preferences', ONLY) ?? NO_PREFERENCES
}

export function putPreferences(call: Call, owner: number, body: StoredPreferences): void {
  putFact(call.store, owner, {kind: 'preferences', id: ONLY, body}, call.moment)
}

/** True if the user has a method that can serve as this default now. */
export function canServe(call: Call, owner: number, preferred: Preferred): boolean {
  const has = (kind: MethodKind): boolean => countFacts(call.store, owner, kind) > 0
  const hasPhone = (id: string): boolean => factOf(call.store, owner, 'phone', id) !== undefined
  switch (preferred) {
    case 'push':
      return has('microsoftAuthenticator')
    case 'oath':
      // The authenticator app shows codes too.
      return has('softwareOath') || has('microsoftAuthenticator') || hasActivatedToken(call.store, owner)
    case 'sms':
    case 'voiceMobile':
      return hasPhone(PHONE_ID.mobile)
    case 'voiceAlternateMobile':
      return hasPhone(PHONE_ID.alternateMobile)
    case 'voiceOffice':
      return hasPhone(PHONE_ID.office)
    default:
      return preferred satisfies never
  }
}

/** After a method has gone: a default that nothing can serve any more is gone too. */
export function changed(call: Call, owner: number): void {
  const preferences = preferencesOf(call, owner)
  const preferred = preferences.userPreferredMethodForSecondaryAuthentication
  if (preferred === null || canServe(call, owner, preferred)) return
  putPreferences(call, owner, {...preferences, userPreferredMethodForSecondaryAuthentication: null})
}

export function countDevices(call: Call, owner: number): number {
  return (
    countFacts(call.store, owner, 'microsoftAuthenticator') +
    countFacts(call.store, owner, 'softwareOath') +
    countTokensOf(call.store, owner)
  )
}
