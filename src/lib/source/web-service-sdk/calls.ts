import type {Clock} from '../../ports/clock.js'
import {CallFailure, cutFailure, faultFailure, malformedFailure, refusal} from './call-failure.js'
import {emptySearch, type Chosen} from './operations.js'
import {withRetries} from './retry.js'
import {RowScanner} from './row-scanner.js'
import type {Operation, ServiceDescription} from './service-description.js'
import type {Transport} from './transport.js'
import {digestOf, flag, integer, valuesOf, type Values} from './values.js'
import {inside, itemsOf, textOf, XmlFault, XmlReader, type XmlNode} from './xml.js'

const USER_NOT_FOUND = 10
const ENVELOPE = [
  'Envelope',
  'Body',
  'Fault',
  'faultcode',
  'faultstring',
  'Reason',
  'Text',
  'error',
  'Code',
  'Description',
]

export interface UserRow {
  readonly username: string
  readonly sid?: string | undefined
  readonly userPrincipalName?: string | undefined
  readonly userGroup?: string | undefined
  /** SHA-256 over all that the row shows of the user. */
  readonly digest: string
}

export interface Query {
  readonly username?: string | undefined
  readonly enabled?: boolean | undefined
  readonly mode?: string | undefined
  /** Text filters that are not used are sent empty instead of left out. */
  readonly blank: boolean
  readonly limit: number
}

export interface SearchEnd {
  readonly complete: boolean
  readonly rows: number
}

/** What the operation gave beside its values. */
export interface Answer {
  /** Undefined: there is no such user. */
  readonly values: Values | undefined
  /** An error that came with a success. */
  readonly remark?: string | undefined
}

export interface CallsOptions {
  readonly transport: Transport
  readonly description: ServiceDescription
  readonly chosen: Chosen
  readonly retries: number
  readonly clock: Clock
}

/** The reads that are used, in the server's words; repeated where they fail in passing. All throw CallFailure. */
export class Calls {
  readonly #options: CallsOptions
  readonly #readers = new Map<string, XmlReader>()

  constructor(options: CallsOptions) {
    this.#options = options
  }

