import {renameSync, statSync} from 'node:fs'
import {readdir, rm, stat} from 'node:fs/promises'
import {join} from 'node:path'

import {errorCode} from '../errors/error-code.js'
import {olderParts} from '../model/log-parts.js'

/** A log of a process that runs for months takes ten times this at most. */
export const PART_BYTES = 16 * 1024 * 1024

/** Appends to a file; what was written is with the operating system. */
interface Lines {
  write(text: string): unknown
  end(): void
}

/** Lines of one file; when it is full it becomes an older part, and the oldest part goes. */
export class LogFile {
  readonly #file: string
  readonly #open: (file: string) => Lines
  readonly #partBytes: number
  #stream: Lines
  #bytes: number

  /** @param open opens for appending, and throws where that does not work */
  constructor(file: string, open: (file: string) => Lines, partBytes = PART_BYTES) {
    this.#file = file
    this.#open = open
    this.#partBytes = partBytes
    this.#stream = open(file)
    this.#bytes = statSync(file).size
  }

  /** With the operating system when it returns. */
  write(line: string): void {
    const bytes = Buffer.byteLength(line)
    if (this.#bytes > 0 && this.#bytes + bytes > this.#partBytes) this.#turn()
    this.#stream.write(line)
    this.#bytes += bytes
  }

  end(): void {
    this.#stream.end()
  }

  #turn(): void {
    this.#bytes = 0
    try {
      const parts = [this.#file, ...olderParts(this.#file)]
      for (let at = parts.length - 1; at > 0; at--) move(parts[at - 1], parts[at])
      const next = this.#open(this.#file)
      this.#stream.end()
      this.#stream = next
    } catch {
      // Somebody has a part open and the system forbids the move: this part grows on, and another turn is tried later.
    }
  }
}

function move(from: string | undefined, to: string | undefined): void {
  if (from === undefined || to === undefined) return
  try {
    renameSync(from, to)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
  }
}

const KEPT_MS = 90 * 24 * 3_600_000

/** Logs of `mfa sync once` and `mfa sync run` that nothing was written to for 90 days go; those of other commands stay. */
export async function dropOldLogs(folder: string, now: Date): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!/-sync-(once|run)(\.\d+)?\.jsonl$/.test(name)) continue
    const file = join(folder, name)
    // Another process may have been faster.
    const {mtimeMs} = await stat(file).catch(() => ({mtimeMs: Infinity}))
    if (now.getTime() - mtimeMs > KEPT_MS) await rm(file, {force: true})
  }
}
