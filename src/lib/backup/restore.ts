import {basename, dirname} from 'node:path'

import {MfaError} from '../errors/mfa-error.js'
import {sizeText} from '../model/size-text.js'
import type {BackupStore, Draft, Place, Recode, ServiceControl} from '../ports/backup-store.js'
import type {Clock} from '../ports/clock.js'
import {clearLeftovers, discarded} from './before-backup.js'
import {checkBackup, damaged, readManifest} from './check.js'
import {type Comparison, compareFolders, type PresentFile} from './compare.js'
import {meter} from './copy-settled.js'
import {collecting} from './faults.js'
import {type KeyDeps, opening} from './keys.js'
import type {Contents, Manifest} from './manifest.js'
import {restoreRunbook, type RunbookStep} from './runbook.js'
import {refuseService, startAfter, startAgain, stopService, tellStopped} from './service-guard.js'
import {isWithin, realPath} from './target.js'
import {compareInPlace, unpack} from './unpack.js'
import {backupFolder, type Identities} from './verify-backup.js'

export interface RestoreRequest {
  readonly backup: string
  /** The folder that the data take the place of; it need not exist. */
  readonly data: string
  readonly identities: Identities | undefined
  readonly yes: boolean
  readonly controlService: boolean
  /** Shows what would happen, before the question. */
  readonly preview: (plan: RestorePlan) => Promise<void> | void
}

export interface RestorePlan extends Comparison {
  readonly backup: string
  readonly manifest: Manifest
  readonly data: string
  /** Where what is there now will be kept; null where nothing is. */
  readonly aside: string | null
  readonly ageMs: number
}

export interface RestoreReport extends RestorePlan {
  readonly runbook: readonly RunbookStep[]
}

export type RestoreDeps = KeyDeps & {
  readonly store: BackupStore
  readonly clock: Clock
  /** Undefined where there are no Windows services. */
  readonly service: ServiceControl | undefined
}

/**
 * Puts a backup in the place of a folder: proved, compared, asked, written beside the folder and compared again; then the
 * folder is renamed aside and the new one renamed in its place. Until these two renames nothing is changed, and between
 * them the folder is missing for a moment: no file system that Node knows swaps two folders at once.
 * Throws MfaError: `data` for a damaged backup, `refused` where the service runs, `declined` for a no.
 */
export async function restore(
  request: RestoreRequest,
  deps: RestoreDeps,
  signal: AbortSignal,
): Promise<RestoreReport> {
  const {store, clock, ui} = deps
  await refuseService(request.controlService, deps.service)
  const backup = await backupFolder(request.backup, deps)
  const {manifest, open, contents} = await proved(backup, request, deps, signal)
  const data = await realPath(request.data, store)
  const [present, parent] = await places(data, backup, deps)
  const aside = present === undefined ? null : await freeAside(data, clock.now(), store)
  const files = manifest.files.map(({path, bytes}) => ({path, bytes, sha256: contents.files[path] ?? ''}))
  const now = present === undefined ? [] : await presentFiles(present.path, deps, signal)
  const plan: RestorePlan = {
    ...compareFolders(now, files, new Date(manifest.madeAt)),
    backup,
    manifest,
    data,
    aside,
    ageMs: clock.now().getTime() - Date.parse(manifest.madeAt),
  }
  for (const {path, target} of manifest.links)
    ui.emit({
      type: 'warning',
      text: `${path} comes back as a link to ${target}; what that leads to is not in the backup`,
    })
  await request.preview(plan)
  if (!request.yes && !(await ui.confirm(`Put the backup in the place of ${data}?`, '--yes')))
    throw new MfaError('DECLINED', 'nothing was changed', {exit: 'declined'})

  await clearLeftovers(parent.path, deps)
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  if (bytes > parent.freeBytes)
    throw new MfaError(
      'DISK_FULL',
      `${parent.path} has room for ${sizeText(parent.freeBytes)}; the backup takes ${sizeText(bytes)}`,
      {exit: 'unavailable', fix: 'Free some space there: what is there now is kept until you remove it.'},
    )
  const draft = await store.begin(parent.path, basename(data), 'as-around-it')
  let controlled = false
  try {
    await unpack(draft, backup, manifest, contents, open, deps, signal)
    signal.throwIfAborted()
    controlled = await stopService(request.controlService, deps.service)
    if (aside !== null) await store.move(data, aside)
    await publish(draft, data, aside, store)
  } catch (error) {
    await discarded(draft, ui)
    // It would begin with no data where the folder is missing.
    if (controlled && isHalfway(error)) tellStopped(ui)
    else if (controlled) await startAgain(deps.service, ui)
    throw error
  }
  try {
    await compareInPlace(data, aside, manifest, contents, deps)
  } catch (error) {
    if (controlled) tellStopped(ui)
    throw error
  }
  if (controlled) await startAfter(data, aside, deps.service)
  const runbook = restoreRunbook(manifest, {
    data,
    aside,
    backup,
    controlled,
    stopped: deps.service !== undefined,
  })
  return {...plan, runbook}
}

