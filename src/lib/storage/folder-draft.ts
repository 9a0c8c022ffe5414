import {chmod, readdir, rm, symlink} from 'node:fs/promises'
import {dirname, join} from 'node:path'

import {makeFolders} from '../disk/make-folders.js'
import type {Copied, Draft, FileHash, Reading, Recode} from '../ports/backup-store.js'
import {inside, syncFolder} from './folder-paths.js'
import {copyFile, writeText} from './pour.js'
import {renameFolder} from './rename-folder.js'
import {unwritable} from './storage-fault.js'

/** A folder under a hidden name until it is whole. */
export class FolderDraft implements Draft {
  readonly folder: string
  readonly #final: string

  constructor(folder: string, final: string) {
    this.folder = folder
    this.#final = final
  }

  async put(
    from: {readonly folder: string; readonly path: string},
    as: string,
    how: Reading & {readonly mode?: number | undefined; readonly modified?: number | undefined} = {},
  ): Promise<Copied | undefined> {
    const to = await this.#place(as)
    const copied = await copyFile(inside(from.folder, from.path), to, {...how, mode: how.mode ?? 0o600})
    if (copied === undefined) await rm(to, {force: true})
    return copied
  }

  async write(as: string, text: string, recode?: Recode): Promise<FileHash> {
    return writeText(await this.#place(as), text, recode)
  }

  async drop(as: string): Promise<void> {
    await rm(inside(this.folder, as), {force: true})
  }

  async addFolder(as: string): Promise<void> {
    await this.#folder(inside(this.folder, as))
  }

  async addLink(as: string, target: string): Promise<void> {
    const to = await this.#place(as)
    await symlink(target, to).catch((error: unknown) => {
      throw unwritable(error, to)
    })
  }

  async setModes(folders: readonly {readonly path: string; readonly mode: number}[]): Promise<void> {
    // Deepest first: a parent may be closed by its own.
    for (const {path, mode} of folders.toSorted((a, b) => b.path.length - a.path.length)) {
      const full = path === '' ? this.folder : inside(this.folder, path)
      await chmod(full, mode).catch((error: unknown) => {
        throw unwritable(error, full)
      })
    }
  }

  async publish(name?: string): Promise<string> {
    const final = name === undefined ? this.#final : join(dirname(this.#final), name)
    try {
      await syncTree(this.folder)
      await renameFolder(this.folder, final)
      await syncFolder(dirname(final))
    } catch (error) {
      throw unwritable(error, final)
    }
    return final
  }

  async discard(): Promise<void> {
    await rm(this.folder, {recursive: true, force: true, maxRetries: 3})
  }

  async #place(as: string): Promise<string> {
    const to = inside(this.folder, as)
    await this.#folder(dirname(to))
    return to
  }

  async #folder(path: string): Promise<void> {
    await makeFolders(path, 0o700).catch((error: unknown) => {
      throw unwritable(error, path)
    })
  }
}

/** The names in every folder; the contents of files are on the disk already. */
async function syncTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, {withFileTypes: true}))
    if (entry.isDirectory()) await syncTree(join(folder, entry.name))
  await syncFolder(folder)
}
