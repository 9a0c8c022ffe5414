import {z} from 'zod'

import type {PhoneSlot} from '../../model/entra-user.js'
import {PHONE_SLOTS} from '../../model/entra-user.js'
import {readBody} from '../body.js'
import type {Answer, Call} from '../call.js'
import {entity, NO_CONTENT, param} from '../call.js'
import {factOf} from '../facts.js'
import {methodNotFound, methodRefused} from '../graph-fault.js'
import {PHONE_ID, PHONE_NUMBER} from '../phone-rules.js'
import {readNothing} from '../query/options.js'
import {preferencesOf, putMethod, removeMethod} from './method-changes.js'
import type {Preferred} from './method-changes.js'
import {toMethod} from './method-kinds.js'
import type {StoredMethods} from './method-kinds.js'
import {smsSignInState} from './sms-sign-in.js'
import {userOf} from './users.js'

type StoredPhone = StoredMethods['phone']

const number = z
  .string()
  .max(64)
  .regex(PHONE_NUMBER, 'must have the form +{country code} {number}x{extension}')
const phoneType = z.enum(PHONE_SLOTS)
const odataType = z.literal('#microsoft.graph.phoneAuthenticationMethod').optional()
const createBody = z.strictObject({phoneNumber: number, phoneType, '@odata.type': odataType})
const updateBody = z
  .strictObject({phoneNumber: number.optional(), phoneType: phoneType.optional(), '@odata.type': odataType})
  .refine((body) => Object.keys(body).length > 0, 'nothing to update')

/** The defaults that need the phone of a type. */
const SERVES: Readonly<Record<PhoneSlot, readonly Preferred[]>> = {
  mobile: ['sms', 'voiceMobile'],
  alternateMobile: ['voiceAlternateMobile'],
  office: ['voiceOffice'],
}

/** POST: one number a type; alternateMobile only next to a mobile. */
export function createPhone(call: Call): Answer {
  readNothing(call)
  const {seq} = userOf(call)
  const body = readBody(call, createBody, methodRefused)
  const id = PHONE_ID[body.phoneType]
  if (current(call, seq, id) !== undefined) {
    throw methodRefused(
      `The user already has a phone of type ${body.phoneType}. Use PATCH to change its number.`,
    )
  }
  if (body.phoneType === 'alternateMobile' && current(call, seq, PHONE_ID.mobile) === undefined) {
    throw methodRefused('A mobile phone must be registered before an alternateMobile phone.')
  }
  const phone: StoredPhone = {
    createdDateTime: call.now.toISOString(),
    phoneNumber: body.phoneNumber,
    phoneType: body.phoneType,
    smsSignInState: smsSignInState(call, seq, body.phoneType, body.phoneNumber),
  }
  putMethod(call, seq, 'phone', id, phone)
  const context = `users('${call.params['user'] ?? ''}')/authentication/phoneMethods`
  return entity(call, context, toMethod('phone', id, phone, call.version), 201)
}

/** PATCH: another number. The type cannot be changed. 204. */
export function updatePhone(call: Call): Answer {
  readNothing(call)
  const {seq} = userOf(call)
  const {id, slot} = slotOf(call)
  const body = readBody(call, updateBody, methodRefused)
  const phone = current(call, seq, id)
  if (phone === undefined) throw methodNotFound(id)
  if (body.phoneType !== undefined && body.phoneType !== slot) {
    throw methodRefused('The type of a phone cannot be changed.')
  }
  if (body.phoneNumber !== undefined && body.phoneNumber !== phone.phoneNumber) {
    putMethod(call, seq, 'phone', id, {
      ...phone,
      phoneNumber: body.phoneNumber,
      smsSignInState: smsSignInState(call, seq, slot, body.phoneNumber),
    })
  }
  return NO_CONTENT
}

/** DELETE: not the mobile while there is an alternateMobile, not the number that is the default. */
export function deletePhone(call: Call): Answer {
  readNothing(call)
  const {seq} = userOf(call)
  const {id, slot} = slotOf(call)
  if (current(call, seq, id) === undefined) throw methodNotFound(id)
  if (slot === 'mobile' && current(call, seq, PHONE_ID.alternateMobile) !== undefined) {
    throw methodRefused('The mobile phone cannot be deleted while there is an alternateMobile phone.')
  }
  const preferred = preferencesOf(call, seq).userPreferredMethodForSecondaryAuthentication
  if (preferred !== null && SERVES[slot].includes(preferred)) {
    throw methodRefused('The default method of the user cannot be deleted. Change the default first.')
  }
  removeMethod(call, seq, 'phone', id)
  return NO_CONTENT
}

/** POST enableSmsSignIn: mobile only, where the policy allows it and nobody else has the number. */
export function enableSmsSignIn(call: Call): Answer {
  readNothing(call)
  const {seq} = userOf(call)
  const {id, slot} = slotOf(call)
  const phone = current(call, seq, id)
  if (phone === undefined) throw methodNotFound(id)
  const state = smsSignInState(call, seq, slot, phone.phoneNumber ?? '')
  if (state !== 'ready') throw methodRefused(`SMS sign-in cannot be enabled for this phone: ${state}.`)
  if (phone.smsSignInState !== 'ready') putMethod(call, seq, 'phone', id, {...phone, smsSignInState: 'ready'})
  return NO_CONTENT
}

export function disableSmsSignIn(call: Call): Answer {
  readNothing(call)
  const {seq} = userOf(call)
  const {id, slot} = slotOf(call)
  const phone = current(call, seq, id)
  if (phone === undefined) throw methodNotFound(id)
  if (slot !== 'mobile') throw methodRefused('SMS sign-in is only there for phones of type mobile.')
  if (phone.smsSignInState === 'ready') {
    putMethod(call, seq, 'phone', id, {...phone, smsSignInState: 'notEnabled'})
  }
  return NO_CONTENT
}

function current(call: Call, owner: number, id: string): StoredPhone | undefined {
  return factOf<StoredPhone>(call.store, owner, 'phone', id)
}

function slotOf(call: Call): {id: string; slot: PhoneSlot} {
  const id = param(call, 'method').toLowerCase()
  const slot = PHONE_SLOTS.find((each) => PHONE_ID[each] === id)
  if (slot === undefined) throw methodNotFound(id)
  return {id, slot}
}
