import {basename, dirname, join, relative, isAbsolute, sep} from 'node:path'

import {MfaError} from '../errors/mfa-error.js'
import type {BackupStore} from '../ports/backup-store.js'

/** Where a path will lead once it exists: links in the part that exists are resolved. */
export async function realPath(path: string, store: BackupStore): Promise<string> {
  const place = await store.look(path)
  if (place !== undefined) return place.path
  const parent = dirname(path)
  return parent === path ? path : join(await realPath(parent, store), basename(path))
}

/** The same folder, or somewhere below it. */
export function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path)
  return way === '' || (!isAbsolute(way) && way !== '..' && !way.startsWith(`..${sep}`))
}

/** Throws MfaError `usage` where the backups would lie in what is backed up. */
export function refuseWithin(to: string, data: string): void {
  if (isWithin(to, data))
    throw new MfaError('INSIDE_DATA', `--to: ${to} lies within the data folder ${data}`, {
      exit: 'usage',
      fix: 'Choose a folder outside of it, on another disk at best.',
    })
}
