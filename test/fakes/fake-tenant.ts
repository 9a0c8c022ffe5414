import {MfaError} from '../../src/lib/errors/mfa-error.js'
import type {ObjectId} from '../../src/lib/model/brand.js'
import type {
  DefaultMethod,
  EntraHardwareToken,
  EntraIdentity,
  EntraMethods,
  EntraPhone,
  InventoryToken,
  PhoneSlot,
} from '../../src/lib/model/entra-user.js'
import type {MethodsPolicy} from '../../src/lib/model/methods-policy.js'
import type {Outcome} from '../../src/lib/model/outcome.js'
import type {OathSecret} from '../../src/lib/model/secret.js'
import type {Clock} from '../../src/lib/ports/clock.js'
import type {Directory, EntraGroup, ReadFailure} from '../../src/lib/ports/directory.js'
import type {Made, MethodWriter, NewToken} from '../../src/lib/ports/method-writer.js'
import {type Lag, Lagging} from './lagging.js'
import {methods} from '../fixtures/users.js'

export type WriteVerb = keyof MethodWriter
export type ReadVerb = keyof Directory

/**
 * What goes wrong with one write. `refuse`: the service says no. `lost-before`: nothing happened, nobody knows.
 * `lost-after`: it happened, nobody knows. An error is thrown before anything happened.
 */
export type Fault = 'refuse' | 'lost-before' | 'lost-after' | Error

export interface WriteCall {
  readonly verb: WriteVerb
  /** Absent for what concerns the inventory alone. */
  readonly user?: ObjectId | undefined
  readonly target: string
}

interface Scripted {
  readonly verb: WriteVerb
  readonly user?: ObjectId | undefined
  readonly fault: Fault
  times: number
}

interface Token extends InventoryToken {
  readonly secret?: OathSecret | undefined
}

interface Group {
  readonly group: EntraGroup
  readonly members: readonly ObjectId[]
}

const PAGE = 2
const SLOT_OF: Readonly<Partial<Record<DefaultMethod, PhoneSlot>>> = {
  sms: 'mobile',
  voiceMobile: 'mobile',
  voiceAlternateMobile: 'alternateMobile',
  voiceOffice: 'office',
}
const DEVICES_MAX = 5
const NOTHING = methods()
export const NO_POLICY: MethodsPolicy = {migrationState: 'migrationComplete', configurations: []}

/**
 * A tenant in memory, read and written through the two ports. Keeps Graph's rules: one number a slot, mobile before
 * alternateMobile, five devices, a token with one holder, a code that fits the token's secret, a default that the user has.
 */
export class FakeTenant implements Directory, MethodWriter {
  readonly id: string
  policy: MethodsPolicy
  lag: Lag = {reads: 0, ms: 0}
  /** Whether a new mobile number becomes a first factor by itself (P9). */
  smsSignInByItself = false
  /** Users whose methods Graph refuses to show. */
  readonly unreadable = new Set<ObjectId>()
  /** Users who are missing in the answer. */
  readonly leftOut = new Set<ObjectId>()
  /** How often each verb was called; reads and writes. */
  readonly counts = new Map<ReadVerb | WriteVerb, number>()
  /** Every write that was asked for, in order. */
  readonly writes: WriteCall[] = []
  /** Every change that happened, in order. */
  readonly changes: WriteCall[] = []
  /** Called before a write is looked at, and after it happened but before anybody knows. */
  onWrite: (call: WriteCall, when: 'before' | 'after') => Promise<void> | void = () => {}
  onRead: (verb: ReadVerb, ids: readonly string[]) => Promise<void> | void = () => {}
  underWay = 0
  mostUnderWay = 0
  readonly #clock: Clock
  readonly #identities = new Map<ObjectId, EntraIdentity>()
  readonly #methods = new Map<ObjectId, Lagging<EntraMethods>>()
  readonly #tokens = new Map<string, Lagging<Token | undefined>>()
  readonly #groups = new Map<string, Group>()
  readonly #faults: Scripted[] = []
  #made = 0

  constructor(clock: Clock, options: {readonly id?: string; readonly policy?: MethodsPolicy} = {}) {
    this.#clock = clock
    this.id = options.id ?? '00000000-0000-4000-8000-000000000001'
    this.policy = options.policy ?? NO_POLICY
  }

  addUser(identity: EntraIdentity, methods: Partial<EntraMethods> = {}): void {
    this.#identities.set(identity.id, identity)
    this.#methods.set(identity.id, new Lagging(this.#clock, {...NOTHING, ...methods}))
  }

