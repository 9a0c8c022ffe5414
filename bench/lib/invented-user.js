// Invented people: one server user and the Entra user that it belongs to, made from a number alone, so that any part of a
// population of any size can be made without keeping the rest. Names are of contoso.com; numbers come from ranges that
// numbering authorities keep for fiction; seeds and tokens are fake.
import {createRandom} from './random.js'

export const TENANT_ID = 'c0de0000-1111-4222-8333-444455557777'
export const GROUP_ID = 'c0de0000-1111-4222-8333-444455558888'
export const GROUP_NAME = 'Everybody'
/** All dates of Entra and most of the server lie before it. */
const BEGIN = Date.UTC(2019, 0, 1)
const DAY = 86_400_000

const FIRST = [
  'Ada',
  'Bo',
  'Cleo',
  'Dov',
  'Elif',
  'Finn',
  'Gwen',
  'Hana',
  'Ivo',
  'Jun',
  'Kai',
  'Lea',
  'Mio',
  'Zoë',
]
const LAST = [
  'Arbour',
  'Brook',
  'Cliff',
  'Dale',
  'Estuary',
  'Fjord',
  'Glen',
  'Heath',
  'Islet',
  'Juniper',
  'Knoll',
  'Lagoon',
  'Müller',
]
const MODES = ['voiceCall', 'voiceCall', 'smsText', 'phoneApp', 'phoneApp', 'phoneApp', 'oathToken']

/** Country code and a subscriber's number, both as people typed them. */
const NUMBERS = [
  (random) => ['1', `${random.pick(['425', '206', '212', '415'])}55501${random.digits(2)}`],
  (random) => ['1', `(${random.pick(['425', '206', '212'])}) 555-01${random.digits(2)}`],
  (random) => ['+1', `${random.pick(['312', '617'])}-555-01${random.digits(2)}`],
  (random) => ['1', `${random.pick(['312', '617'])}.555.01${random.digits(2)}`],
  (random) => ['44', `07700 900${random.digits(3)}`],
  (random) => ['0044', `7700900${random.digits(3)}`],
  (random) => ['49', `030 23125 ${random.digits(3)}`],
  (random) => ['33', `06 39 98 ${random.digits(2)} ${random.digits(2)}`],
  (random) => ['61', `0491 570 ${random.digits(3)}`],
  (random) => [undefined, `+1 425 555 01${random.digits(2)}`],
]

/** @param {number} index */
export const idOf = (index) => `00000000-0000-4000-8000-${index.toString(16).padStart(12, '0')}`
/** The number that `idOf` was given. */
export const indexOf = (id) => Number.parseInt(id.slice(-12), 16)

/** The inverse of the sAMAccountName of an invented user; undefined if it is nobody's. */
export function indexOfSam(sam) {
  const match = /^user(\d{7})$/i.exec(sam)
  return match === null ? undefined : Number(match[1])
}

/**
 * Everything about one person: `server` is what an export bundle says (cells as text), `entra` what a tenant file says, and
 * `inventory` the tokens of the tenant's inventory that are meant for this person.
 * @param {number} index
 */
export function inventedUser(index) {
  const random = createRandom(index + 1)
  const number = String(index).padStart(7, '0')
  const first = random.pick(FIRST)
  const last = random.pick(LAST)
  const upn = `user${number}@contoso.com`
  const sid = `S-1-5-21-1111111111-2222222222-3333333333-${10_000 + index}`
  const style = random.next()
  const mode = random.pick(MODES)
  const phone = random.chance(0.93) ? inventedPhone(random, 0.08) : undefined
  const backup = random.chance(0.3) ? inventedPhone(random, 0.1) : undefined
  const apps = mode === 'phoneApp' ? 1 + random.below(3) : random.chance(0.1) ? 1 : 0
  const devices = Array.from({length: apps}, (_, at) => inventedDevice(random, first, at))
  const tokens = mode === 'oathToken' || random.chance(0.05) ? [inventedToken(random, number)] : []
  const server = {
    username: style < 0.6 ? upn : style < 0.95 ? `CONTOSO\\user${number}` : `user${number}`,
    userPrincipalName: style >= 0.6 && random.chance(0.5) ? upn : undefined,
    sid: random.chance(0.7) ? sid : undefined,
    firstName: first,
    lastName: last,
    emailAddress: upn,
    userGroup: random.pick(['Office', 'Plant', 'Sales, EMEA', 'Remote']),
    phone,
    backupPhone: backup,
    mode,
    pinMode: 'Standard',
    smsDirection: 'OneWay',
    smsMode: 'OTP',
    phoneAppMode: 'Standard',
    enabled: random.chance(0.98),
    lastModified: date(random, 2000),
    devices,
    oathTokens: tokens,
  }
  return {server, ...inventedEntra(random, index, {upn, sid, first, last, number, phone, devices, tokens})}
}

