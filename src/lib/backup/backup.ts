import {basename, dirname} from 'node:path'

import {MfaError} from '../errors/mfa-error.js'
import type {Draft, Place} from '../ports/backup-store.js'
import {clearLeftovers, warnOf} from './before-backup.js'
import {checkBackup, damaged} from './check.js'
import {copySettled, type CopyDeps, type SettledCopy} from './copy-settled.js'
import {type KeyDeps, type Sealing, sealing, type SealRequest} from './keys.js'
import {listBackups} from './list-backups.js'
import {
  CONTENTS,
  type Contents,
  KEY_FILE,
  MANIFEST,
  MANIFEST_HASH,
  type Manifest,
  type Role,
  VERIFIED,
} from './manifest.js'
import {freeName} from './names.js'
import {outlived, type Retention} from './retention.js'
import {realPath, refuseWithin} from './target.js'

/** Other names that are tried where one is taken. */
const TRIES = 9

export interface BackupRequest extends Retention {
  /** The data folder, with links resolved (`findData`). */
  readonly data: string
  /** The folder of backups. */
  readonly to: string
  /** The installer of the version in use. */
  readonly installer: string | undefined
  readonly server: string
  readonly role: Role
  readonly serverVersion: string | undefined
  readonly seal: SealRequest
  /** Passes over the folder at most. */
  readonly attempts: number
  /** Also where this is a subordinate. */
  readonly allowReplica: boolean
  readonly tool: string
}

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

export type BackupDeps = CopyDeps & KeyDeps

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
    done = await fill(draft, source.path, installer, keys, request, deps, signal)
    signal.throwIfAborted()
    folder = await published(draft, name, target.path, deps)
  } catch (error) {
    await draft.discard()
    throw error
  }
  const {manifest, contents} = done
  const removed = await retire(target.path, manifest, request, deps)
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

async function fill(
  draft: Draft,
  data: string,
  installer: Place | undefined,
  keys: Sealing,
  request: BackupRequest,
  deps: BackupDeps,
  signal: AbortSignal,
): Promise<{readonly manifest: Manifest; readonly contents: Contents}> {
  const {store, clock, ui} = deps
  const ending = keys.seal === undefined ? '' : '.age'
  const storedAs = (path: string): string => `data/${path}${ending}`
  const copy = await copySettled(data, {draft, recode: keys.seal, storedAs}, request.attempts, deps, signal)
  const kept = installer && (await keepInstaller(draft, installer.path, ending, keys, signal))
  const contents: Contents = {
    files: Object.fromEntries([...copy.files].map(([path, {read}]) => [path, read.sha256])),
    installer: kept?.sha256 ?? null,
  }
  const extras: Manifest['extras'] = []
  const extra = async (stored: string, text: string, sealed: boolean): Promise<void> => {
    const {bytes, sha256} = await draft.write(stored, text, sealed ? keys.seal : undefined)
    extras.push({stored, storedBytes: bytes, storedSha256: sha256})
  }
  if (keys.keyFile !== undefined) await extra(KEY_FILE, keys.keyFile, false)
  if (keys.seal !== undefined) await extra(CONTENTS, JSON.stringify(contents), true)
  const manifest = manifestOf(copy, request, {
    finishedAt: clock.now().toISOString(),
    sealed: keys.sealed,
    recipients: [...keys.recipients],
    installer: kept?.entry ?? null,
    extras,
    rootMode: (await store.look(data))?.mode ?? 0o700,
  })
  const {sha256} = await draft.write(MANIFEST, `${JSON.stringify(manifest, null, 2)}\n`)
  await draft.write(MANIFEST_HASH, `${sha256}  ${MANIFEST}\n`)
  const how = {depth: 'full', open: keys.open, signal} as const
  const {faults} = await checkBackup(draft.folder, manifest, how, {store, ui})
  if (faults.length > 0) throw damaged(draft.folder, faults)
  const verified = {
    at: clock.now().toISOString(),
    mode: 'full',
    opened: keys.seal === undefined ? null : keys.open !== undefined,
    good: true,
    faults: 0,
  }
  await draft.write(VERIFIED, `${JSON.stringify(verified)}\n`)
  return {manifest, contents}
}

async function keepInstaller(
  draft: Draft,
  path: string,
  ending: string,
  {seal}: Sealing,
  signal: AbortSignal,
): Promise<{readonly entry: NonNullable<Manifest['installer']>; readonly sha256: string}> {
  const name = basename(path)
  const stored = `installer/${name}${ending}`
  const copied = await draft.put({folder: dirname(path), path: name}, stored, {recode: seal, signal})
  if (copied === undefined)
    throw new MfaError('NO_INSTALLER', `--installer: ${path} is gone`, {exit: 'usage', fix: 'Give a file.'})
  const {read, written} = copied
  const entry = {name, bytes: read.bytes, stored, storedBytes: written.bytes, storedSha256: written.sha256}
  return {entry, sha256: read.sha256}
}

function manifestOf(
  {at, passes, tree, files}: SettledCopy,
  {tool, server, data, role, serverVersion}: BackupRequest,
  {
    rootMode,
    ...rest
  }: Pick<Manifest, 'finishedAt' | 'sealed' | 'recipients' | 'installer' | 'extras'> & {
    readonly rootMode: number
  },
): Manifest {
  return {
    format: 'mfa-server-backup',
    formatVersion: 1,
    madeAt: at.toISOString(),
    tool,
    server,
    data,
    role,
    serverVersion: serverVersion ?? null,
    passes,
    ...rest,
    files: [...files]
      .map(([path, {entry, stored, read, written}]) => ({
        path,
        bytes: read.bytes,
        mode: entry.mode,
        modified: new Date(entry.modified).toISOString(),
        stored,
        storedBytes: written.bytes,
        storedSha256: written.sha256,
      }))
      .toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    folders: [
      {path: '', mode: rootMode},
      ...tree.entries.flatMap((entry) =>
        entry.kind === 'folder' ? [{path: entry.path, mode: entry.mode}] : [],
      ),
    ],
    links: tree.entries.flatMap((entry) =>
      entry.kind === 'link' ? [{path: entry.path, target: entry.target}] : [],
    ),
  }
}

/** The new backup is safe by now: what goes wrong here is a warning. */
async function retire(
  folder: string,
  {server, data}: Manifest,
  retention: Retention,
  {store, clock, ui}: BackupDeps,
): Promise<readonly string[]> {
  if (retention.keep === undefined && retention.maxAgeMs === undefined) return []
  const backups = await listBackups(folder, {store, ui})
  for (const {name, good} of backups)
    if (!good) ui.emit({type: 'warning', text: `${name} is damaged: it does not count, and is not removed`})
  const removed: string[] = []
  for (const {name} of outlived(backups, {server, data}, retention, clock.now())) {
    try {
      await store.remove(folder, name)
      removed.push(name)
    } catch (error) {
      if (!(error instanceof MfaError)) throw error
      ui.emit({type: 'warning', text: `the old backup ${name} could not be removed: ${error.message}`})
    }
  }
  return removed
}
