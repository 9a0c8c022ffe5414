import {MfaError} from '../errors/mfa-error.js'
import type {ObjectId} from '../model/brand.js'
import type {EntraMethods} from '../model/entra-user.js'
import type {Outcome} from '../model/outcome.js'
import type {OathSecret} from '../model/secret.js'
import type {Clock} from '../ports/clock.js'
import type {Directory} from '../ports/directory.js'
import type {Made, MethodWriter} from '../ports/method-writer.js'
import type {Shown} from './in-place.js'
import type {Action, ItemRef} from './plan.js'
import {type ReadBack, readBack} from './read-back.js'

/** A write whose answer was lost is sent again at most this often, each time after reading back. */
const RESENDS = 2

/** What became of one action. */
export interface Sent {
  readonly outcome: Outcome
  /** Ids that Graph gave: deviceId, methodId. */
  readonly made?: Readonly<Record<string, string>> | undefined
  /** What concerns every user and ends the run (R2); the outcome is to be put on record first. */
  readonly thrown?: {readonly error: unknown} | undefined
}

interface WhichToken {
  readonly serialNumber: string
  readonly deviceId?: string | undefined
}

export interface Signals {
  /** Aborted: nothing new is sent and nobody waits any longer. */
  readonly start: AbortSignal
  /** Aborted: what is under way is given up too. Later than `start`, so that an answer is not thrown away. */
  readonly send: AbortSignal
  /** Throws when nothing more may be written; asked right before each write. */
  readonly check?: (() => void) | undefined
}

export interface SenderDeps {
  readonly directory: Directory
  readonly writer: MethodWriter
  readonly clock: Clock
}

/** Sends the actions of one user, one after the other, and finds out what became of each (R1). Keeps no record. */
export class ActionSender {
  readonly #user: ObjectId
  readonly #deps: SenderDeps
  readonly #signals: Signals
  readonly #consistencyMs: number
  readonly #secret: (item: ItemRef) => OathSecret
  readonly #deviceIds = new Map<string, string>()
  readonly #methodIds = new Map<string, string>()
  /** By device, since a user may hold several tokens of one serial number. */
  readonly #methodOfDevice = new Map<string, string>()
  /** Tokens made or assigned just now, which readers may not see yet. */
  readonly #done: Action[] = []

  constructor(
    user: ObjectId,
    before: EntraMethods,
    deps: SenderDeps,
    signals: Signals,
    consistencyMs: number,
    secret: (item: ItemRef) => OathSecret,
  ) {
    this.#user = user
    this.#deps = deps
    this.#signals = signals
    this.#consistencyMs = consistencyMs
    this.#secret = secret
    this.#learn({methods: before, inventory: new Map()})
  }

  /**
   * Never throws: what ends the run comes back as `thrown`, beside what is known of this write. `unknown` is read back
   * before anything is sent again, and a refusal after an unknown too: the first sending may have been the reason.
   */
  async send(action: Action): Promise<Sent> {
    let mayHaveLanded = false
    try {
      for (let resends = 0; ; resends++) {
        this.#signals.start.throwIfAborted()
        this.#signals.check?.()
        const write = await this.#prepare(action)
        if (write === undefined) return notThere(action)
        let sent: Sent
        try {
          sent = await write()
        } catch (error) {
          mayHaveLanded ||= !isRefusal(error)
          throw error
        }
        if (succeeded(sent.outcome)) {
          this.#done.push(action)
          // What is there already came from the sending before.
          return mayHaveLanded ? {...sent, outcome: {status: 'done'}} : sent
        }
        mayHaveLanded ||= sent.outcome.status === 'unknown'
        if (!mayHaveLanded) return sent
        const {missing, shown} = await this.readBack([action])
        if (shown !== undefined && missing.length === 0) return this.#landed(action, shown)
        const last = shown === undefined || resends === RESENDS
        if (sent.outcome.status === 'failed' || last) return sent
      }
    } catch (error) {
      return {outcome: outcomeOf(error, mayHaveLanded), thrown: {error}}
    }
  }

