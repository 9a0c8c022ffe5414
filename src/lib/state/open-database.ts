import {closeSync, openSync} from 'node:fs'
import {MfaError} from '../errors/mfa-error.js'
import {Database} from './database.js'
import {APPLICATION_ID, MIGRATIONS} from './schema.js'
import {stateDamaged, stateFault} from './state-fault.js'

/**
 * Opens the file and brings its schema up to date, after a copy of it next to it (`state.db.v1.20260102T030405Z`).
 * Throws MfaError: `usage` if a newer version wrote it, `data` if it is damaged or something else.
 */
export function openDatabase(
  file: string,
  options: {readonly now: Date; readonly migrations?: readonly string[]},
): Database {
  const migrations = options.migrations ?? MIGRATIONS
  const db = new Database(file)
  try {
    const version = versionOf(db, migrations.length)
    if (version > 0 && version < migrations.length) copyBefore(db, version, options.now)
    if (version < migrations.length) migrate(db, migrations)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

function versionOf(db: Database, known: number): number {
  const version = pragma(db, 'user_version')
  const isNew = version === 0 && db.get('SELECT 1 AS one FROM sqlite_schema LIMIT 1') === undefined
  if (!isNew && pragma(db, 'application_id') !== APPLICATION_ID)
    throw stateDamaged(db.file, 'it is a SQLite file, but not one of mfa')
  if (version > known)
    throw new MfaError(
      'STATE_TOO_NEW',
      `The state ${db.file} was written by a newer mfa: it has state version ${version}, this one knows up to ${known}.`,
      {exit: 'usage', fix: `Use an mfa that knows state version ${version}, or another state with --state.`},
    )
  return version
}

function copyBefore(db: Database, version: number, now: Date): void {
  const stamp = now.toISOString().replace(/[-:]|\.\d+/g, '')
  const copy = `${db.file}.v${version}.${stamp}`
  try {
    // Empty and private first: VACUUM INTO takes an empty file.
    closeSync(openSync(copy, 'wx', 0o600))
  } catch (error) {
    throw stateFault(error, copy)
  }
  db.run('VACUUM INTO ?', copy)
}

/** Another process may have been faster: the version is read again inside the transaction. */
function migrate(db: Database, migrations: readonly string[]): void {
  db.transaction(() => {
    const version = versionOf(db, migrations.length)
    for (const step of migrations.slice(version)) db.exec(step)
    db.exec(`PRAGMA user_version = ${migrations.length}; PRAGMA application_id = ${APPLICATION_ID}`)
  })
}

function pragma(db: Database, name: 'user_version' | 'application_id'): number {
  return Number(db.get(`PRAGMA ${name}`)?.[name] ?? 0)
}
