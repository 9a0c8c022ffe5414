import {createHash, type Hash} from 'node:crypto'
import {open} from 'node:fs/promises'

import {errorCode} from '../errors/error-code.js'
import {MfaError} from '../errors/mfa-error.js'
import type {Copied, FileHash, Reading, Recode} from '../ports/backup-store.js'
import {unreadable, unwritable} from './storage-fault.js'

/** Bytes read at a time; the memory that a file takes, whatever its size, is a few of these. */
const PIECE = 256 * 1024

/** Hash of a file, recoded if asked. Undefined where it is gone. */
export async function hashFile(path: string, how: Reading = {}): Promise<FileHash | undefined> {
  const sum = new Sum()
  try {
    for await (const piece of await recoded(pieces(path, how), how.recode)) sum.add(piece)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw unreadable(error, path)
  }
  return sum.value()
}

/** Copies a file into a new one and waits until it is on the disk. Undefined where the original is gone. */
export async function copyFile(
  from: string,
  to: string,
  how: Reading & {readonly mode: number; readonly modified?: number | undefined},
): Promise<Copied | undefined> {
  const [read, written] = [new Sum(), new Sum()]
  try {
    await writeFile(to, await recoded(tapped(pieces(from, how), read, from), how.recode), written, how)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
  return {read: read.value(), written: written.value()}
}

/** As `copyFile`, of what is in memory. */
export async function writeText(to: string, text: string, recode?: Recode): Promise<FileHash> {
  const written = new Sum()
  await writeFile(to, await recoded(once(Buffer.from(text)), recode), written, {mode: 0o600})
  return written.value()
}

/** A file as UTF-8 text. Undefined where it is gone. */
export async function readText(path: string, limit: number, recode?: Recode): Promise<string | undefined> {
  const parts: Uint8Array[] = []
  let length = 0
  try {
    for await (const piece of await recoded(pieces(path, {recode}), recode)) {
      length += piece.length
      if (length > limit)
        throw new MfaError('TOO_BIG', `${path} has more than ${limit} bytes: it is not what it should be`, {
          exit: 'data',
        })
      parts.push(Uint8Array.from(piece))
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw unreadable(error, path)
  }
  return Buffer.concat(parts).toString('utf8')
}

/** What `body` throws comes out as it is. */
async function writeFile(
  to: string,
  body: AsyncIterable<Uint8Array>,
  sum: Sum,
  how: {readonly mode: number; readonly modified?: number | undefined},
): Promise<void> {
  const file = await open(to, 'w', 0o600).catch((error: unknown) => {
    throw unwritable(error, to)
  })
  try {
    const written = async (work: Promise<void>): Promise<void> => {
      try {
        await work
      } catch (error) {
        throw unwritable(error, to)
      }
    }
    for await (const piece of body) {
      sum.add(piece)
      await written(file.writeFile(piece))
    }
    if (how.modified !== undefined) await written(file.utimes(new Date(), new Date(how.modified)))
    await written(file.chmod(how.mode))
    await written(file.sync())
  } finally {
    await file.close()
  }
}

/** All in one buffer where nobody holds on to a piece: a recoding stream does, so it gets copies. */
async function* pieces(path: string, {recode, signal, onBytes}: Reading): AsyncGenerator<Uint8Array> {
  const file = await open(path)
  const buffer = Buffer.allocUnsafe(PIECE)
  try {
    for (;;) {
      signal?.throwIfAborted()
      const {bytesRead} = await file.read(buffer, 0, PIECE)
      if (bytesRead === 0) return
      onBytes?.(bytesRead)
      const piece = buffer.subarray(0, bytesRead)
      yield recode === undefined ? piece : Buffer.from(piece)
    }
  } finally {
    await file.close()
  }
}

async function* tapped(body: AsyncIterable<Uint8Array>, sum: Sum, path: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of body) {
      sum.add(piece)
      yield piece
    }
  } catch (error) {
    throw errorCode(error) === 'ENOENT' ? error : unreadable(error, path)
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

async function recoded(
  body: AsyncGenerator<Uint8Array>,
  recode: Recode | undefined,
): Promise<AsyncIterable<Uint8Array>> {
  return recode === undefined ? body : recode(ReadableStream.from(body))
}

class Sum {
  readonly #hash: Hash = createHash('sha256')
  #bytes = 0

  add(piece: Uint8Array): void {
    this.#hash.update(piece)
    this.#bytes += piece.length
  }

  value(): FileHash {
    return {bytes: this.#bytes, sha256: this.#hash.digest('hex')}
  }
}