  removeUser(user: ObjectId): void {
    this.#identities.delete(user)
  }

  addGroup(id: string, displayName: string, members: readonly ObjectId[]): void {
    const group = {id: id as ObjectId, displayName, isDynamic: false}
    this.#groups.set(id, {group, members})
  }

  removeGroup(id: string): void {
    this.#groups.delete(id)
  }

  addToken(token: InventoryToken, secret?: OathSecret): void {
    this.#tokens.set(token.id, new Lagging<Token | undefined>(this.#clock, {...token, secret}))
    if (token.assignedTo === undefined) return
    const {id, serialNumber, status, assignedTo} = token
    const method = {id: `method-${id}`, deviceId: id, serialNumber, status}
    this.change(assignedTo, (had) => ({hardwareOath: [...had.hardwareOath, method]}))
  }

  /** Somebody else changes a user, at once and for everybody to see. */
  change(user: ObjectId, how: (had: EntraMethods) => Partial<EntraMethods>): void {
    const had = this.methodsOf(user)
    this.#methods.set(user, new Lagging(this.#clock, {...had, ...how(had)}))
  }

  changeIdentity(user: ObjectId, how: Partial<EntraIdentity>): void {
    const had = this.#identities.get(user)
    if (had !== undefined) this.#identities.set(user, {...had, ...how})
  }

  /** The next `times` calls of the verb (for the user, if given) go wrong. */
  fail(
    verb: WriteVerb,
    fault: Fault,
    options: {readonly user?: ObjectId; readonly times?: number} = {},
  ): void {
    this.#faults.push({verb, fault, user: options.user, times: options.times ?? 1})
  }

  /** As it really is, whatever readers see. */
  methodsOf(user: ObjectId): EntraMethods {
    return this.#cell(user).now
  }

