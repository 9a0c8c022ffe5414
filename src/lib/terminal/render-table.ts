import {createRequire} from 'node:module'
import type CliTable from 'cli-table3'
import {styleText} from 'node:util'
import {printable} from '../model/printable.js'
import {columnWidths} from './column-widths.js'
import {cut, displayWidth, wrap} from './display-width.js'

/** A list of texts takes a line each; a line break inside a text is shown as its code. */
export type Cell = string | number | boolean | readonly string[] | undefined

export interface TableColumn<Row> {
  readonly title: string
  value(row: Row): Cell
  /** Without it numbers are set right, everything else left. */
  readonly align?: 'left' | 'right' | undefined
  /** Share of the room when the table does not fit; 0 is served first and not made to share. Default 1. */
  readonly weight?: number | undefined
  /** Columns of the terminal that it needs at least. Default 4. */
  readonly min?: number | undefined
  /** A value that does not fit is cut with `…` instead of wrapped. */
  readonly cut?: boolean | undefined
}

export interface TableOptions {
  /** Columns of the terminal; no line is longer. */
  readonly width: number
  readonly color: boolean
  /** Borders of `+-|`, for consoles without line drawing. */
  readonly ascii?: boolean | undefined
  /** What to say instead of an empty table. */
  readonly empty?: string | undefined
}

/** One line of a cell; its text takes the place after the layout, which measures every cell again and again. */
const FILL = '\ue000'
/** More lines than this in one cell hide the other rows. */
const MAX_LINES = 12

/**
 * A table with borders, fitted to the width, no trailing line break. Characters of data that could steer the terminal are
 * shown as their codes. Where not even the narrowest table fits, each row becomes a list of `title: value` lines.
 */
export function renderTable<Row>(
  columns: readonly TableColumn<Row>[],
  rows: readonly Row[],
  options: TableOptions,
): string {
  if (rows.length === 0) return wrap(options.empty ?? '(none)', options.width).join('\n')
  const cells = rows.map((row) => columns.map((column) => cellText(column.value(row))))
  const widths = fit(columns, cells, options.width - 3 * columns.length - 1)
  if (widths === undefined) return renderList(columns, cells, options)

  const rightAligned = columns.map(
    (column) => column.align === 'right' || (column.align === undefined && isNumeric(rows, column)),
  )
  const texts: string[] = []
  const lay = (row: readonly string[], isHead: boolean): string[] => {
    const lines = row.map((text, index) => cellLines(text, widths[index] ?? 1, columns[index]?.cut === true))
    const height = Math.max(1, ...lines.map((cell) => cell.length))
    for (let line = 0; line < height; line++)
      for (const [index, cell] of lines.entries()) {
        const text = pad(cell[line] ?? '', widths[index] ?? 1, rightAligned[index] === true)
        texts.push(isHead && options.color ? styleText('bold', text, {validateStream: false}) : text)
      }
    return lines.map(() => Array(height).fill(FILL).join('\n'))
  }
  const head = lay(
    columns.map((column) => printable(column.title)),
    true,
  )
  const body = cells.map((row) => lay(row, false))

  const table = new (loadTable())({
    head,
    // The borders' padding on both sides.
    colWidths: widths.map((width) => width + 2),
    style: {head: [], border: [], compact: true},
    ...(options.ascii === true ? {chars: ASCII} : {}),
  })
  table.push(...body)
  let next = 0
  return table.toString().replaceAll(new RegExp(`${FILL} *`, 'g'), () => `${texts[next++] ?? ''} `)
}

/** Words up to `whole` columns stay whole, and text of several words gets `prose` columns: the first that there is room for. */
const WISHES = [
  {whole: 30, prose: 16},
  {whole: 20, prose: 16},
  {whole: 20, prose: 0},
  {whole: 12, prose: 0},
  {whole: 8, prose: 0},
]

function fit<Row>(
  columns: readonly TableColumn<Row>[],
  cells: readonly (readonly string[])[],
  room: number,
): readonly number[] | undefined {
  const wishes = columns.map(({title, min = 4, weight = 1}, index) => {
    const texts = [title, ...cells.map((row) => row[index] ?? '')]
    return {min, weight, wanted: Math.max(...texts.map(widest)), word: Math.max(...texts.map(longestWord))}
  })
  for (const {whole, prose} of WISHES) {
    const widths = columnWidths(
      wishes.map((wish) => ({
        ...wish,
        min: Math.max(wish.min, Math.min(wish.word, whole), wish.wanted > wish.word ? prose : 0),
      })),
      room,
    )
    if (widths !== undefined) return widths
  }
  return columnWidths(wishes, room)
}

function loadTable(): typeof CliTable {
  return createRequire(import.meta.url)('cli-table3') as typeof CliTable
}

function cellText(value: Cell): string {
  if (value === undefined) return ''
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'object') return value.map(printable).join('\n')
  return printable(String(value))
}

function isNumeric<Row>(rows: readonly Row[], column: TableColumn<Row>): boolean {
  let numbers = 0
  for (const row of rows) {
    const value = column.value(row)
    if (typeof value === 'number') numbers += 1
    else if (value !== undefined && value !== '') return false
  }
  return numbers > 0
}

function cellLines(text: string, width: number, isCut: boolean): readonly string[] {
  if (isCut) return [cut(text, width)]
  const lines = text.split('\n').flatMap((line) => wrap(line, width))
  return lines.length <= MAX_LINES ? lines : [...lines.slice(0, MAX_LINES - 1), cut('…', width)]
}

const longestWord = (text: string): number => Math.max(...text.split(/[ \n]/).map(displayWidth))

const widest = (text: string): number => Math.max(...text.split('\n').map(displayWidth))

function pad(text: string, width: number, right: boolean): string {
  const spaces = ' '.repeat(Math.max(0, width - displayWidth(text)))
  return right ? spaces + text : text + spaces
}

/** For narrow terminals; a cell with nothing in it takes no line. */
function renderList<Row>(
  columns: readonly TableColumn<Row>[],
  cells: readonly (readonly string[])[],
  options: TableOptions,
): string {
  const blocks = cells.map((row) =>
    columns
      .filter((_, index) => row[index] !== '')
      .flatMap((column) =>
        `${printable(column.title)}: ${row[columns.indexOf(column)] ?? ''}`
          .split('\n')
          .flatMap((line) => wrap(line, options.width)),
      )
      .join('\n'),
  )
  return blocks.join('\n\n')
}

const ASCII = {
  'top': '-', 'top-mid': '+', 'top-left': '+', 'top-right': '+',
  'bottom': '-', 'bottom-mid': '+', 'bottom-left': '+', 'bottom-right': '+',
  'left': '|', 'left-mid': '+', 'mid': '-', 'mid-mid': '+', 'right': '|', 'right-mid': '+', 'middle': '|',
} as const // prettier-ignore
