import {inspect} from 'node:util'
import {afterEach, describe, expect, it} from 'vitest'
import type {SourceKey} from '../../src/lib/model/brand.js'
import type {ServerUser} from '../../src/lib/model/server-user.js'
import type {Source} from '../../src/lib/ports/source.js'
import {openWebServiceSdk} from '../../src/lib/source/web-service-sdk/web-service-sdk.js'
import {FakeClock} from '../fakes/clock.js'
import {memoryScratch} from '../fakes/memory-scratch.js'
import {
  PF_SECRETS,
  startPfServer,
  type PfServer,
  type PfServerOptions,
  type PfUser,
} from '../fakes/pf-server.js'

const signal = new AbortController().signal
const opened: (PfServer | Source)[] = []
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
})

async function open(users: readonly PfUser[], options: PfServerOptions = {}) {
  const server = await startPfServer(users, options)
  const clock = new FakeClock()
  const source = await openWebServiceSdk(server.url, {clock, scratch: memoryScratch(), retries: 2})
  opened.push(source, server)
  return {server, source, clock}
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

async function read(users: readonly PfUser[], options: PfServerOptions = {}): Promise<ServerUser[]> {
  const {source} = await open(users, options)
  await all(source.identities(signal))
  return all(source.users(signal))
}

async function one(
  settings: Readonly<Record<string, string>>,
  options: PfServerOptions = {},
): Promise<ServerUser> {
  const [user] = await read([{username: 'anna', settings}], options)
  if (user === undefined) throw new Error('nobody')
  return user
}

const faults = (user: ServerUser) => user.faults.map(({file, field, severity}) => [file, field, severity])

describe('a record', () => {
  it('comes whole', async () => {
    const [user] = await read([
      {
        username: 'CONTOSO\\anna',
        settings: {
          FirstName: 'Anna', LastName: 'Berg', EmailAddress: 'anna@contoso.com', UserGroup: 'Sales', CountryCode: '1', Phone: '4255550100',
          Extension: '22', BackupCountryCode: '49', BackupPhone: '30 555 0101', Mode: 'phoneApp', PinMode: 'pin', SmsDirection: 'oneWay',
          SmsMode: 'otpPlusPin', PhoneAppMode: 'pin', OathTokenExists: 'true', OathTokenSerialNumber: ' 0042', OathTokenTimeInterval: '30',
          OathTokenSecretKey: 'JBSWY3DPEHPK3PXP', PhoneAppActivated: 'true',
        },
        devices: [
          {UserDeviceId: '1', DeviceName: 'iPhone', DeviceToken: 'token-1', PhoneAppVersion: '6.8'},
          {UserDeviceId: '2', DeviceName: ' Pixel '},
        ],
      },
    ]) // prettier-ignore
    expect(user).toMatchObject({
      key: 'CONTOSO\\anna', username: 'CONTOSO\\anna', firstName: 'Anna', lastName: 'Berg', emailAddress: 'anna@contoso.com', userGroup: 'Sales',
      phone: {countryCode: '1', number: '4255550100', extension: '22'}, backupPhone: {countryCode: '49', number: '30 555 0101', extension: undefined},
      mode: 'phoneApp', pinMode: 'pin', smsDirection: 'oneWay', smsMode: 'otpPlusPin', phoneAppMode: 'pin', enabled: true, faults: [],
      oathTokens: [{serialNumber: ' 0042', timeInterval: 30}],
      devices: [{name: 'iPhone', appVersion: '6.8'}, {name: ' Pixel ', token: undefined}],
    }) // prettier-ignore
    expect(user?.oathTokens[0]?.secret?.reveal()).toBe('JBSWY3DPEHPK3PXP')
    expect(user?.devices[0]?.token?.reveal()).toBe('token-1')
  })

  const VALUES = [
    '  outer  ',
    'line\nbreak',
    'cr\r\nlf',
    'tab\t',
    'a&amp;b',
    '<b>&"\'',
    'Zo\u00eb',
    'Zoe\u0308',
    '\ud83d\ude00',
    '\u0001',
    ']]>',
    '<![CDATA[x]]>',
    '007',
    'true',
    'e5',
  ]

  it.each(VALUES)('keeps the name %j exactly, there and back', async (name) => {
    const [user] = await read([{username: name, settings: {FirstName: name}}], {write: references})
    expect(user).toMatchObject({username: name, firstName: name, enabled: true})
  })

  it('reads CDATA, also next to text, and rows that hold markup in it', async () => {
    const write = (text: string): string =>
      text === '' ? '' : `${text.slice(0, 1)}<![CDATA[${text.slice(1)}]]>`
    const [user] = await read([{username: ' x</UserRow>&amp;<UserRow> ', settings: {FirstName: ' <Zoe> '}}], {
      write,
    })
    expect(user).toMatchObject({username: ' x</UserRow>&amp;<UserRow> ', firstName: ' <Zoe> '})
  })

  it('takes CRLF in the text of an element for a line break, as XML does', async () => {
    expect((await one({FirstName: 'a\r\nb'}, {write: (text) => text})).firstName).toBe('a\nb')
  })

  it.each(['invalid', 'unspecified', 'Phone', ''])('R7: a mode %j is a fault', async (mode) => {
    const user = await one({Mode: mode})
    expect(user.mode).toBeUndefined()
    expect(faults(user)).toEqual([['GetUserSettings_3', 'Mode', 'mode']])
  })

  it.each([
    ['1', true],
    ['0', false],
    [' true ', true],
    ['false', false],
  ] as const)('reads Enabled %j', async (text, enabled) => {
    expect(await one({Enabled: text})).toMatchObject({enabled, faults: []})
  })

  it.each(['yes', 'TRUE', ''])('does not guess what Enabled %j means', async (text) => {
    const user = await one({Enabled: text})
    expect(user.enabled).toBe(false)
    expect(faults(user)).toEqual([['GetUserSettings_3', 'Enabled', 'row']])
  })

  it.each([
    [{OathTokenExists: 'true', OathTokenSerialNumber: ''}, 'OathTokenSerialNumber'],
    [{OathTokenExists: 'false', OathTokenSerialNumber: '17'}, 'OathTokenSerialNumber'],
    [{OathTokenExists: 'maybe'}, 'OathTokenExists'],
    [{PhoneAppActivated: 'true'}, 'PhoneAppActivated'],
    [{Extension: '12'}, 'Extension'],
  ])('says what cannot be carried: %j', async (settings, field) => {
    const user = await one(settings)
    expect(faults(user)).toEqual([['GetUserSettings_3', field, 'field']])
    expect(user.oathTokens).toEqual([])
  })

  it.each(['absent', 'zero'] as const)('takes an error element that is %s for success', async (error) => {
    expect((await one({}, {error})).faults).toEqual([])
  })
})

describe('operations', () => {
  it.each([
    [1, 'GetUserSettings', 'FindUsers'],
    [2, 'GetUserSettings_2', 'FindUsers2'],
    [3, 'GetUserSettings_3', 'FindUsers_4'],
    [4, 'GetUserSettings_4', 'FindUsers_4'],
    [5, 'GetUserSettings_4', 'FindUsers_4'],
  ])('of interface version %i: %s and %s', async (version, settings, find) => {
    const {source, server} = await open([{username: 'anna'}], {version})
    await all(source.identities(signal))
    await all(source.users(signal))
    const used = new Set(server.calls.map(({operation}) => operation))
    expect([...used].filter((name) => /Settings|Find/.test(name)).toSorted()).toEqual([find, settings])
    const {facts} = await source.describe(signal)
    expect(facts.find(({name}) => name === 'operations')?.value).toContain(`${settings}, ${find}`)
    const unused = facts.find(({name}) => name === 'not used')?.value
    const newer = 'GetUserSettings_5, FindUsers_5 (newer, with required inputs that are not known here)'
    expect(unused).toBe(version === 5 ? newer : undefined)
  })

  it('asks for nothing but what it needs', async () => {
    const {source, server} = await open([{username: 'anna'}])
    await source.describe(signal)
    await all(source.identities(signal))
    await all(source.users(signal))
    expect(server.calls.slice(0, 2).map(({operation}) => operation)).toEqual(['TestSecurity', '?wsdl'])
    const used = new Set(server.calls.map(({operation}) => operation))
    expect([...used].toSorted()).toEqual([
      '?wsdl',
      'FindUsers_4',
      'GetUserDevices',
      'GetUserSettings_3',
      'TestSecurity',
    ])
  })

  it('uses SID, UPN and time of change where a later server has them', async () => {
    const settings = {
      Sid: 'S-1-5-21-1-2-3-1104',
      UserPrincipalName: 'anna@contoso.com',
      LastModified: '2019-04-05T06:07:08Z',
    }
    const {source} = await open([{username: 'anna', settings}], {version: 4})
    const identity = {
      key: 'anna',
      username: 'anna',
      sid: settings.Sid,
      userPrincipalName: settings.UserPrincipalName,
    }
    expect(await all(source.identities(signal))).toEqual([identity])
    expect(await all(source.users(signal))).toMatchObject([
      {...identity, lastModified: settings.LastModified},
    ])
  })

  it('does not read records for identities where the rows have SID and UPN', async () => {
    const settings = {Sid: 'S-1-5-21-1-2-3-1104', UserPrincipalName: 'anna@contoso.com'}
    const {source, server} = await open([{username: 'anna', settings}], {version: 4, richRows: true})
    expect(await all(source.identities(signal))).toMatchObject([
      {sid: settings.Sid, userPrincipalName: settings.UserPrincipalName},
    ])
    expect(server.calls.some(({operation}) => operation.startsWith('GetUserSettings'))).toBe(false)
  })

  it('takes the names of list items from the description', async () => {
    const {source} = await open([{username: 'anna'}, {username: 'bert'}], {rowItem: 'PfUserRow'})
    expect(await all(source.identities(signal))).toHaveLength(2)
  })

  it('does without GetUserDevices, and says so', async () => {
    const {source} = await open([{username: 'anna', settings: {PhoneAppActivated: 'true'}}], {
      without: ['GetUserDevices'],
    })
    await all(source.identities(signal))
    const [user] = await all(source.users(signal))
    expect(user?.faults).toMatchObject([
      {
        field: 'PhoneAppActivated',
        severity: 'field',
        message: expect.stringContaining('cannot list devices'),
      },
    ])
    expect((await source.describe(signal)).facts).toContainEqual({
      name: 'devices',
      value: 'this server cannot list them',
    })
  })

  it.each(['GetUserSettings', 'FindUsers'])('cannot do without %s', async (family) => {
    const without = [family, `${family}2`, `${family}_2`, `${family}_3`, `${family}_4`]
    const {source} = await open([], {without})
    await expect(source.describe(signal)).rejects.toMatchObject({
      exit: 'data',
      message: expect.stringContaining(family),
    })
  })
})

describe('reading many', () => {
  const users = Array.from({length: 60}, (_, index) => ({
    username: `user${String(index).padStart(2, '0')}`,
    settings: {},
  }))

  it('gives the users asked for in that order, without those that are gone', async () => {
    const {source, server} = await open(users)
    await all(source.identities(signal))
    server.users = users.filter(({username}) => username !== 'user07')
    const keys = ['user30', 'user07', 'user02', 'nobody'] as SourceKey[]
    expect((await all(source.users(signal, keys))).map(({username}) => username)).toEqual([
      'user30',
      'user02',
    ])
    expect(await all(source.users(signal))).toHaveLength(59)
  })

  it.each([
    {kind: 'reset'},
    {kind: 'cut'},
    {kind: 'status', status: 503},
    {kind: 'status', status: 502},
    {kind: 'status', status: 504},
  ] as const)('repeats a read after %j, with waits that are not all the same', async (fault) => {
    const {source, clock} = await open(users, {
      fault: ({time, operation}) => (time === 1 && operation !== '?wsdl' ? fault : undefined),
    })
    await all(source.identities(signal))
    expect((await all(source.users(signal))).every((user) => user.faults.length === 0)).toBe(true)
    expect(new Set(clock.sleeps).size).toBeGreaterThan(50)
    expect(Math.max(...clock.sleeps)).toBeLessThanOrEqual(500)
  })

  it('puts what cannot be read down to that user and goes on', async () => {
    const {source, server} = await open(users, {
      fault: ({args, operation}) =>
        operation === 'GetUserDevices' && args['username'] === 'user05' ? {kind: 'reset'} : undefined,
    })
    await all(source.identities(signal))
    const found = await all(source.users(signal))
    expect(found).toHaveLength(60)
    expect(
      found.filter((user) => user.faults.length > 0).map((user) => [user.username, faults(user)]),
    ).toEqual([['user05', [['GetUserDevices', undefined, 'row']]]])
    expect(
      server.calls.filter(
        ({args, operation}) => operation === 'GetUserDevices' && args['username'] === 'user05',
      ),
    ).toHaveLength(3)
  })

  it('puts a SOAP fault down to the user, with its text', async () => {
    const {source} = await open(users.slice(0, 2), {
      fault: ({operation, args}) =>
        operation === 'GetUserSettings_3' && args['username'] === 'user01'
          ? {kind: 'fault', text: 'no such column\r\n at Foo.Bar()'}
          : undefined,
    })
    await all(source.identities(signal))
    const [, user] = await all(source.users(signal))
    expect(user?.faults[0]?.message).toBe(
      "this user's record could not be read: GetUserSettings_3: SOAP fault: no such column",
    )
  })

  it('stops where nobody can be read any more', async () => {
    const {source} = await open(users, {
      fault: ({operation}) => (operation === 'GetUserSettings_3' ? {kind: 'status', status: 503} : undefined),
    })
    await all(source.identities(signal))
    await expect(all(source.users(signal))).rejects.toMatchObject({
      exit: 'unavailable',
      message: expect.stringContaining('20 users in a row'),
    })
  })

  it('stops at once where it is no longer let in', async () => {
    const {source, server} = await open(users, {
      fault: ({operation}) => (operation === 'GetUserSettings_3' ? {kind: 'status', status: 403} : undefined),
    })
    await all(source.identities(signal))
    await expect(all(source.users(signal))).rejects.toMatchObject({
      exit: 'auth',
      message: expect.stringContaining('GetUserSettings_3'),
    })
    expect(server.calls.filter(({operation}) => operation === 'GetUserSettings_3').length).toBeLessThan(20)
  })

  it('can be interrupted', async () => {
    const {source} = await open(users)
    await all(source.identities(signal))
    const stop = new AbortController()
    const seen: string[] = []
    await expect(
      (async () => {
        for await (const user of source.users(stop.signal)) {
          seen.push(user.username)
          if (seen.length === 3) stop.abort(new Error('enough'))
        }
      })(),
    ).rejects.toThrow('enough')
    expect(seen).toHaveLength(3)
  })
})

describe('secrets', () => {
  it('stay in the parser: PINs, old PINs, static tokens, what is not known', async () => {
    const settings = {
      Description: 'x',
      OathTokenExists: 'true',
      OathTokenSerialNumber: '1',
      OathTokenSecretKey: 'JBSWY3DPEHPK3PXP',
    }
    const users = [
      {username: 'anna', settings, devices: [{DeviceName: 'a', DeviceToken: 'device-token-77'}]},
      {username: 'bert', settings: {Mode: 'PIN'}},
    ]
    const {source} = await open(users, {version: 4})
    const produced = [
      await all(source.identities(signal)),
      await all(source.users(signal)),
      await source.describe(signal),
      source.problems(),
    ]
    const text = inspect(produced, {depth: 20, showHidden: true}) + JSON.stringify(produced)
    for (const secret of [...PF_SECRETS, 'JBSWY3DPEHPK3PXP', 'device-token-77'])
      expect(text).not.toContain(secret)
  })
})

/** Everything that is not a letter or digit as a reference, as a careful writer would. */
function references(text: string): string {
  return [...text]
    .map((char) => (/[\p{L}\p{M}\p{N}]/u.test(char) ? char : `&#x${char.codePointAt(0)?.toString(16)};`))
    .join('')
}
