import {randomUUID} from 'node:crypto'
import {hostname} from 'node:os'

import {MfaError} from '../../errors/mfa-error.js'
import type {Clock} from '../../ports/clock.js'
import type {Lease, Leases} from '../../ports/work-queue.js'
import {elapsedMs, type Moment, momentOf} from '../elapsed.js'
import {livenessOf, ownIdentity} from '../process-identity.js'
import type {PgDatabase, Statements} from './pg-database.js'

export interface LeaseTiming {
  readonly renewal: number
  readonly expiry: number
  /** Before the expiry: given up, so that requests under way (15 seconds at most) end in time. */
  readonly margin: number
}

const LEASE_TIMING: LeaseTiming = {renewal: 3000, expiry: 25_000, margin: 16_000}

/** The lock's times are texts of the server's time. */
const SERVER_TIME = `to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
const LOCK_HOLDS = `SELECT 1 FROM locks WHERE name = $1 AND ticket = $2 AND expires > ${SERVER_TIME}`

const me = ownIdentity()
const OURS = JSON.stringify([hostname(), String(me.pid), me.scope, me.started])

/** Whether the process of a lease is known to be gone: it ran on this machine. */
export function isGone(process: string): boolean {
  const [host, pid = '', scope = '', started = ''] = JSON.parse(process) as readonly string[]
  return host === hostname() && livenessOf({pid: Number(pid), scope, started}) === 'dead'
}

class Held extends Error {}
class Over extends Error {}

/** Leases in the database; times are the database server's. */
export class PgLeases implements Leases {
  readonly #db: PgDatabase
  readonly #clock: Clock
  readonly #timing: LeaseTiming

  constructor(db: PgDatabase, clock: Clock, timing: LeaseTiming = LEASE_TIMING) {
    this.#db = db
    this.#clock = clock
    this.#timing = timing
  }

  async take(
    {name, ticket}: {readonly name: string; readonly ticket: string},
    items: readonly string[],
  ): Promise<Lease | 'held' | 'over'> {
    const holder = randomUUID()
    const sorted = [...new Set(items)].toSorted()
    const sent = momentOf(this.#clock)
    try {
      await this.#db.transaction((on) => this.#claim(on, name, ticket, holder, sorted))
    } catch (error) {
      if (error instanceof Held) return 'held'
      if (error instanceof Over) return 'over'
      throw error
    }
    return this.#keep(name, ticket, holder, sorted.length, sent)
  }

  async holder(lock: string): Promise<string | undefined> {
    const row = await this.#db.get(
      `SELECT ticket FROM locks WHERE name = $1 AND expires > ${SERVER_TIME}`,
      lock,
    )
    return row === undefined ? undefined : String(row['ticket'])
  }

  async #claim(
    on: Statements,
    name: string,
    ticket: string,
    holder: string,
    items: readonly string[],
  ): Promise<void> {
    // Who takes the lock deletes this row first, and so waits until our leases can be seen.
    if ((await on.get(`${LOCK_HOLDS} FOR KEY SHARE`, name, ticket)) === undefined) throw new Over()
    const got = await on.run(
      `INSERT INTO leases (lock, item, ticket, holder, process, expires)
       SELECT $1::text, item, $2::text, $3::text, $6::text, clock_timestamp() + $5 * interval '1 millisecond'
       FROM unnest($4::text[]) AS item ORDER BY item
       ON CONFLICT (lock, item) DO UPDATE SET ticket = excluded.ticket, holder = excluded.holder,
         process = excluded.process, expires = excluded.expires
         WHERE leases.expires <= clock_timestamp() OR leases.holder = excluded.holder`,
      name, ticket, holder, items, this.#timing.expiry, OURS,
    ) // prettier-ignore
    if (got !== items.length) throw new Held()
  }

  #keep(name: string, ticket: string, holder: string, count: number, sent: Moment): Lease {
    const {renewal, expiry, margin} = this.#timing
    const lost = new AbortController()
    let renewed = sent
    const isOver = (): boolean => elapsedMs(renewed, this.#clock) >= expiry - margin
    let renewing = false
    const lose = (why: string): void => {
      clearInterval(timer)
      lost.abort(
        new MfaError('LEASE_LOST', `The lease under the lock ${name} was lost: ${why}.`, {exit: 'locked'}),
      )
    }
    const renew = async (): Promise<void> => {
      if (isOver()) return lose('it could not be renewed in time')
      if (renewing) return
      renewing = true
      try {
        const now = momentOf(this.#clock)
        const kept = await this.#db.run(
          `UPDATE leases SET expires = clock_timestamp() + $4 * interval '1 millisecond'
           WHERE holder = $3 AND EXISTS (${LOCK_HOLDS})`,
          name, ticket, holder, expiry,
        ) // prettier-ignore
        if (kept === count) renewed = now
        else lose('the lock went to somebody else')
      } catch {
        // The next one may get through.
      } finally {
        renewing = false
      }
    }
    const timer = setInterval(() => void renew(), renewal).unref()
    return {
      lost: lost.signal,
      check: () => {
        if (!lost.signal.aborted && isOver()) lose('it could not be renewed in time')
        lost.signal.throwIfAborted()
      },
      release: async () => {
        clearInterval(timer)
        await this.#db.run('DELETE FROM leases WHERE holder = $1', holder)
      },
    }
  }
}
