import type {EntraMethods} from '../model/entra-user.js'
import type {Outcome} from '../model/outcome.js'
import type {Row} from './database.js'
import {stateDamaged} from './state-fault.js'

export type JsonRecord = Readonly<Record<string, unknown>>

/** Reads one row from disk and believes nothing: what is not as we write it is STATE_DAMAGED, with file and place. */
export interface Reader {
  readonly row: Row
  text(column: string): string
  optionalText(column: string): string | undefined
  oneOf<T extends string>(column: string, allowed: readonly T[]): T
  integer(column: string): number
  record(column: string): JsonRecord
  optionalRecord(column: string): JsonRecord | undefined
  strings(column: string): readonly string[]
  list(column: string): readonly unknown[]
}

export function reader(row: Row, file: string, what: string): Reader {
  const fail = (column: string): never => {
    throw stateDamaged(file, `${what} has an unexpected value in "${column}"`)
  }
  const optionalText = (column: string): string | undefined => {
    const value = row[column]
    if (value === null) return undefined
    return typeof value === 'string' ? value : fail(column)
  }
  const text = (column: string): string => optionalText(column) ?? fail(column)
  const json = (column: string): unknown => {
    try {
      return JSON.parse(text(column))
    } catch {
      return fail(column)
    }
  }
  const record = (column: string): JsonRecord => {
    const value = json(column)
    return isRecord(value) ? value : fail(column)
  }
  const list = (column: string): readonly unknown[] => {
    const value = json(column)
    return Array.isArray(value) ? value : fail(column)
  }
  return {
    row,
    text,
    optionalText,
    record,
    list,
    oneOf: (column, allowed) => allowed.find((one) => one === row[column]) ?? fail(column),
    integer: (column) => {
      const value = row[column]
      return typeof value === 'number' && Number.isSafeInteger(value) ? value : fail(column)
    },
    optionalRecord: (column) => (row[column] === null ? undefined : record(column)),
    strings: (column) => {
      const values = list(column)
      return values.every((value) => typeof value === 'string') ? values : fail(column)
    },
  }
}

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isStringRecord(value: JsonRecord): value is Readonly<Record<string, string>> {
  return Object.values(value).every((one) => typeof one === 'string')
}

export function isOutcome(value: unknown): value is Outcome {
  if (!isRecord(value)) return false
  switch (value['status']) {
    case 'done':
    case 'already-done':
      return true
    case 'failed':
    case 'unknown':
      return typeof value['code'] === 'string' && typeof value['message'] === 'string'
    default:
      return false
  }
}

/** As deep as undo relies on it: every method has its id, every phone its slot and number. */
export function isEntraMethods(value: unknown): value is EntraMethods {
  if (!isRecord(value) || typeof value['systemPreferred'] !== 'boolean') return false
  const lists = ['phones', 'authenticators', 'softwareOath', 'hardwareOath', 'others']
  return (
    lists.every((name) => isListOf(value[name], 'id')) &&
    isListOf(value['phones'], 'slot') &&
    isListOf(value['phones'], 'number')
  )
}

function isListOf(value: unknown, key: string): boolean {
  return Array.isArray(value) && value.every((one: unknown) => isRecord(one) && typeof one[key] === 'string')
}
