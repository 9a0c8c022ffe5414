import {DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync} from 'node:sqlite'
import {MfaError} from '../errors/mfa-error.js'
import {stateFault} from './state-fault.js'

const TIMEOUT_MS = 10_000
const WAL_PAUSE_MS = 20
/** Of the write-ahead log between two transactions. */
const WAL_BYTES = 16 * 1024 * 1024
const WAL_ATTEMPTS = TIMEOUT_MS / WAL_PAUSE_MS

export type Row = Readonly<Record<string, SQLOutputValue>>

/**
 * A SQLite file with its statements prepared once. Whatever SQLite refuses comes out as MfaError with the path and what
 * to do; a wrong statement of ours stays what it is, a bug.
 */
export class Database {
  readonly file: string
  readonly #db: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  /** Durable: WAL, every commit flushed to the disk. `file` must exist or its folder be writable. */
  constructor(file: string) {
    this.file = file
    this.#db = this.#guard(
      () => new DatabaseSync(file, {timeout: TIMEOUT_MS, enableForeignKeyConstraints: true}),
    )
    try {
      this.#enterWal()
      this.exec('PRAGMA synchronous = FULL')
      // What one large transaction blew up is given back at the next turn of the log.
      this.exec(`PRAGMA journal_size_limit = ${WAL_BYTES}`)
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** SQLite does not wait for its timeout when several processes switch one new file over at the same moment. */
  #enterWal(): void {
    for (let attempt = 1; ; attempt++) {
      try {
        this.exec('PRAGMA journal_mode = WAL')
        return
      } catch (error) {
        if (!(error instanceof MfaError) || error.code !== 'STATE_BUSY' || attempt === WAL_ATTEMPTS)
          throw error
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAL_PAUSE_MS)
      }
    }
  }

  exec(sql: string): void {
    this.#guard(() => this.#db.exec(sql))
  }

  /** Number of rows changed. */
  run(sql: string, ...values: readonly SQLInputValue[]): number {
    return this.#guard(() => Number(this.#statement(sql).run(...values).changes))
  }

  get(sql: string, ...values: readonly SQLInputValue[]): Row | undefined {
    return this.#guard(() => this.#statement(sql).get(...values))
  }

  all(sql: string, ...values: readonly SQLInputValue[]): readonly Row[] {
    return this.#guard(() => this.#statement(sql).all(...values))
  }

  /** All or nothing; on the disk when it returns. `work` must not await. */
  transaction<T>(work: () => T): T {
    this.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      this.exec('COMMIT')
      return result
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
      throw error
    }
  }

  close(): void {
    this.#statements.clear()
    if (this.#db.isOpen) this.#db.close()
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#db.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }

  #guard<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw stateFault(error, this.file)
    }
  }
}
