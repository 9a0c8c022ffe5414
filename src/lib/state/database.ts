import {DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync} from 'node:sqlite'
import {stateFault} from './state-fault.js'

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
    this.#db = this.#guard(() => new DatabaseSync(file, {timeout: 10_000, enableForeignKeyConstraints: true}))
    try {
      this.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    } catch (error) {
      this.close()
      throw error
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
