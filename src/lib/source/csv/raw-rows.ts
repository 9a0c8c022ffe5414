import {open} from 'node:fs/promises'
import type {Separator} from './separator.js'

/** Where a row stands in its file. */
export interface RowRef {
  /** 1-based line where it begins. */
  readonly line: number
  /** Byte offsets; `end` is after the line break. */
  readonly start: number
  readonly end: number
}

/** Gaps up to this are read along, since one larger read costs less than two. */
const GAP = 4096
const MAX_READ = 1024 * 1024
const NEWLINE = 10
const EMPTY = Buffer.alloc(0)

/** The bytes of these rows, in the order asked, each with a line break at its end. */
export async function readRaw(path: string, refs: readonly RowRef[]): Promise<readonly Buffer[]> {
  const order = refs.map((ref, index) => ({ref, index})).toSorted((a, b) => a.ref.start - b.ref.start)
  const out: Buffer[] = Array.from(refs, () => EMPTY)
  const handle = await open(path)
  try {
    for (let first = 0; first < order.length;) {
      const start = order[first]?.ref.start ?? 0
      let end = order[first]?.ref.end ?? 0
      let next = first + 1
      for (
        let row = order[next];
        row && row.ref.start - end <= GAP && row.ref.end - start <= MAX_READ;
        row = order[next]
      ) {
        end = Math.max(end, row.ref.end)
        next += 1
      }
      const {buffer} = await handle.read(Buffer.alloc(end - start), 0, end - start, start)
      for (const {ref, index} of order.slice(first, next)) {
        out[index] = withNewline(buffer.subarray(ref.start - start, ref.end - start))
      }
      first = next
    }
  } finally {
    await handle.close()
  }
  return out
}

/** Cells of rows that `readRaw` gave. */
export async function parseRaw(
  raw: readonly Buffer[],
  separator: Separator,
): Promise<readonly (readonly string[])[]> {
  const {parse} = await import('csv-parse/sync')
  return parse(Buffer.concat(raw), {...options(separator), relax_quotes: true})
}

/**
 * Which of these rows break RFC 4180 with a quote, by their offset. `opening`: a quote inside a value that is not quoted.
 * `closing`: text after a closing quote.
 */
export async function quoteFaults(
  path: string,
  suspects: readonly RowRef[],
  separator: Separator,
): Promise<ReadonlyMap<number, 'opening' | 'closing'>> {
  const faults = new Map<number, 'opening' | 'closing'>()
  if (suspects.length === 0) return faults
  const {parse} = await import('csv-parse/sync')
  const strict = (bytes: Buffer): 'opening' | 'closing' | undefined => {
    const codes: string[] = []
    try {
      parse(bytes, {
        ...options(separator),
        skip_records_with_error: true,
        on_skip: (error) => {
          codes.push(String(error?.code))
          return undefined
        },
      })
    } catch {
      return 'closing'
    }
    if (codes.includes('CSV_INVALID_CLOSING_QUOTE')) return 'closing'
    return codes.length > 0 ? 'opening' : undefined
  }
  const raw = await readRaw(path, suspects)
  if (strict(Buffer.concat(raw)) === undefined) return faults
  for (const [index, ref] of suspects.entries()) {
    const fault = strict(raw[index] ?? EMPTY)
    if (fault) faults.set(ref.start, fault)
  }
  return faults
}

function options(separator: Separator): {
  readonly delimiter: Separator
  readonly record_delimiter: string[]
  readonly relax_column_count: true
} {
  return {delimiter: separator, record_delimiter: ['\r\n', '\n'], relax_column_count: true}
}

function withNewline(row: Buffer): Buffer {
  return row[row.length - 1] === NEWLINE ? row : Buffer.concat([row, Buffer.from('\n')])
}
