import {afterEach, describe, expect, it} from 'vitest'
import {openWebServiceSdk} from '../../src/lib/source/web-service-sdk/web-service-sdk.js'
import type {Source} from '../../src/lib/ports/source.js'
import {FakeClock} from '../fakes/clock.js'
import {memoryScratch} from '../fakes/memory-scratch.js'
import {
  startPfServer,
  type PfFilter,
  type PfServer,
  type PfServerOptions,
  type PfUser,
} from '../fakes/pf-server.js'

const signal = new AbortController().signal
const opened: (PfServer | Source)[] = []
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
})

async function open(users: readonly PfUser[], options: PfServerOptions = {}, resultLimit = 100) {
  const server = await startPfServer(users, options)
  const source = await openWebServiceSdk(server.url, {
    clock: new FakeClock(),
    scratch: memoryScratch(),
    resultLimit,
    retries: 2,
  })
  opened.push(source, server)
  return {server, source}
}

async function names(source: Source): Promise<string[]> {
  const found: string[] = []
  for await (const {username} of source.identities(signal)) found.push(username)
  return found
}

async function fact(source: Source, name: string): Promise<string | undefined> {
  return (await source.describe(signal)).facts.find((one) => one.name === name)?.value
}

const sorted = (all: readonly string[]) =>
  all.toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
const user = (username: string, settings: Readonly<Record<string, string>> = {}): PfUser => ({
  username,
  settings,
})

const SYLLABLES = [
  'an',
  'ber',
  'cor',
  'dan',
  'el',
  'fer',
  'gus',
  'hel',
  'ina',
  'jo',
  'kar',
  'lena',
  'mar',
  'nor',
  'oli',
  'pet',
  'ros',
  'sam',
  'tim',
  'ulla',
]

/** Invented names of many shapes: domains, upper case, other scripts, both Unicode forms, spaces, line breaks. */
function crowd(count: number): PfUser[] {
  const all: PfUser[] = [
    ' leading', 'trailing ', 'two  spaces', 'line\nbreak', 'cr\r\nlf', 'tab\there', 'Zo\u00eb', 'Zoe\u0308', '\u0141ukasz', 'li\u0144ski',
    'anber\u0416uk', 'Иван', 'corel😀', '山田', 'o\'brien', 'a&b<c>', 'star*name', 'per%cent', 'under_score', 'what?', 'a', 'an', 'anber',
    'x[1]', 'back\\slash', 'quote"d',
  ].map((name, index) => user(name, {Enabled: index % 3 === 0 ? 'false' : 'true'})) // prettier-ignore
  for (let index = 0; all.length < count; index++) {
    const part = (by: number): string => SYLLABLES[Math.floor(index / by) % SYLLABLES.length] ?? ''
    const name = `${part(1)}${part(20)}${part(400)}${index % 7 === 0 ? index : ''}`
    all.push(
      user(index % 3 === 0 ? `CONTOSO\\${name}` : index % 5 === 0 ? name.toUpperCase() : name, {
        Mode: index % 2 ? 'smsText' : 'voiceCall',
      }),
    )
  }
  return [...new Map(all.map((one) => [one.username, one])).values()]
}

describe('listing every user', () => {
  const users = crowd(5000).filter(({username}) => username !== '\u5c71\u7530')
  const everybody = sorted(users.map(({username}) => username))

  it.each(['prefix', 'substring', 'glob', 'like', 'ignored', 'exact'] satisfies PfFilter[])(
    'finds 5,000 users from a limit of 100, and proves it, where the filter is %s',
    async (filter) => {
      const {source, server} = await open(users, {filter})
      expect(await names(source)).toEqual(everybody)
      expect(source.problems()).toEqual([])
      expect(server.calls.filter(({operation}) => operation === 'FindUsers_4').length).toBeLessThan(10)
      expect(await fact(source, 'completeness')).toMatch(/second listing .* had nobody else/)
    },
  )

  it.each([
    ['prefix', false],
    ['prefix', true],
    ['substring', false],
    ['glob', false],
    ['like', true],
  ] satisfies [PfFilter, boolean][])(
    'finds everybody although the server gives no more than 400, where the filter is %s (case-sensitive: %s)',
    async (filter, caseSensitive) => {
      // A substring filter needs far more searches: each part of a name is a beginning to it.
      const some =
        filter === 'substring'
          ? users.filter(({username}) => !username.includes('CONTOSO')).slice(0, 900)
          : users.slice(0, 2500)
      const all = sorted(some.map(({username}) => username))
      const {source} = await open(some, {filter, caseSensitive, cap: 400, order: 'scrambled'})
      expect(await names(source)).toEqual(all)
      // ASCII and what occurs was tried, other characters were not: that must be said.
      expect(source.problems()).toMatchObject([{code: 'incomplete', file: 'FindUsers_4'}])
      expect(source.problems()[0]?.message).toContain(
        `at most 400 users per search; ${all.length} users were found`,
      )
    },
  )
})

