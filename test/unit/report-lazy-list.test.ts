import fc from 'fast-check'
import {expect, it} from 'vitest'
import {jsonText, LazyList} from '../../src/lib/report/lazy-list.js'

const textOf = (value: Readonly<Record<string, unknown>>): string => [...jsonText(value)].join('')

it('writes what JSON.stringify writes, lists included', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.jsonValue()), (value, list) => {
      const result = {...value, users: new LazyList(() => list), gone: undefined}
      const plain = JSON.stringify({...value, users: list}, null, 2)
      expect(textOf(result)).toBe(plain)
      expect(JSON.stringify(result, null, 2)).toBe(plain)
    }),
  )
})

it('writes objects without keys, and elements that JSON has no word for', () => {
  expect(textOf({})).toBe('{}')
  expect(textOf({users: new LazyList(() => [undefined, 1])})).toBe(
    '{\n  "users": [\n    null,\n    1\n  ]\n}',
  )
})

it('comes in pieces and holds one element at a time', () => {
  let made = 0
  const users = new LazyList(function* () {
    for (; made < 10_000; made++) yield {userPrincipalName: `user${made}@contoso.com`}
  })
  const [first] = jsonText({users})
  expect(first?.length).toBeGreaterThan(60_000)
  expect(made).toBeLessThan(2000)
})
