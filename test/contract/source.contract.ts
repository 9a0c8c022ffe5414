import {inspect} from 'node:util'
import {afterEach, describe, expect, test} from 'vitest'
import type {SourceKey} from '../../src/lib/model/brand.js'
import {OathSecret, Secret} from '../../src/lib/model/secret.js'
import type {AppDevice, ServerOathToken, ServerUser} from '../../src/lib/model/server-user.js'
import type {Source} from '../../src/lib/ports/source.js'
import {collect} from '../helpers/collect.js'

/** What a kind of source cannot know; those fields must then be absent. */
export interface SourceCapabilities {
  readonly userPrincipalName: boolean
  readonly sid: boolean
  readonly lastModified: boolean
  readonly deviceSecret: boolean
  readonly deviceRegisteredAt: boolean
  readonly tokenSecret: boolean
  readonly tokenHashFunction: boolean
}

export const KNOWS_ALL: SourceCapabilities = {
  userPrincipalName: true,
  sid: true,
  lastModified: true,
  deviceSecret: true,
  deviceRegisteredAt: true,
  tokenSecret: true,
  tokenHashFunction: true,
}

export interface SourceFixture {
  readonly source: Source
  /** The input holds these users from now on. */
  replace(users: readonly ServerUser[]): Promise<void>
  close(): Promise<void>
}

