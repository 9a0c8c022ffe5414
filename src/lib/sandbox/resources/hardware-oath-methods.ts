import {randomUUID} from 'node:crypto'

import {z} from 'zod'

import {readBody} from '../body.js'
import type {Answer, Call} from '../call.js'
import {entity, NO_CONTENT, param} from '../call.js'
import {methodNotFound, methodRefused} from '../graph-fault.js'
import {readNothing, readOptions, readSelect} from '../query/options.js'
import {pageOf, project} from '../query/page.js'
import {matchingStep} from '../totp.js'
import {
  findTokens,
  HARDWARE_METHOD_TYPE,
  hardwareMethodsOf,
  putToken,
  toHardwareMethod,
  tokensOf,
} from './hardware-tokens.js'
import type {Token} from './hardware-tokens.js'
import {changed, countDevices, MAX_DEVICES} from './method-changes.js'
import {userOf} from './users.js'
import type {StoredUser} from './users.js'

const verificationCode = z.string().regex(/^[0-9]{6}$/, 'must be six digits')
const displayName = z.string().nullable().optional()
const device = z.strictObject({id: z.string(), '@odata.type': z.string().optional()})
const assignBody = z.strictObject({device, '@odata.type': z.string().optional()})
const activateBody = z.strictObject({verificationCode, displayName})
const assignAndActivateBody = z.strictObject({device, verificationCode, displayName})
const bySerialBody = z.strictObject({serialNumber: z.string().min(1), verificationCode, displayName})

export function listHardwareMethods(call: Call): Answer {
  const {seq} = userOf(call)
  const options = readOptions(call, HARDWARE_METHOD_TYPE, {directory: false})
  return pageOf(call, options, contextOf(call), hardwareMethodsOf(call, seq))
}

export function getHardwareMethod(call: Call): Answer {
  const {seq} = userOf(call)
  const select = readSelect(call, HARDWARE_METHOD_TYPE)
  const found = hardwareMethodsOf(call, seq).find((method) => method.id === param(call, 'method'))
  if (found === undefined) throw methodNotFound(param(call, 'method'))
  return entity(call, contextOf(call), project(found, select))
}

/** POST: gives the user a token from the inventory, not yet activated. */
export function assignMethod(call: Call): Answer {
  readNothing(call)
  const {seq, stored} = userOf(call)
  const body = readBody(call, assignBody, methodRefused)
  const token = assign(call, inventoryToken(call, body.device.id), seq, stored)
  return entity(call, contextOf(call), toHardwareMethod(call, token), 201)
}

/** POST activate: a wrong code is remembered as failedActivation; a right one later puts that right. */
export function activateMethod(call: Call): Answer {
  readNothing(call)
  const {seq} = userOf(call)
  const body = readBody(call, activateBody, methodRefused)
  const token = methodToken(call, seq)
  if (token.status === 'activated') throw methodRefused('The token is already activated.')
  const active = withCode(call, token, body)
  if (active === undefined) {
    putToken(call.store, {...token, status: 'failedActivation'}, call.moment)
    // An answer, not a throw: the new status has to stay.
    const fault = refusedCode()
    return {status: fault.status, fault}
  }
  putToken(call.store, active, call.moment)
  return NO_CONTENT
}

export function deactivateMethod(call: Call): Answer {
  readNothing(call)
  const {seq} = userOf(call)
  const token = methodToken(call, seq)
  putToken(call.store, {...token, status: 'assigned'}, call.moment)
  changed(call, seq)
  return NO_CONTENT
}

/** POST assignAndActivate: both or nothing. */
export function assignAndActivate(call: Call): Answer {
  readNothing(call)
  const {seq, stored} = userOf(call)
  const body = readBody(call, assignAndActivateBody, methodRefused)
  return both(call, inventoryToken(call, body.device.id), seq, stored, body)
}

/** POST assignAndActivateBySerialNumber: both or nothing; the serial number must be one token's. */
export function assignAndActivateBySerial(call: Call): Answer {
  readNothing(call)
  const {seq, stored} = userOf(call)
  const body = readBody(call, bySerialBody, methodRefused)
  const tokens = findTokens(call.store, 'serial', body.serialNumber)
  const [token] = tokens
  if (token === undefined) throw methodNotFound(body.serialNumber)
  if (tokens.length > 1) throw methodRefused('Several tokens have this serial number.')
  return both(call, token, seq, stored, body)
}

/** DELETE: the token goes back to the inventory. */
export function unassignMethod(call: Call): Answer {
  readNothing(call)
  const {seq} = userOf(call)
  const token = methodToken(call, seq)
  putToken(
    call.store,
    {
      ...token,
      owner: null,
      method: null,
      status: 'available',
      step: 0,
      body: {...token.body, assignedAt: null},
    },
    call.moment,
  )
  changed(call, seq)
  return NO_CONTENT
}

/** Assigns and stores. Throws GraphFault 400: a guest, a token that somebody has, more than five devices. */
export function assign(call: Call, token: Token, owner: number, user: StoredUser): Token {
  if (user.userType === 'Guest') throw methodRefused('A token cannot be assigned to a guest.')
  if (token.owner !== null) throw methodRefused('The token is already assigned to a user.')
  if (countDevices(call, owner) >= MAX_DEVICES) {
    throw methodRefused(`A user can have ${MAX_DEVICES} authenticator apps and OATH tokens in all.`)
  }
  const assigned: Token = {
    ...token,
    owner,
    // Not the id of the device: nobody should take one for the other.
    method: randomUUID(),
    status: 'assigned',
    body: {...token.body, assignedAt: call.now.toISOString()},
  }
  putToken(call.store, assigned, call.moment)
  return assigned
}

interface Activation {
  readonly verificationCode: string
  readonly displayName?: string | null | undefined
}

function both(call: Call, token: Token, owner: number, user: StoredUser, body: Activation): Answer {
  const active = withCode(call, assign(call, token, owner, user), body)
  if (active === undefined) throw refusedCode()
  putToken(call.store, active, call.moment)
  return NO_CONTENT
}

function withCode(call: Call, token: Token, body: Activation): Token | undefined {
  const {timeIntervalInSeconds: interval, hashFunction: hash} = token.body
  const step = matchingStep(
    {secret: token.secret, interval, hash},
    body.verificationCode,
    call.now,
    token.step,
  )
  if (step === undefined) return undefined
  const named = body.displayName === undefined ? token.body : {...token.body, displayName: body.displayName}
  return {...token, status: 'activated', step, body: named}
}

function refusedCode() {
  return methodRefused('The verification code is not correct.')
}

function inventoryToken(call: Call, id: string): Token {
  const [token] = findTokens(call.store, 'id', id)
  if (token === undefined) throw methodNotFound(id)
  return token
}

function methodToken(call: Call, owner: number): Token {
  const id = param(call, 'method')
  const token = tokensOf(call.store, owner).find((each) => each.method === id)
  if (token === undefined) throw methodNotFound(id)
  return token
}

function contextOf(call: Call): string {
  return `users('${call.params['user'] ?? ''}')/authentication/hardwareOathMethods`
}