  get inventory(): readonly InventoryToken[] {
    return [...this.#tokens.values()].flatMap(({now}) => (now === undefined ? [] : [shown(now)]))
  }

  /** The whole tenant as data, without the ids that are made up on the way. */
  state(): unknown {
    const serials = (methods: EntraMethods) =>
      methods.hardwareOath.map(({serialNumber, status}) => `${serialNumber} ${status}`).toSorted()
    const bySlot = (a: EntraPhone, b: EntraPhone) => (a.slot < b.slot ? -1 : 1)
    return {
      users: Object.fromEntries(
        [...this.#methods]
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .map(([user, {now}]) => [
            user,
            {
              ...now,
              phones: now.phones.map((phone) => ({...phone, createdDateTime: undefined})).toSorted(bySlot),
              hardwareOath: serials(now),
            },
          ]),
      ),
      inventory: this.inventory
        .map(({id: _id, ...token}) => token)
        .toSorted((a, b) => (a.serialNumber < b.serialNumber ? -1 : 1)),
    }
  }

  count(verb: ReadVerb | WriteVerb): number {
    return this.counts.get(verb) ?? 0
  }

  /** Changes of one kind, as `user target`; a change that happened twice is there twice. */
  changed(verb: WriteVerb): readonly string[] {
    return this.changes.filter((one) => one.verb === verb).map(({user, target}) => `${user ?? ''} ${target}`)
  }

  // Directory

  async tenantId(signal: AbortSignal): Promise<string> {
    await this.#asked('tenantId', [], signal)
    return this.id
  }

  async findGroup(nameOrId: string, signal: AbortSignal): Promise<EntraGroup> {
    await this.#asked('findGroup', [nameOrId], signal)
    const found = [...this.#groups.values()].filter(
      ({group}) => group.id === nameOrId || group.displayName === nameOrId,
    )
    const only = found[0]
    if (only === undefined || found.length > 1) throw noGroup(nameOrId)
    return only.group
  }

  async *everyone(signal: AbortSignal): AsyncGenerator<readonly EntraIdentity[]> {
    await this.#asked('everyone', [], signal)
    const all = [...this.#identities.values()]
    for (let at = 0; at < all.length; at += PAGE) yield all.slice(at, at + PAGE)
  }

  async *members(group: ObjectId, signal: AbortSignal): AsyncGenerator<readonly EntraIdentity[]> {
    await this.#asked('members', [group], signal)
    const found = this.#groups.get(group)
    if (found === undefined) throw noGroup(group)
    const all = found.members.flatMap((id) => this.#identities.get(id) ?? [])
    for (let at = 0; at < all.length; at += PAGE) yield all.slice(at, at + PAGE)
  }

  async findUser(upnOrId: string, signal: AbortSignal): Promise<EntraIdentity | undefined> {
    await this.#asked('findUser', [upnOrId], signal)
    const wanted = upnOrId.toLowerCase()
    return [...this.#identities.values()].find(
      ({id, userPrincipalName}) => id.toLowerCase() === wanted || userPrincipalName.toLowerCase() === wanted,
    )
  }

  async usersBySamAccountName(
    names: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, readonly EntraIdentity[]>> {
    await this.#asked('usersBySamAccountName', names, signal)
    const all = [...this.#identities.values()]
    const named = (name: string) =>
      all.filter((user) => user.onPremisesSamAccountName?.toLowerCase() === name.toLowerCase())
    return new Map(names.map((name) => [name.toLowerCase(), named(name)]))
  }

  async methods(
    users: readonly ObjectId[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<ObjectId, EntraMethods | ReadFailure>> {
    await this.#asked('methods', users, signal)
    return new Map(
      users
        .filter((user) => !this.leftOut.has(user))
        .map((user) => [user, this.unreadable.has(user) ? REFUSED_READ : this.#cell(user).read()]),
    )
  }

  async tokens(
    serials: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, readonly InventoryToken[]>> {
    await this.#asked('tokens', serials, signal)
    const wanted = new Set(serials)
    const seen = [...this.#tokens.values()]
      .filter(({now}) => now !== undefined && wanted.has(now.serialNumber))
      .flatMap((cell) => cell.read() ?? [])
    return Map.groupBy(seen.map(shown), ({serialNumber}) => serialNumber)
  }

  async methodsPolicy(signal: AbortSignal): Promise<MethodsPolicy> {
    await this.#asked('methodsPolicy', [], signal)
    return this.policy
  }

  // MethodWriter

  setPhone(
    user: ObjectId,
    {slot, number, change}: Parameters<MethodWriter['setPhone']>[1],
    signal: AbortSignal,
  ): Promise<Outcome> {
    return this.#write({verb: 'setPhone', user, target: `${slot} ${number}`}, signal, () => {
      const had = this.methodsOf(user)
      const there = had.phones.find((phone) => phone.slot === slot)
      if (change === 'create' && there !== undefined) {
        return there.number === number ? ALREADY : refused('slot-taken', `${slot} is taken`)
      }
      if (change === 'replace' && there === undefined) return refused('notFound', `no ${slot}`)
      if (slot === 'alternateMobile' && !had.phones.some((phone) => phone.slot === 'mobile')) {
        return refused('invalid', 'mobile first')
      }
      const ready = slot === 'mobile' && (this.smsSignInByItself || there?.smsSignInState === 'ready')
      const createdDateTime = this.#clock.now().toISOString()
      const smsSignInState = ready ? 'ready' : 'notConfigured'
      const phone: EntraPhone = {id: `phone-${slot}`, slot, number, createdDateTime, smsSignInState}
      this.#set(user, {phones: [...had.phones.filter((one) => one.slot !== slot), phone]})
      return DONE
    })
  }

  createToken(token: NewToken, signal: AbortSignal): Promise<Made<'deviceId'>> {
    const {serialNumber, manufacturer, model, timeIntervalInSeconds, hashFunction, secret} = token
    return this.#write({verb: 'createToken', target: serialNumber}, signal, () => {
      const taken = [...this.#tokens.values()].some(({now}) => now?.serialNumber === serialNumber)
      if (taken) return refused('serial-taken', `there is a token ${serialNumber}`)
      const id = `device-made-${++this.#made}`
      const cell = new Lagging<Token | undefined>(this.#clock, undefined)
      const parameters = {serialNumber, manufacturer, model, timeIntervalInSeconds, hashFunction}
      cell.write({...parameters, id, secret, status: 'available'}, this.lag)
      this.#tokens.set(id, cell)
      return {...DONE, deviceId: id}
    })
  }

  updateToken(
    deviceId: string,
    {manufacturer, model, timeIntervalInSeconds, hashFunction}: Parameters<MethodWriter['updateToken']>[1],
    signal: AbortSignal,
  ): Promise<Outcome> {
    return this.#write({verb: 'updateToken', target: deviceId}, signal, () => {
      const cell = this.#tokens.get(deviceId)
      if (cell?.now === undefined) return refused('notFound', 'no such token')
      if (cell.now.assignedTo !== undefined) return refused('invalid', 'assigned')
      cell.write({...cell.now, manufacturer, model, timeIntervalInSeconds, hashFunction}, this.lag)
      return DONE
    })
  }

  assignToken(user: ObjectId, deviceId: string, signal: AbortSignal): Promise<Made<'methodId'>> {
    return this.#write({verb: 'assignToken', user, target: deviceId}, signal, () => {
      const cell = this.#tokens.get(deviceId)
      if (cell?.now === undefined) return refused('notFound', 'no such token')
      const had = this.methodsOf(user)
      const methodId = `method-${deviceId}`
      if (cell.now.assignedTo === user) return {...ALREADY, methodId}
      if (cell.now.assignedTo !== undefined) return refused('invalid', 'assigned to somebody else')
      const devices = had.authenticators.length + had.softwareOath.length + had.hardwareOath.length
      if (devices >= DEVICES_MAX) return refused('limit', 'five devices')
      const {serialNumber} = cell.now
      cell.write({...cell.now, assignedTo: user, status: 'assigned'}, this.lag)
      const method: EntraHardwareToken = {id: methodId, deviceId, serialNumber, status: 'assigned'}
      this.#set(user, {hardwareOath: [...had.hardwareOath, method]})
      return {...DONE, methodId}
    })
  }

  activateToken(
    user: ObjectId,
    methodId: string,
    {secret, timeIntervalInSeconds, hashFunction}: Parameters<MethodWriter['activateToken']>[2],
    signal: AbortSignal,
  ): Promise<Outcome> {
    return this.#write({verb: 'activateToken', user, target: methodId}, signal, () => {
      const had = this.methodsOf(user)
      const method = had.hardwareOath.find(({id}) => id === methodId)
      const cell = this.#tokens.get(method?.deviceId ?? '')
      if (method === undefined || cell?.now === undefined) return refused('notFound', 'no such token')
      const {now} = cell
      const fits =
        now.secret?.reveal().toUpperCase() === secret.reveal().toUpperCase() &&
        now.timeIntervalInSeconds === timeIntervalInSeconds &&
        now.hashFunction === hashFunction
      if (!fits) return refused('activation-refused', 'the code does not fit')
      cell.write({...now, status: 'activated'}, this.lag)
      const hardwareOath = had.hardwareOath.map((one) =>
        one.id === methodId ? {...one, status: 'activated' as const} : one,
      )
      this.#set(user, {hardwareOath})
      return DONE
    })
  }

  deactivateToken(user: ObjectId, methodId: string, signal: AbortSignal): Promise<Outcome> {
    return this.#write({verb: 'deactivateToken', user, target: methodId}, signal, () => {
      const had = this.methodsOf(user)
      const method = had.hardwareOath.find(({id}) => id === methodId)
      const cell = this.#tokens.get(method?.deviceId ?? '')
      if (method === undefined || cell?.now === undefined) return refused('notFound', 'no such token')
      cell.write({...cell.now, status: 'assigned'}, this.lag)
      const hardwareOath = had.hardwareOath.map((one) =>
        one.id === methodId ? {...one, status: 'assigned' as const} : one,
      )
      this.#set(user, {hardwareOath})
      return DONE
    })
  }

  unassignToken(user: ObjectId, methodId: string, signal: AbortSignal): Promise<Outcome> {
    return this.#write({verb: 'unassignToken', user, target: methodId}, signal, () => {
      const had = this.methodsOf(user)
      const method = had.hardwareOath.find(({id}) => id === methodId)
      if (method === undefined) return ALREADY
      const cell = this.#tokens.get(method.deviceId ?? '')
      if (cell?.now !== undefined) {
        cell.write({...cell.now, assignedTo: undefined, status: 'available'}, this.lag)
      }
      this.#set(user, {hardwareOath: had.hardwareOath.filter(({id}) => id !== methodId)})
      return DONE
    })
  }

