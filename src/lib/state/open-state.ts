import {closeSync, openSync} from 'node:fs'
import {mkdir, readdir} from 'node:fs/promises'
import {dirname, join, resolve} from 'node:path'
import type {Clock} from '../ports/clock.js'
import type {Journal} from '../ports/journal.js'
import type {LockTiming} from './locks.js'
import {openDatabase} from './open-database.js'
import {restrictToOwner} from './restrict.js'
import {SqliteJournal} from './sqlite-journal.js'
import {stateFault} from './state-fault.js'

const STATE_FILE = 'state.db'

export type StateLocation =
  {readonly kind: 'folder'; readonly path: string} | {readonly kind: 'sqlite'; readonly file: string}

export interface State {
  readonly journal: Journal
  /** Absolute. */
  readonly folder: string
  /** Exists; for the owner only. */
  readonly logFolder: string
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
  const file = resolve(location.kind === 'folder' ? join(location.path, STATE_FILE) : location.file)
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

async function prepare(folder: string, file: string, logFolder: string): Promise<void> {
  await mkdir(folder, {recursive: true, mode: 0o700})
  const inside = await readdir(folder)
  const name = file.slice(folder.length).replace(/^[\\/]/, '')
  // Windows: once is enough, and icacls costs a process each time.
  const repeat = process.platform !== 'win32'
  if (inside.length === 0 || (repeat && inside.includes(STATE_FILE))) await restrictToOwner(folder)
  // Made by us with the right mode first: SQLite gives its side files the mode of the main file.
  closeSync(openSync(file, 'a', 0o600))
  if (repeat || !inside.includes(name)) await restrictToOwner(file)
  await mkdir(logFolder, {recursive: true, mode: 0o700})
}
