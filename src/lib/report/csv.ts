import type {Column} from '../ports/output.js'

/** Rows that are turned into text at once. */
const CHUNK = 1000

export interface CsvOptions {
  /**
   * For files that people open in a spreadsheet: text that it would take for a formula gets a `'` in front. Never for
   * files that the tool reads back: `+1 425…` would come back as `'+1 425…`.
   */
  readonly escapeFormulas: boolean
  /** Between columns; a comma unless given. */
  readonly separator?: ',' | ';' | undefined
}

/** RFC 4180 with CRLF and a header of the columns' keys; a file's text as a whole. */
export async function toCsv<Row>(
  columns: readonly Column<Row>[],
  rows: Iterable<Row> | AsyncIterable<Row>,
  options: CsvOptions,
): Promise<string> {
  let text = ''
  for await (const chunk of csvChunks(columns, rows, options)) text += chunk
  return text
}

/** The same in pieces of many rows, for lists of any length in flat memory. The first piece has the header. */
export async function* csvChunks<Row>(
  columns: readonly Column<Row>[],
  rows: Iterable<Row> | AsyncIterable<Row>,
  options: CsvOptions,
): AsyncGenerator<string> {
  const {stringify} = await import('csv-stringify/sync')
  const text = (records: readonly (readonly string[])[]): string =>
    stringify(records as string[][], {
      record_delimiter: 'windows',
      delimiter: options.separator ?? ',',
      escape_formulas: options.escapeFormulas,
      // A lone CR or LF would go unquoted next to CRLF.
      quoted_match: /[\r\n]/,
    })
  let held: (readonly string[])[] = [columns.map(({key}) => key)]
  for await (const row of rows) {
    held.push(columns.map((column) => cell(column.value(row))))
    if (held.length < CHUNK) continue
    yield text(held)
    held = []
  }
  if (held.length > 0) yield text(held)
}

function cell(value: ReturnType<Column<never>['value']>): string {
  if (value === undefined) return ''
  return typeof value === 'object' ? value.join('; ') : String(value)
}

/** The same rows as JSON has them: keys of the columns, absent values null. */
export function toObjects<Row>(
  columns: readonly Column<Row>[],
  rows: Iterable<Row>,
): readonly Readonly<Record<string, string | number | boolean | readonly string[] | null>>[] {
  return Array.from(rows, (row) =>
    Object.fromEntries(columns.map(({key, value}) => [key, value(row) ?? null])),
  )
}
