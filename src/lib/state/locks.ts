import {randomUUID} from 'node:crypto'
import {hostname, userInfo} from 'node:os'
import {MfaError} from '../errors/mfa-error.js'
import type {Clock} from '../ports/clock.js'
import type {Lock, LockHolder} from '../ports/journal.js'
import type {Database, Row} from './database.js'
import {type Reader, reader} from './decode.js'
import {livenessOf, ownIdentity} from './process-identity.js'

export interface LockTiming {
  /** Milliseconds between two heartbeats. */
  readonly heartbeat: number
  /** Milliseconds after the last heartbeat until others may take the lock. */
  readonly expiry: number
  /** Milliseconds before the expiry at which the holder gives up, so that what is under way ends in time; a heartbeat unless set. */
  readonly margin?: number | undefined
}

export const LOCK_TIMING: LockTiming = {heartbeat: 10_000, expiry: 60_000}

/** Locks in the state's file, for processes of one machine (and of others, if they really share the file). */
export class SqliteLocks {
  readonly #db: Database
  readonly #clock: Clock
  readonly #timing: LockTiming
  readonly #held = new Set<Lock>()

  constructor(db: Database, clock: Clock, timing: LockTiming) {
    this.#db = db
    this.#clock = clock
    this.#timing = timing
  }

  /** Taken at once if free, or if its process on this host is gone; from another host only after expiry. */
  take(name: string, command: string): Lock {
    const ticket = randomUUID()
    const now = this.#clock.now()
    const me = ownIdentity()
    this.#db.transaction(() => {
      const row = this.#db.get('SELECT * FROM locks WHERE name = ?', name)
      if (row !== undefined) this.#refuseIfHeld(reader(row, this.#db.file, `lock ${name}`), now)
      this.#db.run(
        `INSERT OR REPLACE INTO locks (name, ticket, host, user, pid, process, command, since, heartbeat, expires)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        name, ticket, hostname(), userName(), me.pid, JSON.stringify([me.scope, me.started]), command,
        now.toISOString(), now.toISOString(), this.#expiry(now),
      ) // prettier-ignore
    })
    return this.#keep(name, ticket)
  }

  list(): readonly LockHolder[] {
    return this.#db.all('SELECT * FROM locks ORDER BY name').map((row) => this.#holder(row))
  }

  /** Without those whose process is gone, or that are over. */
  held(): readonly LockHolder[] {
    const now = this.#clock.now()
    const rows = this.#db.all('SELECT * FROM locks ORDER BY name')
    return rows
      .filter((row) => this.#isHeld(reader(row, this.#db.file, 'lock'), now))
      .map((row) => this.#holder(row))
  }

  break(name: string): boolean {
    return this.#db.run('DELETE FROM locks WHERE name = ?', name) > 0
  }

  async releaseAll(): Promise<void> {
    for (const lock of this.#held) await lock.release()
  }

  #keep(name: string, ticket: string): Lock {
    const lost = new AbortController()
    let lastBeat = this.#clock.monotonic()
    const stop = (): void => {
      clearInterval(timer)
      this.#held.delete(lock)
    }
    const lose = (why: string, cause?: unknown): void => {
      stop()
      lost.abort(lockLost(name, why, cause))
    }
    const beat = (): void => {
      try {
        const now = this.#clock.now()
        const kept = this.#db.run(
          'UPDATE locks SET heartbeat = ?, expires = ? WHERE name = ? AND ticket = ?',
          now.toISOString(), this.#expiry(now), name, ticket,
        ) // prettier-ignore
        if (kept === 0) return lose('somebody else took it, or it was released by hand')
        lastBeat = this.#clock.monotonic()
      } catch (error) {
        // The next beat may get through; past the expiry another process may have it already.
        if (this.#clock.monotonic() - lastBeat >= this.#timing.expiry - this.#timing.heartbeat)
          lose('its heartbeat cannot be written', error)
      }
    }
    const timer = setInterval(beat, this.#timing.heartbeat).unref()
    const lock: Lock = {
      ticket,
      lost: lost.signal,
      release: async () => {
        if (!this.#held.has(lock)) return
        stop()
        this.#db.run('DELETE FROM locks WHERE name = ? AND ticket = ?', name, ticket)
      },
    }
    this.#held.add(lock)
    return lock
  }

  #refuseIfHeld(row: Reader, now: Date): void {
    if (this.#isHeld(row, now)) throw lockedError(this.#holder(row.row))
  }

  #isHeld(row: Reader, now: Date): boolean {
    const holder = this.#holder(row.row)
    const [scope, started] = row.strings('process')
    const liveness =
      holder.host === hostname()
        ? livenessOf({pid: holder.pid, scope: scope ?? '', started: started ?? ''})
        : 'unknown'
    // A process that provably runs keeps its lock whatever the wall clock says: clocks jump.
    return liveness === 'unknown' ? now.toISOString() < holder.expires : liveness !== 'dead'
  }

  #expiry(now: Date): string {
    return new Date(now.getTime() + this.#timing.expiry).toISOString()
  }

  #holder(row: Row): LockHolder {
    return holderOf(row, this.#db.file)
  }
}

/** One row of the table of locks. */
export function holderOf(row: Row, file: string): LockHolder {
  const read = reader(row, file, 'lock')
  return {
    name: read.text('name'),
    host: read.text('host'),
    user: read.text('user'),
    pid: read.integer('pid'),
    command: read.text('command'),
    since: read.text('since'),
    heartbeat: read.text('heartbeat'),
    expires: read.text('expires'),
  }
}

export function lockLost(name: string, why: string, cause?: unknown): MfaError {
  return new MfaError('LOCK_LOST', `The lock ${name} was lost: ${why}.`, {
    exit: 'locked',
    fix: 'See who has it now (mfa locks list); the same command goes on where it stopped.',
    cause,
  })
}

export function lockedError(holder: LockHolder): MfaError {
  return new MfaError(
    'LOCKED',
    `Another run holds the lock ${holder.name}: ${holder.command}, started by ${holder.user} on ${holder.host} ` +
      `(process ${holder.pid}), since ${holder.since}, last sign of life ${holder.heartbeat}.`,
    {
      exit: 'locked',
      fix: `Wait for it to end. If that process is gone, the lock frees itself at ${holder.expires}; see mfa locks list.`,
    },
  )
}

export function userName(): string {
  try {
    return userInfo().username
  } catch {
    // A container may run under a user id that has no name.
    return String(process.getuid?.() ?? 'unknown')
  }
}
