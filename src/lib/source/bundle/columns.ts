import type {HeaderRules} from '../csv/header.js'

const USER_REQUIRED = ['Username', 'Mode'] as const
const USER_OPTIONAL = [
  'UserPrincipalName',
  'Sid',
  'FirstName',
  'LastName',
  'EmailAddress',
  'UserGroup',
  'CountryCode',
  'Phone',
  'Extension',
  'BackupCountryCode',
  'BackupPhone',
  'BackupExtension',
  'PinMode',
  'SmsDirection',
  'SmsMode',
  'PhoneAppMode',
  'Enabled',
  'LastModified',
] as const
export type UserColumn = (typeof USER_REQUIRED)[number] | (typeof USER_OPTIONAL)[number]

const DEVICE_REQUIRED = ['Username', 'DeviceName'] as const
const DEVICE_OPTIONAL = ['DeviceToken', 'OathTokenSecretKey', 'PhoneAppVersion', 'RegisteredAt'] as const
export type DeviceColumn = (typeof DEVICE_REQUIRED)[number] | (typeof DEVICE_OPTIONAL)[number]

const TOKEN_REQUIRED = ['Username', 'SerialNumber'] as const
const TOKEN_OPTIONAL = ['SecretKey', 'TimeInterval', 'Manufacturer', 'Model', 'HashFunction'] as const
export type TokenColumn = (typeof TOKEN_REQUIRED)[number] | (typeof TOKEN_OPTIONAL)[number]

export const USERS_FILE = 'users.csv'
export const DEVICES_FILE = 'devices.csv'
export const TOKENS_FILE = 'oath-tokens.csv'
export type BundleFileName = typeof USERS_FILE | typeof DEVICES_FILE | typeof TOKENS_FILE

/** Always in this order. */
export const BUNDLE_FILES: readonly BundleFileName[] = [USERS_FILE, DEVICES_FILE, TOKENS_FILE]

export const USER_COLUMNS: HeaderRules<UserColumn> = {required: USER_REQUIRED, optional: USER_OPTIONAL}
export const DEVICE_COLUMNS: HeaderRules<DeviceColumn> = {
  required: DEVICE_REQUIRED,
  optional: DEVICE_OPTIONAL,
}
export const TOKEN_COLUMNS: HeaderRules<TokenColumn> = {required: TOKEN_REQUIRED, optional: TOKEN_OPTIONAL}
