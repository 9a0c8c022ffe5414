import {randomBytes} from 'node:crypto'
import {createReadStream} from 'node:fs'
import {access, constants, open, rename, rm, stat} from 'node:fs/promises'
import {dirname} from 'node:path'
import {createInterface} from 'node:readline'

import {makeFolders} from '../disk/make-folders.js'
import {MfaError} from '../errors/mfa-error.js'
import type {Files} from '../ports/files.js'
import {restrictToOwner} from './restrict.js'

/** Characters that are put together before they are written. */
const BUFFER = 65_536

/** Plans, reports and lists: for their owner only (R8), whole or not at all. */
export const ownerFiles: Files = {
  async write(path, chunks) {
    // A pipe or a device (/dev/stdout) is written to; anything else is replaced as a whole.
    const stream = await isStream(path)
    const beside = stream ? path : `${path}.${process.pid}-${randomBytes(4).toString('hex')}.part`
    try {
      await makeFolders(dirname(path))
      const file = await open(beside, stream ? 'w' : 'wx', 0o600)
      try {
        if (!stream) await restrictToOwner(beside)
        let held = ''
        for await (const chunk of chunks) {
          held += chunk
          if (held.length < BUFFER) continue
          await file.write(held)
          held = ''
        }
        await file.write(held)
        if (!stream) await file.sync()
      } finally {
        await file.close()
      }
      if (!stream) await rename(beside, path)
    } catch (cause) {
      if (!stream) await rm(beside, {force: true}).catch(() => {})
      throw fileError(cause, path, 'cannot be written')
    }
  },

  async remove(paths) {
    for (const path of paths) await rm(path, {force: true})
  },

  async move(from, to) {
    try {
      await rename(from, to)
    } catch (cause) {
      throw fileError(cause, to, 'cannot be written')
    }
  },

  async *lines(path) {
    const stream = createReadStream(path, {encoding: 'utf8'})
    let failure: unknown
    stream.on('error', (error) => (failure = error))
    try {
      for await (const line of createInterface({input: stream, crlfDelay: Infinity})) yield line
    } catch (cause) {
      throw fileError(cause, path, 'cannot be read')
    } finally {
      stream.destroy()
    }
    if (failure !== undefined) throw fileError(failure, path, 'cannot be read')
  },
}

async function isStream(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  return found !== undefined && !found.isFile() && !found.isDirectory()
}

/** Throws MfaError `usage` now where a file could not be written later, when the work that fills it is done. */
export async function refuseUnwritable(path: string): Promise<void> {
  try {
    const found = await stat(path).catch(() => undefined)
    if (found?.isDirectory() === true) throw Object.assign(new Error('a folder'), {code: 'EISDIR'})
    await makeFolders(dirname(path))
    await access(dirname(path), constants.W_OK)
  } catch (cause) {
    throw fileError(cause, path, 'cannot be written')
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EACCES: 'no permission',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is not a folder',
  EEXIST: 'a part of the path is not a folder',
  ENOSPC: 'the disk is full',
  EROFS: 'the file system is read-only',
}

/** What the chunks themselves threw is no fault of the file. */
function fileError(cause: unknown, path: string, what: string): unknown {
  const {code} = cause as {code?: string}
  if (cause instanceof MfaError || code === undefined || !/^E[A-Z]+$/.test(code)) return cause
  return new MfaError('FILE', `${path} ${what}: ${REASONS[code] ?? code}`, {
    exit: what === 'cannot be read' ? 'data' : 'usage',
    fix: 'Check the path and its rights.',
    cause,
  })
}