  deleteToken(deviceId: string, signal: AbortSignal): Promise<Outcome> {
    return this.#write({verb: 'deleteToken', target: deviceId}, signal, () => {
      const cell = this.#tokens.get(deviceId)
      if (cell?.now === undefined) return ALREADY
      if (cell.now.assignedTo !== undefined) return refused('invalid', 'assigned')
      cell.write(undefined, this.lag)
      return DONE
    })
  }

  removePhone(user: ObjectId, slot: PhoneSlot, signal: AbortSignal): Promise<Outcome> {
    return this.#write({verb: 'removePhone', user, target: slot}, signal, () => {
      const {phones, preferred} = this.methodsOf(user)
      if (phones.every((one) => one.slot !== slot)) return ALREADY
      if (slot === 'mobile' && phones.some((one) => one.slot === 'alternateMobile')) {
        return refused('badRequest', 'the alternate mobile number needs it')
      }
      if (preferred !== undefined && SLOT_OF[preferred] === slot)
        return refused('badRequest', 'it is the default')
      this.#set(user, {phones: phones.filter((one) => one.slot !== slot)})
      return DONE
    })
  }

  setDefault(user: ObjectId, method: DefaultMethod | null, signal: AbortSignal): Promise<Outcome> {
    return this.#write({verb: 'setDefault', user, target: method ?? 'none'}, signal, () => {
      if (method === null) {
        this.#set(user, {preferred: undefined})
        return DONE
      }
      if (!has(this.methodsOf(user), method)) return refused('invalid', `the user has no ${method}`)
      this.#set(user, {preferred: method})
      return DONE
    })
  }

  disableSmsSignIn(user: ObjectId, phoneMethodId: string, signal: AbortSignal): Promise<Outcome> {
    return this.#write({verb: 'disableSmsSignIn', user, target: phoneMethodId}, signal, () => {
      const {phones} = this.methodsOf(user)
      if (!phones.some(({id}) => id === phoneMethodId)) return refused('notFound', 'no such phone')
      const off = phones.map((one) =>
        one.id === phoneMethodId ? {...one, smsSignInState: 'notConfigured'} : one,
      )
      this.#set(user, {phones: off})
      return DONE
    })
  }

  async #write<R extends Outcome>(
    call: WriteCall,
    signal: AbortSignal,
    change: () => R | Outcome,
  ): Promise<R> {
    this.#tick(call.verb)
    this.writes.push(call)
    this.underWay += 1
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay)
    try {
      await this.onWrite(call, 'before')
      await Promise.resolve()
      signal.throwIfAborted()
      const fault = this.#fault(call)
      if (fault instanceof Error) throw fault
      // The verbs of tokens give an id beside the outcome, but only where there is one.
      const give = (outcome: Outcome): R => outcome as R // oxlint-disable-line typescript/no-unsafe-type-assertion
      if (fault === 'refuse') return give(refused('refused', 'the service says no'))
      if (fault === 'lost-before') return give(LOST)
      const outcome = change()
      if (outcome.status === 'done') this.changes.push(call)
      await this.onWrite(call, 'after')
      return give(fault === 'lost-after' ? LOST : outcome)
    } finally {
      this.underWay -= 1
    }
  }

  #fault({verb, user}: WriteCall): Fault | undefined {
    const found = this.#faults.find(
      (one) => one.times > 0 && one.verb === verb && (one.user === undefined || one.user === user),
    )
    if (found !== undefined) found.times -= 1
    return found?.fault
  }

  #set(user: ObjectId, how: Partial<EntraMethods>): void {
    const cell = this.#cell(user)
    cell.write({...cell.now, ...how}, this.lag)
  }

  #cell(user: ObjectId): Lagging<EntraMethods> {
    const cell = this.#methods.get(user)
    if (cell === undefined) throw new Error(`no user ${user}`)
    return cell
  }

  async #asked(verb: ReadVerb, ids: readonly string[], signal: AbortSignal): Promise<void> {
    this.#tick(verb)
    signal.throwIfAborted()
    await this.onRead(verb, ids)
  }

  #tick(verb: ReadVerb | WriteVerb): void {
    this.counts.set(verb, this.count(verb) + 1)
  }
}

