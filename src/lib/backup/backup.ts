import {basename} from 'node:path'

import {MfaError} from '../errors/mfa-error.js'
import type {Draft, Place} from '../ports/backup-store.js'
import type {BackupDeps, BackupRequest} from './backup-request.js'
import {clearLeftovers, discarded, warnOf} from './before-backup.js'
import {fillDraft} from './fill-draft.js'
import {sealing} from './keys.js'
import {listBackups} from './list-backups.js'
import type {Contents, Manifest} from './manifest.js'
import {freeName} from './names.js'
import {outlived, type Retention} from './retention.js'
import {realPath, refuseWithin} from './target.js'

/** Other names that are tried where one is taken. */
const TRIES = 9

export interface BackupReport {
  /** The backup's own folder. */
  readonly folder: string
  readonly name: string
  readonly manifest: Manifest
  /** SHA-256 of the content by path. */
  readonly sha256: Readonly<Record<string, string>>
  readonly bytes: number
  /** Older backups that had outlived their time. */
  readonly removed: readonly string[]
}

/**
 * Backs up a folder that may be in use: copied until two passes agree, hashed, sealed if asked, read back, and only then
 * under its name. Whatever happens before, nothing of it is left; the source is only read.
 * Throws MfaError: `refused` for a replica, `usage` for what cannot be done here, `unavailable` where the disk is full,
 * `data` where the source cannot be read or keeps changing.
 */
export async function backUp(
  request: BackupRequest,
  deps: BackupDeps,
  signal: AbortSignal,
): Promise<BackupReport> {
  const {store, clock} = deps
  refuseReplica(request)
  const [source, installer] = await sources(request, deps)
  const to = await realPath(request.to, store)
  refuseWithin(to, source.path)
  const keys = await sealing(request.seal, deps)
  const target = await store.ensure(to)
  await clearLeftovers(target.path, deps)
  await warnOf(request.role, source, target, installer, deps)
  const name = freeName(clock.now(), await store.folders(target.path))
  const draft = await store.begin(target.path, name, 'owner-only')
  let done: {readonly manifest: Manifest; readonly contents: Contents}
  let folder: string
  try {
    done = await fillDraft(draft, source.path, installer, keys, request, deps, signal)
    signal.throwIfAborted()
    folder = await published(draft, name, target.path, deps)
  } catch (error) {
    await discarded(draft, deps.ui)
    throw error
  }
  const {manifest, contents} = done
  const removed = await retire(target.path, basename(folder), manifest, request, deps)
  const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0)
  return {folder, name: basename(folder), manifest, sha256: contents.files, bytes, removed}
}

/** Another backup that began in the same second may have taken the name meanwhile. */
async function published(
  draft: Draft,
  name: string,
  to: string,
  {store, clock}: BackupDeps,
): Promise<string> {
  let free = name
  for (let tries = 0; ; tries++) {
    try {
      return await draft.publish(free)
    } catch (error) {
      if (!(error instanceof MfaError) || error.code !== 'TAKEN' || tries === TRIES) throw error
      free = freeName(clock.now(), await store.folders(to))
    }
  }
}

function refuseReplica({role, allowReplica}: BackupRequest): void {
  if (role !== 'subordinate' || allowReplica) return
  throw new MfaError('REPLICA', 'this is a subordinate: its data file is a read-only replica (H1)', {
    exit: 'refused',
    fix: 'Back up on the primary. --allow-replica backs up the replica all the same.',
  })
}

async function sources(
  {data, installer}: BackupRequest,
  {store}: BackupDeps,
): Promise<readonly [Place, Place | undefined]> {
  const source = await store.look(data)
  if (source?.kind !== 'folder')
    throw new MfaError('NO_DATA', `--data: ${data} is no folder`, {exit: 'usage', fix: 'Give a folder.'})
  if (installer === undefined) return [source, undefined]
  const file = await store.look(installer)
  if (file?.kind === 'file') return [source, file]
  throw new MfaError('NO_INSTALLER', `--installer: ${installer} is no file`, {
    exit: 'usage',
    fix: 'Give the installer of the version in use, such as MultiFactorAuthenticationServerSetup.exe.',
  })
}

/** The new backup is safe by now: what goes wrong here is a warning. */
async function retire(
  folder: string,
  name: string,
  {server, data}: Manifest,
  retention: Retention,
  {store, clock, ui}: BackupDeps,
): Promise<readonly string[]> {
  if (retention.keep === undefined && retention.maxAgeMs === undefined) return []
  const backups = await listBackups(folder, {store, ui})
  for (const {name: other, good} of backups)
    if (!good) ui.emit({type: 'warning', text: `${other} is damaged: it does not count, and is not removed`})
  const removed: string[] = []
  for (const {name: old} of outlived(backups, {name, server, data}, retention, clock.now())) {
    try {
      await store.remove(folder, old)
      removed.push(old)
    } catch (error) {
      if (!(error instanceof MfaError)) throw error
      ui.emit({type: 'warning', text: `the old backup ${old} could not be removed: ${error.message}`})
    }
  }
  return removed
}
