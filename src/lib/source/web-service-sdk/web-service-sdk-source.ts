import {createHash} from 'node:crypto'
import {MfaError} from '../../errors/mfa-error.js'
import type {SourceKey} from '../../model/brand.js'
import type {ServerIdentity, ServerUser, SourceFault} from '../../model/server-user.js'
import type {Clock} from '../../ports/clock.js'
import type {Scratch} from '../../ports/scratch.js'
import type {Source, SourceDescription, SourceProblem} from '../../ports/source.js'
import type {ServerSettings} from '../../ports/server-settings.js'
import type {ServiceAddress} from './address.js'
import {CallFailure} from './call-failure.js'
import type {UserRow} from './calls.js'
import {connect, type Connection} from './connection.js'
import {describeConnection} from './describe-connection.js'
import {inOrder} from './in-order.js'
import {listUsers, type Listing} from './list-users.js'
import {NameRegister, type Registered} from './name-register.js'
import {readSettings} from './read-settings.js'
import {serverUser, unreadUser} from './server-record.js'
import type {Transport} from './transport.js'

export interface SourceOptions {
  readonly address: ServiceAddress
  readonly transport: Transport
  readonly concurrency: number
  readonly retries: number
  readonly resultLimit: number
  readonly clock: Clock
  readonly scratch: Scratch
  readonly onProgress: (done: number, total?: number) => void
}

/** So many users in a row whose records cannot be read: the server is down, not the users wrong. */
const FAILURES_IN_A_ROW = 20

interface Pass {
  readonly register: NameRegister
  readonly listing: Listing
}

interface Detail {
  /** Undefined: the user is gone. */
  readonly user: ServerUser | undefined
  readonly failure?: CallFailure | undefined
}

export class WebServiceSdkSource implements Source {
  readonly #options: SourceOptions
  #connection: Connection | undefined
  #pass: Pass | undefined
  #passes = 0
  #problems: readonly SourceProblem[] = []

  constructor(options: SourceOptions) {
    this.#options = options
  }

