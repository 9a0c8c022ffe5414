import type {Field, Operation, ServiceDescription} from './service-description.js'

/** Which operations of the live description are used, and what was left aside. */
export interface Chosen {
  readonly settings: Operation
  readonly find: Operation
  readonly devices: Operation | undefined
  /** Says whether a name exists; one of CanonicalizeUser, UserExists. */
  readonly exists: Operation | undefined
  /** Higher operations whose inputs are not known here. */
  readonly passedOver: readonly string[]
  /** Element names of the record and its lists, as this server has them. */
  readonly shape: Shape
}

export interface Shape {
  readonly settingsElement: string
  readonly settings: NameTable
  readonly rowsElement: string
  readonly rowItem: string
  readonly row: NameTable
  readonly devicesElement: string
  readonly deviceItem: string
  readonly device: NameTable
}

/** Meaning → element name of this server. */
export type NameTable = ReadonlyMap<string, string>

const STRING_FILTERS = [
  'usernameFilter',
  'firstNameFilter',
  'lastNameFilter',
  'emailFilter',
  'userGroupFilter',
  'phoneFilter',
]
const KNOWN_FIND_INPUTS = new Set([
  ...STRING_FILTERS,
  'usernameCaseSensitive', 'firstNameCaseSensitive', 'lastNameCaseSensitive', 'emailCaseSensitive', 'userGroupCaseSensitive',
  'modeFilter', 'modeSpecified', 'pinModeFilter', 'pinModeSpecified', 'smsDirectionFilter', 'smsDirectionSpecified',
  'smsModeFilter', 'smsModeSpecified', 'phoneAppModeFilter', 'phoneAppModeSpecified', 'tagMatchType', 'tagIds',
  'enabledFilter', 'enabledSpecified', 'resultLimit',
]) // prettier-ignore

const USERNAME_ONLY = new Set(['username'])

/** Meanings that only later servers may have, by what they may be called. */
const LATER: readonly (readonly [string, RegExp])[] = [
  ['Sid', /^(user|object)?_?sid$|^(user)?securityidentifier$/i],
  ['UserPrincipalName', /^(user)?(upn|principalname)$/i],
  [
    'LastModified',
    /^(last)?(modified|changed|updated)(date|time|utc|on|at)*$|^date(last)?modified$|^modification(date|time)+$/i,
  ],
  ['RegisteredAt', /^(registered|activated|activation|registration|created|added)(date|time|utc|on|at)*$/i],
  ['OathSecret', /^oath(token)?secret(key)?$/i],
]

const ROW_FIELDS = [
  'Username',
  'FirstName',
  'LastName',
  'EmailAddress',
  'UserGroup',
  'CountryCode',
  'Phone',
  'Extension',
]

const SETTINGS_FIELDS = [
  'FirstName', 'LastName', 'EmailAddress', 'UserGroup', 'CountryCode', 'Phone', 'Extension', 'BackupCountryCode',
  'BackupPhone', 'BackupExtension', 'Mode', 'PinMode', 'SmsDirection', 'SmsMode', 'PhoneAppMode', 'Enabled',
  'OathTokenExists', 'OathTokenSerialNumber', 'OathTokenSecretKey', 'OathTokenTimeInterval', 'PhoneAppActivated',
  'VoiceCallLanguage', 'SmsTextLanguage', 'PhoneAppLanguage', 'OathTokenLanguage',
] as const // prettier-ignore

