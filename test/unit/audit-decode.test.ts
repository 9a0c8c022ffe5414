import fc from 'fast-check'
import {describe, expect, it} from 'vitest'

import {actorFilter, classOf} from '../../src/lib/audit/actors.js'
import {decode, isAboutMfa} from '../../src/lib/audit/decode.js'
import {kqlQueries} from '../../src/lib/audit/kql.js'
import {masked, wordsOf} from '../../src/lib/audit/words.js'
import {logged, type LoggedProperty} from '../fakes/fake-audit-log.js'

const AT = '2026-11-26T10:00:00Z'
const told = (properties: readonly LoggedProperty[], showNumbers = false): readonly string[] =>
  decode(logged({at: AT, user: 'ann', properties})).flatMap((entry) => wordsOf(entry, showNumbers))
const methods = (...codes: readonly [number | string, boolean?][]): string =>
  JSON.stringify(codes.map(([MethodType, Default = false]) => ({MethodType, Default})))
const details = (PhoneNumber: string | null, more: object = {}): string =>
  JSON.stringify([
    {PhoneNumber, AlternativePhoneNumber: null, Email: null, VoiceOnlyPhoneNumber: null, ...more},
  ])

describe('the audit log in words', () => {
  it('names every method code', () => {
    const after = methods([0], [2], [3], [5], [6, true], [7], [99])
    expect(told([{property: 'StrongAuthenticationMethod', before: '[]', after}])).toEqual([
      'methods: added voice call to the mobile phone, voice call to the office phone, voice call to the alternate mobile phone, SMS, ' +
        'Microsoft Authenticator push, code of a hardware or software OATH token, method 99; default: none → Microsoft Authenticator push',
    ])
  })

  it('tells what went, and a default that changed alone', () => {
    const property = 'StrongAuthenticationMethod'
    expect(told([{property, before: methods([0], [5, true]), after: methods([0, true])}])).toEqual([
      'methods: removed SMS; default: SMS → voice call to the mobile phone',
    ])
  })

  it('masks numbers unless asked', () => {
    const change = {
      property: 'StrongAuthenticationUserDetails',
      before: details(null),
      after: details('+1 4255550110', {VoiceOnlyPhoneNumber: '+1 4255550111x22'}),
    }
    expect(told([change])).toEqual([
      'mobile phone: none → +1 ••••••••10',
      'office phone: none → +1 ••••••••11x••',
    ])
    expect(told([change], true)).toEqual([
      'mobile phone: none → +1 4255550110',
      'office phone: none → +1 4255550111x22',
    ])
  })

  it.each([
    ['+14255550110', '+•••••••••10'],
    ['+49 30 555-0142', '+49 •• •••-••42'],
    ['12', '12'],
  ])('masks %s', (number, shown) => expect(masked(number)).toBe(shown))

  it('names devices and never their tokens', () => {
    const device = (DeviceName: string, more: object = {}) => ({
      DeviceName,
      DeviceToken: 'apns-token-of-the-phone',
      OathSecretKey: 'JBSWY3DPEHPK3PXP',
      ...more,
    })
    const change = {
      property: 'StrongAuthenticationPhoneAppDetail',
      before: JSON.stringify([device('Old phone'), device('Tablet')]),
      after: JSON.stringify([device('Tablet', {PhoneAppVersion: '6.8'}), device('New phone')]),
    }
    expect(told([change], true)).toEqual(['devices: added "New phone", removed "Old phone"'])
    const [entry] = decode(logged({at: AT, user: 'ann', properties: [change]}))
    expect(JSON.stringify(entry)).not.toMatch(/apns-token|JBSWY3DP/)
  })

  it('reads JSON within JSON, single objects, numbers as text, and nothing', () => {
    const after = JSON.stringify(JSON.stringify([{MethodType: '6'}]))
    expect(told([{property: 'StrongAuthenticationMethod', before: '', after}])).toEqual([
      'methods: added Microsoft Authenticator push',
    ])
    const one = JSON.stringify({PhoneNumber: '+1 4255550110'})
    expect(told([{property: 'StrongAuthenticationUserDetails', before: 'null', after: one}])).toEqual([
      'mobile phone: none → +1 ••••••••10',
    ])
    const state = JSON.stringify([{RelyingParty: '*', State: 2}])
    expect(told([{property: 'StrongAuthenticationRequirement', before: '[]', after: state}])).toEqual([
      'per-user MFA: disabled → enforced',
    ])
  })

  it.each(['{"MethodType":', '[1,2]', '"text"', '[[[', 'true'])(
    'says that %s cannot be read, and shows none of it',
    (after) => {
      expect(told([{property: 'StrongAuthenticationMethod', before: '[]', after}])).toEqual([
        'StrongAuthenticationMethod changed (its values cannot be read)',
      ])
    },
  )

  it('shows no value of properties that are not about MFA', () => {
    const properties = [
      {property: 'MobilePhone', before: '["+1 4255550199"]', after: '[]'},
      {property: 'Included Updated Properties', after: '"MobilePhone"'},
    ]
    const [entry] = decode(logged({at: AT, user: 'ann', properties}))
    expect(entry).toBeDefined()
    expect(entry === undefined ? undefined : isAboutMfa(entry)).toBe(false)
    expect(told(properties, true)).toEqual(['MobilePhone changed'])
  })

  it('never throws and never tells a token, whatever the values hold', () => {
    const TOKEN = 'push-token-93a8f1'
    const value = fc.oneof(
      fc.string(),
      fc.json(),
      fc.json().map((text) => JSON.stringify(text)),
      fc
        .array(
          fc.dictionary(
            fc.constantFrom('DeviceName', 'Id', 'MethodType', 'Default', 'PhoneNumber'),
            fc.jsonValue(),
          ),
        )
        .map((list) =>
          JSON.stringify(list.map((each) => ({...each, DeviceToken: TOKEN, OathSecretKey: TOKEN}))),
        ),
      fc.constant(`[{"DeviceToken":"${TOKEN}"`),
    )
    const name = fc.constantFrom(
      'StrongAuthenticationMethod',
      'StrongAuthenticationUserDetails',
      'StrongAuthenticationPhoneAppDetail',
      'StrongAuthenticationRequirement',
      'StrongAuthenticationSomethingNew',
    )
    fc.assert(
      fc.property(name, value, value, (property, before, after) => {
        const properties = [{property, before, after}]
        const entries = decode(logged({at: AT, user: 'ann', properties}))
        expect(entries).toHaveLength(1)
        expect(JSON.stringify(entries) + told(properties, true).join()).not.toContain(TOKEN)
      }),
    )
  })
})

