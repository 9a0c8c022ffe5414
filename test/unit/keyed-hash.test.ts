import {createHmac} from 'node:crypto'
import fc from 'fast-check'
import {expect, it} from 'vitest'
import {keyedHash} from '../../src/lib/model/keyed-hash.js'

it("is Node's HMAC-SHA-256, for keys and texts of any length", () => {
  fc.assert(
    fc.property(fc.uint8Array({maxLength: 150}), fc.string({unit: 'binary', maxLength: 300}), (key, text) => {
      const expected = createHmac('sha256', key).update(text).digest('hex')
      expect(keyedHash(key, text)).toBe(expected)
      expect(keyedHash(key, text)).toBe(expected)
    }),
    {numRuns: 500},
  )
})

it('tells keys and texts apart', () => {
  const key = new Uint8Array(32).fill(1)
  const other = new Uint8Array(32).fill(2)
  expect(new Set([keyedHash(key, 'a'), keyedHash(key, 'b'), keyedHash(other, 'a')]).size).toBe(3)
})
