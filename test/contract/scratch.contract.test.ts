import {array, assert, jsonValue, property, string, tuple} from 'fast-check'
import {afterEach, describe, expect, test} from 'vitest'
import {Secret} from '../../src/lib/model/secret.js'
import type {Scratch} from '../../src/lib/ports/scratch.js'
import {openScratch} from '../../src/lib/state/scratch.js'
import {memoryScratch} from '../fakes/memory-scratch.js'

const opened: Scratch[] = []
afterEach(() => {
  for (const scratch of opened.splice(0)) scratch.close()
})

describe.each([
  ['SQLite', openScratch],
  ['memory', memoryScratch],
])('scratch: %s', (_name, make) => {
  const open = (): Scratch => {
    const scratch = make()
    opened.push(scratch)
    return scratch
  }

  test('keeps several values under a key in the order they came', () => {
    const bag = open().bag<number>('numbers')
    for (const n of [3, 1, 2]) bag.add('k', n)
    bag.add('other', 9)
    expect(bag.get('k')).toEqual([3, 1, 2])
    expect(bag.get('missing')).toEqual([])
    expect(bag.size).toBe(4)
  })

  test('set takes the place of all values under the key', () => {
    const bag = open().bag<string>('b')
    bag.add('k', 'a')
    bag.add('k', 'b')
    bag.set('k', 'c')
    bag.set('new', 'd')
    expect(bag.get('k')).toEqual(['c'])
    expect(bag.size).toBe(2)
    expect([...bag.entries()]).toEqual([
      ['k', 'c'],
      ['new', 'd'],
    ])
  })

  test('one bag for a name, others apart', () => {
    const scratch = open()
    scratch.bag<number>('a').add('k', 1)
    scratch.bag<number>('b').add('k', 2)
    expect(scratch.bag<number>('a').get('k')).toEqual([1])
    expect(scratch.bag<number>("'; DROP TABLE x --").get('k')).toEqual([])
  })

  test('a secret does not survive the trip', () => {
    const bag = open().bag<unknown>('b')
    bag.add('k', {secret: new Secret('JBSWY3DPEHPK3PXP')})
    expect(bag.get('k')).toEqual([{secret: '[secret]'}])
  })

  test('may be added to and read while it is walked through', () => {
    const bag = open().bag<number>('b')
    for (let n = 0; n < 50; n++) bag.add(`k${n}`, n)
    const seen: (readonly number[])[] = []
    for (const [key] of bag.entries()) {
      if (seen.length < 10) bag.set(key, -1)
      seen.push(bag.get(key))
      expect([...bag.entries()].length).toBe(50)
    }
    expect(seen.length).toBe(50)
  })

  test('keys of any text come back exactly, in the order of their UTF-8 bytes', () => {
    const key = string({unit: 'binary', maxLength: 6})
    assert(
      property(array(tuple(key, jsonValue()), {maxLength: 40}), (pairs) => {
        const scratch = make()
        const bag = scratch.bag<unknown>('b')
        for (const [name, value] of pairs) bag.add(name, value)
        const back = [...bag.entries()]
        scratch.close()
        const expected = pairs
          .map(([name, value], at) => ({name, value, at}))
          .toSorted((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)) || a.at - b.at)
          .map(({name, value}) => [name, JSON.parse(JSON.stringify(value))])
        expect(back).toEqual(expected)
      }),
      {numRuns: 100},
    )
  })
})

test('SQLite scratch holds far more than its memory', () => {
  const scratch = openReal()
  const before = process.memoryUsage().rss
  const bag = scratch.bag<string>('big')
  const value = 'x'.repeat(2_000)
  for (let n = 0; n < 50_000; n++) bag.add(`user${(n * 7919) % 50_000}`, value)
  expect(bag.get('user49999')).toEqual([value])
  expect(bag.size).toBe(50_000)
  // 100 MB of values; the cache is 8 MB, the rest of the room is for the garbage collector.
  expect(process.memoryUsage().rss - before).toBeLessThan(80_000_000)
})

function openReal(): Scratch {
  const scratch = openScratch()
  opened.push(scratch)
  return scratch
}
