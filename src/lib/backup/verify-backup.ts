import {MfaError} from '../errors/mfa-error.js'
import type {Secret} from '../model/secret.js'
import type {BackupStore} from '../ports/backup-store.js'
import type {Clock} from '../ports/clock.js'
import {checkBackup, damaged, readManifest} from './check.js'
import {type KeyDeps, opening} from './keys.js'
import {lastVerification, listBackups} from './list-backups.js'
import {type Manifest, MANIFEST, VERIFIED, type Verification} from './manifest.js'

export interface Identities {
  readonly file: string
  readonly text: Secret
}

export interface VerifyRequest {
  /** The backup's own folder. */
  readonly backup: string
  readonly fast: boolean
  readonly identities: Identities | undefined
}

export interface VerifyReport {
  readonly folder: string
  readonly manifest: Manifest
  readonly verification: Verification
  readonly hashedBytes: number
}

export type VerifyDeps = KeyDeps & {readonly store: BackupStore; readonly clock: Clock}

/**
 * Proves a backup and keeps on record that it did. Throws MfaError `data` with every fault; `usage` where the folder is no
 * backup at all.
 */
export async function verifyBackup(
  {backup, fast, identities}: VerifyRequest,
  deps: VerifyDeps,
  signal: AbortSignal,
): Promise<VerifyReport> {
  const {store, ui, clock} = deps
  const folder = await backupFolder(backup, deps)
  const {manifest, faults: unread} = await readManifest(folder, store)
  if (manifest === undefined) throw damaged(folder, unread)
  const open = fast ? undefined : await opening(folder, manifest, identities, deps)
  if (!fast && manifest.sealed === 'recipients' && open === undefined)
    ui.emit({
      type: 'warning',
      text: 'not opened: what is stored is compared, whether it can be decrypted is not tried without --identity FILE',
    })
  const depth = fast ? 'fast' : 'full'
  const checked = await checkBackup(folder, manifest, {depth, open, signal}, deps)
  const faults = [...unread, ...checked.faults]
  const verification: Verification = {
    at: clock.now().toISOString(),
    mode: depth,
    opened: manifest.sealed === 'none' ? null : open !== undefined,
    good: faults.length === 0,
    faults: faults.length,
  }
  await record(folder, verification, deps)
  if (faults.length > 0) throw damaged(folder, faults)
  return {folder, manifest, verification, hashedBytes: checked.hashedBytes}
}

/** Throws MfaError `usage` for what is no backup, with what it is instead. */
export async function backupFolder(path: string, deps: Pick<VerifyDeps, 'store' | 'ui'>): Promise<string> {
  const place = await deps.store.look(path)
  if (place?.kind !== 'folder')
    throw new MfaError('NO_BACKUP', `${path} is no folder`, {
      exit: 'usage',
      fix: 'Give the folder of one backup: mfa server backups --to FOLDER lists them.',
    })
  if ((await deps.store.text(place.path, MANIFEST)) !== undefined) return place.path
  const [newest] = await listBackups(place.path, deps)
  if (newest === undefined) return place.path
  throw new MfaError('NO_BACKUP', `${path} holds backups, it is none itself`, {
    exit: 'usage',
    fix: `Give one of them; the newest is ${newest.folder}.`,
  })
}

/** A good fast look says less than a full one, so it never takes its place. */
async function record(folder: string, verification: Verification, {store, ui}: VerifyDeps): Promise<void> {
  const before = await lastVerification(folder, store)
  if (verification.mode === 'fast' && verification.good && before?.mode === 'full') return
  try {
    await store.keepText(folder, VERIFIED, `${JSON.stringify(verification)}\n`)
  } catch (error) {
    if (!(error instanceof MfaError)) throw error
    ui.emit({type: 'warning', text: `that it was verified could not be put on record: ${error.message}`})
  }
}
