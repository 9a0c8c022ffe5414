import {describe, expect, test} from 'vitest'
import {allowedFor, policyGroups, smsSignInAllowed} from '../../src/lib/model/allowed-methods.js'
import type {MethodConfiguration, MethodsPolicy, PolicyMethod} from '../../src/lib/model/methods-policy.js'
import {allowedOnly} from '../fixtures/users.js'

const on = (method: PolicyMethod, fields: Partial<MethodConfiguration> = {}): MethodConfiguration => ({
  method,
  enabled: true,
  include: [{id: 'all_users'}],
  exclude: [],
  ...fields,
})
const policy = (...configurations: MethodConfiguration[]): MethodsPolicy => ({
  migrationState: 'migrationComplete',
  configurations,
})
const nobody = (): boolean => false
const inGroups =
  (...ids: string[]) =>
  (id: string): boolean =>
    ids.includes(id)

const NOTHING = allowedOnly()

describe('M3: what the policy allows', () => {
  test('nothing that it does not mention', () => expect(allowedFor(policy(), nobody)).toEqual(NOTHING))

  test.each([
    ['microsoftAuthenticator', 'push'],
    ['hardwareOath', 'hardwareOath'],
    ['softwareOath', 'softwareOath'],
    ['sms', 'sms'],
    ['voice', 'voice'],
    ['fido2', 'fido2'],
  ] as const)('%s gives %s', (method, right) => {
    expect(allowedFor(policy(on(method)), nobody)).toEqual({...NOTHING, [right]: true})
  })

  test.each([
    ['switched off', {enabled: false}, ['pilot'], false],
    ['nobody included', {include: []}, ['pilot'], false],
    ['all users', {}, [], true],
    ['a group of the user', {include: [{id: 'pilot'}]}, ['pilot'], true],
    ['a group of others', {include: [{id: 'pilot'}]}, ['staff'], false],
    ['one group of two', {include: [{id: 'pilot'}, {id: 'staff'}]}, ['staff'], true],
    ['excluded beats included', {exclude: ['frontline']}, ['pilot', 'frontline'], false],
    ['others excluded', {exclude: ['frontline']}, ['pilot'], true],
    ['everybody excluded', {exclude: ['all_users']}, [], false],
  ] as const)('%s', (_, fields, groups, expected) => {
    expect(allowedFor(policy(on('sms', fields)), inGroups(...groups)).sms).toBe(expected)
  })

  test('office phones need a switch of their own', () => {
    expect(allowedFor(policy(on('voice', {isOfficePhoneAllowed: true})), nobody)).toMatchObject({
      voiceOffice: true,
    })
    expect(allowedFor(policy(on('voice', {isOfficePhoneAllowed: false})), nobody)).toMatchObject({
      voiceOffice: false,
    })
    const off = on('voice', {enabled: false, isOfficePhoneAllowed: true})
    expect(allowedFor(policy(off), nobody)).toMatchObject({voice: false, voiceOffice: false})
  })

  test.each([
    [undefined, false],
    ['', false],
    ['migrationComplete', false],
    ['preMigration', true],
    ['migrationInProgress', true],
    ['unknownFutureValue', true],
  ])('migration state %s: uncertain %s', (migrationState, uncertain) => {
    expect(allowedFor({migrationState, configurations: []}, nobody).uncertain).toBe(uncertain)
  })
})

test('groups of targets and exclusions of what is enabled, each once, without all_users', () => {
  expect(
    policyGroups(
      policy(
        on('sms', {include: [{id: 'g2'}, {id: 'g1'}], exclude: ['g3']}),
        on('voice', {exclude: ['g1', 'all_users']}),
        on('softwareOath', {enabled: false, include: [{id: 'g4'}]}),
      ),
    ),
  ).toEqual(['g1', 'g2', 'g3'])
})

describe('P9: SMS sign-in', () => {
  const sms = on('sms', {
    include: [
      {id: 'all_users', isUsableForSignIn: false},
      {id: 'frontline', isUsableForSignIn: true},
    ],
    exclude: ['admins'],
  })
  test.each([
    ['target with sign-in', ['frontline'], true],
    ['target without', [], false],
    ['excluded', ['frontline', 'admins'], false],
  ])('%s', (_, groups, expected) => {
    expect(smsSignInAllowed(policy(sms), inGroups(...groups))).toBe(expected)
  })
  test('not where the method is off or unknown', () => {
    expect(smsSignInAllowed(policy({...sms, enabled: false}), inGroups('frontline'))).toBe(false)
    expect(smsSignInAllowed(policy(), inGroups('frontline'))).toBe(false)
  })
})
