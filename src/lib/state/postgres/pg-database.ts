import type {Pool, PoolClient, QueryResult} from 'pg'
import {setTimeout as sleep} from 'node:timers/promises'

import {MfaError} from '../../errors/mfa-error.js'
import type {Row} from '../database.js'
import {postgresFault, isPassing} from './postgres-fault.js'

/** How long a call goes on trying while the server restarts or cannot be reached, in milliseconds. */
const PATIENCE_MS = 30_000
const PAUSE_MS = 250

type Value = string | number | boolean | Uint8Array | null | readonly string[]

/** Runs statements: on one connection inside a transaction, on any outside. */
export interface Statements {
  all(sql: string, ...values: readonly Value[]): Promise<readonly Row[]>
  get(sql: string, ...values: readonly Value[]): Promise<Row | undefined>
  /** Number of rows changed. */
  run(sql: string, ...values: readonly Value[]): Promise<number>
}

/**
 * PostgreSQL behind the words that the journal uses. A connection that breaks is tried again for a while: every statement of
 * the journal may be repeated (a repeated intent is one more attempt of the same action, which the journal knows how to read).
 * Whatever the server refuses comes out as MfaError with where it is and what to do.
 */
export class PgDatabase implements Statements {
  /** Where it is, for messages; no password. */
  readonly label: string
  /** Where the tables are. */
  readonly schema: string
  readonly #pool: Pool
  readonly #patienceMs: number
  /** By the clock of `performance.now()`: nobody waits longer. */
  #until = Infinity
  /** Why the last try did not get through; undefined where it did. */
  #away: unknown

  constructor(pool: Pool, label: string, schema: string, patienceMs = PATIENCE_MS) {
    this.#pool = pool
    this.label = label
    this.schema = schema
    this.#patienceMs = patienceMs
    // A connection that breaks while nobody uses it: the next statement takes another one.
    pool.on('error', () => {})
  }

  all(sql: string, ...values: readonly Value[]): Promise<readonly Row[]> {
    return this.#patient(async () => (await this.#pool.query<Row>(sql, [...values])).rows)
  }

  async get(sql: string, ...values: readonly Value[]): Promise<Row | undefined> {
    return (await this.all(sql, ...values))[0]
  }

  run(sql: string, ...values: readonly Value[]): Promise<number> {
    return this.#patient(async () => (await this.#pool.query(sql, [...values])).rowCount ?? 0)
  }

  /** As the driver answers: for a library that brings its own SQL, which may be several statements. */
  raw(sql: string, values?: unknown[]): Promise<QueryResult> {
    return this.#patient(() => this.#pool.query(sql, values))
  }

  /** All or nothing; on the server's disk when it resolves. `work` may run again after a broken connection. */
  transaction<T>(work: (on: Statements) => Promise<T>): Promise<T> {
    return this.#patient(async () => {
      const client = await this.#pool.connect()
      let broken: Error | undefined
      // A connection may break between two statements; unheard, that would end the process. The next statement fails then.
      const heard = (cause: Error): void => {
        broken = cause
      }
      client.on('error', heard)
      try {
        await client.query('BEGIN')
        const result = await work(statementsOf(client))
        await client.query('COMMIT')
        return result
      } catch (error) {
        await client.query('ROLLBACK').catch((cause: unknown) => {
          broken = cause as Error
        })
        throw error
      } finally {
        client.off('error', heard)
        client.release(broken)
      }
    })
  }

  /** The command ends: after `ms` nothing is tried again, and nothing begun while the server is away. */
  hurry(ms: number): void {
    this.#until = Math.min(this.#until, performance.now() + ms)
  }

  /** Again does no harm. */
  async close(): Promise<void> {
    if (!this.#pool.ending) await this.#pool.end()
  }

  async #patient<T>(work: () => Promise<T>): Promise<T> {
    const until = performance.now() + this.#patienceMs
    for (;;) {
      if (this.#away !== undefined && performance.now() > this.#until)
        throw postgresFault(this.#away, this.label)
      try {
        const done = await work()
        this.#away = undefined
        return done
      } catch (error) {
        if (error instanceof MfaError) throw error
        this.#away = isPassing(error) ? error : undefined
        if (this.#away === undefined || performance.now() > Math.min(until, this.#until))
          throw postgresFault(error, this.label)
        await sleep(PAUSE_MS)
      }
    }
  }
}

function statementsOf(client: PoolClient): Statements {
  const all = async (sql: string, ...values: readonly Value[]): Promise<readonly Row[]> =>
    (await client.query<Row>(sql, [...values])).rows
  return {
    all,
    get: async (sql, ...values) => (await all(sql, ...values))[0],
    run: async (sql, ...values) => (await client.query(sql, [...values])).rowCount ?? 0,
  }
}
