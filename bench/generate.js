// Makes a population of invented people: an export bundle and a tenant for the sandbox.
//   node bench/generate.js 100000 FOLDER
import {createWriteStream} from 'node:fs'
import {mkdir} from 'node:fs/promises'
import {join} from 'node:path'
import {Readable} from 'node:stream'
import {pipeline} from 'node:stream/promises'

import {GROUP_ID, GROUP_NAME, inventedUser, POLICY, TENANT_ID} from './lib/invented-user.js'

const USER_HEADER =
  'Username,Mode,UserPrincipalName,Sid,FirstName,LastName,EmailAddress,UserGroup,CountryCode,Phone,Extension,BackupCountryCode,BackupPhone,BackupExtension,PinMode,SmsDirection,SmsMode,PhoneAppMode,Enabled,LastModified'
const DEVICE_HEADER = 'Username,DeviceName,DeviceToken,OathTokenSecretKey,PhoneAppVersion,RegisteredAt'
const TOKEN_HEADER = 'Username,SerialNumber,SecretKey,TimeInterval,Manufacturer,Model,HashFunction'

/**
 * Writes `FOLDER/bundle` (users.csv, devices.csv, oath-tokens.csv) and `FOLDER/tenant.json` with `count` users who are all
 * members of the group "Everybody". The same count gives the same bytes; memory stays flat.
 * @param {number} count
 * @param {string} folder
 * @param {{readonly tenant?: boolean}} [options] `tenant: false` leaves the tenant out
 */
export async function generate(count, folder, {tenant = true} = {}) {
  const bundle = join(folder, 'bundle')
  await mkdir(bundle, {recursive: true})
  await Promise.all([
    write(join(bundle, 'users.csv'), USER_HEADER, count, ({server}) => [userRow(server)]),
    write(join(bundle, 'devices.csv'), DEVICE_HEADER, count, ({server}) =>
      server.devices.map((each) => deviceRow(server, each)),
    ),
    write(join(bundle, 'oath-tokens.csv'), TOKEN_HEADER, count, ({server}) =>
      server.oathTokens.map((each) => tokenRow(server, each)),
    ),
  ])
  if (tenant) await pipeline(Readable.from(tenantText(count)), createWriteStream(join(folder, 'tenant.json')))
  return {bundle, tenant: join(folder, 'tenant.json')}
}

async function write(file, header, count, rowsOf) {
  function* text() {
    let held = `${header}\n`
    for (let index = 0; index < count; index++) {
      for (const row of rowsOf(inventedUser(index))) held += `${row.map(cell).join(',')}\n`
      if (held.length < 64 * 1024) continue
      yield held
      held = ''
    }
    yield held
  }
  await pipeline(Readable.from(text()), createWriteStream(file))
}

function* tenantText(count) {
  yield `{"tenantId":"${TENANT_ID}","displayName":"Contoso (invented)","domains":["contoso.com"],\n"users":[\n`
  for (let index = 0; index < count; index++) {
    yield `${index === 0 ? '' : ',\n'}${JSON.stringify(inventedUser(index).entra)}`
  }
  yield '],\n"hardwareOathDevices":[\n'
  let first = true
  for (let index = 0; index < count; index++) {
    for (const token of inventedUser(index).inventory) {
      yield `${first ? '' : ',\n'}${JSON.stringify(token)}`
      first = false
    }
  }
  yield `],\n"groups":[{"id":"${GROUP_ID}","displayName":"${GROUP_NAME}","members":[\n`
  for (let index = 0; index < count; index++)
    yield `${index === 0 ? '' : ',\n'}"${inventedUser(index).entra.id}"`
  yield `]}],\n"authenticationMethodsPolicy":${JSON.stringify(POLICY)}}\n`
}

const userRow = (user) => [
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
  user.enabled,
  user.lastModified,
]

const deviceRow = (user, each) => [
  user.username,
  each.name,
  each.token,
  each.oathSecret,
  each.appVersion,
  each.registeredAt,
]

const tokenRow = (user, each) => [
  user.username,
  each.serialNumber,
  each.secret,
  each.timeInterval,
  each.manufacturer,
  each.model,
  each.hashFunction,
]

function cell(value) {
  if (value === undefined) return ''
  const text = String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

if (import.meta.main) {
  const [count, folder] = process.argv.slice(2)
  if (!/^[1-9]\d*$/.test(count ?? '') || folder === undefined) {
    process.stderr.write('usage: node bench/generate.js USERS FOLDER\n')
    process.exitCode = 64
  } else {
    const made = await generate(Number(count), folder)
    process.stdout.write(`bundle: ${made.bundle}\ntenant: ${made.tenant}\n`)
  }
}