describe('what cannot be told', () => {
  const many = (count: number, name: (index: number) => string): PfUser[] =>
    Array.from({length: count}, (_, index) => user(name(index)))

  it('says so where the filter is not taken notice of and the server gives too few', async () => {
    const {source} = await open(
      many(300, (index) => `user${index}`),
      {filter: 'ignored', cap: 50},
    )
    expect(await names(source)).toHaveLength(50)
    expect(source.problems()).toMatchObject([
      {code: 'incomplete', message: expect.stringContaining('users are missing')},
    ])
  })

  it('says so where names differ only in letter case', async () => {
    const spelled = (index: number): string =>
      [...'abcdefgh'].map((char, bit) => ((index >> bit) & 1 ? char.toUpperCase() : char)).join('')
    const {source} = await open([...many(200, spelled), ...many(60, (index) => `x${index}`)], {cap: 50})
    const found = await names(source)
    expect(found.length).toBeLessThan(260)
    expect(source.problems()).toMatchObject([
      {code: 'incomplete', message: expect.stringContaining('"abcdefgh"')},
    ])
  })

  it('does not miss silently a name in a script that nothing pointed to', async () => {
    const {source} = await open([...many(200, (index) => `user${index}`), user('\u5c71\u7530')], {cap: 50})
    const found = await names(source)
    expect(found).toHaveLength(200)
    expect(source.problems()).toMatchObject([
      {code: 'incomplete', message: expect.stringContaining('only if each of their characters')},
    ])
  })

  it('takes the parts by enabled and mode for a proof where each is complete', async () => {
    const mixed = many(90, (index) => `user${index}`).map((one, index) => ({
      ...one,
      settings: {Enabled: index % 2 ? 'true' : 'false', Mode: index % 3 ? 'smsText' : 'phoneApp'},
    }))
    const {source} = await open(mixed, {filter: 'ignored', cap: 40})
    expect(await names(source)).toHaveLength(90)
    expect(source.problems()).toEqual([])
    expect(await fact(source, 'completeness')).toContain('each part by enabled and mode was complete')
  })

  it('does not trust a server that calls a capped list complete', async () => {
    const mixed = many(300, (index) => `user${String(index).padStart(3, '0')}`).map((one, index) => ({
      ...one,
      settings: {Enabled: index < 150 ? 'true' : 'false'},
    }))
    const {source} = await open(mixed, {cap: 100, lies: true})
    await names(source)
    expect(source.problems()[0]).toMatchObject({
      code: 'incomplete',
      message: expect.stringContaining('cannot be trusted'),
    })
  })

  it('finds the user whose whole name is the beginning of too many others', async () => {
    const {source} = await open([...many(300, (index) => `ab${index}`), user('ab'), user('a')], {
      cap: 50,
      order: 'scrambled',
    })
    const found = await names(source)
    expect(found).toContain('ab')
    expect(found).toContain('a')
    expect(found).toHaveLength(302)
  })
})

describe('single cases', () => {
  it('reports a name that is there twice, and does not trust its record', async () => {
    const {source} = await open([user('twin'), user('other'), user('twin')])
    expect(await names(source)).toEqual(['other', 'twin'])
    expect(source.problems()).toMatchObject([
      {code: 'row-invalid', field: 'Username', message: expect.stringContaining('"twin"')},
    ])
    const all = []
    for await (const one of source.users(signal))
      all.push([one.username, one.faults.map(({severity}) => severity)])
    expect(all).toEqual([
      ['other', []],
      ['twin', ['row']],
    ])
  })

  it('reports rows without a name', async () => {
    const {source} = await open([user('anna'), user(''), user('')])
    expect(await names(source)).toEqual(['anna'])
    expect(source.problems()).toMatchObject([
      {code: 'row-without-user', message: expect.stringContaining('2 rows')},
    ])
  })

  it('finds users of a server that takes a missing filter for nobody', async () => {
    const {source} = await open([user('anna'), user('bert')], {needsBlankFilters: true})
    expect(await names(source)).toEqual(['anna', 'bert'])
  })

  it('has no users where the server has none', async () => {
    const {source} = await open([])
    expect(await names(source)).toEqual([])
    expect(source.problems()).toEqual([])
  })

  it('goes by parts where a higher limit is refused', async () => {
    const {source} = await open(
      crowd(300).filter(({username}) => !/[^\0-\u00ff]/.test(username)),
      {
        fault: ({args}) =>
          Number(args['resultLimit']) > 100 ? {kind: 'fault', text: 'resultLimit out of range'} : undefined,
      },
    )
    expect((await names(source)).length).toBeGreaterThan(290)
    expect(source.problems()).toMatchObject([{code: 'incomplete'}])
  })

  it.each([
    ['prefix', 'beginning of the name'],
    ['substring', 'part of the name'],
    ['glob', 'pattern with * and ?'],
    ['like', 'pattern with % and _'],
    ['ignored', 'not taken notice of'],
    ['exact', 'could not be found out'],
  ] satisfies [PfFilter, string][])('finds out what the filter means: %s', async (filter, words) => {
    const {source} = await open(crowd(60), {filter})
    expect(await fact(source, 'name filter')).toContain(words)
  })

  it.each([true, false])('finds out whether letter case matters: %s', async (caseSensitive) => {
    const {source} = await open(crowd(60), {caseSensitive})
    expect(await fact(source, 'name filter')).toContain(
      caseSensitive ? 'letter case matters' : 'does not matter',
    )
  })

  it('has a fingerprint that changes when users do', async () => {
    const {source, server} = await open([user('anna'), user('bert')])
    await names(source)
    const before = await source.fingerprint(signal)
    await names(source)
    expect(await source.fingerprint(signal)).toBe(before)
    server.users = [user('anna')]
    await names(source)
    expect(await source.fingerprint(signal)).not.toBe(before)
  })
})
