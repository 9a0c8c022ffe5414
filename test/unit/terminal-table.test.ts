import {array, assert, constantFrom, integer, oneof, property, record, string} from 'fast-check'
import fastStringWidth from 'fast-string-width'
import {describe, expect, test} from 'vitest'
import {columnWidths} from '../../src/lib/terminal/column-widths.js'
import {cut, displayWidth, wrap} from '../../src/lib/terminal/display-width.js'
import {renderTable, type TableColumn} from '../../src/lib/terminal/render-table.js'

/** Another measure than our own. It takes symbols like ☎ for emoji, where terminals draw them as text. */
function widthElsewhere(line: string): number {
  return fastStringWidth(line.replaceAll(/[\p{Emoji}--\p{Emoji_Presentation}](?!\ufe0f)/gv, 'x'))
}

interface Row {
  readonly name: string
  readonly count: number
  readonly what: string
}

const columns: readonly TableColumn<Row>[] = [
  {title: 'User', value: (row) => row.name, weight: 2},
  {title: 'Count', value: (row) => row.count, weight: 0},
  {title: 'What', value: (row) => row.what, weight: 3},
]
const ANN = {name: 'ann@contoso.com', count: 3, what: 'set mobile to +1 4255550100'}
const BOB = {name: 'bob@contoso.com', count: 12, what: 'make push the default'}
const plain = {width: 80, color: false}