  readBack(actions: readonly Action[]): Promise<ReadBack> {
    return readBack(this.#user, actions, this.#deps, this.#consistencyMs, this.#signals.start)
  }

  /** The user's own id of a token, if it was seen or given. */
  methodIdOf({serialNumber, deviceId}: WhichToken): string | undefined {
    const exact = deviceId === undefined ? undefined : this.#methodOfDevice.get(deviceId)
    return exact ?? this.#methodIds.get(serialNumber)
  }

  #landed(action: Action, shown: Shown): Sent {
    this.#learn(shown)
    this.#done.push(action)
    const outcome = {status: 'done'} as const
    const id =
      action.kind === 'create-token'
        ? {deviceId: this.#deviceIds.get(action.serialNumber)}
        : action.kind === 'assign-token'
          ? {methodId: this.#methodIds.get(action.serialNumber)}
          : {}
    return {outcome, made: given(id)}
  }

  /** What sends the action; undefined if the token that it is about is not there. Changes nothing itself. */
  async #prepare(action: Action): Promise<(() => Promise<Sent>) | undefined> {
    const {writer} = this.#deps
    const {send} = this.#signals
    const user = this.#user
    switch (action.kind) {
      case 'set-phone':
        return async () => ({outcome: await writer.setPhone(user, action, send)})
      case 'create-token': {
        const secret = this.#secret(action.item)
        return async () => this.#made(action, await writer.createToken({...action, secret}, send))
      }
      case 'update-token':
        return async () => ({outcome: await writer.updateToken(action.deviceId, action, send)})
      case 'assign-token': {
        const deviceId = action.deviceId ?? (await this.#deviceId(action.serialNumber))
        if (deviceId === undefined) return undefined
        return async () => this.#made(action, await writer.assignToken(user, deviceId, send))
      }
      case 'activate-token': {
        const methodId = await this.#methodId(action)
        if (methodId === undefined) return undefined
        const token = {...action, secret: this.#secret(action.item)}
        return async () => ({outcome: await writer.activateToken(user, methodId, token, send)})
      }
      case 'set-default':
        return async () => ({outcome: await writer.setDefault(user, action.method, send)})
      case 'disable-sms-sign-in':
        return async () => ({outcome: await writer.disableSmsSignIn(user, action.methodId, send)})
      case 'unassign-token':
        return async () => ({outcome: await writer.unassignToken(user, action.methodId, send)})
      case 'deactivate-token':
        return async () => ({outcome: await writer.deactivateToken(user, action.methodId, send)})
      case 'remove-phone':
        return async () => ({outcome: await writer.removePhone(user, action.slot, send)})
      case 'clear-default':
        return async () => ({outcome: await writer.setDefault(user, null, send)})
      case 'delete-token':
        return async () => ({outcome: await writer.deleteToken(action.deviceId, send)})
      default:
        return action satisfies never
    }
  }

  #made({serialNumber, ...action}: WhichToken, made: Made<'deviceId' | 'methodId'>): Sent {
    const {deviceId, methodId, ...outcome} = made
    if (deviceId !== undefined) this.#deviceIds.set(serialNumber, deviceId)
    if (methodId !== undefined) {
      this.#methodIds.set(serialNumber, methodId)
      if (action.deviceId !== undefined) this.#methodOfDevice.set(action.deviceId, methodId)
    }
    return {outcome, made: given({deviceId, methodId})}
  }

  async #deviceId(serial: string): Promise<string | undefined> {
    return this.#deviceIds.get(serial) ?? (await this.#seen(serial, this.#deviceIds))
  }

  async #methodId(token: WhichToken): Promise<string | undefined> {
    if (this.methodIdOf(token) === undefined) await this.#seen(token.serialNumber, this.#methodIds)
    return this.methodIdOf(token)
  }

  /** Looks until what was made or assigned before shows, since its id did not come with the answer. */
  async #seen(serial: string, ids: ReadonlyMap<string, string>): Promise<string | undefined> {
    const about = this.#done.filter((action) => 'serialNumber' in action && action.serialNumber === serial)
    const {shown} = await this.readBack(about)
    this.#learn(shown)
    return ids.get(serial)
  }

  #learn(shown: Shown | undefined): void {
    for (const {serialNumber, id, deviceId} of shown?.methods.hardwareOath ?? []) {
      if (serialNumber === undefined) continue
      this.#methodIds.set(serialNumber, id)
      if (deviceId === undefined) continue
      this.#deviceIds.set(serialNumber, deviceId)
      this.#methodOfDevice.set(deviceId, id)
    }
    for (const [serial, tokens] of shown?.inventory ?? []) {
      const ours = tokens.find(({assignedTo}) => assignedTo === this.#user)
      const id = (ours ?? tokens.find(({assignedTo}) => assignedTo === undefined))?.id
      if (id !== undefined) this.#deviceIds.set(serial, id)
    }
  }
}

export const succeeded = ({status}: Outcome): boolean => status === 'done' || status === 'already-done'

/** A refusal for lack of rights certainly changed nothing; of everything else nobody knows. */
const isRefusal = (error: unknown): boolean => error instanceof MfaError && error.exit === 'auth'

function outcomeOf(error: unknown, mayHaveLanded: boolean): Outcome {
  const code = error instanceof MfaError ? error.code : 'INTERRUPTED'
  const message = error instanceof Error ? error.message : String(error)
  return {status: mayHaveLanded ? 'unknown' : 'failed', code, message}
}

function notThere(action: Action): Sent {
  const serial = 'serialNumber' in action ? action.serialNumber : ''
  const where = action.kind === 'assign-token' ? 'in the inventory' : 'assigned to the user'
  return {
    outcome: {status: 'failed', code: 'token-not-found', message: `token ${serial} is not ${where}`},
  }
}

function given(ids: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(ids).flatMap(([name, id]) => (id === undefined ? [] : [[name, id]])),
  )
}
