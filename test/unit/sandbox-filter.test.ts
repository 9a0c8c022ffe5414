import {DatabaseSync} from 'node:sqlite'

import fc from 'fast-check'
import {describe, expect, it} from 'vitest'

import {GraphFault} from '../../src/lib/sandbox/graph-fault.js'
import {parseFilter} from '../../src/lib/sandbox/query/filter.js'
import {compileFilter} from '../../src/lib/sandbox/query/filter-sql.js'

const PROPERTIES = {
  displayName: {column: 'name', type: 'text'},
  accountEnabled: {column: 'enabled', type: 'boolean'},
  samAccountName: {column: 'sam', type: 'text', advanced: true},
} as const

const ROWS: readonly [name: string | null, enabled: number | null, sam: string | null][] = [
  ['alice', 1, 'a'],
  ["o'brien (sales), and others", 0, null],
  [null, 1, 'c'],
  ['bob', null, 'd'],
]

/** Row numbers that a filter lets through. */
function matching(text: string): number[] {
  const database = new DatabaseSync(':memory:')
  database.exec('CREATE TABLE t (name TEXT, enabled INTEGER, sam TEXT)')
  for (const row of ROWS) database.prepare('INSERT INTO t VALUES (?, ?, ?)').run(...row)
  const {sql, values} = compileFilter(parseFilter(text), PROPERTIES, 'test')
  const found = database.prepare(`SELECT rowid AS n FROM t WHERE ${sql} ORDER BY rowid`).all(...values)
  database.close()
  return found.map((row) => Number(row['n']))
}

describe('$filter', () => {
  it.each([
    ["displayName eq 'ALICE'", [1]],
    ["displayName eq 'o''brien (sales), and others'", [2]],
    ["displayName ne 'alice'", [2, 3, 4]],
    ["not (displayName eq 'alice')", [2, 3, 4]],
    ["startswith(displayName,'O''B')", [2]],
    ["endsWith(displayName, 'OB')", [4]],
    ["displayName in ('alice', 'bob')", [1, 4]],
    ['displayName eq null', [3]],
    ['displayName ne null', [1, 2, 4]],
    ['accountEnabled eq true', [1, 3]],
    ["accountEnabled eq true and displayName eq 'alice' or samAccountName eq 'd'", [1, 4]],
    ["accountEnabled eq true and (displayName eq 'bob' or samAccountName eq 'c')", [3]],
    ["displayName ge 'b' and displayName lt 'c'", [4]],
  ])('%s', (text, rows) => {
    expect(matching(text)).toEqual(rows)
  })

  it.each([
    '',
    'displayName',
    "displayName eq 'a",
    "displayName like 'a'",
    "(displayName eq 'a'",
    "displayName eq 'a')",
    "displayName eq 'a' and",
    'displayName in ()',
    'startswith(displayName, 5)',
    'displayName eq alice',
    'displayName gt null',
    "shoeSize eq 'a'",
    "toString eq 'a'",
    "accountEnabled eq 'true'",
    `${'not '.repeat(80)}(accountEnabled eq true)`,
  ])('refuses %s', (text) => {
    expect(() => matching(text)).toThrow(GraphFault)
  })

  it('knows an advanced query', () => {
    const advanced = (text: string): boolean => compileFilter(parseFilter(text), PROPERTIES, 'test').advanced
    expect(advanced("displayName eq 'a' and accountEnabled eq true")).toBe(false)
    expect(advanced("displayName eq 'a' or samAccountName eq 'a'")).toBe(true)
    expect(advanced("displayName ne 'a'")).toBe(true)
    expect(advanced("not startswith(displayName, 'a')")).toBe(true)
  })

  it('never throws anything but a refusal, and finds any name by its own text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        let thrown: unknown
        try {
          parseFilter(text)
        } catch (error) {
          thrown = error
        }
        expect(thrown === undefined || thrown instanceof GraphFault).toBe(true)
      }),
    )
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseFilter(`displayName eq '${text.replaceAll("'", "''")}'`)).toMatchObject({value: text})
      }),
    )
  })
})
