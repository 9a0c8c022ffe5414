import type {
  HardwareOathAuthenticationMethod,
  HardwareOathTokenAuthenticationMethodDevice as Device,
} from '@microsoft/microsoft-graph-types-beta'
import type {ObjectId} from '../model/brand.js'
import type {EntraHardwareToken, InventoryToken} from '../model/entra-user.js'
import type {Outcome} from '../model/outcome.js'
import type {Clock} from '../ports/clock.js'
import type {Made, MethodWriter, NewToken} from '../ports/method-writer.js'
import {INVENTORY_PATH, tokensBySerial} from './inventory.js'
import {hardwareToken} from './methods.js'
import {alreadyDone, attempt, attemptOnNew, isConflict, readBack} from './outcomes.js'
import {loadTotp, type TotpParameters} from './totp.js'
import {type GraphVersion, path} from './transport/graph-request.js'
import type {Graph} from './transport/graph.js'

type TokenVerbs = Pick<
  MethodWriter,
  | 'createToken'
  | 'updateToken'
  | 'assignToken'
  | 'activateToken'
  | 'deactivateToken'
  | 'unassignToken'
  | 'deleteToken'
>

/** O2: the step of now, then the one before, then the one after. */
const STEPS = [0, -1, 1] as const

/** Hardware OATH tokens: inventory and users. All beta. */
export function createTokenWriter(graph: Graph, clock: Clock): TokenVerbs {
  return {
    createToken: (token, signal) => createToken(graph, token, signal),
    assignToken: (user, deviceId, signal) => assignToken(graph, clock, user, deviceId, signal),
    activateToken: (user, methodId, token, signal) =>
      activateToken(graph, clock, user, methodId, token, signal),
    async updateToken(deviceId, token, signal) {
      const {manufacturer, model, timeIntervalInSeconds, hashFunction} = token
      const body = (): Device => ({manufacturer, model, timeIntervalInSeconds, hashFunction})
      const request = {method: 'PATCH', version: 'beta', path: devicePath(deviceId), body} as const
      return (await attempt(graph, request, signal)).outcome
    },
    async deactivateToken(user, methodId, signal) {
      const to = `${methodPath(user, methodId)}/deactivate`
      return (await attempt(graph, {method: 'POST', version: 'beta', path: to}, signal)).outcome
    },
    unassignToken: (user, methodId, signal) => remove(graph, methodPath(user, methodId), signal),
    deleteToken: (deviceId, signal) => remove(graph, devicePath(deviceId), signal),
  }
}

async function createToken(graph: Graph, token: NewToken, signal: AbortSignal): Promise<Made<'deviceId'>> {
  const {serialNumber, manufacturer, model, timeIntervalInSeconds, hashFunction, secret} = token
  const body = (): Device => ({
    serialNumber,
    manufacturer,
    model,
    secretKey: secret.reveal().toUpperCase(),
    timeIntervalInSeconds,
    hashFunction,
  })
  const sent = await attempt(graph, {method: 'POST', version: 'beta', path: INVENTORY_PATH, body}, signal)
  if (sent.answer !== undefined) {
    const id = (sent.answer.body as Device | undefined)?.id
    return {...sent.outcome, deviceId: id || (await onlyDevice(graph, serialNumber, signal))}
  }
  if (!isConflict(sent.error)) return sent.outcome
  const there = await devicesOf(graph, serialNumber, signal)
  if (there.length === 0) return sent.outcome
  // Its secret cannot be read: nobody can tell whether it is the token that was meant.
  return {
    status: 'failed',
    code: 'serial-taken',
    message: `the tenant's inventory already has a token with serial number ${serialNumber}; it was left as it is (${sent.error.message})`,
    requestId: sent.error.requestId,
  }
}

async function onlyDevice(graph: Graph, serial: string, signal: AbortSignal): Promise<string | undefined> {
  const there = await devicesOf(graph, serial, signal)
  return there.length === 1 ? there[0]?.id : undefined
}

async function devicesOf(
  graph: Graph,
  serial: string,
  signal: AbortSignal,
): Promise<readonly InventoryToken[]> {
  return (await readBack(() => tokensBySerial(graph, [serial], signal)))?.get(serial) ?? []
}

