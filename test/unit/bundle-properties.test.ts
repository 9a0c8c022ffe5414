import {isDeepStrictEqual} from 'node:util'
import fc from 'fast-check'
import {expect, test} from 'vitest'
import {MfaError} from '../../src/lib/errors/mfa-error.js'
import type {SourceKey} from '../../src/lib/model/brand.js'
import {isoInstant} from '../../src/lib/model/iso-date.js'
import {OathSecret, Secret} from '../../src/lib/model/secret.js'
import {SERVER_MODES, type ServerUser} from '../../src/lib/model/server-user.js'
import {openBundle} from '../../src/lib/source/bundle/bundle-source.js'
import {memoryScratch} from '../fakes/memory-scratch.js'
import {temporaryFolder, writeBundle} from '../helpers/bundle-files.js'
import {collect} from '../helpers/collect.js'
import {plain} from '../contract/source.contract.js'

const signal = new AbortController().signal

const FINE = {agree: true, keys: true}

/** Anything that is text in UTF-8, with more of what CSV trips over. */
const text = fc
  .array(
    fc.oneof(
      fc.string({unit: 'binary', maxLength: 4}),
      fc.constantFrom(
        '"',
        '""',
        ',',
        ';',
        '\n',
        '\r\n',
        '\r',
        ' ',
        '\uFEFF',
        '\0',
        'e\u0301',
        '\u{1F600}',
        "'",
      ),
    ),
    {minLength: 1, maxLength: 5},
  )
  .map((parts) => parts.join(''))
  .filter((whole) => whole !== '' && whole.isWellFormed())
const optional = fc.option(text, {nil: undefined})
const phone = fc.option(fc.record({countryCode: optional, number: text, extension: optional}), {
  nil: undefined,
})
const date = fc.option(
  fc
    .date({min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true})
    .map((day) => day.toISOString()),
  {nil: undefined},
)
const secret = optional.map((value) => (value === undefined ? undefined : new OathSecret(value)))

const user: fc.Arbitrary<ServerUser> = fc
  .record({
    username: text,
    userPrincipalName: optional,
    sid: optional,
    firstName: optional,
    lastName: optional,
    emailAddress: optional,
    userGroup: optional,
    phone,
    backupPhone: phone,
    mode: fc.constantFrom(...SERVER_MODES),
    pinMode: optional,
    smsDirection: optional,
    smsMode: optional,
    phoneAppMode: optional,
    enabled: fc.boolean(),
    lastModified: date,
    devices: fc.array(
      fc.record({
        name: text,
        token: optional.map((value) => (value === undefined ? undefined : new Secret(value))),
        oathSecret: secret,
        appVersion: optional,
        registeredAt: date,
      }),
      {maxLength: 3},
    ),
    oathTokens: fc.array(
      fc.record({
        serialNumber: text,
        secret,
        timeInterval: fc.constantFrom(30, 60, undefined),
        manufacturer: optional,
        model: optional,
        hashFunction: fc.constantFrom('hmacsha1' as const, 'hmacsha256' as const, undefined),
      }),
      {maxLength: 3},
    ),
  })
  .map((record) => ({...record, key: key(record.username), faults: []}))

function key(name: string): SourceKey {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return name as SourceKey
}

const style = fc.record({
  delimiter: fc.constantFrom(',' as const, ';' as const),
  newline: fc.constantFrom('\n' as const, '\r\n' as const),
  bom: fc.boolean(),
  quoted: fc.boolean(),
})

test('whatever is written comes back exactly, all of it or some in any order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(user, {selector: ({username}) => username, maxLength: 8}),
      style,
      fc.infiniteStream(fc.nat()),
      async (users, how, random) => {
        const {path, remove} = await temporaryFolder()
        try {
          await writeBundle(path, users, how)
          const source = await openBundle(path, {scratch: memoryScratch()})
          const keys = (await collect(source.identities(signal))).map((identity) => identity.key)
          expect(keys).toEqual(users.map(({username}) => username))
          expect((await collect(source.users(signal))).map(plain)).toEqual(users.map(plain))
          const some = users
            .map((each) => ({each, weight: random.next().value ?? 0}))
            .toSorted((a, b) => a.weight - b.weight)
            .slice(0, 5)
            .map(({each}) => each)
          const again = await collect(
            source.users(
              signal,
              some.map(({username}) => key(username)),
            ),
          )
          expect(again.map(plain)).toEqual(some.map(plain))
          expect(source.problems()).toEqual([])
        } finally {
          await remove()
        }
      },
    ),
    {numRuns: 150},
  )
})

test('any bytes at all give users or a foreseen error, never a secret and never a crash', async () => {
  const piece = fc.oneof(
    fc.constantFrom('"', ',', ';', '\n', '\r\n', 'a', 'phoneApp', '\t', '""'),
    fc.string({unit: 'binary', maxLength: 3}),
  )
  const bytes = fc.oneof(
    fc.array(piece, {maxLength: 40}).map((parts) => Buffer.from(`Username,Mode,Pin\n${parts.join('')}`)),
    fc.uint8Array({maxLength: 60}).map((raw) => Buffer.concat([Buffer.from('Username,Mode\n'), raw])),
    fc.uint8Array({maxLength: 60}).map((raw) => Buffer.from(raw)),
  )
  await fc.assert(
    fc.asyncProperty(bytes, async (content) => {
      const {path, remove} = await temporaryFolder({'users.csv': content})
      try {
        const source = await openBundle(path, {scratch: memoryScratch()})
        const read = async (): Promise<unknown> => {
          const keys = (await collect(source.identities(signal))).map((identity) => identity.key)
          const users = await collect(source.users(signal))
          const again = await collect(source.users(signal, keys))
          return {
            agree: isDeepStrictEqual(users, again),
            keys: users.every((each, n) => each.key === keys[n]),
          }
        }
        const outcome = await read().catch((error: unknown) =>
          error instanceof MfaError && error.exit === 'data' ? FINE : error,
        )
        expect(outcome).toEqual(FINE)
      } finally {
        await remove()
      }
    }),
    {numRuns: 300},
  )
})

test('every ISO date of JavaScript is read as the instant it means', () => {
  fc.assert(
    fc.property(
      fc.date({min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true}),
      (day) => {
        expect(isoInstant(day.toISOString())).toBe(day.getTime())
        expect(isoInstant(day.toISOString().slice(0, -1))).toBe(day.getTime())
      },
    ),
  )
})