/** Every implementation of Source must pass this. `make` opens a source whose input holds exactly these users. */
export function sourceContract(
  name: string,
  make: (users: readonly ServerUser[]) => Promise<SourceFixture>,
  knows: SourceCapabilities = KNOWS_ALL,
): void {
  const open: SourceFixture[] = []
  const signal = new AbortController().signal
  const start = async (users: readonly ServerUser[]): Promise<SourceFixture> => {
    const fixture = await make(users)
    open.push(fixture)
    return fixture
  }
  const expected = (users: readonly ServerUser[]): readonly unknown[] =>
    users.map((user) => plain(without(user, knows))).toSorted(byKey)

  afterEach(async () => {
    for (const fixture of open.splice(0)) await fixture.close()
  })

  describe(`source contract: ${name}`, () => {
    test('describes itself', async () => {
      const {source} = await start(EXAMPLES)
      const description = await source.describe(signal)
      expect(description.label).not.toBe('')
      expect(description.facts.length).toBeGreaterThan(0)
    })

    test('gives every user once, with unique keys, and says nothing of clean data', async () => {
      const {source} = await start(EXAMPLES)
      const found = await collect(source.identities(signal))
      expect(found.map(({username}) => username).toSorted()).toEqual(
        EXAMPLES.map(({username}) => username).toSorted(),
      )
      expect(new Set(found.map(({key}) => key)).size).toBe(EXAMPLES.length)
      expect(source.problems()).toEqual([])
    })

    test('gives whole records exactly as they stand', async () => {
      const {source} = await start(EXAMPLES)
      await collect(source.identities(signal))
      const users = await collect(source.users(signal))
      expect(users.map(plain).toSorted(byKey)).toEqual(expected(EXAMPLES))
    })

    test('identities and records agree, in the same order each time', async () => {
      const {source} = await start(EXAMPLES)
      const names = ({key, username, userPrincipalName, sid}: ServerUserNames): unknown[] => [
        key,
        username,
        userPrincipalName,
        sid,
      ]
      const first = (await collect(source.identities(signal))).map(names)
      expect((await collect(source.users(signal))).map(names)).toEqual(first)
      expect((await collect(source.identities(signal))).map(names)).toEqual(first)
      expect((await collect(source.users(signal))).map(names)).toEqual(first)
    })

    test('gives the records of some keys in the order asked', async () => {
      const {source} = await start(EXAMPLES)
      const keys = (await collect(source.identities(signal))).map(({key}) => key).toReversed()
      const some = keys.filter((_, index) => index % 2 === 0)
      const users = await collect(source.users(signal, some))
      expect(users.map(({key}) => key)).toEqual(some)
      const wanted = EXAMPLES.filter(({key}) => some.includes(key))
      expect(users.map(plain).toSorted(byKey)).toEqual(expected(wanted))
      expect(await collect(source.users(signal, []))).toEqual([])
    })

    test('leaves out keys that are not there', async () => {
      const {source} = await start(EXAMPLES)
      const [first] = await collect(source.identities(signal))
      const keys = ['nobody', first?.key ?? '', 'nobody else'] as SourceKey[]
      const users = await collect(source.users(signal, keys))
      expect(users.map(({key}) => key)).toEqual([first?.key])
    })

    test('holds more users than any window or page', async () => {
      const many = Array.from({length: 700}, (_, n) => exampleUser(`user${n}`, {firstName: `First ${n}`}))
      const {source} = await start(many)
      const keys = (await collect(source.identities(signal))).map(({key}) => key)
      expect(keys.length).toBe(700)
      const shuffled = keys.toSorted((a, b) =>
        a.split('').toReversed().join('').localeCompare(b.split('').toReversed().join('')),
      )
      expect((await collect(source.users(signal, shuffled))).map(({key}) => key)).toEqual(shuffled)
      expect((await collect(source.users(signal))).map(({key}) => key)).toEqual(keys)
    })

    test('no users is no fault', async () => {
      const {source} = await start([])
      expect(await collect(source.identities(signal))).toEqual([])
      expect(await collect(source.users(signal))).toEqual([])
    })

    test('secrets hide themselves', async () => {
      const {source} = await start(EXAMPLES)
      await collect(source.identities(signal))
      const users = await collect(source.users(signal))
      const secrets = users.flatMap(({devices, oathTokens}) => [
        ...devices.flatMap(({token, oathSecret}) => [token, oathSecret]),
        ...oathTokens.map(({secret}) => secret),
      ])
      expect(secrets.some((secret) => secret instanceof OathSecret)).toBe(
        knows.tokenSecret || knows.deviceSecret,
      )
      const texts = [
        JSON.stringify(users),
        inspect(users, {depth: 10, showHidden: true}),
        secrets.map(String).join(' '),
        JSON.stringify(source.problems()),
        inspect(source, {depth: 10, showHidden: true}),
        JSON.stringify(await source.describe(signal)),
      ]
      for (const text of texts) for (const secret of SECRETS) expect(text).not.toContain(secret)
    })

    test('stops when told to', async () => {
      const {source} = await start(EXAMPLES)
      const stopped = AbortSignal.abort(new Error('told to stop'))
      await expect(collect(source.identities(stopped))).rejects.toThrow(/told to stop|abort/i)
      await collect(source.identities(signal))
      await expect(collect(source.users(stopped))).rejects.toThrow(/told to stop|abort/i)
      const control = new AbortController()
      const half = async (): Promise<void> => {
        for await (const _ of source.users(control.signal)) control.abort(new Error('told to stop'))
      }
      await expect(half()).rejects.toThrow(/told to stop|abort/i)
      expect((await collect(source.users(signal))).length).toBe(EXAMPLES.length)
    })

    test('may be left in the middle', async () => {
      const {source} = await start(EXAMPLES)
      for await (const _ of source.identities(signal)) break
      expect((await collect(source.identities(signal))).length).toBe(EXAMPLES.length)
      for await (const _ of source.users(signal)) break
      expect((await collect(source.users(signal))).length).toBe(EXAMPLES.length)
    })

    test('the fingerprint is that of the data', async () => {
      const {source, replace} = await start(EXAMPLES)
      const print = async (): Promise<string> => {
        await collect(source.identities(signal))
        return source.fingerprint(signal)
      }
      const before = await print()
      expect(before).not.toBe('')
      expect(await print()).toBe(before)
      const [first, ...rest] = EXAMPLES
      await replace(first ? [{...first, lastName: 'Changed'}, ...rest] : rest)
      const changed = await print()
      expect(changed).not.toBe(before)
      await replace(EXAMPLES)
      expect(await print()).toBe(before)
      await replace(rest)
      expect(await print()).not.toBe(before)
    })

    test('a second pass sees what has changed', async () => {
      const {source, replace} = await start(EXAMPLES)
      await collect(source.identities(signal))
      const later = [exampleUser('new'), exampleUser('other', {firstName: 'Other'})]
      await replace(later)
      await collect(source.identities(signal))
      expect((await collect(source.users(signal))).map(plain).toSorted(byKey)).toEqual(expected(later))
      expect(
        await collect(
          source.users(
            signal,
            EXAMPLES.map(({key}) => key),
          ),
        ),
      ).toEqual([])
    })
  })
}

type ServerUserNames = Pick<ServerUser, 'key' | 'username' | 'userPrincipalName' | 'sid'>

const DEVICE_SECRET = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'
const TOKEN_SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
const DEVICE_TOKEN = 'fake-device-token-0001'
const SECRETS = [DEVICE_SECRET, TOKEN_SECRET, DEVICE_TOKEN]

