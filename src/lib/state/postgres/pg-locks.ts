import {randomUUID} from 'node:crypto'
import {hostname} from 'node:os'

import type {Clock} from '../../ports/clock.js'
import type {Lock, LockHolder} from '../../ports/journal.js'
import {holderOf, lockedError, lockLost, type LockTiming, userName} from '../locks.js'
import {livenessOf, ownIdentity} from '../process-identity.js'
import type {Row} from '../database.js'
import {reader} from '../decode.js'
import type {PgDatabase} from './pg-database.js'
import {isGone} from './pg-leases.js'

/**
 * Another machine leads within half a minute of the last sign of life. The margin leaves time for requests under way to end
 * before somebody else may begin.
 */
export const PG_LOCK_TIMING: LockTiming = {heartbeat: 3000, expiry: 24_000, margin: 14_000}

/** How often a new holder looks whether work lent out under the lock before has ended. */
const LOOK_MS = 300
/** Less of a difference between clocks is the time that the question took. */
const SAME_CLOCK_MS = 1000

/** As the columns hold times: texts, in an order of their own. @param offset milliseconds, as SQL */
const serverTime = (offset = '0'): string =>
  `to_char((clock_timestamp() + ${offset} * interval '1 millisecond') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

const OVER = `(expires <= ${serverTime()})::int AS over`

/** Locks in the database, for processes of several machines. Times are the database server's: clocks of machines differ, and jump. */
export class PgLocks {
  readonly #db: PgDatabase
  readonly #clock: Clock
  readonly #timing: LockTiming
  readonly #held = new Set<Lock>()
  /** Tickets of locks that were lost here: nothing is done under them any more, whatever the table still says. */
  readonly #lost = new Set<string>()

  constructor(db: PgDatabase, clock: Clock, timing: LockTiming) {
    this.#db = db
    this.#clock = clock
    this.#timing = timing
  }

  /**
   * Taken at once if free, or if its process on this host is gone; from another host only after expiry. What the holder before
   * lent out (see `Leases`) is waited for: it ends by itself within half a minute.
   */
  async take(name: string, command: string): Promise<Lock> {
    const ticket = randomUUID()
    const me = ownIdentity()
    await this.#db.transaction(async (on) => {
      // Two who come at the same moment: the second waits here, and then sees the first one's row.
      await on.run('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', name)
      const row = await on.get(`SELECT *, ${OVER} FROM locks WHERE name = $1`, name)
      // A transaction that was repeated after a broken connection may find its own row.
      if (row !== undefined && row['ticket'] !== ticket) this.#refuseIfHeld(row)
      await on.run('DELETE FROM locks WHERE name = $1', name)
      // Of workers that died nobody else takes the place.
      await on.run(
        `DELETE FROM locks WHERE name LIKE 'worker %' AND expires < ${serverTime('-$1::float8')}`,
        this.#timing.expiry,
      )
      await on.run(
        `INSERT INTO locks (name, ticket, host, "user", pid, process, command, since, heartbeat, expires)
         VALUES ($1, $2, $3, $4, $5, $6, $7, ${serverTime()}, ${serverTime()}, ${serverTime('$8::float8')})`,
        name, ticket, hostname(), userName(), me.pid, JSON.stringify([me.scope, me.started]), command,
        this.#timing.expiry,
      ) // prettier-ignore
    })
    const lock = this.#keep(name, ticket)
    try {
      await this.#untilNothingIsLent(name, lock)
      return lock
    } catch (error) {
      await lock.release()
      throw error
    }
  }

  async #untilNothingIsLent(name: string, {ticket, lost}: Lock): Promise<void> {
    const lent =
      'SELECT DISTINCT process FROM leases WHERE lock = $1 AND ticket <> $2 AND expires > clock_timestamp()'
    for (;;) {
      const leases = await this.#db.all(lent, name, ticket)
      if (leases.every(({process}) => isGone(String(process)))) break
      await this.#clock.sleep(LOOK_MS, lost)
    }
    await this.#db.run('DELETE FROM leases WHERE lock = $1 AND ticket <> $2', name, ticket)
  }

  /** Times by this machine's clock, so that the caller can compare them with its own. */
  async list(): Promise<readonly LockHolder[]> {
    const rows = await this.#db.all(
      'SELECT *, extract(epoch FROM clock_timestamp()) * 1000 AS now FROM locks ORDER BY name COLLATE "C"',
    )
    const ahead = Math.round(Number(rows[0]?.['now']) - this.#clock.now().getTime())
    const skewMs = Math.abs(ahead) < SAME_CLOCK_MS ? 0 : ahead
    const here = (at: string): string => new Date(Date.parse(at) - skewMs).toISOString()
    return rows.map((row) => {
      const {since, heartbeat, expires, ...holder} = holderOf(row, this.#db.label)
      return {...holder, since: here(since), heartbeat: here(heartbeat), expires: here(expires)}
    })
  }

  /** Without those whose process is gone, or that are over. */
  async held(): Promise<readonly LockHolder[]> {
    const rows = await this.#db.all(`SELECT *, ${OVER} FROM locks ORDER BY name COLLATE "C"`)
    return rows.filter((row) => this.#isHeld(row)).map((row) => holderOf(row, this.#db.label))
  }

  async break(name: string): Promise<boolean> {
    return (await this.#db.run('DELETE FROM locks WHERE name = $1', name)) > 0
  }

  async releaseAll(): Promise<void> {
    for (const lock of this.#held) await lock.release()
  }

  #keep(name: string, ticket: string): Lock {
    const lost = new AbortController()
    let lastBeat = this.#clock.monotonic()
    let beating = false
    const stop = (): void => {
      clearInterval(timer)
      this.#held.delete(lock)
    }
    const lose = (why: string, cause?: unknown): void => {
      stop()
      this.#lost.add(ticket)
      lost.abort(lockLost(name, why, cause))
    }
    const beat = async (): Promise<void> => {
      // The database may be away: past the expiry another machine may have it already.
      const margin = this.#timing.margin ?? this.#timing.heartbeat
      if (this.#clock.monotonic() - lastBeat >= this.#timing.expiry - margin)
        return lose('its heartbeat cannot be written')
      if (beating) return
      beating = true
      try {
        const sent = this.#clock.monotonic()
        const kept = await this.#db.run(
          `UPDATE locks SET heartbeat = ${serverTime()}, expires = ${serverTime('$3::float8')} WHERE name = $1 AND ticket = $2`,
          name, ticket, this.#timing.expiry,
        ) // prettier-ignore
        if (!this.#held.has(lock)) return
        if (kept === 0) return lose('somebody else took it, or it was released by hand')
        lastBeat = sent
      } catch {
        // The next beat may get through.
      } finally {
        beating = false
      }
    }
    const timer = setInterval(() => void beat(), this.#timing.heartbeat).unref()
    const lock: Lock = {
      ticket,
      lost: lost.signal,
      release: async () => {
        if (!this.#held.has(lock)) return
        stop()
        await this.#db.run('DELETE FROM locks WHERE name = $1 AND ticket = $2', name, ticket)
      },
    }
    this.#held.add(lock)
    return lock
  }

  #refuseIfHeld(row: Row): void {
    // The row outlived the lock, since the database was away when it was lost.
    if (this.#lost.has(String(row['ticket']))) return
    if (this.#isHeld(row)) throw lockedError(holderOf(row, this.#db.label))
  }

  /** A process of this machine that runs keeps its lock; where nobody can look, until it is over. */
  #isHeld(row: Row): boolean {
    const holder = holderOf(row, this.#db.label)
    const [scope, started] = reader(row, this.#db.label, `lock ${holder.name}`).strings('process')
    const liveness =
      holder.host === hostname()
        ? livenessOf({pid: holder.pid, scope: scope ?? '', started: started ?? ''})
        : 'unknown'
    return liveness === 'unknown' ? row['over'] === 0 : liveness !== 'dead'
  }
}
