import {createReadStream} from 'node:fs'
import {open, stat} from 'node:fs/promises'
import type {Parser} from 'csv-parse'
import {CsvFault} from './csv-fault.js'
import {detectSeparator, type Separator} from './separator.js'
import {parseRaw, quoteFaults, readRaw, type RowRef} from './raw-rows.js'
import {Utf8Check} from './utf8-check.js'

export interface CsvRow extends RowRef {
  readonly cells: readonly string[]
  /** A quote stands where RFC 4180 has none; where the row begins and ends is certain, its values are not. */
  readonly badQuotes: boolean
}

interface ParsedRow {
  readonly record: readonly string[]
  readonly info: {readonly bytes: number}
}

interface Place {
  start: number
  line: number
}

/** Small, since rows of a chunk are alive together. */
const CHUNK = 32 * 1024
const HEADER = 64 * 1024
const MAX_ROW = 1024 * 1024
const QUOTE = 0x22

/** A UTF-8 CSV file (RFC 4180, BOM allowed, `,` or `;`), streamed or read row by row; memory does not grow with it. */
export class CsvFile {
  readonly path: string
  readonly size: number
  readonly separator: Separator

  private constructor(path: string, size: number, separator: Separator) {
    this.path = path
    this.size = size
    this.separator = separator
  }

  /** Undefined if there is no such file. Throws CsvFault if it is none, is empty, or may not be read. */
  static async open(path: string): Promise<CsvFile | undefined> {
    try {
      const info = await stat(path)
      if (info.isDirectory()) throw new CsvFault('is a folder; a file is needed')
      const handle = await open(path)
      try {
        const {buffer, bytesRead} = await handle.read(Buffer.alloc(HEADER), 0, HEADER, 0)
        return new CsvFile(path, info.size, detectSeparator(buffer.subarray(0, bytesRead)))
      } finally {
        await handle.close()
      }
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
      if (code === 'ENOENT') return undefined
      if (code === undefined) throw error
      throw new CsvFault(`cannot be opened (${code})`)
    }
  }

  /** All rows in batches, the header first; blank lines are left out. Throws CsvFault; what came before it is right. */
  async *rows(signal: AbortSignal): AsyncGenerator<readonly CsvRow[]> {
    const {parse} = await import('csv-parse')
    const parser = parse({
      bom: true,
      delimiter: this.separator,
      info: true,
      max_record_size: MAX_ROW,
      record_delimiter: ['\r\n', '\n'],
      relax_column_count: true,
      relax_quotes: true,
    })
    // Without a listener a fault would end the process before the loop below sees it.
    parser.on('error', () => undefined)
    const utf8 = new Utf8Check()
    const place: Place = {start: 0, line: 1}
    let quotes = false
    let read = 0
    try {
      const stream: AsyncIterable<Buffer> = createReadStream(this.path, {highWaterMark: CHUNK, signal})
      for await (const bytes of stream) {
        const bad = utf8.write(bytes)
        quotes ||= bytes.includes(QUOTE)
        parser.write(bad ? wholeLines(bytes.subarray(0, Math.max(0, bad.good - read))) : bytes)
        read += bytes.length
        yield await this.#batch(drain(parser), place, quotes)
        if (!bad) continue
        yield await this.#batch(await lastRows(parser).catch(() => []), place, quotes)
        throw bad.error
      }
      const cut = utf8.end()
      if (cut) throw cut.error
      yield await this.#batch(await lastRows(parser), place, quotes)
    } catch (error) {
      throw asFault(error, place.line)
    } finally {
      parser.destroy()
    }
  }

  /** Adds lines and offsets; moves `place` past the batch. `quotes`: there is a quote so far, so look closer. */
  async #batch(parsed: readonly ParsedRow[], place: Place, quotes: boolean): Promise<readonly CsvRow[]> {
    const rows: {cells: readonly string[]; line: number; start: number; end: number; badQuotes: boolean}[] =
      []
    const suspects: RowRef[] = []
    for (const {record, info} of parsed) {
      const row = {cells: record, line: place.line, start: place.start, end: info.bytes, badQuotes: false}
      place.start = info.bytes
      place.line += 1 + (quotes ? newlines(record) : 0)
      if (record.length === 1 && record[0] === '') continue
      if (quotes && record.some((cell) => cell.includes('"'))) suspects.push(row)
      rows.push(row)
    }
    const faults = await quoteFaults(this.path, suspects, this.separator)
    if (faults.size === 0) return rows
    for (const row of rows) {
      const fault = faults.get(row.start)
      if (fault === 'closing' && newlines(row.cells) > 0) {
        throw new CsvFault(
          'text follows a closing quote in the row that begins here, so rows after it may belong to it',
          row.line,
        )
      }
      row.badQuotes = fault !== undefined
    }
    return rows
  }

  /** These rows again, in the order asked. Throws CsvFault if the file is no longer what it was. */
  async read(refs: readonly RowRef[]): Promise<readonly (readonly string[])[]> {
    if (refs.length === 0) return []
    const rows = await parseRaw(await readRaw(this.path, refs), this.separator)
    if (rows.length !== refs.length)
      throw new CsvFault('changed while it was being read; run the command again')
    return rows
  }
}

/** What the parser has ready; it works off a chunk before `write` returns. */
function drain(parser: Pick<Parser, 'read'>): readonly ParsedRow[] {
  const rows: ParsedRow[] = []
  for (;;) {
    const row: ParsedRow | null = parser.read()
    if (row === null) return rows
    rows.push(row)
  }
}

/** What the parser has held back until it knew what follows. */
async function lastRows(parser: Parser): Promise<readonly ParsedRow[]> {
  const rest: AsyncIterable<ParsedRow> = parser.end()
  const rows: ParsedRow[] = []
  for await (const row of rest) rows.push(row)
  return rows
}

function wholeLines(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.lastIndexOf('\n') + 1)
}

function newlines(cells: readonly string[]): number {
  let count = 0
  for (const cell of cells) {
    for (let at = cell.indexOf('\n'); at !== -1; at = cell.indexOf('\n', at + 1)) count += 1
  }
  return count
}

/** The parser's own messages quote values, so none of them is passed on. */
function asFault(error: unknown, line: number): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
  if (code === 'CSV_QUOTE_NOT_CLOSED')
    return new CsvFault('a quote in the row that begins here is never closed', line)
  if (code === 'CSV_MAX_RECORD_SIZE') {
    return new CsvFault('the row that begins here is longer than 1 MB; perhaps a quote is never closed', line)
  }
  if (code === undefined || code === 'ABORT_ERR') return error
  return new CsvFault(`cannot be read (${code})`, line)
}
