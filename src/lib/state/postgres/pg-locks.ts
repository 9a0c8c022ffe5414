import {randomUUID} from 'node:crypto'
import {hostname} from 'node:os'

import type {Clock} from '../../ports/clock.js'
import type {Lock, LockHolder} from '../../ports/journal.js'
import {holderOf, lockedError, lockLost, type LockTiming, userName} from '../locks.js'
import {livenessOf, ownIdentity} from '../process-identity.js'
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

/** Locks in the database, for processes of several machines. Times are the database server's: clocks of machines differ. */
export class PgLocks {
  readonly #db: PgDatabase
  readonly #clock: Clock
  readonly #timing: LockTiming
  readonly #skewMs: number
  readonly #held = new Set<Lock>()

  /** @param skewMs the database server's clock less that of this machine */
  constructor(db: PgDatabase, clock: Clock, timing: LockTiming, skewMs: number) {
    this.#db = db
    this.#clock = clock
    this.#timing = timing
    this.#skewMs = skewMs
  }

  /**
   * Taken at once if free, or if its process on this host is gone; from another host only after expiry. What the holder before
   * lent out (see `Leases`) is waited for: it ends by itself within half a minute.
   */
  async take(name: string, command: string): Promise<Lock> {
    const ticket = randomUUID()
    const me = ownIdentity()
    await this.#db.transaction(async (on) => {
      const now = this.#now()
      // Two who come at the same moment: the second waits here, and then sees the first one's row.
      await on.run('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', name)
      const row = await on.get('SELECT * FROM locks WHERE name = $1', name)
      // A transaction that was repeated after a broken connection may find its own row.
      if (row !== undefined && row['ticket'] !== ticket) this.#refuseIfHeld(row, now)
      await on.run('DELETE FROM locks WHERE name = $1', name)
      // Of workers that died nobody else takes the place.
      const longAgo = new Date(now.getTime() - this.#timing.expiry).toISOString()
      await on.run("DELETE FROM locks WHERE name LIKE 'worker %' AND expires < $1", longAgo)
      await on.run(
        `INSERT INTO locks (name, ticket, host, "user", pid, process, command, since, heartbeat, expires)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)`,
        name, ticket, hostname(), userName(), me.pid, JSON.stringify([me.scope, me.started]), command,
        now.toISOString(), this.#expiry(now),
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
    const rows = await this.#db.all('SELECT * FROM locks ORDER BY name COLLATE "C"')
    const here = (at: string): string => new Date(Date.parse(at) - this.#skewMs).toISOString()
    return rows.map((row) => {
      const {since, heartbeat, expires, ...holder} = holderOf(row, this.#db.label)
      return {...holder, since: here(since), heartbeat: here(heartbeat), expires: here(expires)}
    })
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
        const now = this.#now()
        const kept = await this.#db.run(
          'UPDATE locks SET heartbeat = $1, expires = $2 WHERE name = $3 AND ticket = $4',
          now.toISOString(), this.#expiry(now), name, ticket,
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

  #refuseIfHeld(row: Parameters<typeof holderOf>[0], now: Date): void {
    const holder = holderOf(row, this.#db.label)
    const [scope, started] = reader(row, this.#db.label, `lock ${holder.name}`).strings('process')
    const liveness =
      holder.host === hostname()
        ? livenessOf({pid: holder.pid, scope: scope ?? '', started: started ?? ''})
        : 'unknown'
    if (liveness === 'dead') return
    if (liveness === 'unknown' && now.toISOString() >= holder.expires) return
    throw lockedError(holder)
  }

  #now(): Date {
    return new Date(this.#clock.now().getTime() + this.#skewMs)
  }

  #expiry(now: Date): string {
    return new Date(now.getTime() + this.#timing.expiry).toISOString()
  }
}
