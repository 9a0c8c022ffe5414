import {hash} from 'node:crypto'
import {lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {dirname, join, relative} from 'node:path'

import type {BackupDeps, BackupRequest} from '../../src/lib/backup/backup-request.js'
import type {RestoreDeps} from '../../src/lib/backup/restore.js'
import {Secret} from '../../src/lib/model/secret.js'
import type {BackupStore} from '../../src/lib/ports/backup-store.js'
import {ageCrypto} from '../../src/lib/storage/age.js'
import type {Ui} from '../../src/lib/ports/ui.js'
import {createFolderStore} from '../../src/lib/storage/folder-store.js'
import type {Owner} from '../../src/lib/storage/leftovers.js'
import {FakeClock} from '../fakes/clock.js'
import {FakeUi} from '../fakes/ui.js'

export const NEVER = new AbortController().signal

/** A process that is alone in the world. */
export const OWNER: Owner = {
  host: 'mfa1',
  pid: process.pid,
  scope: 'test',
  started: '1',
  isAlive: (pid) => (pid === process.pid ? 'alive' : 'dead'),
}

export interface BackupWorld {
  readonly folder: string
  readonly data: string
  readonly to: string
  readonly store: BackupStore
  readonly ui: FakeUi
  readonly clock: FakeClock
  readonly deps: BackupDeps & RestoreDeps
  request(changes?: Partial<BackupRequest>): BackupRequest
  file(path: string, content: string | Uint8Array): Promise<string>
  remove(): Promise<void>
}

export const storeOf = (owner: Owner, ui: Ui): BackupStore =>
  createFolderStore({owner, restrict: async () => {}, warn: (text) => ui.emit({type: 'warning', text})})

/** A folder with invented data, and everything that a backup of it needs. */
export async function newBackupWorld(
  files: Readonly<Record<string, string>> = {'PhoneFactor.pfdata': 'invented', 'sub/settings.xml': '<a/>'},
  answers: readonly (string | boolean)[] = [],
): Promise<BackupWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'mfa-backup-'))
  const data = join(folder, 'Data')
  const ui = new FakeUi(answers)
  const clock = new FakeClock(new Date().toISOString())
  const store = storeOf(OWNER, ui)
  const file = async (path: string, content: string | Uint8Array): Promise<string> => {
    const full = join(folder, path)
    await mkdir(dirname(full), {recursive: true})
    await writeFile(full, content)
    return full
  }
  await mkdir(data)
  for (const [path, content] of Object.entries(files)) await file(`Data/${path}`, content)
  return {
    folder,
    data,
    to: join(folder, 'backups'),
    store,
    ui,
    clock,
    deps: {
      store,
      clock,
      ui,
      passphrase: new Secret('invented passphrase of a test'),
      crypto: () => Promise.resolve(ageCrypto),
      service: undefined,
    },
    request: (changes = {}) => ({
      data,
      to: join(folder, 'backups'),
      installer: undefined,
      server: 'mfa1',
      role: 'primary',
      serverVersion: '8.0.1.1',
      seal: {kind: 'none'},
      attempts: 5,
      allowReplica: false,
      tool: '0.0.0',
      keep: undefined,
      maxAgeMs: undefined,
      ...changes,
    }),
    file,
    remove: () => rm(folder, {recursive: true, force: true}),
  }
}

/** Everything below a folder that a copy must not change: content, mode, time, where links lead. */
export async function snapshot(folder: string): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {}
  const entries = await readdir(folder, {recursive: true, withFileTypes: true})
  for (const entry of [...entries.map(({parentPath, name}) => join(parentPath, name)), folder]) {
    const {mode, mtimeNs} = await lstat(entry, {bigint: true})
    const is = await lstat(entry)
    const content = is.isFile()
      ? hash('sha256', await readFile(entry))
      : is.isSymbolicLink()
        ? await readlink(entry)
        : ''
    found[relative(folder, entry)] = `${mode.toString(8)} ${mtimeNs} ${content}`
  }
  return found
}