  async describe(signal: AbortSignal): Promise<SourceDescription> {
    return this.#told(async () => {
      const {address, resultLimit, clock} = this.#options
      const connection = await this.#connected(signal)
      const known = this.#pass?.listing
      const facts = await describeConnection(connection, {resultLimit, clock, signal, known})
      return {kind: 'web-service-sdk', label: address.label, facts}
    })
  }

  /**
   * In the order of the names' UTF-8 bytes. Where rows carry no SID or UPN but the records do, the records are read in
   * this pass; one that cannot be read is listed by its name alone, and its fault comes with `users`.
   */
  async *identities(signal: AbortSignal): AsyncIterable<ServerIdentity> {
    const connection = await this.#told(() => this.#connected(signal))
    const {register, listing} = await this.#told(() => this.#list(connection, signal))
    this.#pass = {register, listing}
    this.#problems = [...listing.problems]
    const problems: SourceProblem[] = [...listing.problems]
    const {shape, find} = connection.chosen
    const inRecords = ['Sid', 'UserPrincipalName'].some(
      (name) => shape.settings.has(name) && !shape.row.has(name),
    )
    const rows = register.entries()
    const found = inRecords
      ? inOrder(rows, this.#options.concurrency, (row, both) => this.#identity(connection, row, both), signal)
      : rows
    for await (const row of found) {
      if (row === undefined) continue
      if (row.times > 1) {
        const message = `${row.times} users are called ${JSON.stringify(row.username)}; the server gives only one of them by name`
        problems.push({code: 'row-invalid', file: find.name, field: 'Username', message})
        this.#problems = problems
      }
      yield identityOf(row)
    }
  }

  async *users(signal: AbortSignal, keys?: readonly SourceKey[]): AsyncIterable<ServerUser> {
    const connection = await this.#told(() => this.#connected(signal))
    const register = this.#pass?.register
    const rows = keys ? keys.map((key) => register?.get(key) ?? unlisted(key)) : (register?.entries() ?? [])
    const total = keys?.length ?? register?.size
    let failed = 0
    let done = 0
    const {concurrency, onProgress, address} = this.#options
    for await (const {user, failure} of inOrder(
      rows,
      concurrency,
      (row, both) => this.#told(() => this.#detail(connection, row, both)),
      signal,
    )) {
      failed = failure === undefined ? 0 : failed + 1
      if (failure !== undefined && failed >= FAILURES_IN_A_ROW) {
        throw new MfaError(
          'SOURCE_UNREADABLE',
          `${address.label}: ${failed} users in a row could not be read; the last one: ${failure.message}`,
          {
            exit: 'unavailable',
            fix: failure.fix,
            cause: failure,
          },
        )
      }
      done += 1
      onProgress(done, total)
      if (user !== undefined) yield user
    }
  }

  async serverSettings(signal: AbortSignal): Promise<ServerSettings> {
    return this.#told(async () => {
      const {calls, description} = await this.#connected(signal)
      return readSettings(calls, description, signal)
    })
  }

  problems(): readonly SourceProblem[] {
    return this.#problems
  }

  /**
   * SHA-256 over the endpoint's path and what the search shows of each user, sorted by name, as the last pass of
   * `identities` found it: name, first and last name, mail, group, phone (and SID, UPN where rows have them). It does
   * not cover what only the records show (mode, backup phone, enabled, tokens) nor devices: noticing a change
   * there would take a full read.
   */
  async fingerprint(signal: AbortSignal): Promise<string> {
    if (this.#pass === undefined) for await (const _ of this.identities(signal)) signal.throwIfAborted()
    const hash = createHash('sha256').update(`${this.#options.address.url.pathname}\n`)
    for (const {username, digest, times} of this.#pass?.register.entries() ?? []) {
      hash.update(`${JSON.stringify([username, digest, times])}\n`)
    }
    return hash.digest('hex')
  }

  async close(): Promise<void> {
    this.#options.transport.close()
  }

  async #connected(signal: AbortSignal): Promise<Connection> {
    const {transport, retries, clock} = this.#options
    this.#connection ??= await connect(transport, {retries, clock, signal})
    return this.#connection
  }

  async #list(connection: Connection, signal: AbortSignal): Promise<Pass> {
    const {scratch, resultLimit, concurrency, onProgress} = this.#options
    const {calls, chosen, description} = connection
    const {name: operation, inputs} = chosen.find
    const register = new NameRegister(scratch.bag<Registered>(`web-service-sdk-names-${++this.#passes}`))
    const offers = (name: string): boolean => inputs.some((input) => input.name === name)
    const modeType = offers('modeSpecified')
      ? inputs.find(({name}) => name === 'modeFilter')?.type
      : undefined
    const axes = {
      enabled: offers('enabledFilter') && offers('enabledSpecified'),
      modes: modeType === undefined ? [] : description.values(modeType),
    }
    const listing = await listUsers({
      calls,
      register,
      limit: resultLimit,
      concurrency,
      axes,
      operation,
      signal,
      onProgress: (found) => onProgress(found),
    })
    return {register, listing}
  }

  async #identity(
    connection: Connection,
    row: Registered,
    signal: AbortSignal,
  ): Promise<Registered | undefined> {
    try {
      const {values} = await connection.calls.settings(row.username, signal)
      if (values === undefined) return undefined
      return {
        ...row,
        sid: row.sid ?? (values.get('Sid') || undefined),
        userPrincipalName: row.userPrincipalName ?? (values.get('UserPrincipalName') || undefined),
      }
    } catch (error) {
      if (error instanceof CallFailure && !isLockedOut(error)) return row
      throw error
    }
  }

  async #detail({calls, chosen}: Connection, row: Registered, signal: AbortSignal): Promise<Detail> {
    const {settings, devices, find} = chosen
    const faults: SourceFault[] = []
    if (row.times > 1) {
      const message = `${row.times} users have this name; the server gives only one of them by name`
      faults.push({file: find.name, field: 'Username', message, severity: 'row'})
    }
    try {
      const answer = await calls.settings(row.username, signal)
      if (answer.values === undefined) return {user: undefined}
      if (answer.remark !== undefined)
        faults.push({file: settings.name, message: answer.remark, severity: 'field'})
      const list = await calls.devices(row.username, signal)
      if (list === undefined) {
        // Gone in between, or the two operations disagree.
        const again = await calls.settings(row.username, signal)
        if (again.values === undefined) return {user: undefined}
        const message = 'the server has settings of this user, but knows no such user when asked for devices'
        faults.push({file: devices?.name ?? '', message, severity: 'row'})
      }
      const origin = {settings: settings.name, devices: devices?.name}
      return {user: serverUser(row, answer.values, list ?? [], origin, faults)}
    } catch (error) {
      if (!(error instanceof CallFailure) || isLockedOut(error)) throw error
      return {user: unreadUser(row, error.operation, error.message), failure: error}
    }
  }

  async #told<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw error instanceof CallFailure ? error.toMfaError(this.#options.address.label) : error
    }
  }
}

/** No other user will fare better. */
function isLockedOut({kind}: CallFailure): boolean {
  return kind === 'auth' || kind === 'certificate-refused' || kind === 'tls'
}

function identityOf({username, userPrincipalName, sid}: UserRow): ServerIdentity {
  return {key: username as SourceKey, username, userPrincipalName, sid}
}

function unlisted(key: SourceKey): Registered {
  return {username: key, digest: '', answer: 0, seen: 1, times: 1}
}
