import type {PhoneAuthenticationMethod} from '@microsoft/microsoft-graph-types'
import type {SignInPreferences} from '@microsoft/microsoft-graph-types-beta'
import type {ObjectId} from '../model/brand.js'
import type {EntraPhone} from '../model/entra-user.js'
import type {Outcome} from '../model/outcome.js'
import {sameNumber} from '../model/same-number.js'
import type {Clock} from '../ports/clock.js'
import type {MethodWriter} from '../ports/method-writer.js'
import {PHONE_IDS, phoneOf} from './methods.js'
import {alreadyDone, attempt, isConflict, readBack} from './outcomes.js'
import {createTokenWriter, remove} from './token-writer.js'
import {path} from './transport/graph-request.js'
import type {Graph} from './transport/graph.js'

/** Changes users' methods through Graph. See the port for what it promises. */
export function createMethodWriter(graph: Graph, clock: Clock): MethodWriter {
  return {
    ...createTokenWriter(graph, clock),
    setPhone: (user, phone, signal) => setPhone(graph, user, phone, signal),
    removePhone: (user, slot, signal) =>
      remove(graph, `${phonesPath(user)}${path`/${PHONE_IDS[slot]}`}`, signal, 'v1.0'),
    async setDefault(user, method, signal) {
      const body = (): SignInPreferences => ({userPreferredMethodForSecondaryAuthentication: method})
      const to = path`/users/${user}/authentication/signInPreferences`
      return (await attempt(graph, {method: 'PATCH', version: 'beta', path: to, body}, signal)).outcome
    },
    disableSmsSignIn: (user, phoneMethodId, signal) => disableSmsSignIn(graph, user, phoneMethodId, signal),
  }
}

async function setPhone(
  graph: Graph,
  user: ObjectId,
  phone: Parameters<MethodWriter['setPhone']>[1],
  signal: AbortSignal,
): Promise<Outcome> {
  const {slot, number} = phone
  const body = (): PhoneAuthenticationMethod => ({phoneNumber: number, phoneType: slot})
  if (phone.change === 'replace') {
    const to = path`/users/${user}/authentication/phoneMethods/${PHONE_IDS[slot]}`
    return (await attempt(graph, {method: 'PATCH', version: 'v1.0', path: to, body}, signal)).outcome
  }
  const sent = await attempt(graph, {method: 'POST', version: 'v1.0', path: phonesPath(user), body}, signal)
  if (sent.error === undefined || !isConflict(sent.error)) return sent.outcome
  // Which code an occupied slot gives is not documented: read back and compare.
  const there = (await readBack(() => phonesOf(graph, user, signal)))?.find((held) => held.slot === slot)
  if (there === undefined) return sent.outcome
  if (sameNumber(there.number, number)) return alreadyDone(sent.error)
  return {
    status: 'failed',
    code: 'slot-taken',
    message: `the user already has another number as ${slot}; it was left as it is`,
    requestId: sent.error.requestId,
  }
}

async function disableSmsSignIn(
  graph: Graph,
  user: ObjectId,
  id: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const to = `${phonesPath(user)}${path`/${id}/disableSmsSignIn`}`
  const sent = await attempt(graph, {method: 'POST', version: 'v1.0', path: to}, signal)
  if (sent.error === undefined || !isConflict(sent.error)) return sent.outcome
  const held = await readBack(() => phonesOf(graph, user, signal))
  const there = held?.find((phone) => phone.id === id)
  const off = held !== undefined && there?.smsSignInState !== 'ready'
  return off ? alreadyDone(sent.error) : sent.outcome
}

async function phonesOf(graph: Graph, user: ObjectId, signal: AbortSignal): Promise<readonly EntraPhone[]> {
  const found: EntraPhone[] = []
  for await (const page of graph.pages({method: 'GET', version: 'v1.0', path: phonesPath(user)}, signal)) {
    for (const value of page) {
      const phone = phoneOf(value as PhoneAuthenticationMethod)
      if (phone !== undefined) found.push(phone)
    }
  }
  return found
}

function phonesPath(user: ObjectId): string {
  return path`/users/${user}/authentication/phoneMethods`
}
