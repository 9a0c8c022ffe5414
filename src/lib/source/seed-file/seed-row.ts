import {OathSecret} from '../../model/secret.js'
import type {HashFunction} from '../../model/server-user.js'
import type {HeaderRules} from '../csv/header.js'
import type {RowReader} from '../csv/row-reader.js'

export type SeedColumn =
  'upn' | 'serial number' | 'secret key' | 'time interval' | 'manufacturer' | 'model' | 'hash function'

/** Entra's upload format and the vendors' (the same without `upn`); some files add the hash function. */
export const SEED_COLUMNS: HeaderRules<SeedColumn> = {
  required: ['serial number', 'secret key', 'time interval', 'manufacturer', 'model'],
  optional: ['upn', 'hash function'],
  lenient: true,
}

export interface Seed {
  readonly serialNumber: string
  readonly secret: OathSecret
  readonly timeInterval?: number | undefined
  readonly manufacturer?: string | undefined
  readonly model?: string | undefined
  readonly hashFunction?: HashFunction | undefined
  readonly upn?: string | undefined
  readonly file: string
  readonly line: number
}

export interface SeedRowFault {
  readonly field?: SeedColumn | undefined
  readonly message: string
}

/** A row of a seed file; `seed` is undefined where the row cannot be used. Messages quote no text: a secret may stand in any column. */
export function readSeed(row: RowReader<SeedColumn>): {
  readonly seed: Seed | undefined
  readonly faults: readonly SeedRowFault[]
} {
  if (row.wholeFault !== undefined) return unusable(undefined, row.wholeFault)
  const serialNumber = row.cell('serial number')
  if (serialNumber === undefined) return unusable('serial number', 'the serial number is empty')
  const secretText = row.cell('secret key')
  if (secretText === undefined) return unusable('secret key', 'the secret key is empty')
  const secret = new OathSecret(secretText)
  // O5
  const fault = secret.fault()
  if (fault === 'not-base32') {
    return unusable('secret key', 'the secret key is not Base32 (letters A–Z, digits 2–7, no spaces, no "=")')
  }
  if (fault === 'too-long') return unusable('secret key', 'the secret key is longer than 128 characters')
  const faults: SeedRowFault[] = []
  const interval = row.cell('time interval')
  const numeric = interval === undefined || /^\d{1,9}$/.test(interval)
  if (!numeric) return unusable('time interval', 'the time interval is no number')
  const timeInterval = interval === undefined ? undefined : Number(interval)
  if (timeInterval !== undefined && timeInterval !== 30 && timeInterval !== 60) {
    faults.push({
      field: 'time interval',
      message: `the time interval is ${timeInterval}, neither 30 nor 60`,
    })
  }
  const hash = row.cell('hash function')?.toLowerCase()
  const hashFunction = hash === 'hmacsha1' || hash === 'hmacsha256' ? hash : undefined
  if (hash !== undefined && hashFunction === undefined) {
    return unusable('hash function', 'the hash function is neither hmacsha1 nor hmacsha256')
  }
  return {
    seed: {
      serialNumber,
      secret,
      timeInterval,
      manufacturer: row.cell('manufacturer'),
      model: row.cell('model'),
      hashFunction,
      upn: row.cell('upn'),
      file: row.file,
      line: row.line,
    },
    faults,
  }
}

function unusable(
  field: SeedColumn | undefined,
  message: string,
): {seed: undefined; faults: readonly SeedRowFault[]} {
  return {seed: undefined, faults: [{field, message: `${message}; the row is left out`}]}
}
