import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {jsonFault} from '../../src/lib/model/json-fault.js'

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

describe('where a text stops being JSON', () => {
  it.each([
    ['{"a": }', 1, 7],
    ['{"a":1,\n "secretKey": JBSWY3DP}', 2, 15],
    ['{"a":1\n "b":2}', 2, 2],
    ['{"a":1,}', 1, 8],
    ['{"a":"x\ny"}', 1, 6],
    ['["a", "unfinished]', 1, 7],
    ['{a:1}', 1, 2],
    ['[1, 2', 1, 6],
    ['{} x', 1, 4],
    ['[01]', 1, 3],
    ['"\\x"', 1, 1],
    ['[}', 1, 2],
    ['', 1, 1],
    ['\ufeff{}', 1, 1],
  ])('%j: line %d, column %d', (text, line, column) => {
    expect(jsonFault(text)).toEqual({line, column})
  })

  it('finds a fault exactly where JSON.parse does', () => {
    const text = fc.oneof(
      fc.json(),
      fc
        .array(fc.constantFrom(...'{}[]:,"\\ \n-0123.eE+tfan', 'true', 'null', '"k"', '\\u00e4'))
        .map((all) => all.join('')),
      fc
        .tuple(fc.json(), fc.nat(), fc.constantFrom('', '"', ',', '}', '1', '\\', '\t'))
        .map(
          ([json, at, piece]) => json.slice(0, at % json.length) + piece + json.slice((at % json.length) + 1),
        ),
    )
    fc.assert(
      fc.property(text, (one) => {
        expect(jsonFault(one) === undefined).toBe(isJson(one))
      }),
      {numRuns: 2000},
    )
  })

  it('takes texts of any length and depth', () => {
    expect(jsonFault(`["${'x'.repeat(5_000_000)}"]`)).toBeUndefined()
    expect(jsonFault('['.repeat(100_000))).toEqual({line: 1, column: 100_001})
  })
})
