import {DatabaseSync, type StatementSync} from 'node:sqlite'
import type {Bag, Scratch} from '../ports/scratch.js'
import {stateFault} from './state-fault.js'

/** Kilobytes of pages held in memory; the rest goes to a temporary file. */
const CACHE_KB = 8192

/**
 * Scratch over a private temporary SQLite database: SQLite makes its file when memory does not do, for the owner only,
 * and deletes it by itself, also after a crash. Nothing is flushed and nothing could be rolled back; it only has to last
 * as long as the process. Throws MfaError `unavailable` when the disk for temporary files is full.
 */
export function openScratch(): Scratch {
  const db = new DatabaseSync('')
  db.exec(`PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -${CACHE_KB}; BEGIN`)
  const bags = new Map<string, Bag<unknown>>()
  return {
    bag<T>(name: string): Bag<T> {
      let bag = bags.get(name)
      if (bag === undefined) {
        bag = new SqliteBag(db, `bag${bags.size}`)
        bags.set(name, bag)
      }
      return bag as Bag<T>
    },
    close() {
      if (db.isOpen) db.close()
    },
  }
}

/** A table with an index: rows arrive in any order of keys, and appending to a table stays fast. */
class SqliteBag implements Bag<unknown> {
  readonly #db: DatabaseSync
  readonly #list: string
  readonly #insert: StatementSync
  readonly #trim: StatementSync
  readonly #replace: StatementSync
  readonly #select: StatementSync
  #size = 0
  /** Not below any seq: SQLite gives the next one after the highest. */
  #last = 0

  constructor(db: DatabaseSync, table: string) {
    this.#db = db
    db.exec(
      `CREATE TABLE ${table} (seq INTEGER PRIMARY KEY, key TEXT NOT NULL, value TEXT NOT NULL) STRICT;
       CREATE INDEX ${table}_key ON ${table} (key)`,
    )
    this.#list = `SELECT key, value FROM ${table} WHERE seq <= ? ORDER BY key, seq`
    this.#insert = db.prepare(`INSERT INTO ${table} (key, value) VALUES (?, ?)`)
    this.#trim = db.prepare(
      `DELETE FROM ${table} WHERE key = ?1 AND seq > (SELECT min(seq) FROM ${table} WHERE key = ?1)`,
    )
    this.#replace = db.prepare(`UPDATE ${table} SET value = ? WHERE key = ?`)
    this.#select = db.prepare(`SELECT value FROM ${table} WHERE key = ? ORDER BY seq`)
    this.#select.setReturnArrays(true)
  }

  get size(): number {
    return this.#size
  }

  add(key: string, value: unknown): void {
    guard(() => this.#insert.run(key, JSON.stringify(value)))
    this.#size += 1
    this.#last += 1
  }

  /** In place: somebody who walks through `entries` meets each key once. */
  set(key: string, value: unknown): void {
    this.#size -= Number(guard(() => this.#trim.run(key)).changes)
    const replaced = guard(() => this.#replace.run(JSON.stringify(value), key)).changes
    if (Number(replaced) === 0) this.add(key, value)
  }

  get(key: string): readonly unknown[] {
    return guard(() => this.#select.all(key)).map((row) => parse(Object.values(row)[0]))
  }

  /** What was there at the first step. A statement of its own, so that two walks may go on side by side. */
  *entries(): Generator<readonly [string, unknown]> {
    for (const {key, value} of this.#db.prepare(this.#list).iterate(this.#last))
      yield [String(key), parse(value)]
  }
}

function parse(value: unknown): unknown {
  return JSON.parse(String(value))
}

function guard<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw stateFault(error, '(temporary file)')
  }
}