  /** `onRow` may get rows of a search that then fails or is repeated; they are users all the same. */
  async search(
    query: Query,
    onRow: (row: UserRow, attempt: number) => void,
    signal: AbortSignal,
  ): Promise<SearchEnd> {
    const {description, chosen, transport} = this.#options
    const {find, shape} = chosen
    const body = description.request(find, {
      ...emptySearch(description, find, query.blank),
      ...(query.username !== undefined && {usernameFilter: query.username}),
      ...(query.enabled !== undefined && {enabledFilter: String(query.enabled), enabledSpecified: 'true'}),
      ...(query.mode !== undefined && {modeFilter: query.mode, modeSpecified: 'true'}),
      resultLimit: String(query.limit),
    })
    let attempt = 0
    return this.#retried(signal, async () => {
      attempt += 1
      let rows = 0
      const take = (xml: string): void => {
        rows += 1
        const node = this.#read(find.name, this.#rowReader(), xml)
        const row = inside(node, shape.rowItem) ?? {}
        const values = valuesOf(row, shape.row)
        const value = (meaning: string): string | undefined => values.get(meaning)
        onRow(
          {
            username: value('Username') ?? '',
            sid: value('Sid') || undefined,
            userPrincipalName: value('UserPrincipalName') || undefined,
            userGroup: value('UserGroup') || undefined,
            digest: digestOf(values),
          },
          attempt,
        )
      }
      const scanner = new RowScanner(shape.rowItem, take)
      const push = (text: string): void => this.#guard(find.name, () => scanner.push(text))
      const reply = await transport.exchange(
        {operation: find.name, post: {body, soapAction: find.soapAction}, onText: push},
        signal,
      )
      const opened = this.#open(find, reply.text || scanner.end(), [shape.rowsElement, 'resultsComplete'], [])
      // A search that finds nobody may be answered with USER_NOT_FOUND.
      return {
        complete: opened === undefined || flag(textOf(opened.response, 'resultsComplete')) === true,
        rows,
      }
    })
  }

  /** Like `search`, for answers of a bounded length: the rows of the attempt that came off. */
  async page(
    query: Query,
    signal: AbortSignal,
  ): Promise<{readonly end: SearchEnd; readonly rows: readonly UserRow[]}> {
    let rows: UserRow[] = []
    let current = 0
    const take = (row: UserRow, attempt: number): void => {
      if (attempt !== current) rows = []
      current = attempt
      rows.push(row)
    }
    const end = await this.search(query, take, signal)
    return {end, rows}
  }

  async settings(username: string, signal: AbortSignal): Promise<Answer> {
    const {settings, shape} = this.#options.chosen
    const found = await this.#ofUser(
      settings,
      username,
      signal,
      [shape.settingsElement, ...shape.settings.values()],
      [],
    )
    if (found === undefined) return {values: undefined}
    const record = inside(found.response, shape.settingsElement)
    if (record === undefined) throw malformedFailure(settings.name, 'it has no settings')
    return {values: valuesOf(record, shape.settings), remark: found.remark}
  }

  /** In the server's order; undefined if there is no such user, or no operation to ask. */
  async devices(username: string, signal: AbortSignal): Promise<readonly Values[] | undefined> {
    const {devices, shape} = this.#options.chosen
    if (devices === undefined) return []
    const wanted = [shape.devicesElement, shape.deviceItem, ...shape.device.values()]
    const found = await this.#ofUser(devices, username, signal, wanted, [shape.deviceItem])
    if (found === undefined) return undefined
    const list = inside(found.response, shape.devicesElement)
    return itemsOf(list, shape.deviceItem).map((item) => valuesOf(item, shape.device))
  }

  /** The name under which the server has this user; undefined if it has none, or cannot be asked. */
  async canonicalName(username: string, signal: AbortSignal): Promise<string | undefined> {
    const {exists} = this.#options.chosen
    if (exists === undefined) return undefined
    try {
      const found = await this.#ofUser(exists, username, signal, ['canonicalUsername'], [])
      return found && (textOf(found.response, 'canonicalUsername') || username)
    } catch (error) {
      if (error instanceof CallFailure && error.kind === 'refused-by-operation') return undefined
      throw error
    }
  }

  /** The response of an operation that takes no inputs. */
  async ask(
    operation: Operation,
    wanted: readonly string[],
    items: readonly string[],
    signal: AbortSignal,
  ): Promise<XmlNode> {
    const found = await this.#answered(operation, {}, signal, wanted, items)
    if (found === undefined) throw refusal(operation.name, USER_NOT_FOUND, '')
    return found.response
  }

  #ofUser(
    operation: Operation,
    username: string,
    signal: AbortSignal,
    wanted: readonly string[],
    items: readonly string[],
  ): Promise<Opened | undefined> {
    return this.#answered(operation, {username}, signal, wanted, items)
  }

  async #answered(
    operation: Operation,
    inputs: Readonly<Record<string, string>>,
    signal: AbortSignal,
    wanted: readonly string[],
    items: readonly string[],
  ): Promise<Opened | undefined> {
    const {description, transport} = this.#options
    const body = description.request(operation, inputs)
    return this.#retried(signal, async () => {
      const post = {body, soapAction: operation.soapAction}
      const reply = await transport.exchange({operation: operation.name, post}, signal)
      return this.#open(operation, reply.text, wanted, items)
    })
  }

  /** The response element; undefined for USER_NOT_FOUND. Throws on a fault, another no, and what is no such answer. */
  #open(
    operation: Operation,
    text: string,
    wanted: readonly string[],
    items: readonly string[],
  ): Opened | undefined {
    const {name} = operation
    if (!/<\/([\w.-]+:)?Envelope\s*>\s*$/.test(text)) {
      throw /^\s*</.test(text) ? cutFailure(name) : malformedFailure(name, 'it is no SOAP answer')
    }
    const names = [...ENVELOPE, `${name}Response`, `${name}Result`, ...wanted]
    const envelope = inside(this.#read(name, this.#reader(name, names, items), text), 'Envelope')
    if (envelope?.['Body'] === undefined) throw malformedFailure(name, 'it is no SOAP answer')
    const body = inside(envelope, 'Body') ?? {}
    if (body['Fault'] !== undefined) throw faultFailure(name, faultText(inside(body, 'Fault')))
    const response = inside(body, `${name}Response`)
    if (response === undefined) throw malformedFailure(name, `it has no ${name}Response`)
    const ok = flag(textOf(response, `${name}Result`))
    if (ok === undefined) throw malformedFailure(name, `${name}Result is neither true nor false`)
    const error = inside(response, 'error')
    const code = integer(textOf(error, 'Code'))
    const description = textOf(error, 'Description') ?? ''
    if (!ok && code === USER_NOT_FOUND) return undefined
    if (!ok) throw refusal(name, code, description)
    const remark = code === undefined || code === 0 ? undefined : `the server added error ${code}`
    return {response, remark}
  }

  #retried<T>(signal: AbortSignal, read: () => Promise<T>): Promise<T> {
    const {retries, clock} = this.#options
    return withRetries(read, {retries, clock, signal})
  }

  #rowReader(): XmlReader {
    const {row, rowItem} = this.#options.chosen.shape
    return this.#reader('row', [rowItem, ...row.values()], [])
  }

  #reader(key: string, wanted: readonly string[], items: readonly string[]): XmlReader {
    const found = this.#readers.get(key) ?? new XmlReader(wanted, items)
    this.#readers.set(key, found)
    return found
  }

  #read(operation: string, reader: XmlReader, text: string): XmlNode {
    return this.#guard(operation, () => reader.read(text))
  }

  #guard<T>(operation: string, work: () => T): T {
    try {
      return work()
    } catch (error) {
      if (error instanceof XmlFault) throw malformedFailure(operation, error.message)
      throw error
    }
  }
}

interface Opened {
  readonly response: XmlNode
  /** An error that came with a success. */
  readonly remark?: string | undefined
}

function faultText(fault: XmlNode | undefined): string {
  return textOf(fault, 'faultstring') ?? textOf(inside(fault, 'Reason'), 'Text') ?? ''
}
