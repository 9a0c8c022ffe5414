import {lstat, readdir, readlink, stat} from 'node:fs/promises'
import {join} from 'node:path'

import {errorCode} from '../errors/error-code.js'
import {MfaError} from '../errors/mfa-error.js'
import type {Tree, TreeEntry} from '../ports/backup-store.js'
import {unreadable} from './storage-fault.js'

/** As `BackupStore.scan`. */
export async function scanFolder(folder: string): Promise<Tree> {
  const entries: TreeEntry[] = []
  const faults: MfaError[] = []
  const walk = async (below: string): Promise<void> => {
    const path = below === '' ? folder : join(folder, ...below.split('/'))
    for (const name of await names(path)) {
      const relative = below === '' ? name : `${below}/${name}`
      try {
        const entry = await entryAt(join(path, name), relative)
        if (entry === undefined) continue
        entries.push(entry)
        if (entry.kind === 'folder') await walk(relative)
      } catch (error) {
        if (errorCode(error) === 'ENOENT') continue
        const fault = unreadable(error, join(path, name))
        if (!(fault instanceof MfaError)) throw fault
        faults.push(fault)
      }
    }
  }
  try {
    await walk('')
  } catch (error) {
    throw unreadable(error, folder)
  }
  return {entries, faults}
}

/** In the order of their code units. A name that is not Unicode could not be written down. */
async function names(folder: string): Promise<readonly string[]> {
  const found = await readdir(folder, {encoding: 'buffer'})
  return found
    .map((bytes) => {
      const name = bytes.toString('utf8')
      if (Buffer.from(name, 'utf8').equals(bytes)) return name
      throw new MfaError('NAME_NOT_UNICODE', `${join(folder, name)}: the name is not Unicode`, {
        exit: 'data',
        fix: 'Rename the file.',
      })
    })
    .sort()
}

/** Undefined where it is gone meanwhile. */
async function entryAt(full: string, path: string): Promise<TreeEntry | undefined> {
  const found = await lstat(full).catch(unlessGone)
  if (found === undefined) return undefined
  if (found.isDirectory()) return {kind: 'folder', path, mode: found.mode & 0o7777}
  if (found.isFile()) return fileEntry(path, found)
  if (!found.isSymbolicLink()) return {kind: 'other', path}
  const target = await readlink(full)
  const there = await stat(full).catch(() => undefined)
  return there?.isFile() === true ? {...fileEntry(path, there), link: target} : {kind: 'link', path, target}
}

const fileEntry = (
  path: string,
  {size, mode, mtimeMs}: {readonly size: number; readonly mode: number; readonly mtimeMs: number},
) => ({kind: 'file', path, bytes: size, mode: mode & 0o7777, modified: Math.round(mtimeMs)}) as const

function unlessGone(error: unknown): undefined {
  if (errorCode(error) !== 'ENOENT') throw error
}
