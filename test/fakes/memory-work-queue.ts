import {randomUUID} from 'node:crypto'

import {MfaError} from '../../src/lib/errors/mfa-error.js'
import type {Lease, Leases, Package, Standing, WorkQueue} from '../../src/lib/ports/work-queue.js'

const TRIES = 20

interface Job {
  readonly id: string
  lot: string
  readonly data: string
  state: 'waiting' | 'working' | 'done' | 'failed'
  tries: number
  counts: {readonly users: number; readonly failures: number}
  reason?: unknown
  lost: AbortController
}

/** What several queues of one tenant have in common. */
export class MemoryWork {
  readonly jobs: Job[] = []
  readonly leases = new Map<string, {readonly holder: string; readonly ticket: string}>()
  /** Tickets by lock: whose it is. */
  readonly locks = new Map<string, string>()
}

export class MemoryWorkQueue implements WorkQueue {
  readonly #work: MemoryWork
  readonly #mine = new Set<Job>()

  constructor(work: MemoryWork) {
    this.#work = work
  }

  async put(lot: string, packages: readonly object[]): Promise<void> {
    for (const one of packages)
      this.#work.jobs.push({
        id: randomUUID(),
        lot,
        data: JSON.stringify(one),
        state: 'waiting',
        tries: 0,
        counts: {users: 0, failures: 0},
        lost: new AbortController(),
      })
  }

  async take(): Promise<Package | undefined> {
    const job = this.#work.jobs.find(({state}) => state === 'waiting')
    if (job === undefined) return undefined
    const mine = ++job.tries
    job.state = 'working'
    job.lost = new AbortController()
    this.#mine.add(job)
    const settle = (change: () => void): void => {
      if (job.state !== 'working' || job.tries !== mine) return
      this.#mine.delete(job)
      change()
    }
    return {
      id: job.id,
      lot: job.lot,
      data: JSON.parse(job.data) as unknown,
      lost: job.lost.signal,
      done: async (counts) =>
        settle(() => {
          job.counts = {...counts}
          job.state = 'done'
        }),
      giveBack: async (reason) =>
        settle(() => {
          job.reason = reason
          job.state = job.tries > TRIES ? 'failed' : 'waiting'
        }),
    }
  }

  async standing(lot: string): Promise<Standing> {
    const mine = this.#work.jobs.filter((job) => job.lot === lot)
    const of = (state: Job['state']): readonly Job[] => mine.filter((job) => job.state === state)
    const done = of('done')
    const [failed] = of('failed')
    return {
      waiting: of('waiting').length,
      working: of('working').length,
      done: done.length,
      failed: of('failed').length,
      users: done.reduce((sum, {counts}) => sum + counts.users, 0),
      failures: done.reduce((sum, {counts}) => sum + counts.failures, 0),
      ...(failed === undefined ? {} : {reason: failed.reason}),
    }
  }

  async open(): ReturnType<WorkQueue['open']> {
    const open = this.#work.jobs.filter(({state}) => state === 'waiting' || state === 'working')
    const working = open.filter(({state}) => state === 'working').length
    const users = open.reduce(
      (sum, {data}) => sum + ((JSON.parse(data) as {readonly users?: unknown[]}).users?.length ?? 0),
      0,
    )
    return {waiting: open.length - working, working, users}
  }

  async adopt(key: string, lot: string): Promise<number> {
    const mine = this.#work.jobs.filter(
      (job) =>
        job.state === 'waiting' &&
        job.lot !== lot &&
        (JSON.parse(job.data) as {readonly key?: string}).key === key,
    )
    for (const job of mine) job.lot = lot
    return mine.length
  }

  async withdraw(which: {readonly lot: string} | {readonly allBut: string}): Promise<void> {
    this.#remove(({state, lot}) =>
      'lot' in which ? state === 'waiting' && lot === which.lot : state !== 'working' && lot !== which.allBut,
    )
  }

  async forget(lot: string): Promise<void> {
    this.#remove((job) => job.lot === lot && job.state !== 'working')
  }

  /** The worker dies: what it has goes to others. */
  async close(): Promise<void> {
    for (const job of this.#mine) {
      if (job.state !== 'working') continue
      job.state = 'waiting'
      job.lost.abort(new MfaError('PACKAGE_LOST', 'it went to another worker', {exit: 'locked'}))
    }
  }

  #remove(gone: (job: Job) => boolean): void {
    const {jobs} = this.#work
    jobs.splice(0, Infinity, ...jobs.filter((job) => !gone(job)))
  }
}

export class MemoryLeases implements Leases {
  readonly #work: MemoryWork
  readonly #ticketOf: (lock: string) => string | undefined

  /** @param ticketOf whose a lock is now */
  constructor(work: MemoryWork, ticketOf = (lock: string) => work.locks.get(lock)) {
    this.#work = work
    this.#ticketOf = ticketOf
  }

  async holder(lock: string): Promise<string | undefined> {
    return this.#ticketOf(lock)
  }

  async take(
    {name, ticket}: {readonly name: string; readonly ticket: string},
    items: readonly string[],
  ): Promise<Lease | 'held' | 'over'> {
    const {leases} = this.#work
    if (this.#ticketOf(name) !== ticket) return 'over'
    const keys = items.map((item) => `${name}/${item}`)
    if (keys.some((key) => leases.has(key))) return 'held'
    const holder = randomUUID()
    for (const key of keys) leases.set(key, {holder, ticket})
    const lost = new AbortController()
    return {
      lost: lost.signal,
      check: () => {
        if (this.#ticketOf(name) !== ticket)
          lost.abort(new MfaError('LEASE_LOST', 'the lock went to somebody else', {exit: 'locked'}))
        lost.signal.throwIfAborted()
      },
      release: async () => {
        for (const key of keys) if (leases.get(key)?.holder === holder) leases.delete(key)
      },
    }
  }
}
