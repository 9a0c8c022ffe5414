import {describe, expect, test} from 'vitest'

import type {UserCode} from '../../src/lib/assessment/survey-users.js'
import type {ServerUser} from '../../src/lib/model/server-user.js'
import {named, survey} from '../helpers/assessment.js'
import {seed} from '../fixtures/users.js'

const nothing: Partial<ServerUser> = {phone: undefined}
const bad = {number: '12', countryCode: '1'}
const homeless = {number: '4255550100'}

/** Codes of one user. */
async function codes(over: Partial<ServerUser>): Promise<readonly UserCode[]> {
  const {counts} = await survey([named('a', over)])
  return (Object.keys(counts) as UserCode[]).filter((code) => counts[code] > 0)
}

describe('what is found out about one user', () => {
  test.each<[string, Partial<ServerUser>, readonly UserCode[]]>([
    ['a number', {}, ['sms-or-voice-only']],
    [
      'only a backup number',
      {phone: undefined, backupPhone: {number: '4255550101', countryCode: '1'}},
      ['sms-or-voice-only'],
    ],
    ['nothing', nothing, ['no-method']],
    ['a number that cannot be', {phone: bad}, ['no-method', 'number-impossible']],
    ['a number without a country', {phone: homeless}, ['no-method', 'country-unknown']],
    ['a wrong backup number', {backupPhone: bad}, ['sms-or-voice-only', 'number-impossible']],
    ['a token with a secret', {...nothing, oathTokens: [{serialNumber: '1', secret: seed(1)}]}, []],
    ['a token without', {...nothing, oathTokens: [{serialNumber: '1'}]}, ['no-method', 'seed-missing']],
    ['an app with a secret', {...nothing, devices: [{name: 'x', oathSecret: seed(1)}]}, []],
    ['an app without', {...nothing, devices: [{name: 'x'}]}, ['no-method']],
    [
      'six devices',
      {devices: Array.from({length: 6}, (_, at) => ({name: `${at}`}))},
      ['sms-or-voice-only', 'device-limit'],
    ],
    ['five devices', {devices: Array.from({length: 5}, (_, at) => ({name: `${at}`}))}, ['sms-or-voice-only']],
    ['a PIN in calls', {pinMode: 'pin'}, ['sms-or-voice-only', 'pin']],
    ['a PIN for a method that is not the default', {mode: 'smsText', pinMode: 'pin'}, ['sms-or-voice-only']],
    ['a PIN in texts', {mode: 'smsText', smsMode: 'otpPlusPin'}, ['sms-or-voice-only', 'pin']],
    ['two-way texts', {mode: 'smsText', smsDirection: 'twoWay'}, ['sms-or-voice-only', 'two-way-sms']],
    ['two-way texts that are not the default', {smsDirection: 'twoWay'}, ['sms-or-voice-only']],
    ['a language', {languages: ['de', 'en']}, ['sms-or-voice-only', 'language']],
    ['disabled', {...nothing, enabled: false}, ['disabled']],
    [
      'a mode that is none',
      {mode: undefined, faults: [{file: 'users.csv', line: 2, message: 'no', severity: 'mode'}]},
      ['sms-or-voice-only', 'record-fault'],
    ],
    [
      'a row that cannot be read',
      {...nothing, enabled: false, faults: [{file: 'users.csv', line: 2, message: 'no', severity: 'row'}]},
      ['record-fault'],
    ],
    [
      'a value that was left out',
      {faults: [{file: 'users.csv', line: 2, message: 'no', severity: 'field'}]},
      ['sms-or-voice-only'],
    ],
  ])('%s', async (_, over, expected) => {
    expect(await codes(over)).toEqual(expected)
  })
})

test.each([
  [{phone: false, stronger: false}, {}, ['sms-or-voice-only']],
  [{phone: false, stronger: true}, {}, []],
  [{phone: true, stronger: false}, nothing, ['sms-or-voice-only']],
  [{phone: false, stronger: true}, nothing, []],
  [{phone: false, stronger: false}, nothing, ['no-method']],
] as const)('with %j in Entra already, %j', async (entra, over, expected) => {
  const {counts} = await survey([{server: named('a', over), entra}])
  expect(Object.entries(counts).flatMap(([code, count]) => (count > 0 ? [code] : []))).toEqual(expected)
})

test('users who share a name, a SID or a token are told of each other', async () => {
  const token = {oathTokens: [{serialNumber: 'T1', secret: seed(1)}]}
  const {counts, affected} = await survey([
    named('Ann', {userPrincipalName: 'ann@example.com'}),
    named('ANN@example.com'),
    named('bob', {sid: 'S-1-5-21-1', ...token}),
    named('bob2', {sid: 's-1-5-21-1', ...token}),
    named('cat', {userPrincipalName: 'CAT'}),
  ])
  expect(counts['duplicate-user']).toBe(4)
  expect(counts['duplicate-token']).toBe(2)
  expect(affected.get('duplicate-user').map(({user, detail}) => `${user}: ${detail}`)).toEqual([
    'bob: SID s-1-5-21-1 is also that of "bob2"',
    'bob2: SID s-1-5-21-1 is also that of "bob"',
    'Ann: name ann@example.com is also that of "ANN@example.com"',
    'ANN@example.com: name ann@example.com is also that of "Ann"',
  ])
})

test('a user is counted once, however many numbers are wrong', async () => {
  const {counts, affected} = await survey([
    named('a', {phone: bad, backupPhone: bad}),
    named('b', {phone: bad}),
  ])
  expect(counts['number-impossible']).toBe(2)
  expect(affected.get('number-impossible')).toHaveLength(3)
})

test('counts what there is, of those who are enabled', async () => {
  const found = await survey([
    named('a', {mode: 'smsText', languages: ['en']}),
    named('b', {mode: 'phoneApp', devices: [{name: 'x'}, {name: 'y'}], languages: ['en', 'de']}),
    named('c', {mode: undefined}),
    named('d', {enabled: false, devices: [{name: 'z'}]}),
  ])
  expect(found).toMatchObject({
    users: 4,
    modes: {smsText: 1, phoneApp: 1, invalid: 1, voiceCall: 0, oathToken: 0},
    devices: 2,
    having: {phone: 3, app: 1, token: 0},
  })
  expect([...found.languages]).toEqual([
    ['en', 2],
    ['de', 1],
  ])
})

test('names are kept for the first few only; all of them go to the disk', async () => {
  function* many() {
    for (let at = 0; at < 1000; at++) yield named(`u${at}`, nothing)
  }
  const {counts, first, affected} = await survey(many())
  expect(counts['no-method']).toBe(1000)
  expect(first['no-method'].map(({user}) => user)).toEqual(['u0', 'u1', 'u2', 'u3', 'u4'])
  expect(affected.get('no-method')).toHaveLength(1000)
})
