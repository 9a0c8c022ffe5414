import type {SQLInputValue} from 'node:sqlite'

import {badRequest} from '../graph-fault.js'
import type {Compared, Comparison, Filter, Literal} from './filter.js'

/** How a property is searched. Text columns hold lower-case text: the directory compares without regard to case. */
export interface FilterProperty {
  readonly column: string
  readonly type: 'text' | 'boolean' | 'number' | 'guid' | 'instant'
  /** Needs ConsistencyLevel: eventual and $count=true whatever the operator. */
  readonly advanced?: boolean | undefined
}

export type FilterProperties = Readonly<Record<string, FilterProperty>>

export interface Condition {
  readonly sql: string
  readonly values: readonly SQLInputValue[]
  /** Is an advanced query: `ne`, `not`, `endsWith`, or a property that always is. */
  readonly advanced: boolean
}

export const NO_CONDITION: Condition = {sql: '1', values: [], advanced: false}

const SQL_OPERATOR = {eq: '=', ne: '<>', gt: '>', ge: '>=', lt: '<', le: '<='} as const satisfies Record<
  Comparison,
  string
>

/** Throws GraphFault 400 for a property that is not there or a value of another type. */
export function compileFilter(filter: Filter, properties: FilterProperties, typeName: string): Condition {
  const compile = (part: Filter): Condition => {
    if (part.op === 'and' || part.op === 'or') return join(part.op, compile(part.left), compile(part.right))
    if (part.op === 'not') {
      const of = compile(part.of)
      return {sql: `NOT coalesce((${of.sql}), 0)`, values: of.values, advanced: true}
    }
    const property = find(properties, part.property, typeName)
    const advanced = property.advanced === true
    if (part.op === 'in') {
      const values = part.values.map((value) => toSql(property, part.property, value))
      return {sql: `${property.column} IN (${values.map(() => '?').join(', ')})`, values, advanced}
    }
    if (part.op === 'startswith') return {...startsWith(property, part.value), advanced}
    if (part.op === 'endswith') {
      const value = part.value.toLowerCase()
      return {sql: `substr(${property.column}, -length(?)) = ?`, values: [value, value], advanced: true}
    }
    return compare(property, part, advanced)
  }
  return compile(filter)
}

function compare(property: FilterProperty, part: Compared, advanced: boolean): Condition {
  if (part.value === null) {
    if (part.operator !== 'eq' && part.operator !== 'ne')
      throw badRequest('null can only be compared with eq and ne.')
    return {
      sql: `${property.column} IS ${part.operator === 'ne' ? 'NOT ' : ''}NULL`,
      values: [],
      advanced: true,
    }
  }
  const value = toSql(property, part.property, part.value)
  if (part.operator === 'ne') return {sql: `${property.column} IS NOT ?`, values: [value], advanced: true}
  return {sql: `${property.column} ${SQL_OPERATOR[part.operator]} ?`, values: [value], advanced}
}

function startsWith(property: FilterProperty, prefix: string): {sql: string; values: SQLInputValue[]} {
  const value = prefix.toLowerCase()
  if (value === '') return {sql: `${property.column} IS NOT NULL`, values: []}
  return {sql: `(${property.column} >= ? AND ${property.column} < ?)`, values: [value, `${value}\u{10FFFF}`]}
}

function join(op: 'and' | 'or', left: Condition, right: Condition): Condition {
  return {
    sql: `(${left.sql} ${op.toUpperCase()} ${right.sql})`,
    values: [...left.values, ...right.values],
    advanced: left.advanced || right.advanced,
  }
}

function find(properties: FilterProperties, name: string, typeName: string): FilterProperty {
  const property = Object.hasOwn(properties, name) ? properties[name] : undefined
  if (property === undefined) {
    throw badRequest(
      `Invalid filter clause: Could not find a filterable property named '${name}' on type '${typeName}'.`,
    )
  }
  return property
}

function toSql(property: FilterProperty, name: string, value: Literal): SQLInputValue {
  if (property.type === 'text' && typeof value === 'string') return value.toLowerCase()
  if (property.type === 'boolean' && typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'object' && value !== null) {
    if (property.type === 'guid' && 'guid' in value) return value.guid
    if (property.type === 'instant' && 'instant' in value && !Number.isNaN(value.instant))
      return value.instant
  }
  if (property.type === 'number' && typeof value === 'number') return value
  throw badRequest(`Invalid filter clause: the value for '${name}' is not of the property's type.`)
}
