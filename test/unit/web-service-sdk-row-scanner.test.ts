import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {RowScanner} from '../../src/lib/source/web-service-sdk/row-scanner.js'

function scan(pieces: readonly string[]): {rows: string[]; rest: string} {
  const rows: string[] = []
  const scanner = new RowScanner('UserRow', (row) => rows.push(row))
  for (const piece of pieces) scanner.push(piece)
  return {rows, rest: scanner.end()}
}

const ROWS = [
  '<UserRow><Username>anna</Username></UserRow>',
  '<UserRow><Username><![CDATA[</UserRow><UserRow>]]></Username></UserRow>',
  '<t:UserRow xmlns:t="x"><t:Username>b</t:Username></t:UserRow>',
  '<UserRow><!-- </UserRow> --><Username> </Username></UserRow >',
  '<UserRow />',
  '<UserRow xsi:nil="true"/>',
]
const HEAD = '<?xml version="1.0"?><r><UserRows2/><!-- <UserRow> --><userRows>'
const TAIL = '</userRows><resultsComplete>true</resultsComplete><x><![CDATA[<UserRow>]]></x></r>'

describe('RowScanner', () => {
  it('cuts rows out wherever the text is split', () => {
    const text = HEAD + ROWS.join('\n') + TAIL
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), {maxLength: 40}), (cuts) => {
        const at = [0, ...cuts.toSorted((one, other) => one - other), text.length]
        const pieces = at.slice(1).map((end, index) => text.slice(at[index], end))
        const {rows, rest} = scan(pieces)
        expect(rows).toEqual(ROWS)
        expect(rest).toBe(HEAD + '\n'.repeat(ROWS.length - 1) + TAIL)
      }),
    )
  })

  it('leaves an unfinished row in the rest, where it will not be well-formed', () => {
    const {rows, rest} = scan([HEAD, '<UserRow><Username>an'])
    expect(rows).toEqual([])
    expect(rest).toBe(`${HEAD}<UserRow><Username>an`)
  })

  it('does not take up memory without end', () => {
    expect(() => scan(['<UserRow>', ...Array.from({length: 20}, () => 'x'.repeat(100_000))])).toThrow('1 MiB')
    expect(() => scan(Array.from({length: 20}, () => 'x'.repeat(100_000)))).toThrow('no rows')
  })
})