describe('renderTable', () => {
  test('numbers are set right, text left', () => {
    expect(renderTable(columns, [ANN, BOB], plain)).toBe(
      [
        '┌─────────────────┬───────┬─────────────────────────────┐',
        '│ User            │ Count │ What                        │',
        '├─────────────────┼───────┼─────────────────────────────┤',
        '│ ann@contoso.com │     3 │ set mobile to +1 4255550100 │',
        '│ bob@contoso.com │    12 │ make push the default       │',
        '└─────────────────┴───────┴─────────────────────────────┘',
      ].join('\n'),
    )
  })

  test('what does not fit is wrapped, or cut where the column says so', () => {
    const narrow = {width: 40, color: false, ascii: true}
    expect(renderTable(columns, [ANN], narrow)).toBe(
      [
        '+-----------------+-------+------------+',
        '| User            | Count | What       |',
        '+-----------------+-------+------------+',
        '| ann@contoso.com |     3 | set mobile |',
        '|                 |       | to +1      |',
        '|                 |       | 4255550100 |',
        '+-----------------+-------+------------+',
      ].join('\n'),
    )
    const cutting = columns.map((column) => ({...column, cut: true}))
    expect(renderTable(cutting, [ANN], narrow)).toContain('| ann@contoso.com |     3 | set mobil… |')
  })

  test('an empty table says so', () => {
    expect(renderTable(columns, [], plain)).toBe('(none)')
    expect(renderTable(columns, [], {...plain, empty: 'no runs yet'})).toBe('no runs yet')
  })

  test('where nothing fits, rows become lists', () => {
    expect(renderTable(columns, [ANN, BOB], {width: 16, color: false})).toBe(
      'User:\nann@contoso.com\nCount: 3\nWhat: set mobile\nto +1 4255550100\n\n' +
        'User:\nbob@contoso.com\nCount: 12\nWhat: make push\nthe default',
    )
  })

  test('colour is for the head, and takes no room', () => {
    const colored = renderTable(columns, [ANN], {...plain, color: true})
    expect(colored).toContain('\u001b[1mUser')
    expect(colored.replaceAll(/\u001b\[\d+m/g, '')).toBe(renderTable(columns, [ANN], plain))
  })

  test('control characters in data are shown, not obeyed', () => {
    const evil = {name: '\u001b]0;owned\u0007', count: 1, what: 'a\nb\r\u202Ecba\u009b31m'}
    const table = renderTable(columns, [evil], plain)
    expect(table).toContain('\\x1b]0;owned\\x07')
    expect(table).toContain('a\\nb\\r\\u202ecba\\x9b31m')
    expect(table.split('\n')).toHaveLength(5)
  })

  test('wide characters keep the borders in line', () => {
    const rows = ['日本語ユーザー', 'Zoë', '👩‍👩‍👧', '🫠 new', 'ไทย', '한국어', 'e\u0301'].map((name) => ({
      ...ANN,
      name,
    }))
    const lines = renderTable(columns, rows, plain).split('\n')
    // Families joined by U+200D take between one and three places, terminals differ: left out here.
    const widths = lines.filter((line) => !line.includes('\u200d')).map((line) => widthElsewhere(line))
    expect(new Set(widths).size).toBe(1)
  })

  test('no line is ever wider than the terminal', () => {
    const text = oneof(
      string({unit: 'binary', maxLength: 40}),
      string({unit: 'grapheme', maxLength: 40}),
      string({maxLength: 40}),
      // Parts of Hangul letters with nothing to join.
      constantFrom('\ud7b0', '\u1161'.repeat(30)),
      constantFrom('👩‍👩‍👧‍👦'.repeat(9), '漢字'.repeat(30), 'long '.repeat(20), '\ue000\ue000', ''),
    )
    const row = record({name: text, count: integer(), what: text})
    assert(
      property(array(row, {maxLength: 8}), integer({min: 20, max: 200}), text, (rows, width, title) => {
        const titled = columns.map((column, index) => (index === 0 ? {...column, title} : column))
        for (const at of [width, 40, 80])
          for (const line of renderTable(titled, rows, {width: at, color: false}).split('\n')) {
            expect(widthElsewhere(line)).toBeLessThanOrEqual(at)
            expect(displayWidth(line)).toBeLessThanOrEqual(at)
          }
      }),
      {numRuns: 25},
    )
  })

  test('cells that fit are shown whole', () => {
    const word = string({unit: 'grapheme-ascii', minLength: 1, maxLength: 12}).map((text) =>
      text.replaceAll(' ', '_'),
    )
    assert(
      property(
        array(record({name: word, count: integer(), what: word}), {minLength: 1, maxLength: 8}),
        (rows) => {
          const table = renderTable(columns, rows, plain)
          for (const {name, count, what} of rows)
            for (const text of [name, String(count), what]) expect(table).toContain(text)
        },
      ),
      {numRuns: 50},
    )
  })
})

describe('text in columns', () => {
  test.each([
    ['abc', 3],
    ['日本', 4],
    ['👍', 2],
    ['☎️', 2],
    ['e\u0301', 1],
    ['ｆｕｌｌ', 8],
    ['한국', 4],
    ['\u1112\u1161\u11ab', 2],
    ['', 0],
  ])('%j takes %i columns', (text, width) => {
    expect(displayWidth(text)).toBe(width)
  })

  test('cut keeps whole characters', () => {
    expect(cut('日本語', 6)).toBe('日本語')
    expect(cut('日本語', 5)).toBe('日本…')
    expect(cut('日本語', 4)).toBe('日…')
    expect(cut('abc', 1)).toBe('…')
  })

  test('wrap breaks at spaces, else inside a word', () => {
    expect(wrap('one two  three', 7)).toEqual(['one two', 'three'])
    expect(wrap('0123456789', 4)).toEqual(['0123', '4567', '89'])
    expect(wrap('ann.smith@contoso.com', 16)).toEqual(['ann.smith', '@contoso.com'])
    expect(wrap('CONTOSO\\ann.smith', 12)).toEqual(['CONTOSO\\', 'ann.smith'])
    expect(wrap('a@0123456789', 6)).toEqual(['a@0123', '456789'])
    expect(wrap('日本語', 3)).toEqual(['日', '本', '語'])
    expect(wrap('', 3)).toEqual([''])
  })

  test('wrap loses nothing but spaces', () => {
    assert(
      property(string({unit: 'grapheme', maxLength: 40}), integer({min: 12, max: 30}), (text, width) => {
        const bare = (one: string): string => one.replaceAll(' ', '')
        expect(bare(wrap(text, width).join(''))).toBe(bare(text))
      }),
    )
  })

  test('column widths fill the room and no more', () => {
    const wish = record({
      min: integer({min: 1, max: 10}),
      weight: integer({min: 0, max: 4}),
      wanted: integer({min: 0, max: 90}),
    })
    assert(
      property(array(wish, {minLength: 1, maxLength: 8}), integer({min: 8, max: 200}), (wishes, room) => {
        const widths = columnWidths(wishes, room)
        const least = wishes.reduce((sum, {min, wanted}) => sum + Math.max(1, Math.min(min, wanted)), 0)
        const total = widths?.reduce((sum, width) => sum + width, 0) ?? 0
        const wanted = wishes.reduce((sum, wish) => sum + Math.max(1, wish.wanted), 0)
        expect(total).toBe(least > room ? 0 : Math.min(room, wanted))
      }),
    )
  })
})
