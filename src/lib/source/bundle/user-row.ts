import {isoInstant} from '../../model/iso-date.js'
import {
  SERVER_MODES,
  type ServerMode,
  type ServerPhone,
  type ServerUser,
  type SourceFault,
} from '../../model/server-user.js'
import type {RowReader} from '../csv/row-reader.js'
import type {UserColumn} from './columns.js'
import {quote} from '../quote.js'

type UserRow = RowReader<UserColumn>
/** What users.csv alone says of a user. */
export type UserRecord = Omit<ServerUser, 'key' | 'devices' | 'oathTokens'>

/** The names in a row; undefined where it has no Username. */
export function readIdentity(
  row: UserRow,
): Pick<ServerUser, 'username' | 'userPrincipalName' | 'sid'> | undefined {
  const username = row.cell('Username')
  if (username === undefined) return undefined
  const userPrincipalName = row.cell('UserPrincipalName')
  const sid = row.cell('Sid')
  if (row.wholeFault === undefined) return {username, userPrincipalName, sid}
  // Values may have slipped into other columns: only what looks right is kept, so that the fault finds its user.
  return {
    username,
    userPrincipalName: userPrincipalName?.includes('@') ? userPrincipalName : undefined,
    sid: sid?.startsWith('S-1-') ? sid : undefined,
  }
}

/** The row of a user; `sameName` are the lines of all rows with this Username. */
export function readUser(row: UserRow, sameName: readonly number[]): UserRecord | undefined {
  const identity = readIdentity(row)
  if (!identity) return undefined
  const faults: SourceFault[] = []
  const others = sameName.filter((line) => line !== row.line)
  if (others.length > 0) {
    const where = `${others.length === 1 ? 'line' : 'lines'} ${others.slice(0, 10).join(', ')}`
    faults.push(
      row.fault('row', `the same Username stands in ${where}; one row a user is needed`, 'Username'),
    )
  }
  if (row.wholeFault !== undefined) {
    return {...identity, enabled: false, faults: [...faults, row.fault('row', row.wholeFault)]}
  }
  return {
    ...identity,
    firstName: row.cell('FirstName'),
    lastName: row.cell('LastName'),
    emailAddress: row.cell('EmailAddress'),
    userGroup: row.cell('UserGroup'),
    phone: readPhone(row, 'CountryCode', 'Phone', 'Extension', faults),
    backupPhone: readPhone(row, 'BackupCountryCode', 'BackupPhone', 'BackupExtension', faults),
    mode: readMode(row, faults),
    pinMode: row.cell('PinMode'),
    smsDirection: row.cell('SmsDirection'),
    smsMode: row.cell('SmsMode'),
    phoneAppMode: row.cell('PhoneAppMode'),
    enabled: readEnabled(row, faults),
    lastModified: readDate(row, 'LastModified', faults),
    faults,
  }
}

/** ISO 8601 as it stands, or a fault. */
export function readDate<Name extends string>(
  row: RowReader<Name>,
  field: Name,
  faults: SourceFault[],
): string | undefined {
  const text = row.cell(field)
  if (text === undefined || isoInstant(text) !== undefined) return text
  faults.push(
    row.fault(
      'field',
      `${field} is no ISO 8601 date, for example 2024-03-01T12:30:00Z; it is left out`,
      field,
    ),
  )
  return undefined
}

// R7
function readMode(row: UserRow, faults: SourceFault[]): ServerMode | undefined {
  const text = row.cell('Mode')
  const mode = SERVER_MODES.find((each) => each === text)
  if (mode === undefined) {
    const is = text === undefined ? 'is empty' : `is ${quote(text.slice(0, 40))}`
    faults.push(row.fault('mode', `Mode ${is}; allowed are ${SERVER_MODES.join(', ')}`, 'Mode'))
  }
  return mode
}

function readEnabled(row: UserRow, faults: SourceFault[]): boolean {
  // Spreadsheets and PowerShell write TRUE and True.
  const text = row.cell('Enabled')?.toLowerCase()
  if (text === undefined || text === 'true') return true
  if (text !== 'false') faults.push(row.fault('row', 'Enabled is neither true nor false', 'Enabled'))
  return false
}

function readPhone(
  row: UserRow,
  countryCode: UserColumn,
  number: UserColumn,
  extension: UserColumn,
  faults: SourceFault[],
): ServerPhone | undefined {
  const text = row.cell(number)
  const ext = row.cell(extension)
  if (text !== undefined) return {countryCode: row.cell(countryCode), number: text, extension: ext}
  if (ext !== undefined) {
    faults.push(row.fault('field', `${extension} without a ${number}; it is left out`, extension))
  }
  return undefined
}
