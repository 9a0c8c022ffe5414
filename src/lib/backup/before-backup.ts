import {MfaError} from '../errors/mfa-error.js'
import {countOf} from '../model/count-of.js'
import {sizeText} from '../model/size-text.js'
import type {BackupStore, Draft, Place} from '../ports/backup-store.js'
import type {Ui} from '../ports/ui.js'
import {DATA_FILE, isDataFile} from './locate.js'
import type {Role} from './manifest.js'

interface LookDeps {
  readonly store: BackupStore
  readonly ui: Ui
}

/** Clears away what killed runs left in a folder of backups; tells what may belong to one that is still at work. */
export async function clearLeftovers(folder: string, {store, ui}: LookDeps): Promise<void> {
  const {removed, kept} = await store.sweep(folder)
  if (removed.length > 0)
    ui.emit({type: 'note', text: `cleared away ${countOf(removed.length, 'backup')} that had been cut off`})
  for (const path of kept)
    ui.emit({
      type: 'warning',
      text: `${path} was left by another machine or boot; remove it if nothing works on it`,
    })
}

/** After a failure, which is what is told: that something could not be cleared away as well is only a warning. */
export async function discarded(draft: Draft, ui: Ui): Promise<void> {
  await draft.discard().catch(() => {
    ui.emit({type: 'warning', text: `${draft.folder} could not be cleared away; the next run tries again`})
  })
}

/**
 * Warns of everything that the operator should know before a backup. Throws MfaError `data` where there is nothing to back
 * up, `unavailable` where there is no room.
 */
export async function warnOf(
  role: Role,
  source: Place,
  target: Place,
  installer: Place | undefined,
  {store, ui}: LookDeps,
): Promise<void> {
  const warn = (text: string): void => ui.emit({type: 'warning', text})
  const {entries} = await store.scan(source.path)
  const files = entries.filter((entry) => entry.kind === 'file')
  if (files.length === 0)
    throw new MfaError('NOTHING_THERE', `there is no file in ${source.path}`, {
      exit: 'data',
      fix: `Give the folder that holds ${DATA_FILE}.`,
    })
  if (!files.some(({path}) => isDataFile(path))) warn(`there is no ${DATA_FILE} in ${source.path}`)
  if (role === 'unknown')
    warn(
      'whether this server is the primary is not known: back up on the primary, and say so with --role primary',
    )
  if (role === 'subordinate') warn('this is the replica of a subordinate, not the data of the primary')
  if (source.device === target.device)
    warn(`${target.path} is on the same disk as the data: keep a copy on another one`)
  for (const entry of entries) {
    if (entry.kind === 'file' && entry.link !== undefined)
      warn(`${entry.path} is a link to ${entry.link}: what it leads to is backed up in its place`)
    if (entry.kind === 'link')
      warn(
        `${entry.path} is a link to ${entry.target}, which is no file: the link is backed up, not what it leads to`,
      )
    if (entry.kind === 'other') warn(`${entry.path} is neither file nor folder: not backed up`)
  }
  const needed = [...files, ...(installer === undefined ? [] : [installer])].reduce(
    (sum, {bytes}) => sum + bytes,
    0,
  )
  if (needed > target.freeBytes)
    throw new MfaError(
      'DISK_FULL',
      `${target.path} has room for ${sizeText(target.freeBytes)}; the backup takes ${sizeText(needed)}`,
      {exit: 'unavailable', fix: 'Free some space there, or choose another folder with --to.'},
    )
}