/** Undefined, with the name of what is missing, if the description lacks something that cannot be done without. */
export function chooseOperations(description: ServiceDescription): Chosen | {readonly missing: string} {
  const passedOver: string[] = []
  const highest = (family: string, known: ReadonlySet<string>): Operation | undefined => {
    for (const operation of versions(description, family)) {
      if (operation.inputs.every(({name, required}) => known.has(name) || !required)) return operation
      passedOver.push(operation.name)
    }
    return undefined
  }
  const settings = highest('GetUserSettings', USERNAME_ONLY)
  const find = highest('FindUsers', KNOWN_FIND_INPUTS)
  const devices = highest('GetUserDevices', USERNAME_ONLY)
  if (settings === undefined) return {missing: 'GetUserSettings'}
  if (find === undefined) return {missing: 'FindUsers'}
  const exists = highest('CanonicalizeUser', USERNAME_ONLY) ?? highest('UserExists', USERNAME_ONLY)
  const record = outputOf(settings, /settings/i) ?? {name: 'userSettings', type: 'UserSettings3'}
  const rows = listOf(description, find, /rows|users/i, 'userRows', 'UserRow')
  const list = listOf(description, devices, /devices/i, 'userDevices', 'UserDevice')
  return {
    settings,
    find,
    devices,
    exists,
    passedOver,
    shape: {
      settingsElement: record.name,
      settings: nameTable(description.fields(record.type), SETTINGS_FIELDS),
      rowsElement: rows.element,
      rowItem: rows.item,
      row: nameTable(description.fields(rows.type), ROW_FIELDS),
      devicesElement: list.element,
      deviceItem: list.item,
      device: nameTable(description.fields(list.type), ['DeviceName', 'DeviceToken', 'PhoneAppVersion']),
    },
  }
}

/** Highest first. `GetUserSettings2` and `GetUserSettings_2` are both the second; the underscore is the later spelling. */
export function versions(description: ServiceDescription, family: string): Operation[] {
  const pattern = new RegExp(`^${family}(_?)(\\d*)$`)
  return [...description.operations.values()]
    .flatMap((operation) => {
      const found = pattern.exec(operation.name)
      return found ? [{operation, number: Number(found[2] || '1'), underscore: found[1] ? 1 : 0}] : []
    })
    .sort((one, other) => other.number - one.number || other.underscore - one.underscore)
    .map(({operation}) => operation)
}

function outputOf(operation: Operation | undefined, pattern: RegExp): Field | undefined {
  return operation?.outputs.find(({name}) => pattern.test(name) && !name.endsWith('Result'))
}

/** Arrays are wrapped: the type of the output has one repeated element. */
function listOf(
  description: ServiceDescription,
  operation: Operation | undefined,
  pattern: RegExp,
  element: string,
  item: string,
): {readonly element: string; readonly item: string; readonly type: string} {
  const output = outputOf(operation, pattern)
  const repeated = output && description.fields(output.type)?.find(({many}) => many)
  return {element: output?.name ?? element, item: repeated?.name ?? item, type: repeated?.type ?? item}
}

function nameTable(fields: readonly Field[] | undefined, known: readonly string[]): NameTable {
  const names = fields?.map(({name}) => name) ?? known
  const table = new Map<string, string>()
  for (const name of known) {
    const found =
      names.find((own) => own === name) ?? names.find((own) => own.toLowerCase() === name.toLowerCase())
    if (found !== undefined) table.set(name, found)
  }
  for (const [meaning, pattern] of LATER) {
    const found = names.find((own) => pattern.test(own))
    if (found !== undefined && !table.has(meaning)) table.set(meaning, found)
  }
  return table
}

/** What must be sent of a search that filters nothing. `blank` fills the text filters with empty text. */
export function emptySearch(
  description: ServiceDescription,
  find: Operation,
  blank: boolean,
): Record<string, string> {
  const values: Record<string, string> = {}
  for (const {name, type, required} of find.inputs) {
    if (STRING_FILTERS.includes(name)) {
      if (blank || required) values[name] = ''
    } else if (!required || !KNOWN_FIND_INPUTS.has(name)) continue
    else if (type === 'boolean') values[name] = 'false'
    else values[name] = neutral(description.values(type))
  }
  return values
}

/** A filter that is not switched on needs some value of its type all the same. */
function neutral(values: readonly string[]): string {
  return ['unspecified', 'allUsers', 'standard'].find((value) => values.includes(value)) ?? values[0] ?? ''
}
