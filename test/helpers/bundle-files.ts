import {mkdtemp, mkdir, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {stringify} from 'csv-stringify/sync'
import type {ServerUser} from '../../src/lib/model/server-user.js'

/** A folder that is gone after `remove`, with these files in it. */
export async function temporaryFolder(
  files: Readonly<Record<string, string | Uint8Array>> = {},
): Promise<{readonly path: string; remove(): Promise<void>}> {
  const path = await mkdtemp(join(tmpdir(), 'mfa-bundle-'))
  for (const [name, content] of Object.entries(files)) await writeFile(join(path, name), content)
  return {path, remove: async () => rm(path, {recursive: true, force: true})}
}

export const USER_HEADER =
  'Username,Mode,UserPrincipalName,Sid,FirstName,LastName,EmailAddress,UserGroup,CountryCode,Phone,Extension,BackupCountryCode,BackupPhone,BackupExtension,PinMode,SmsDirection,SmsMode,PhoneAppMode,Enabled,LastModified'.split(
    ',',
  )
export const DEVICE_HEADER =
  'Username,DeviceName,DeviceToken,OathTokenSecretKey,PhoneAppVersion,RegisteredAt'.split(',')
export const TOKEN_HEADER =
  'Username,SerialNumber,SecretKey,TimeInterval,Manufacturer,Model,HashFunction'.split(',')

export interface CsvStyle {
  readonly delimiter: ',' | ';'
  readonly newline: '\n' | '\r\n'
  readonly bom: boolean
  readonly quoted: boolean
}

export const PLAIN: CsvStyle = {delimiter: ',', newline: '\n', bom: false, quoted: false}

/** Writes these users as an export bundle. */
export async function writeBundle(
  folder: string,
  users: readonly ServerUser[],
  style: CsvStyle = PLAIN,
): Promise<void> {
  await mkdir(folder, {recursive: true})
  const file = async (
    name: string,
    header: readonly string[],
    rows: readonly (readonly unknown[])[],
  ): Promise<void> => writeFile(join(folder, name), toCsv([header, ...rows], style))
  await file('users.csv', USER_HEADER, users.map(userCells))
  await file(
    'devices.csv',
    DEVICE_HEADER,
    users.flatMap(({username, devices}) =>
      devices.map((d) => [
        username,
        d.name,
        d.token?.reveal(),
        d.oathSecret?.reveal(),
        d.appVersion,
        d.registeredAt,
      ]),
    ),
  )
  await file(
    'oath-tokens.csv',
    TOKEN_HEADER,
    users.flatMap(({username, oathTokens}) =>
      oathTokens.map((t) => [
        username,
        t.serialNumber,
        t.secret?.reveal(),
        t.timeInterval,
        t.manufacturer,
        t.model,
        t.hashFunction,
      ]),
    ),
  )
}

export function toCsv(rows: readonly (readonly unknown[])[], style: CsvStyle = PLAIN): string {
  return stringify(
    rows.map((row) => [...row]),
    {
      bom: style.bom,
      delimiter: style.delimiter,
      quoted: style.quoted,
      quoted_match: /[\r\n]|^\uFEFF/,
      record_delimiter: style.newline,
    },
  )
}

function userCells(user: ServerUser): readonly unknown[] {
  return [
    user.username,
    user.mode,
    user.userPrincipalName,
    user.sid,
    user.firstName,
    user.lastName,
    user.emailAddress,
    user.userGroup,
    user.phone?.countryCode,
    user.phone?.number,
    user.phone?.extension,
    user.backupPhone?.countryCode,
    user.backupPhone?.number,
    user.backupPhone?.extension,
    user.pinMode,
    user.smsDirection,
    user.smsMode,
    user.phoneAppMode,
    user.enabled ? 'true' : 'false',
    user.lastModified,
  ]
}