async function assignToken(
  graph: Graph,
  clock: Clock,
  user: ObjectId,
  deviceId: string,
  signal: AbortSignal,
): Promise<Made<'methodId'>> {
  const body = (): HardwareOathAuthenticationMethod => ({device: {id: deviceId}})
  const request = {method: 'POST', version: 'beta', path: methodsPath(user), body} as const
  const sent = await attemptOnNew(graph, request, clock, signal)
  if (sent.answer !== undefined) {
    const id = (sent.answer.body as HardwareOathAuthenticationMethod | undefined)?.id
    return {...sent.outcome, methodId: id || (await tokenOf(graph, user, deviceId, signal))?.id}
  }
  if (!isConflict(sent.error)) return sent.outcome
  const there = await tokenOf(graph, user, deviceId, signal)
  return there === undefined ? sent.outcome : {...alreadyDone(sent.error), methodId: there.id}
}

/**
 * The step is taken from the service's clock at each sending, so that a code is as fresh as its request. A code near
 * the end of its step is sent all the same: if it comes too late, the next try has the step that then is.
 */
async function activateToken(
  graph: Graph,
  clock: Clock,
  user: ObjectId,
  methodId: string,
  token: TotpParameters,
  signal: AbortSignal,
): Promise<Outcome> {
  const codeOf = await loadTotp()
  const tried = new Set<number>()
  let refusal: Outcome | undefined
  for (const _ of STEPS) {
    let step = 0
    const body = (): {readonly verificationCode: string} => {
      const now = Math.floor(graph.serviceClock.now().getTime() / 1000 / token.timeIntervalInSeconds)
      step =
        STEPS.map((delta) => now + delta).find((candidate) => candidate >= 0 && !tried.has(candidate)) ??
        Math.max(0, now)
      return {verificationCode: codeOf(token, step)}
    }
    const activate = `${methodPath(user, methodId)}/activate`
    const request = {method: 'POST', version: 'beta', path: activate, body, kind: 'activation'} as const
    const sent = await attemptOnNew(graph, request, clock, signal)
    if (sent.error?.status !== 400 || sent.error.kind !== 'refused') return sent.outcome
    refusal = sent.outcome
    tried.add(step)
  }
  if (await isActivated(graph, user, methodId, signal)) return {status: 'already-done'}
  return {
    status: 'failed',
    code: 'activation-refused',
    message:
      'the service refused the codes of this time step and of both neighbours: the token has another secret, or its time step or hash differs',
    requestId: refusal?.status === 'failed' ? refusal.requestId : undefined,
  }
}

async function isActivated(
  graph: Graph,
  user: ObjectId,
  methodId: string,
  signal: AbortSignal,
): Promise<boolean> {
  const tokens = await readBack(() => tokensOf(graph, user, signal))
  return (tokens ?? []).some((token) => token.id === methodId && token.status === 'activated')
}

async function tokenOf(
  graph: Graph,
  user: ObjectId,
  deviceId: string,
  signal: AbortSignal,
): Promise<EntraHardwareToken | undefined> {
  return (await readBack(() => tokensOf(graph, user, signal)))?.find((token) => token.deviceId === deviceId)
}

async function tokensOf(
  graph: Graph,
  user: ObjectId,
  signal: AbortSignal,
): Promise<readonly EntraHardwareToken[]> {
  const found: EntraHardwareToken[] = []
  for await (const page of graph.pages({method: 'GET', version: 'beta', path: methodsPath(user)}, signal)) {
    for (const value of page) {
      const token = hardwareToken(value)
      if (token !== undefined) found.push(token)
    }
  }
  return found
}

/** What is gone already is done. */
/** Gone already is as good. */
export async function remove(
  graph: Graph,
  from: string,
  signal: AbortSignal,
  version: GraphVersion = 'beta',
): Promise<Outcome> {
  const sent = await attempt(graph, {method: 'DELETE', version, path: from}, signal)
  return sent.error?.status === 404 ? alreadyDone(sent.error) : sent.outcome
}

function devicePath(deviceId: string): string {
  return `${INVENTORY_PATH}${path`/${deviceId}`}`
}

function methodsPath(user: ObjectId): string {
  return path`/users/${user}/authentication/hardwareOathMethods`
}

function methodPath(user: ObjectId, methodId: string): string {
  return `${methodsPath(user)}${path`/${methodId}`}`
}
