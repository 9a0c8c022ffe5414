import type {Call} from '../call.js'
import {badRequest, unsupportedQuery} from '../graph-fault.js'
import {parseFilter} from './filter.js'
import {compileFilter, NO_CONDITION} from './filter-sql.js'
import type {Condition, FilterProperties} from './filter-sql.js'

const DEFAULT_PAGE = 100
const MAX_PAGE = 999

/** What a resource knows about its properties. */
export interface EntityType {
  /** `microsoft.graph.user` */
  readonly name: string
  /** Every property that can be selected. */
  readonly properties: ReadonlySet<string>
  readonly filter: FilterProperties
}

export interface QueryOptions {
  readonly select: readonly string[] | undefined
  readonly top: number
  /** Where the page starts: after this position. */
  readonly after: number
  readonly condition: Condition
  /** $count=true together with ConsistencyLevel: eventual. */
  readonly counted: boolean
  /** `activityDateTime desc`, in its parts; undefined where nothing was asked for. */
  readonly order: {readonly property: string; readonly descending: boolean} | undefined
}

type OptionName = '$select' | '$filter' | '$top' | '$count' | '$skiptoken' | '$orderby'

/** Of one entity: $select only. */
export function readSelect(call: Call, type: EntityType): readonly string[] | undefined {
  allow(call, ['$select'])
  return selected(call, type)
}

/** No options at all, as with writes and actions. */
export function readNothing(call: Call): void {
  allow(call, [])
}

/**
 * Of a collection. `directory` collections have the ConsistencyLevel rules; `cast` makes $filter and $count advanced.
 * Throws GraphFault 400 for an unknown option or property, and for an advanced query without its header.
 */
export function readOptions(
  call: Call,
  type: EntityType,
  rules: {
    readonly directory: boolean
    readonly cast?: boolean
    /** Properties that $orderby takes; it is not supported where there are none. */
    readonly orderBy?: readonly string[]
  } = {directory: true},
): QueryOptions {
  const {orderBy} = rules
  const known: readonly OptionName[] = ['$select', '$filter', '$top', '$count', '$skiptoken']
  allow(call, orderBy === undefined ? known : [...known, '$orderby'])
  const filter = call.query.get('$filter')
  const condition =
    filter === undefined ? NO_CONDITION : compileFilter(parseFilter(filter), type.filter, type.name)
  const wantsCount = readCount(call)
  const eventual = call.headers['consistencylevel']?.toLowerCase() === 'eventual'
  const advanced = condition.advanced || (rules.cast === true && filter !== undefined)
  if (rules.directory && advanced && !(eventual && wantsCount)) {
    throw unsupportedQuery(
      'Unsupported or invalid query filter clause specified. It needs the header ConsistencyLevel: eventual and $count=true.',
    )
  }
  return {
    select: selected(call, type),
    top: readTop(call),
    after: readSkipToken(call),
    condition,
    counted: wantsCount && (eventual || !rules.directory),
    order: readOrder(call, orderBy ?? []),
  }
}

/** `/$count` answers only with ConsistencyLevel: eventual. */
export function readCountOptions(call: Call, type: EntityType): Condition {
  allow(call, ['$filter'])
  if (call.headers['consistencylevel']?.toLowerCase() !== 'eventual') {
    throw badRequest('$count is not currently supported.')
  }
  const filter = call.query.get('$filter')
  return filter === undefined ? NO_CONDITION : compileFilter(parseFilter(filter), type.filter, type.name)
}

export function skipToken(position: number): string {
  return Buffer.from(`after:${position}`).toString('base64url')
}

function readSkipToken(call: Call): number {
  const token = call.query.get('$skiptoken')
  if (token === undefined) return 0
  const match = /^after:([0-9]{1,15})$/.exec(Buffer.from(token, 'base64url').toString('latin1'))
  if (match === null)
    throw badRequest('The specified page token value has expired and can no longer be included.')
  return Number(match[1])
}

function readTop(call: Call): number {
  const text = call.query.get('$top')
  if (text === undefined) return DEFAULT_PAGE
  const top = Number(text)
  if (!/^[0-9]+$/.test(text) || top < 1 || top > MAX_PAGE) {
    throw badRequest(`Invalid page size specified: '${text}'. Must be between 1 and ${MAX_PAGE} inclusive.`)
  }
  return top
}

function readOrder(call: Call, properties: readonly string[]): QueryOptions['order'] {
  const text = call.query.get('$orderby')
  if (text === undefined) return undefined
  const [property = '', direction = 'asc', ...rest] = text.trim().split(/\s+/)
  if (rest.length > 0 || !properties.includes(property) || !/^(asc|desc)$/i.test(direction))
    throw badRequest(`The $orderby expression '${text}' is not supported for this resource.`)
  return {property, descending: direction.toLowerCase() === 'desc'}
}

function readCount(call: Call): boolean {
  const text = call.query.get('$count')
  if (text !== undefined && text !== 'true' && text !== 'false')
    throw badRequest(`Invalid value '${text}' for $count.`)
  return text === 'true'
}

function selected(call: Call, type: EntityType): readonly string[] | undefined {
  const text = call.query.get('$select')
  if (text === undefined) return undefined
  const names = text.split(',').map((name) => name.trim())
  const unknown = names.find((name) => !type.properties.has(name))
  if (unknown !== undefined) {
    throw badRequest(
      `Parsing OData Select and Expand failed: Could not find a property named '${unknown}' on type '${type.name}'.`,
    )
  }
  return names
}

function allow(call: Call, names: readonly OptionName[]): void {
  for (const name of call.query.keys()) {
    if (names.some((known) => known === name)) continue
    if (/^\$(search|orderby|expand|skip|apply|format)$/.test(name)) {
      throw unsupportedQuery(`The query option '${name}' is not supported for this resource.`)
    }
    throw badRequest(`Unrecognized query argument specified: '${name}'.`)
  }
}
