import {describe, expect, it} from 'vitest'
import {entraFingerprint, optionsFingerprint, serverFingerprint} from '../../src/lib/migration/fingerprint.js'
import {actionId} from '../../src/lib/migration/plan-user.js'
import type {ServerUser} from '../../src/lib/model/server-user.js'
import {
  HASH_KEY,
  JANE,
  SOMEBODY,
  device,
  deviceToken,
  entraPhone,
  identity,
  methods,
  options,
  phone,
  seed,
  serverUser,
  token,
} from '../fixtures/users.js'

const APP = device('iPhone', {
  oathSecret: seed(1),
  token: deviceToken('push-1'),
  appVersion: '6',
  registeredAt: '2023-01-01',
})
const T1 = token('T1', {
  secret: seed(2),
  timeInterval: 30,
  manufacturer: 'a',
  model: 'b',
  hashFunction: 'hmacsha1',
})
const T2 = token('T2')
const FULL = serverUser({
  userPrincipalName: 'jane@contoso.com',
  sid: 'S-1-5-21-1',
  phone: phone('4255550100', '22'),
  backupPhone: phone('2065550133'),
  pinMode: 'standard',
  smsDirection: 'oneWay',
  smsMode: 'otp',
  phoneAppMode: 'standard',
  lastModified: '2024-01-01T00:00:00Z',
  devices: [APP],
  oathTokens: [T1, T2],
})
const print = (server: ServerUser) => serverFingerprint(server, HASH_KEY)

describe('serverFingerprint', () => {
  it.each<[string, Partial<ServerUser>]>([
    ['phone', {phone: phone('4255550101', '22')}],
    ['extension', {phone: phone('4255550100', '23')}],
    ['country code', {phone: phone('4255550100', '22', '44')}],
    ['backup phone', {backupPhone: undefined}],
    ['mode', {mode: 'smsText'}],
    ['enabled', {enabled: false}],
    ['last change', {lastModified: '2024-01-01T00:00:01Z'}],
    ['text message mode', {smsMode: 'otpPlusPin'}],
    ['app secret', {devices: [{...APP, oathSecret: seed(3)}]}],
    ['app secret gone', {devices: [{...APP, oathSecret: undefined}]}],
    ['device token', {devices: [{...APP, token: deviceToken('push-2')}]}],
    ['registration date', {devices: [{...APP, registeredAt: '2023-01-02'}]}],
    ['token secret', {oathTokens: [{...T1, secret: seed(3)}, T2]}],
    ['time step', {oathTokens: [{...T1, timeInterval: 60}, T2]}],
    ['order of tokens, by whose places the plan names them', {oathTokens: [T2, T1]}],
    ['seed file that is new', {oathTokens: [T1, {...T2, secret: seed(9)}]}],
    ['seed conflict', {oathTokens: [{...T1, seedConflict: 'x'}, T2]}],
    ['SID', {sid: 'S-1-5-21-2'}],
    ['fault', {faults: [{file: 'users.csv', line: 2, field: 'Phone', message: 'x', severity: 'field'}]}],
  ])('changes with the %s', (_, change) => {
    expect(print({...FULL, ...change})).not.toBe(print(FULL))
  })

  it('does not change with the order of properties, nor with the place of a fault in its file', () => {
    expect(print(Object.fromEntries(Object.entries(FULL).toReversed()) as unknown as ServerUser)).toBe(
      print(FULL),
    )
    const fault = {file: 'users.csv', field: 'Phone', message: 'x', severity: 'field'} as const
    expect(print({...FULL, faults: [{...fault, line: 2}]})).toBe(
      print({...FULL, faults: [{...fault, line: 3}]}),
    )
  })

  it('is nothing without the key', () => {
    expect(serverFingerprint(FULL, new Uint8Array(32).fill(8))).not.toBe(print(FULL))
  })
})

it('optionsFingerprint changes with every option and not with their order', () => {
  const base = optionsFingerprint(options())
  const changed = [
    options({defaultMethod: 'always'}),
    options({phones: 'keep'}),
    options({appCodes: 'skip'}),
    options({smsSignIn: 'allow'}),
    options({promoteBackup: false}),
    options({includeDisabled: true}),
    options({defaultCountry: 'US'}),
    options({cloud: 'china'}),
  ].map((one) => optionsFingerprint(one))
  expect(new Set([base, ...changed]).size).toBe(changed.length + 1)
  expect(optionsFingerprint(options({defaultCountry: undefined}))).toBe(base)
  expect(optionsFingerprint(options(), HASH_KEY)).not.toBe(base)
})

it('entraFingerprint changes with what Graph shows and not with its order', () => {
  const phones = [entraPhone('mobile', '+1 4255550100'), entraPhone('office', '+1 4255550101')]
  const shown = methods({phones, authenticators: [{id: 'a'}], hardwareOath: [{id: 'h', status: 'assigned'}]})
  const base = entraFingerprint(shown, identity())
  expect(entraFingerprint({...shown, phones: phones.toReversed()}, identity())).toBe(base)
  const changed = [
    entraFingerprint({...shown, phones: phones.slice(1)}, identity()),
    entraFingerprint({...shown, authenticators: []}, identity()),
    entraFingerprint({...shown, softwareOath: [{id: 's'}]}, identity()),
    entraFingerprint({...shown, hardwareOath: [{id: 'h', status: 'activated'}]}, identity()),
    entraFingerprint({...shown, others: [{id: 'o', type: 'fido2'}]}, identity()),
    entraFingerprint({...shown, preferred: 'sms'}, identity()),
    entraFingerprint({...shown, systemPreferred: true}, identity()),
    entraFingerprint(shown, identity({accountEnabled: false})),
    entraFingerprint(shown, identity({isGuest: true})),
  ]
  expect(new Set([base, ...changed]).size).toBe(changed.length + 1)
})

it('actionId tells users, kinds and targets apart', () => {
  const ids = [
    actionId(JANE, 'set-phone', 'mobile'),
    actionId(SOMEBODY, 'set-phone', 'mobile'),
    actionId(JANE, 'set-phone', 'office'),
    actionId(JANE, 'set-default', 'sms'),
  ]
  expect(new Set(ids).size).toBe(ids.length)
  expect(actionId(JANE, 'set-phone', 'mobile')).toBe(ids[0])
})