const DONE: Outcome = {status: 'done'}
const ALREADY: Outcome = {status: 'already-done'}
const LOST: Outcome = {status: 'unknown', code: 'lost', message: 'the answer was lost'}
const REFUSED_READ: ReadFailure = {code: 'accessDenied', message: 'not allowed to see this user'}

const refused = (code: string, message: string): Outcome => ({status: 'failed', code, message})

function shown({secret: _secret, ...token}: Token): InventoryToken {
  return token
}

function noGroup(name: string): MfaError {
  return new MfaError('GROUP_NOT_FOUND', `there is no group "${name}" in this tenant`, {exit: 'usage'})
}

function has(
  {phones, authenticators, hardwareOath, softwareOath}: EntraMethods,
  method: DefaultMethod,
): boolean {
  const holds = (slot: EntraPhone['slot']) => phones.some((phone) => phone.slot === slot)
  switch (method) {
    case 'push':
      return authenticators.length > 0
    case 'oath':
      return softwareOath.length > 0 || hardwareOath.some(({status}) => status === 'activated')
    case 'sms':
    case 'voiceMobile':
      return holds('mobile')
    case 'voiceAlternateMobile':
      return holds('alternateMobile')
    case 'voiceOffice':
      return holds('office')
  }
  return method satisfies never
}