describe('actors', () => {
  const ours = {appId: '00001111-aaaa-2222-bbbb-3333cccc4444'}

  it.each([
    ['app', ours],
    ['incumbent', {appName: 'Azure MFA Management'}],
    ['service', {appName: 'Azure MFA StrongAuthenticationService'}],
    ['admin@contoso.com', {userPrincipalName: 'admin@contoso.com'}],
    ['Some Tool', {appName: 'Some Tool'}],
    [ours.appId.toUpperCase(), ours],
  ])('%s', (text, filter) => expect(actorFilter(text, ours)).toEqual(filter))

  it('does not make up who we are', () => expect(actorFilter('app', {})).toBeUndefined())

  it('tells them apart', () => {
    expect(classOf({kind: 'app', id: ours.appId, name: 'mfa'}, ours)).toBe('app')
    expect(classOf({kind: 'app', name: 'Azure MFA Management'}, ours)).toBe('incumbent')
    expect(classOf({kind: 'app', name: 'Azure MFA StrongAuthenticationService'}, ours)).toBe('service')
    // A person may choose any name.
    expect(classOf({kind: 'person', name: 'Azure MFA Management'}, ours)).toBe('other')
    expect(classOf({kind: 'unknown'}, {})).toBe('other')
  })
})

describe('queries for Log Analytics', () => {
  it('are those of the guide, with the names that were asked for', () => {
    const {details: what, summary} = kqlQueries({
      actors: [{appName: 'Azure MFA Management'}, {appId: 'app-1'}],
      since: 7 * 86_400_000,
    })
    const head = [
      'AuditLogs',
      '| where ActivityDateTime > ago(7d)',
      '| extend ActorAppId = tostring(InitiatedBy["app"]["appId"])',
      '| extend Actor = coalesce(tostring(InitiatedBy["app"]["displayName"]), tostring(InitiatedBy["user"]["userPrincipalName"]))',
      '| where Actor =~ "Azure MFA Management" or ActorAppId =~ "app-1"',
      '| extend UserObjectId = tostring(TargetResources[0]["id"])',
      '| extend Upn = tostring(TargetResources[0]["userPrincipalName"])',
    ]
    expect(what.split('\n')).toEqual([
      ...head,
      '| extend ModifiedProperties = TargetResources[0]["modifiedProperties"]',
      '| project ActivityDateTime, Actor, UserObjectId, Upn, ModifiedProperties',
      '| order by ActivityDateTime asc',
    ])
    expect(summary.split('\n')).toEqual([
      ...head,
      '| summarize UsersMigrated = dcount(UserObjectId) by Actor, bin(ActivityDateTime, 1d)',
      '| order by ActivityDateTime asc',
    ])
  })

  it('cannot be broken out of by a name', () => {
    const {details: what} = kqlQueries({actors: [{appName: 'a" or true //'}], since: 5_400_000})
    expect(what).toContain('| where Actor =~ "a\\" or true //"\n')
    expect(what).toContain('ago(90m)')
    expect(kqlQueries({actors: [], since: new Date(AT)}).summary).toContain(
      'datetime(2026-11-26T10:00:00.000Z)',
    )
  })
})
