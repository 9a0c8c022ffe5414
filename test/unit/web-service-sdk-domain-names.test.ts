import {afterEach, describe, expect, it} from 'vitest'
import type {Source} from '../../src/lib/ports/source.js'
import {openWebServiceSdk} from '../../src/lib/source/web-service-sdk/web-service-sdk.js'
import {FakeClock} from '../fakes/clock.js'
import {memoryScratch} from '../fakes/memory-scratch.js'
import {startPfServer, type PfFilter, type PfServer, type PfServerOptions} from '../fakes/pf-server.js'

/** Most servers name everybody `DOMAIN\name`; here one gives at most 100 users per search. */

const signal = new AbortController().signal
const opened: (PfServer | Source)[] = []
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
})

async function open(names: readonly string[], options: PfServerOptions) {
  const server = await startPfServer(
    names.map((username) => ({username})),
    {cap: 100, ...options},
  )
  const source = await openWebServiceSdk(server.url, {
    clock: new FakeClock(),
    scratch: memoryScratch(),
    resultLimit: 1000,
    retries: 2,
  })
  opened.push(source, server)
  return {server, source}
}

async function read(source: Source): Promise<string[]> {
  const found: string[] = []
  for await (const {username} of source.identities(signal)) found.push(username)
  return found
}

const numbered = (count: number): string[] =>
  Array.from({length: count}, (_, index) => `CONTOSO\\user${index}`)
const sorted = (names: readonly string[]) =>
  names.toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)))

const ALPHABET = [...'abcdefghijklmnopqrstuvwxyz']
/** 676 beginnings, so that few parts need splitting. */
const people = (count: number): string[] =>
  Array.from({length: count}, (_, index) => {
    const letter = (by: number): string => ALPHABET[Math.floor(index / by) % 26] ?? ''
    return `CONTOSO\\${letter(1)}${letter(26)}.${Math.floor(index / 676)}`
  })

describe('users who are all CONTOSO\\name, on a server that gives at most 100 of them', () => {
  it.each([
    ['prefix', true, numbered(412)],
    ['substring', true, numbered(412)],
    ['glob', true, numbered(412)],
    ['like', true, numbered(412)],
    ['prefix', false, people(5000)],
    ['substring', false, people(5000)],
    ['glob', false, people(5000)],
    ['like', false, people(5000)],
  ] satisfies [PfFilter, boolean, string[]][])(
    'finds all where the filter is %s (a backslash escapes: %s)',
    async (filter, escapes, names) => {
      const {source} = await open(names, {filter, escapes, order: 'scrambled'})
      expect(await read(source)).toEqual(sorted(names))
      expect(source.problems().map(({message}) => message)).toEqual([
        expect.stringContaining(`${names.length} users were found by the beginnings of their names`),
      ])
    },
  )
})

const MEANINGS = [
  ['prefix', 'beginning of the name'],
  ['substring', 'part of the name'],
  ['glob', 'pattern with * and ?'],
  ['like', 'pattern with % and _'],
  ['exact', 'could not be found out'],
] satisfies [PfFilter, string][]

it.each(MEANINGS)('finds out what the filter means from such names alone: %s', async (filter, words) => {
  // user1 is the beginning of user10, and a name: to find it proves nothing.
  const {source} = await open(numbered(412), {filter})
  const {facts} = await source.describe(signal)
  expect(facts.find(({name}) => name === 'name filter')?.value).toContain(words)
})

it.each([
  ['glob', false],
  ['like', true],
] satisfies [PfFilter, boolean][])(
  'keeps domains apart that a wildcard in place of the backslash would mix: %s',
  async (filter, escapes) => {
    const names = [
      ...people(150),
      ...people(150).map((name) => name.replace('CONTOSO', 'CONTOSO2')),
      ...Array.from({length: 20}, (_, index) => `svc${index}`),
    ]
    const {source} = await open(names, {filter, escapes})
    expect(await read(source)).toEqual(sorted(names))
  },
)

it('finds names that differ only in letter case where the server tells them apart', async () => {
  const spelled = Array.from({length: 256}, (_, index) =>
    [...'abcdefgh'].map((char, bit) => ((index >> bit) & 1 ? char.toUpperCase() : char)).join(''),
  )
  const names = spelled.map((name) => `CONTOSO\\${name}`)
  const {source} = await open(names, {caseSensitive: true})
  expect(await read(source)).toEqual(sorted(names))
})

it('says so where it does not tell them apart', async () => {
  const spelled = Array.from({length: 256}, (_, index) =>
    [...'abcdefgh'].map((char, bit) => ((index >> bit) & 1 ? char.toUpperCase() : char)).join(''),
  )
  const {source} = await open(
    spelled.map((name) => `CONTOSO\\${name}`),
    {caseSensitive: false},
  )
  expect((await read(source)).length).toBeLessThan(256)
  expect(source.problems()[0]?.message).toContain('"contoso\\\\abcdefgh"')
})