function inventedPhone(random, extensions) {
  const [countryCode, number] = random.pick(NUMBERS)(random)
  return {countryCode, number, extension: random.chance(extensions) ? random.digits(4) : undefined}
}

function inventedDevice(random, first, at) {
  return {
    name: `${first} ${random.pick(['iPhone', 'Pixel', 'Galaxy'])}${at === 0 ? '' : ` ${at + 1}`}`,
    token: `fake-device-token-${random.hex(40)}`,
    oathSecret: random.chance(0.9) ? `FAKESEED${random.base32(24)}` : undefined,
    appVersion: `6.${2300 + random.below(200)}.${random.digits(4)}`,
    registeredAt: random.chance(0.9) ? date(random, 2000) : undefined,
  }
}

function inventedToken(random, number) {
  return {
    serialNumber: `BENCH-${number}`,
    secret: random.chance(0.95) ? `FAKESEED${random.base32(24)}` : undefined,
    timeInterval: random.pick([30, 30, 30, 60]),
    manufacturer: 'Contoso Tokens',
    model: random.pick(['CT-200', 'CT-260']),
    hashFunction: random.chance(0.1) ? 'hmacsha256' : undefined,
  }
}

function inventedEntra(random, index, {upn, sid, first, last, number, phone, devices, tokens}) {
  const mobile = random.chance(0.3)
    ? phone?.number.replace(/\D/g, '').length === 10 && phone.countryCode === '1' && random.chance(0.5)
      ? `+1 ${phone.number.replace(/\D/g, '')}`
      : `+1 42555501${random.digits(2)}`
    : undefined
  const [device] = devices
  const entra = {
    id: idOf(index),
    userPrincipalName: upn,
    displayName: `${first} ${last}`,
    onPremisesSyncEnabled: true,
    onPremisesSecurityIdentifier: sid,
    onPremisesSamAccountName: `user${number}`,
    onPremisesDomainName: 'contoso.com',
    ...(random.chance(0.01) ? {accountEnabled: false} : {}),
    ...(mobile === undefined
      ? {}
      : {phoneMethods: [{phoneType: 'mobile', phoneNumber: mobile, createdDateTime: date(random, 2300)}]}),
    ...(device !== undefined && random.chance(0.3)
      ? {
          microsoftAuthenticatorMethods: [
            {
              id: childId('a', index),
              displayName: device.name,
              phoneAppVersion: device.appVersion,
              createdDateTime: date(random, 2300),
            },
          ],
        }
      : {}),
    ...(random.chance(0.1) ? {softwareOathMethods: [{id: childId('b', index)}]} : {}),
    ...(mobile !== undefined && random.chance(0.5)
      ? {
          signInPreferences: {
            userPreferredMethodForSecondaryAuthentication: random.pick(['sms', 'voiceMobile']),
          },
        }
      : {}),
  }
  const inventory = tokens.flatMap((token) =>
    token.secret === undefined || !random.chance(0.3)
      ? []
      : [
          {
            id: childId('c', index),
            serialNumber: token.serialNumber,
            manufacturer: token.manufacturer,
            model: token.model,
            secretKey: token.secret,
            timeIntervalInSeconds: token.timeInterval,
            hashFunction: token.hashFunction ?? 'hmacsha1',
          },
        ],
  )
  return {entra, inventory}
}

const childId = (kind, index) => `0000000${kind}-0000-4000-8000-${index.toString(16).padStart(12, '0')}`
const date = (random, days) => new Date(BEGIN + Math.floor(random.next() * days * DAY)).toISOString()

/** The authentication methods policy of the invented tenant: everything that a migration writes is allowed. */
export const POLICY = {
  policyMigrationState: 'migrationComplete',
  authenticationMethodConfigurations: [
    'MicrosoftAuthenticator',
    'SoftwareOath',
    'HardwareOath',
    'Sms',
    'Voice',
  ].map((id) => ({
    id,
    state: 'enabled',
    includeTargets: [
      {targetType: 'group', id: 'all_users', ...(id === 'Sms' ? {isUsableForSignIn: false} : {})},
    ],
    excludeTargets: [],
    ...(id === 'Voice' ? {isOfficePhoneAllowed: true} : {}),
  })),
}
