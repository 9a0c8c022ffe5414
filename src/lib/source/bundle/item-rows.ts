import {OathSecret, Secret} from '../../model/secret.js'
import type {AppDevice, HashFunction, ServerOathToken, SourceFault} from '../../model/server-user.js'
import type {RowReader} from '../csv/row-reader.js'
import type {DeviceColumn, TokenColumn} from './columns.js'
import {readDate} from './user-row.js'

const HASH_FUNCTIONS: readonly HashFunction[] = ['hmacsha1', 'hmacsha256']

// Messages of these two files quote no value: a cell in the wrong column may be a secret.

/** A row of devices.csv; undefined, with a fault, where it names no device. */
export function readDevice(row: RowReader<DeviceColumn>, faults: SourceFault[]): AppDevice | undefined {
  const name = nameOf(row, 'DeviceName', 'device', faults)
  if (name === undefined) return undefined
  const token = row.cell('DeviceToken')
  const secret = row.cell('OathTokenSecretKey')
  return {
    name,
    token: token === undefined ? undefined : new Secret(token),
    oathSecret: secret === undefined ? undefined : new OathSecret(secret),
    appVersion: row.cell('PhoneAppVersion'),
    registeredAt: readDate(row, 'RegisteredAt', faults),
  }
}

/** A row of oath-tokens.csv; undefined, with a fault, where it has no serial number. */
export function readToken(row: RowReader<TokenColumn>, faults: SourceFault[]): ServerOathToken | undefined {
  const serialNumber = nameOf(row, 'SerialNumber', 'token', faults)
  if (serialNumber === undefined) return undefined
  const secret = row.cell('SecretKey')
  return {
    serialNumber,
    secret: secret === undefined ? undefined : new OathSecret(secret),
    timeInterval: readInterval(row, faults),
    manufacturer: row.cell('Manufacturer'),
    model: row.cell('Model'),
    hashFunction: readHash(row, faults),
  }
}

/** The cell without which a row is of no use; undefined, with a fault, where it or the row cannot be read. */
function nameOf<Column extends string>(
  row: RowReader<Column>,
  column: Column,
  what: 'device' | 'token',
  faults: SourceFault[],
): string | undefined {
  const name = row.wholeFault === undefined ? row.cell(column) : undefined
  if (row.wholeFault !== undefined)
    faults.push(row.fault('field', `${row.wholeFault}; the ${what} is left out`))
  else if (name === undefined)
    faults.push(row.fault('field', `${column} is empty; the ${what} is left out`, column))
  return name
}

/** A number that is neither 30 nor 60 is kept, so that O5 can judge it. */
function readInterval(row: RowReader<TokenColumn>, faults: SourceFault[]): number | undefined {
  const text = row.cell('TimeInterval')
  if (text === undefined || text === '30' || text === '60')
    return text === undefined ? undefined : Number(text)
  faults.push(row.fault('field', 'TimeInterval is neither 30 nor 60', 'TimeInterval'))
  return /^\d{1,9}(\.\d{1,9})?$/.test(text) ? Number(text) : undefined
}

function readHash(row: RowReader<TokenColumn>, faults: SourceFault[]): HashFunction | undefined {
  const text = row.cell('HashFunction')
  const hash = HASH_FUNCTIONS.find((each) => each === text)
  if (text !== undefined && hash === undefined) {
    faults.push(
      row.fault(
        'field',
        `HashFunction is none of ${HASH_FUNCTIONS.join(', ')}; it is left out`,
        'HashFunction',
      ),
    )
  }
  return hash
}
