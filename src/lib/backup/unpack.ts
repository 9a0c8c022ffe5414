import {MfaError} from '../errors/mfa-error.js'
import type {BackupStore, Draft, Recode} from '../ports/backup-store.js'
import type {Ui} from '../ports/ui.js'
import {damaged} from './check.js'
import {meter} from './copy-settled.js'
import type {Contents, Manifest} from './manifest.js'

interface UnpackDeps {
  readonly store: BackupStore
  readonly ui: Ui
}

/** Fills a draft with the files of a backup, each compared with its hash. Throws MfaError `data` for what is not the same. */
export async function unpack(
  draft: Draft,
  backup: string,
  {files, folders, links}: Manifest,
  contents: Contents,
  open: Recode | undefined,
  {ui}: UnpackDeps,
  signal: AbortSignal,
): Promise<void> {
  for (const {path} of folders) if (path !== '') await draft.addFolder(path)
  const onBytes = meter(ui, 'MB restored', files)
  for (const {path, stored, mode, modified} of files) {
    const how = {recode: open, signal, onBytes, mode, modified: Date.parse(modified)}
    const copied = await draft.put({folder: backup, path: stored}, path, how)
    if (copied?.written.sha256 !== contents.files[path])
      throw damaged(backup, [
        new MfaError('DAMAGE', `${stored} changed while it was being restored`, {exit: 'data'}),
      ])
  }
  ui.emit({type: 'phase-end', phase: 'MB restored'})
  for (const {path, target} of links) await draft.addLink(path, target)
  await draft.setModes(folders)
}

/** Once more, where it stands now. Throws MfaError `data` with every file that differs. */
export async function compareInPlace(
  data: string,
  aside: string | null,
  {files}: Manifest,
  contents: Contents,
  {store, ui}: UnpackDeps,
): Promise<void> {
  const wrong: string[] = []
  const onBytes = meter(ui, 'MB verified', files)
  for (const {path} of files) {
    const hash = await store.hash(data, path, {onBytes})
    if (hash?.sha256 !== contents.files[path]) wrong.push(path)
  }
  ui.emit({type: 'phase-end', phase: 'MB verified'})
  if (wrong.length === 0) return
  throw new MfaError('RESTORE_DIFFERS', `${data} is not what the backup holds: ${wrong.join(', ')}`, {
    exit: 'data',
    fix: [
      'The service may be writing to it: stop it and restore again.',
      ...(aside === null ? [] : [`What was there before is in ${aside}.`]),
    ].join('\n'),
  })
}
