import {isUtf8} from 'node:buffer'
import {CsvFault} from './csv-fault.js'

const NEWLINE = 10

export interface Utf8Fault {
  readonly good: number
  readonly error: CsvFault
}

/** Finds the first byte of a stream that is not UTF-8; chunks may cut a character anywhere. */
export class Utf8Check {
  #tail: Buffer = Buffer.alloc(0)
  /** Bytes and line breaks before `#tail`. */
  #bytes = 0
  #lines = 0

  /** The fault, with line and byte, if there is one; `good` is then how many bytes of the stream are right. */
  write(chunk: Buffer): Utf8Fault | undefined {
    const data = this.#tail.length > 0 ? Buffer.concat([this.#tail, chunk]) : chunk
    const whole = data.subarray(0, data.length - cutCharacter(data))
    if (!isUtf8(whole)) return this.#fault(whole)
    this.#bytes += whole.length
    this.#lines += countNewlines(whole)
    this.#tail = Buffer.from(data.subarray(whole.length))
    return undefined
  }

  end(): Utf8Fault | undefined {
    return this.#tail.length > 0 ? this.#fault(this.#tail) : undefined
  }

  #fault(data: Buffer): Utf8Fault {
    let start = 0
    let line = this.#lines + 1
    for (;;) {
      const end = data.indexOf(NEWLINE, start) + 1 || data.length
      const text = data.subarray(start, end)
      if (!isUtf8(text)) {
        const good = this.#bytes + start + firstBadByte(text)
        const message = `not UTF-8 at byte ${good + 1} of the file; save it as "CSV UTF-8"`
        return {good, error: new CsvFault(message, line)}
      }
      start = end
      line += 1
    }
  }
}

export function countNewlines(data: Buffer): number {
  let count = 0
  for (let at = data.indexOf(NEWLINE); at !== -1; at = data.indexOf(NEWLINE, at + 1)) count += 1
  return count
}

/** How many bytes at the end are the beginning of a character. */
function cutCharacter(data: Buffer): number {
  for (let back = 1; back <= Math.min(3, data.length); back++) {
    const byte = data[data.length - back] ?? 0
    if ((byte & 0xc0) === 0x80) continue
    return sequenceLength(byte) > back ? back : 0
  }
  return 0
}

function firstBadByte(text: Buffer): number {
  let at = 0
  for (;;) {
    const length = sequenceLength(text[at] ?? 0)
    if (at + length > text.length || !isUtf8(text.subarray(at, at + length))) return at
    at += length
  }
}

function sequenceLength(lead: number): number {
  if (lead >= 0xf0) return 4
  if (lead >= 0xe0) return 3
  return lead >= 0xc0 ? 2 : 1
}
