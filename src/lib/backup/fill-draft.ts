import {basename, dirname} from 'node:path'

import {MfaError} from '../errors/mfa-error.js'
import type {Draft, Place} from '../ports/backup-store.js'
import type {BackupDeps, BackupRequest} from './backup-request.js'
import {checkBackup, damaged} from './check.js'
import {copySettled, type SettledCopy} from './copy-settled.js'
import type {Sealing} from './keys.js'
import {
  CONTENTS,
  type Contents,
  KEY_FILE,
  MANIFEST,
  MANIFEST_HASH,
  type Manifest,
  VERIFIED,
} from './manifest.js'

/** Copies, seals, writes the manifest, reads everything back; then the draft is a backup but for its name. */
export async function fillDraft(
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
