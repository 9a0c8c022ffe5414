import type {SourceKey} from '../../model/brand.js'
import {isoInstant} from '../../model/iso-date.js'
import {OathSecret, Secret} from '../../model/secret.js'
import {
  SERVER_MODES,
  type AppDevice,
  type ServerOathToken,
  type ServerPhone,
  type ServerUser,
  type SourceFault,
} from '../../model/server-user.js'
import type {UserRow} from './calls.js'
import {flag, integer, type Values} from './values.js'

/** Which operation a fault is put down to. */
export interface RecordOrigin {
  readonly settings: string
  /** Undefined where this server cannot list devices. */
  readonly devices: string | undefined
}

type Report = (field: string, message: string, severity?: SourceFault['severity']) => void

/** The server's record as it stands; what cannot be right becomes a fault. Pure. */
export function serverUser(
  row: UserRow,
  values: Values,
  devices: readonly Values[],
  origin: RecordOrigin,
  known: readonly SourceFault[],
): ServerUser {
  const faults: SourceFault[] = [...known]
  const report: Report = (field, message, severity = 'field') => {
    faults.push({file: origin.settings, field, message, severity})
  }
  const text = (name: string): string | undefined => values.get(name) || undefined
  return {
    key: row.username as SourceKey,
    username: row.username,
    userPrincipalName: text('UserPrincipalName') ?? row.userPrincipalName,
    sid: text('Sid') ?? row.sid,
    firstName: text('FirstName'),
    lastName: text('LastName'),
    emailAddress: text('EmailAddress'),
    userGroup: text('UserGroup') ?? row.userGroup,
    phone: phoneOf(values, '', report),
    backupPhone: phoneOf(values, 'Backup', report),
    mode: modeOf(values, report),
    pinMode: text('PinMode'),
    smsDirection: text('SmsDirection'),
    smsMode: text('SmsMode'),
    phoneAppMode: text('PhoneAppMode'),
    languages: languagesOf(values),
    enabled: enabledOf(values, report),
    lastModified: instant(values, 'LastModified', report),
    devices: devicesOf(values, devices, origin, report),
    oathTokens: tokensOf(values, report),
    faults,
  }
}

/** A user whose record could not be read: nothing of it is migrated. */
export function unreadUser(row: UserRow, file: string, why: string): ServerUser {
  return {
    key: row.username as SourceKey,
    username: row.username,
    userPrincipalName: row.userPrincipalName,
    sid: row.sid,
    userGroup: row.userGroup,
    enabled: false,
    devices: [],
    oathTokens: [],
    faults: [{file, message: `this user's record could not be read: ${why}`, severity: 'row'}],
  }
}

function languagesOf(values: Values): readonly string[] | undefined {
  const names = LANGUAGES.flatMap((name) => values.get(name) || [])
  return names.length === 0 ? undefined : [...new Set(names)]
}

const LANGUAGES = ['VoiceCallLanguage', 'SmsTextLanguage', 'PhoneAppLanguage', 'OathTokenLanguage']

function phoneOf(values: Values, prefix: '' | 'Backup', report: Report): ServerPhone | undefined {
  const number = values.get(`${prefix}Phone`) ?? ''
  const extension = values.get(`${prefix}Extension`) || undefined
  const countryCode = values.get(`${prefix}CountryCode`) || undefined
  if (number !== '') return {number, countryCode, extension}
  if (extension !== undefined) report(`${prefix}Extension`, 'there is an extension but no number')
  return undefined
}

/** R7. */
function modeOf(values: Values, report: Report): ServerUser['mode'] {
  const text = values.get('Mode')
  const mode = SERVER_MODES.find((one) => one === text)
  if (mode === undefined) {
    const stood = text === undefined ? 'there is no Mode' : `Mode is "${text}"`
    report('Mode', `${stood}; it must be one of ${SERVER_MODES.join(', ')}`, 'mode')
  }
  return mode
}

function enabledOf(values: Values, report: Report): boolean {
  const text = values.get('Enabled')
  const enabled = flag(text)
  if (enabled !== undefined) return enabled
  report(
    'Enabled',
    text === undefined ? 'Enabled is missing' : `Enabled is "${text}"; it must be true or false`,
    'row',
  )
  return false
}

/** As it stands; .NET's year 1 means never. */
function instant(values: Values, name: string, report: Report): string | undefined {
  const text = values.get(name)
  if (!text || text.startsWith('0001-01-01')) return undefined
  if (isoInstant(text) !== undefined) return text
  report(name, `${name} "${text}" is not a date`)
  return undefined
}

function devicesOf(
  values: Values,
  devices: readonly Values[],
  origin: RecordOrigin,
  report: Report,
): AppDevice[] {
  const activated = flag(values.get('PhoneAppActivated')) === true
  if (activated && origin.devices === undefined) {
    report('PhoneAppActivated', 'the mobile app is activated, but this server cannot list devices')
  } else if (activated && devices.length === 0) {
    report('PhoneAppActivated', 'the mobile app is activated, but the server lists no device')
  }
  return devices.map((device) => {
    const token = device.get('DeviceToken')
    const oath = device.get('OathSecret')
    return {
      name: device.get('DeviceName') ?? '',
      token: token ? new Secret(token) : undefined,
      oathSecret: oath ? new OathSecret(oath) : undefined,
      appVersion: device.get('PhoneAppVersion') || undefined,
      registeredAt: instant(device, 'RegisteredAt', (field, message) =>
        report(`UserDevice.${field}`, message),
      ),
    }
  })
}

function tokensOf(values: Values, report: Report): ServerOathToken[] {
  const serialNumber = values.get('OathTokenSerialNumber') ?? ''
  const said = values.get('OathTokenExists')
  const exists = said === undefined ? serialNumber !== '' : flag(said)
  if (exists === undefined) {
    report('OathTokenExists', `OathTokenExists is "${said}"; it must be true or false`)
    return []
  }
  if (!exists) {
    if (serialNumber !== '')
      report('OathTokenSerialNumber', `there is serial number ${serialNumber}, but OathTokenExists is false`)
    return []
  }
  if (serialNumber === '') {
    report(
      'OathTokenSerialNumber',
      'the user has an OATH token, but the server gives no serial number: it cannot be carried',
    )
    return []
  }
  const secret = values.get('OathTokenSecretKey')
  const interval = values.get('OathTokenTimeInterval')
  const timeInterval = integer(interval)
  if (interval && timeInterval === undefined)
    report('OathTokenTimeInterval', `OathTokenTimeInterval "${interval}" is not a number`)
  return [{serialNumber, secret: secret ? new OathSecret(secret) : undefined, timeInterval}]
}
