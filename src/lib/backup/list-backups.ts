import {join} from 'node:path'

import type {BackupStore} from '../ports/backup-store.js'
import type {Ui} from '../ports/ui.js'
import {checkBackup, readManifest} from './check.js'
import {type Manifest, parseVerification, type Role, VERIFIED, type Verification} from './manifest.js'
import {isBackupName, timeInName} from './names.js'

/** One backup in a folder of backups. What a damaged one cannot tell is null. */
export interface ListedBackup {
  readonly name: string
  /** The backup's own folder. */
  readonly folder: string
  /** The data are those of this moment, ISO 8601. */
  readonly madeAt: string | null
  /** When it was last verified, and how; null where it never was. */
  readonly verifiedAt: string | null
  readonly verified: Verification | null
  readonly server: string | null
  readonly data: string | null
  readonly role: Role | null
  readonly serverVersion: string | null
  readonly encrypted: boolean | null
  readonly installer: string | null
  readonly files: number | null
  readonly bytes: number | null
  /** Its manifest is sound, every file is there in its size, and the last verification found no fault. */
  readonly good: boolean
  readonly faults: readonly string[]
}

export interface ListDeps {
  readonly store: BackupStore
  readonly ui: Ui
}

/** The backups directly below a folder, the newest first; contents of files are not read. None where the folder is missing. */
export async function listBackups(
  folder: string,
  {store, ui}: ListDeps,
  signal: AbortSignal = new AbortController().signal,
): Promise<readonly ListedBackup[]> {
  const place = await store.look(folder)
  if (place?.kind !== 'folder') return []
  const listed: ListedBackup[] = []
  for (const name of await store.folders(place.path)) {
    signal.throwIfAborted()
    if (name.startsWith('.')) continue
    const backup = await lookAt(join(place.path, name), name, {store, ui}, signal)
    if (backup.madeAt !== null || isBackupName(name)) listed.push(backup)
  }
  const time = ({madeAt, name}: ListedBackup): string => `${madeAt ?? timeInName(name) ?? ''} ${name}`
  return listed.toSorted((a, b) => (time(a) < time(b) ? 1 : -1))
}

/** The newest good backup: what a way back would use. */
export const newestGood = (backups: readonly ListedBackup[]): ListedBackup | undefined =>
  backups.find(({good}) => good)

async function lookAt(
  folder: string,
  name: string,
  deps: ListDeps,
  signal: AbortSignal,
): Promise<ListedBackup> {
  const {manifest, faults: unread} = await readManifest(folder, deps.store)
  const found = manifest && (await checkBackup(folder, manifest, {depth: 'names', signal}, deps)).faults
  const verified = await lastVerification(folder, deps.store)
  const faults = [...unread, ...(found ?? [])].map(({message}) => message)
  if (verified?.good === false) faults.push(`the verification of ${verified.at} found faults`)
  return {
    ...facts(manifest),
    name,
    folder,
    verified,
    verifiedAt: verified?.at ?? null,
    faults,
    good: faults.length === 0,
  }
}

export async function lastVerification(folder: string, store: BackupStore): Promise<Verification | null> {
  const text = await store.text(folder, VERIFIED)
  const parsed = text === undefined ? undefined : parseVerification(text)
  return parsed !== undefined && 'value' in parsed ? parsed.value : null
}

const facts = (manifest: Manifest | undefined) => ({
  madeAt: manifest?.madeAt ?? null,
  server: manifest?.server ?? null,
  data: manifest?.data ?? null,
  role: manifest?.role ?? null,
  serverVersion: manifest?.serverVersion ?? null,
  encrypted: manifest === undefined ? null : manifest.sealed !== 'none',
  installer: manifest?.installer?.name ?? null,
  files: manifest?.files.length ?? null,
  bytes: manifest?.files.reduce((sum, {bytes}) => sum + bytes, 0) ?? null,
})