async function proved(
  backup: string,
  {identities}: RestoreRequest,
  deps: RestoreDeps,
  signal: AbortSignal,
): Promise<{readonly manifest: Manifest; readonly open: Recode | undefined; readonly contents: Contents}> {
  const {manifest, faults: unread} = await readManifest(backup, deps.store)
  if (manifest === undefined) throw damaged(backup, unread)
  const open = await opening(backup, manifest, identities, deps)
  if (manifest.sealed === 'recipients' && open === undefined)
    throw new MfaError('NO_IDENTITY', 'the backup is sealed for a recipient', {
      exit: 'usage',
      fix: 'Give --identity FILE, the file with the AGE-SECRET-KEY.',
    })
  const checked = await checkBackup(backup, manifest, {depth: 'full', open, signal}, deps)
  const faults = [...unread, ...checked.faults]
  if (faults.length > 0) throw damaged(backup, faults)
  // Where nothing is sealed, what is stored is the content.
  const stored = manifest.files.map((file) => [file.path, file.storedSha256])
  const contents = checked.contents ?? {files: Object.fromEntries(stored), installer: null}
  return {manifest, open, contents}
}

async function places(
  data: string,
  backup: string,
  {store}: RestoreDeps,
): Promise<readonly [present: Place | undefined, parent: Place]> {
  const present = await store.look(data)
  if (present !== undefined && present.kind !== 'folder')
    throw new MfaError('NO_FOLDER', `--data: ${data} is no folder`, {exit: 'usage', fix: 'Give a folder.'})
  if (isWithin(backup, data) || isWithin(data, backup))
    throw new MfaError('INSIDE_DATA', `--data: ${data} and the backup ${backup} lie within each other`, {
      exit: 'usage',
      fix: 'Copy the backup elsewhere first.',
    })
  const parent = await store.look(dirname(data))
  if (parent?.kind === 'folder' && parent.path !== data) return [present, parent]
  throw new MfaError(
    'NO_FOLDER',
    `--data: there is no folder ${dirname(data)} to put ${basename(data)} into`,
    {
      exit: 'usage',
      fix: 'Install MFA Server first, or make the folder.',
    },
  )
}

/** `Data.before-restore-20270115T080000Z`, beside the folder. */
async function freeAside(data: string, now: Date, store: BackupStore): Promise<string> {
  const wanted = `${data}.before-restore-${now.toISOString().replaceAll(/[-:]|\.\d+/g, '')}`
  let [path, next] = [wanted, 2]
  while ((await store.look(path)) !== undefined) path = `${wanted}-${next++}`
  return path
}

async function presentFiles(
  folder: string,
  {store, ui}: RestoreDeps,
  signal: AbortSignal,
): Promise<readonly PresentFile[]> {
  const {entries} = await store.scan(folder)
  const files = entries.filter((entry) => entry.kind === 'file')
  const onBytes = meter(ui, 'MB compared', files)
  const present: PresentFile[] = []
  for (const {path, modified} of files) {
    // What cannot be read is set aside like everything else.
    const hash = await collecting([], () => store.hash(folder, path, {signal, onBytes}))
    present.push({path, modified, hash})
  }
  ui.emit({type: 'phase-end', phase: 'MB compared'})
  return present
}

/** Where the new folder cannot take its place, the old one gets it back. */
async function publish(draft: Draft, data: string, aside: string | null, store: BackupStore): Promise<void> {
  try {
    await draft.publish()
  } catch (error) {
    if (aside !== null) await putBack(aside, data, store)
    throw error
  }
}

const isHalfway = (error: unknown): boolean => error instanceof MfaError && error.code === 'HALFWAY'

async function putBack(aside: string, data: string, store: BackupStore): Promise<void> {
  try {
    await store.move(aside, data)
  } catch (cause) {
    throw new MfaError(
      'HALFWAY',
      `${data} is missing: the backup could not take its place, and what was there could not be put back`,
      {
        exit: 'unavailable',
        fix: `What was there is in ${aside}: rename it to ${data}, or run the same command again.`,
        cause,
      },
    )
  }
}
