import {mkdir, readdir, realpath, rename, rm, stat, statfs} from 'node:fs/promises'
import {dirname, join} from 'node:path'

import {makeFolders} from '../disk/make-folders.js'
import {errorCode} from '../errors/error-code.js'
import type {BackupStore, Place} from '../ports/backup-store.js'
import {FolderDraft} from './folder-draft.js'
import {inside, syncFolder} from './folder-paths.js'
import {hiddenName, type Owner, sweep} from './leftovers.js'
import {hashFile, readText, writeText} from './pour.js'
import {renameFolder} from './rename-folder.js'
import {scanFolder} from './scan-folder.js'
import {unreadable, unwritable} from './storage-fault.js'

const TEXT_LIMIT = 64 * 1024 * 1024

export interface FolderStoreOptions {
  readonly owner: Owner
  /** Lets nobody but the owner read a folder. Rejects where the file system knows no rights. */
  readonly restrict: (folder: string) => Promise<void>
  readonly warn: (text: string) => void
}

/** The BackupStore port over the file system. */
export function createFolderStore({owner, restrict, warn}: FolderStoreOptions): BackupStore {
  const restricted = async (folder: string): Promise<void> => {
    await restrict(folder).catch(() =>
      warn(`${folder}: others may be able to read it; its rights could not be set`),
    )
  }
  const store: BackupStore = {
    look,
    scan: scanFolder,
    hash: (folder, path, how) => hashFile(inside(folder, path), how),
    text: (folder, path, recode) => readText(inside(folder, path), TEXT_LIMIT, recode),
    folders: async (folder) => {
      const entries = await readdir(folder, {withFileTypes: true}).catch((error: unknown) => {
        throw unreadable(error, folder)
      })
      return entries
        .filter((entry) => entry.isDirectory())
        .map(({name}) => name)
        .sort()
    },
    ensure: async (folder) => {
      try {
        if ((await makeFolders(folder, 0o700)) !== undefined) await restricted(folder)
      } catch (error) {
        // Said of a read-only file system too, when several folders are made at once.
        const why =
          errorCode(error) === 'ENOENT' ? await mkdir(folder).catch((again: unknown) => again) : error
        throw unwritable(why ?? error, folder)
      }
      const place = await look(folder)
      if (place?.kind === 'folder') return place
      throw unwritable(Object.assign(new Error('not a folder'), {code: 'ENOTDIR'}), folder)
    },
    begin: async (folder, name, access) => {
      const path = join(folder, hiddenName(name, owner))
      await mkdir(path, {mode: 0o700}).catch((error: unknown) => {
        throw unwritable(error, path)
      })
      if (access === 'owner-only') await restricted(path)
      return new FolderDraft(path, join(folder, name))
    },
    keepText: async (folder, path, text) => {
      const to = inside(folder, path)
      const beside = `${to}.${process.pid}.part`
      try {
        await writeText(beside, text)
        await rename(beside, to)
      } catch (error) {
        await rm(beside, {force: true}).catch(() => {})
        throw unwritable(error, to)
      }
    },
    move,
    remove: async (folder, name) => {
      const hidden = join(folder, hiddenName(name, owner))
      await move(join(folder, name), hidden)
      await rm(hidden, {recursive: true, force: true, maxRetries: 3}).catch((error: unknown) => {
        throw unwritable(error, hidden)
      })
    },
    sweep: (folder) => sweep(folder, owner),
  }
  return store
}

async function look(path: string): Promise<Place | undefined> {
  try {
    const real = await realpath(path)
    const [found, volume] = [await stat(real), await statfs(real)]
    const kind = found.isFile() ? 'file' : found.isDirectory() ? 'folder' : 'other'
    return {
      path: real,
      kind,
      device: found.dev,
      bytes: found.size,
      mode: found.mode & 0o7777,
      freeBytes: volume.bavail * volume.bsize,
    }
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes(errorCode(error) ?? '')) return undefined
    throw unreadable(error, path)
  }
}

async function move(from: string, to: string): Promise<void> {
  try {
    await renameFolder(from, to)
    await syncFolder(dirname(to))
  } catch (error) {
    throw unwritable(error, errorCode(error) === 'EEXIST' ? to : from)
  }
}