/** A clean user; anything can be put in its place. */
export function exampleUser(username: string, more: Partial<ServerUser> = {}): ServerUser {
  return {
    key: username as SourceKey,
    username,
    mode: 'phoneApp',
    enabled: true,
    devices: [],
    oathTokens: [],
    faults: [],
    ...more,
  }
}

/** Users whose values are easily spoilt on the way. */
export const EXAMPLES: readonly ServerUser[] = [
  exampleUser('CONTOSO\\jdoe', {
    userPrincipalName: 'jdoe@contoso.com',
    sid: 'S-1-5-21-1111111111-2222222222-3333333333-1001',
    firstName: 'Jane',
    lastName: 'Doe',
    emailAddress: 'jane.doe@contoso.com',
    userGroup: 'Staff',
    phone: {countryCode: '1', number: '(425) 555-0100', extension: '22'},
    backupPhone: {countryCode: '44', number: '20 7946 0100', extension: '7'},
    mode: 'voiceCall',
    pinMode: 'standard',
    smsDirection: 'oneWay',
    smsMode: 'otp',
    phoneAppMode: 'standard',
    lastModified: '2023-05-06T07:08:09Z',
    devices: [
      {
        name: 'iPhone',
        token: new Secret(DEVICE_TOKEN),
        oathSecret: new OathSecret(DEVICE_SECRET),
        appVersion: '6.7.1',
        registeredAt: '2022-01-02T03:04:05Z',
      },
      {name: 'iPhone'},
      {name: 'Pixel "7", blue; new', appVersion: '6.2'},
    ],
    oathTokens: [
      {
        serialNumber: '0012345',
        secret: new OathSecret(TOKEN_SECRET),
        timeInterval: 60,
        manufacturer: 'Contoso, Ltd.',
        model: 'C-200',
        hashFunction: 'hmacsha256',
      },
    ],
  }),
  exampleUser('disabled@contoso.com', {
    mode: 'smsText',
    enabled: false,
    phone: {countryCode: '1', number: '4255550101'},
  }),
  exampleUser('token@contoso.com', {mode: 'oathToken'}),
  exampleUser('noCountry', {phone: {number: '+1 425 555 0102'}}),
  exampleUser(' spaces around ', {firstName: '  Two  ', lastName: ' ', userGroup: '\tTab'}),
  exampleUser('spaces around'),
  exampleUser('Case', {firstName: 'upper'}),
  exampleUser('case', {firstName: 'lower'}),
  exampleUser('Zo\u00EB', {firstName: 'composed'}),
  exampleUser('Zoe\u0308', {firstName: 'decomposed'}),
  exampleUser('emoji \u{1F600}\u{1F468}\u200D\u{1F4BB}', {firstName: '\u{1D11E}', lastName: '\u4E2D\u6587'}),
  exampleUser('line\nbreak', {firstName: 'one\ntwo\n', lastName: '\nthree'}),
  exampleUser('markup <&>"\'', {firstName: ']]>', lastName: '&amp;'}),
  exampleUser("=cmd|'x'!A0", {firstName: '+1', lastName: '-2', userGroup: '@SUM(A1)'}),
  exampleUser('0007', {firstName: 'true', lastName: 'null', userGroup: '__proto__'}),
]

/** Secrets as text, so that they can be compared; absent fields gone. */
export function plain(user: ServerUser): unknown {
  return JSON.parse(
    JSON.stringify(user, function (this: Record<string, unknown>, name: string, value: unknown) {
      const raw = this[name]
      return raw instanceof Secret ? `${raw.constructor.name} ${raw.reveal()}` : value
    }),
  ) as unknown
}

function without(user: ServerUser, knows: SourceCapabilities): ServerUser {
  return {
    ...user,
    userPrincipalName: knows.userPrincipalName ? user.userPrincipalName : undefined,
    sid: knows.sid ? user.sid : undefined,
    lastModified: knows.lastModified ? user.lastModified : undefined,
    devices: user.devices.map((device): AppDevice => ({
      ...device,
      oathSecret: knows.deviceSecret ? device.oathSecret : undefined,
      registeredAt: knows.deviceRegisteredAt ? device.registeredAt : undefined,
    })),
    oathTokens: user.oathTokens.map((token): ServerOathToken => ({
      ...token,
      secret: knows.tokenSecret ? token.secret : undefined,
      hashFunction: knows.tokenHashFunction ? token.hashFunction : undefined,
    })),
  }
}

function byKey(one: unknown, other: unknown): number {
  const key = (value: unknown): string => (value as {key: string}).key
  return key(one) < key(other) ? -1 : 1
}
