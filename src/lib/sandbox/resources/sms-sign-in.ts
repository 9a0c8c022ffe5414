import type {AuthenticationMethodSignInState} from '@microsoft/microsoft-graph-types'

import type {PhoneSlot} from '../../model/entra-user.js'
import type {Call} from '../call.js'
import {phoneKey, PHONE_ID} from '../phone-rules.js'
import {FOREVER} from '../store.js'
import {isMember} from './members.js'
import {readConfiguration} from './policy-store.js'

/** What registering this number makes of SMS sign-in; `ready` where the tenant allows it and the number is unique. */
export function smsSignInState(
  call: Call,
  owner: number,
  slot: PhoneSlot,
  number: string,
): AuthenticationMethodSignInState {
  if (slot !== 'mobile') return 'notSupported'
  if (!allowed(call, owner)) return 'notAllowedByPolicy'
  const taken = call.store.get<{found: number}>(
    'SELECT 1 AS found FROM facts WHERE key = ? AND id = ? AND owner <> ? AND until = ?',
    phoneKey(number),
    PHONE_ID.mobile,
    owner,
    FOREVER,
  )
  return taken === undefined ? 'ready' : 'phoneNumberNotUnique'
}

function allowed(call: Call, owner: number): boolean {
  const sms = readConfiguration(call.store, 'sms')
  if (sms?.state !== 'enabled') return false
  const reaches = (id: string): boolean => id === 'all_users' || isMember(call.store, owner, id)
  const included = (sms.includeTargets ?? []).some(
    (target) => target['isUsableForSignIn'] === true && reaches(target.id),
  )
  return included && !(sms.excludeTargets ?? []).some((target) => reaches(target.id))
}
