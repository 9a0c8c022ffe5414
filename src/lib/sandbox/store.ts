import {makeFoldersSync} from '../disk/make-folders.js'
import {chmodSync, closeSync, existsSync, openSync} from 'node:fs'
import path from 'node:path'
import {DatabaseSync} from 'node:sqlite'
import type {SQLInputValue, StatementSync} from 'node:sqlite'

import {MfaError} from '../errors/mfa-error.js'

const SCHEMA_VERSION = '1'
const MAX_STATEMENTS = 200

/** `until` of a row that still holds. */
export const FOREVER = 9_000_000_000_000_000
/** As `seenAt`: the newest state, however old or new. */
export const CURRENT = FOREVER - 1

const SCHEMA = `
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS users (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, upn TEXT NOT NULL UNIQUE, name TEXT, mail TEXT, enabled INTEGER,
  type TEXT, synced INTEGER, sid TEXT, sam TEXT, domain TEXT, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS users_name ON users (name);
CREATE INDEX IF NOT EXISTS users_mail ON users (mail) WHERE mail IS NOT NULL;
CREATE INDEX IF NOT EXISTS users_sid ON users (sid) WHERE sid IS NOT NULL;
CREATE INDEX IF NOT EXISTS users_sam ON users (sam) WHERE sam IS NOT NULL;
CREATE TABLE IF NOT EXISTS groups (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS groups_name ON groups (name);
CREATE TABLE IF NOT EXISTS members (
  parent INTEGER NOT NULL, kind TEXT NOT NULL, member INTEGER NOT NULL, PRIMARY KEY (parent, kind, member)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS members_of ON members (kind, member);
CREATE TABLE IF NOT EXISTS facts (
  seq INTEGER PRIMARY KEY, owner INTEGER NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, key TEXT, body TEXT NOT NULL,
  since INTEGER NOT NULL, until INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS facts_owner ON facts (owner, kind, id);
CREATE INDEX IF NOT EXISTS facts_key ON facts (key) WHERE key IS NOT NULL;
CREATE TABLE IF NOT EXISTS devices (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL, serial TEXT NOT NULL, name TEXT, maker TEXT, model TEXT, status TEXT NOT NULL,
  owner INTEGER, method TEXT, secret TEXT NOT NULL, step INTEGER NOT NULL, body TEXT NOT NULL,
  since INTEGER NOT NULL, until INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS devices_id ON devices (id);
CREATE INDEX IF NOT EXISTS devices_serial ON devices (serial);
CREATE INDEX IF NOT EXISTS devices_owner ON devices (owner) WHERE owner IS NOT NULL;
CREATE TABLE IF NOT EXISTS audits (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL, activity TEXT NOT NULL, service TEXT,
  correlation TEXT, app TEXT, app_name TEXT, person TEXT, person_name TEXT, person_upn TEXT, target TEXT,
  target_name TEXT, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS audits_at ON audits (at);
CREATE INDEX IF NOT EXISTS audits_target ON audits (target) WHERE target IS NOT NULL;
`

/** The sandbox tenant's SQLite file. Everything per user is here and nowhere in memory. */
export interface Store {
  all<Row>(sql: string, ...values: SQLInputValue[]): Row[]
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- only the caller knows what the query gives
  get<Row>(sql: string, ...values: SQLInputValue[]): Row | undefined
  run(sql: string, ...values: SQLInputValue[]): number
  meta(name: string): string | undefined
  setMeta(name: string, value: string): void
  /** One transaction; rolled back if `work` throws. */
  transaction<T>(work: () => T): T
  /** Empties every table. */
  clear(): void
  close(): void
}

/**
 * Opens or creates the state, readable by its owner only (R8). `:memory:` lives as long as the store.
 * Throws MfaError `data` if the file is not a state of this version, `usage` if it cannot be opened.
 */
export function openStore(stateFile: string): Store {
  const database = openDatabase(stateFile)
  const statements = new Map<string, StatementSync>()
  const prepare = (sql: string): StatementSync => {
    const known = statements.get(sql)
    if (known !== undefined) return known
    if (statements.size >= MAX_STATEMENTS) statements.clear()
    const made = database.prepare(sql)
    statements.set(sql, made)
    return made
  }
  const store: Store = {
    all: <Row>(sql: string, ...values: SQLInputValue[]) => prepare(sql).all(...values) as unknown as Row[],
    // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- only the caller knows what the query gives
    get: <Row>(sql: string, ...values: SQLInputValue[]) =>
      prepare(sql).get(...values) as unknown as Row | undefined,
    run: (sql, ...values) => Number(prepare(sql).run(...values).changes),
    meta: (name) => store.get<{value: string}>('SELECT value FROM meta WHERE name = ?', name)?.value,
    setMeta: (name, value) =>
      void store.run('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)', name, value),
    transaction: (work) => transaction(database, work),
    clear: () => {
      for (const table of ['meta', 'users', 'groups', 'members', 'facts', 'devices', 'audits']) {
        store.run(`DELETE FROM ${table}`)
      }
    },
    close: () => {
      statements.clear()
      database.close()
    },
  }
  return store
}

function openDatabase(stateFile: string): DatabaseSync {
  try {
    if (stateFile !== ':memory:') makePrivate(path.resolve(stateFile))
    const database = new DatabaseSync(stateFile)
    database.exec('PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;')
    const version = Object.values(database.prepare('PRAGMA user_version').get() ?? {})[0]
    if (String(version) !== '0' && String(version) !== SCHEMA_VERSION)
      throw new Error('made by another version')
    database.exec(SCHEMA)
    database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`)
    return database
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new MfaError('SANDBOX_STATE', `the sandbox state ${stateFile} cannot be opened: ${reason}`, {
      exit: 'data',
      fix: 'start with another file, or delete this one and run `mfa sandbox reset`',
      cause,
    })
  }
}

/**
 * R8: it holds the keys of tokens. Made with the right mode before SQLite opens it, which gives its side files that mode
 * too. A folder that was there keeps its rights; on Windows it hands its own down.
 */
function makePrivate(file: string): void {
  makeFoldersSync(path.dirname(file), 0o700)
  closeSync(openSync(file, 'a', 0o600))
  if (process.platform === 'win32') return
  for (const one of [file, `${file}-wal`, `${file}-shm`]) if (existsSync(one)) chmodSync(one, 0o600)
}

/** Inside another one it is part of that. */
function transaction<T>(database: DatabaseSync, work: () => T): T {
  if (database.isTransaction) return work()
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    database.exec('ROLLBACK')
    throw error
  }
}
