import {closeSync, existsSync, openSync} from 'node:fs'
import {readdir} from 'node:fs/promises'
import {dirname, join, resolve} from 'node:path'
import {makeFolders} from '../disk/make-folders.js'
import {MfaError} from '../errors/mfa-error.js'
import type {Clock} from '../ports/clock.js'
import type {Journal} from '../ports/journal.js'
import type {CopyEnd} from './copy-tables.js'
import type {LockTiming} from './locks.js'
import {openDatabase} from './open-database.js'
import type {Shared} from './postgres/pg-shared.js'
import {restrictToOwner} from './restrict.js'
import {SqliteJournal} from './sqlite-journal.js'
import {stateFault} from './state-fault.js'

const STATE_FILE = 'state.db'

export type StateLocation =
  | {readonly kind: 'folder'; readonly path: string}
  | {readonly kind: 'sqlite'; readonly file: string}
  /** Shared; `path` is a folder of this machine, for logs. */
  | {readonly kind: 'postgres'; readonly address: string; readonly path: string}

export interface State {
  readonly journal: Journal
  /** Absolute. */
  readonly folder: string
  /** Exists; for the owner only. */
  readonly logFolder: string
  /** Where several machines have the state in common. */
  readonly shared?: Shared | undefined
  close(): Promise<void>
}

export interface StateDeps {
  readonly clock: Clock
  readonly lockTiming?: LockTiming
}

/**
 * Opens the state, making it where there is none. R8: the folder is made 0700, the files 0600; a folder that holds other
 * people's things keeps its rights. A file of an older version is copied and brought up to date.
 * Throws MfaError: `usage` (cannot be written, or was written by a newer version), `data` (damaged, or not a state),
 * `unavailable` (disk full, busy for too long).
 */
export async function openState(location: StateLocation, deps: StateDeps): Promise<State> {
  if (location.kind === 'postgres') return openShared(location, deps)
  const file = stateFile(location)
  const folder = dirname(file)
  const logFolder = join(folder, 'logs')
  try {
    await prepare(folder, file, logFolder)
  } catch (error) {
    throw stateFault(error, file)
  }
  const db = openDatabase(file, {now: deps.clock.now()})
  const journal = new SqliteJournal(db, deps.clock, deps.lockTiming)
  return {journal, folder, logFolder, close: () => journal.close()}
}

/** Absolute. */
function stateFile(location: Exclude<StateLocation, {readonly kind: 'postgres'}>): string {
  return resolve(location.kind === 'folder' ? join(location.path, STATE_FILE) : location.file)
}

/** One side of `mfa state copy`; what is copied from has to be there. Throws as `openState`. */
export async function openCopyEnd(
  location: StateLocation,
  side: 'from' | 'to',
  {clock}: StateDeps,
): Promise<CopyEnd> {
  if (location.kind === 'postgres') {
    const {connectPostgres} = await import('./postgres/connect.js')
    const {migrateSchema} = await import('./postgres/pg-schema.js')
    const {postgresEnd} = await import('./postgres/copy-postgres.js')
    const {db, schema} = await connectPostgres(location.address)
    try {
      await migrateSchema(db, schema)
      return postgresEnd(db, clock)
    } catch (error) {
      await db.close()
      throw error
    }
  }
  const file = stateFile(location)
  if (side === 'from' && !existsSync(file))
    throw new MfaError('STATE_MISSING', `there is no state at ${file}`, {
      exit: 'usage',
      fix: 'Name the folder or file that the runs were kept in.',
    })
  const folder = dirname(file)
  try {
    await prepare(folder, file, join(folder, 'logs'))
  } catch (error) {
    throw stateFault(error, file)
  }
  const {sqliteEnd} = await import('./copy-sqlite.js')
  return sqliteEnd(openDatabase(file, {now: clock.now()}), clock)
}

async function openShared(
  {address, path}: StateLocation & {readonly kind: 'postgres'},
  deps: StateDeps,
): Promise<State> {
  const folder = resolve(path)
  const logFolder = join(folder, 'logs')
  try {
    await makeFolders(logFolder, 0o700)
    if ((await readdir(folder)).length === 1) await restrictToOwner(folder)
  } catch (error) {
    throw stateFault(error, folder)
  }
  const {openPostgres} = await import('./postgres/open-postgres.js')
  const {pgShared} = await import('./postgres/pg-shared.js')
  const journal = await openPostgres(address, deps)
  return {journal, folder, logFolder, shared: pgShared(journal.db, deps.clock), close: () => journal.close()}
}

async function prepare(folder: string, file: string, logFolder: string): Promise<void> {
  await makeFolders(folder, 0o700)
  const inside = await readdir(folder)
  const name = file.slice(folder.length).replace(/^[\\/]/, '')
  // Windows: once is enough, and icacls costs a process each time.
  const repeat = process.platform !== 'win32'
  if (inside.length === 0 || (repeat && inside.includes(STATE_FILE))) await restrictToOwner(folder)
  // Made by us with the right mode first: SQLite gives its side files the mode of the main file.
  closeSync(openSync(file, 'a', 0o600))
  if (repeat || !inside.includes(name)) await restrictToOwner(file)
  await makeFolders(logFolder, 0o700)
}
