import {setTimeout as sleep} from 'node:timers/promises'

import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, it} from 'vitest'

import {MfaError} from '../../src/lib/errors/mfa-error.js'
import type {Leases, WorkQueue} from '../../src/lib/ports/work-queue.js'
import {openPostgres} from '../../src/lib/state/postgres/open-postgres.js'
import {PgLeases} from '../../src/lib/state/postgres/pg-leases.js'
import type {PgJournal} from '../../src/lib/state/postgres/pg-journal.js'
import {openPgWorkQueue} from '../../src/lib/state/postgres/pg-work-queue.js'
import {systemClock} from '../../src/system-clock.js'
import {MemoryLeases, MemoryWork, MemoryWorkQueue} from '../fakes/memory-work-queue.js'
import {hasPostgres, startPostgres, type TestPostgres} from '../helpers/postgres.js'

interface Harness {
  /** Another machine's view of the same queue. */
  open(): Promise<WorkQueue>
  readonly leases: Leases
  /** The lock of that name goes to somebody new, who did not wait for leases; gives the ticket. */
  lock(name: string): Promise<string>
  clean(): Promise<void>
}

let postgres: TestPostgres | undefined
beforeAll(async () => {
  if (hasPostgres) postgres = await startPostgres()
})
afterAll(() => postgres?.stop())

async function memory(): Promise<Harness> {
  const work = new MemoryWork()
  let tickets = 0
  return {
    open: async () => new MemoryWorkQueue(work),
    leases: new MemoryLeases(work),
    lock: async (name) => {
      work.locks.set(name, `t${++tickets}`)
      return `t${tickets}`
    },
    clean: async () => {},
  }
}

async function pg(): Promise<Harness> {
  const address = postgres?.address() ?? ''
  const opened: PgJournal[] = []
  const journal = async (): Promise<PgJournal> => {
    const one = await openPostgres(address, {clock: systemClock, password: postgres?.password})
    opened.push(one)
    return one
  }
  const first = await journal()
  const queues: WorkQueue[] = []
  return {
    open: async () => {
      const queue = await openPgWorkQueue((await journal()).db, 'tenant-1')
      queues.push(queue)
      return queue
    },
    leases: new PgLeases(first.db, systemClock, {renewal: 50, expiry: 1500, margin: 300}),
    lock: async (name) => {
      await first.breakLock(name)
      await first.db.run('DELETE FROM leases WHERE lock = $1 AND expires < clock_timestamp()', name)
      const taken = first.lock(name, 'test')
      // The row is there at once; the lock itself waits for leases.
      for (;;) {
        const row = await first.db.get('SELECT ticket FROM locks WHERE name = $1', name)
        if (row !== undefined) {
          taken.catch(() => {})
          return String(row['ticket'])
        }
        await sleep(5)
      }
    },
    clean: async () => {
      for (const queue of queues) await queue.close()
      for (const one of opened) await one.close()
    },
  }
}

const HARNESSES: readonly (readonly [string, () => Promise<Harness>])[] = [
  ['memory', memory],
  ...(hasPostgres ? ([['pg-boss', pg]] as const) : []),
]

describe.each(HARNESSES)('a work queue: %s', (_name, make) => {
  let at: Harness
  let queue: WorkQueue
  beforeEach(async () => {
    at = await make()
    queue = await at.open()
  }, 30_000)
  afterEach(() => at.clean())

  it('hands out each package once, oldest first, as it was put', async () => {
    const other = await at.open()
    await queue.put('lot', [
      {n: 1, users: ['a', 'b']},
      {n: 2, users: ['c']},
    ])
    expect(await queue.open()).toEqual({waiting: 2, working: 0, users: 3})
    const one = await queue.take()
    const two = await other.take()
    expect([one?.data, two?.data]).toEqual([
      {n: 1, users: ['a', 'b']},
      {n: 2, users: ['c']},
    ])
    expect(await queue.take()).toBeUndefined()
    await one?.done({users: 2, failures: 1})
    expect(await queue.standing('lot')).toEqual({
      waiting: 0, working: 1, done: 1, failed: 0, users: 2, failures: 1,
    }) // prettier-ignore
    await two?.done({users: 1, failures: 0})
    expect(await other.standing('lot')).toMatchObject({working: 0, done: 2, users: 3, failures: 1})
    await queue.forget('lot')
    expect(await queue.standing('lot')).toMatchObject({done: 0, users: 0})
  })

  it('takes no package away from two', async () => {
    const machines = [queue, await at.open(), await at.open()]
    await queue.put(
      'lot',
      Array.from({length: 60}, (_, n) => ({n})),
    )
    const seen: number[] = []
    await Promise.all(
      machines.map(async (machine) => {
        for (let one = await machine.take(); one !== undefined; one = await machine.take()) {
          seen.push((one.data as {readonly n: number}).n)
          await one.done({users: 1, failures: 0})
        }
      }),
    )
    expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({length: 60}, (_, n) => n))
  })

  it('gives a package that went back to the next one', async () => {
    await queue.put('lot', [{n: 1}])
    await (await queue.take())?.giveBack({message: 'not now'})
    expect(await queue.standing('lot')).toMatchObject({waiting: 1, failed: 0})
    const again = await until(() => queue.take())
    expect(again.data).toEqual({n: 1})
    await again.done({users: 1, failures: 0})
  })

  it('gives the package of somebody who died to another, and does not listen to the dead', async () => {
    const other = await at.open()
    await other.put('lot', [{n: 1}])
    const dead = await other.take()
    await other.close()
    const again = await until(() => queue.take())
    expect(again.data).toEqual({n: 1})
    await dead?.done({users: 99, failures: 0}).catch(() => {})
    await again.done({users: 1, failures: 0})
    expect(await queue.standing('lot')).toMatchObject({working: 0, done: 1, users: 1})
  }, 60_000)

  it('lets another lot adopt what nobody works on and was put for the same', async () => {
    await queue.put('old', [
      {n: 1, key: 'k'},
      {n: 2, key: 'k'},
      {n: 3, key: 'other'},
    ])
    const begun = await queue.take()
    expect(begun?.lot).toBe('old')
    expect(await queue.adopt('k', 'new')).toBe(1)
    expect(await queue.adopt('k', 'new')).toBe(0)
    expect(await queue.standing('new')).toMatchObject({waiting: 1})
    expect(await queue.standing('old')).toMatchObject({waiting: 1, working: 1})
    await queue.withdraw({allBut: 'new'})
    const next = await queue.take()
    expect({lot: next?.lot, data: next?.data}).toEqual({lot: 'new', data: {n: 2, key: 'k'}})
    // What is given back may be adopted then.
    await begun?.giveBack({message: 'its leader died'})
    expect(await queue.adopt('k', 'new')).toBe(1)
  })

  it('takes back what nobody works on, of one lot or of all others', async () => {
    await queue.put('old', [{n: 1}, {n: 2}])
    const begun = await queue.take()
    await queue.put('new', [{n: 3}])
    await queue.withdraw({allBut: 'new'})
    expect(await queue.standing('old')).toMatchObject({waiting: 0, working: 1})
    expect(await queue.standing('new')).toMatchObject({waiting: 1})
    await begun?.done({users: 1, failures: 0})
    await queue.withdraw({lot: 'new'})
    expect(await queue.take()).toBeUndefined()
  })

  it('forgets what others of old have done', async () => {
    await queue.put('old', [{n: 1}, {n: 2}])
    await (await queue.take())?.done({users: 1, failures: 0})
    await queue.withdraw({allBut: 'new'})
    expect(await queue.standing('old')).toMatchObject({waiting: 0, done: 0})
  })

  it('leases all of some users or none, and to one at a time', async () => {
    const ticket = await at.lock('migrate t')
    const lock = {name: 'migrate t', ticket}
    const first = await at.leases.take(lock, ['ann', 'bob'])
    if (typeof first === 'string') throw new Error(first)
    expect(await at.leases.take(lock, ['bob', 'cyd'])).toBe('held')
    const beside = await at.leases.take(lock, ['cyd'])
    expect(typeof beside).toBe('object')
    first.check()
    await first.release()
    expect(typeof (await at.leases.take(lock, ['bob', 'ann']))).toBe('object')
  })

  it('leases nothing under a lock that went to another, and what was leased ends', async () => {
    const ticket = await at.lock('migrate t')
    const lock = {name: 'migrate t', ticket}
    const lease = await at.leases.take(lock, ['ann'])
    if (typeof lease === 'string') throw new Error(lease)
    expect(await at.leases.holder('migrate t')).toBe(ticket)
    expect(await at.leases.holder('migrate u')).toBeUndefined()
    const next = await at.lock('migrate t')
    expect(await at.leases.holder('migrate t')).toBe(next)
    expect(next).not.toBe(ticket)
    expect(await at.leases.take(lock, ['bob'])).toBe('over')
    await until(async () => {
      try {
        lease.check()
        return undefined
      } catch (error) {
        return error as Error
      }
    }).then((error) => expect(error).toMatchObject({code: 'LEASE_LOST'}))
    expect(lease.lost.aborted).toBe(true)
  })
})

describe.skipIf(!hasPostgres)('a work queue in PostgreSQL', () => {
  let journal: PgJournal
  let queue: WorkQueue
  beforeEach(async () => {
    journal = await openPostgres(postgres?.address() ?? '', {
      clock: systemClock,
      password: postgres?.password,
    })
    queue = await openPgWorkQueue(journal.db, 'tenant-1')
  }, 30_000)
  afterEach(async () => {
    await queue.close()
    await journal.close()
  })

  it('keeps what is settled and what waits for as long as the work takes', async () => {
    const {db} = journal
    await queue.put('lot', [{n: 1}, {n: 2}])
    await (await queue.take())?.done({users: 1, failures: 1})
    const ages = ['created_on', 'start_after', 'started_on', 'completed_on', 'keep_until']
    const older = ages.map((name) => `${name} = ${name} - interval '90 days'`).join(', ')
    expect(await db.run(`UPDATE ${db.schema}_jobs.job SET ${older}`)).toBe(2)
    const {PgBoss} = await import('pg-boss')
    const keeper = new PgBoss({
      db: {executeSql: (text, values) => db.raw(text, values)},
      schema: `${db.schema}_jobs`,
      supervise: false,
      schedule: false,
      registerInstance: false,
      maintenanceIntervalSeconds: 1,
    })
    await keeper.start()
    await db.run(`UPDATE ${db.schema}_jobs.queue SET maintain_on = NULL`)
    await keeper.supervise('work.tenant-1')
    await keeper.stop({graceful: false, close: false})
    expect(await queue.standing('lot')).toMatchObject({waiting: 1, done: 1, failures: 1})
  })

  it('tells once what keeps its upkeep from being done, and not that the server is away', async () => {
    const {db} = journal
    const told: string[] = []
    const kept = await openPgWorkQueue(db, 'tenant-2', (why) => told.push(why))
    const raw = db.raw.bind(db)
    let failed = 0
    const refuse = (name: Uppercase<string>, exit: 'usage' | 'unavailable') => () => {
      failed += 1
      return Promise.reject(new MfaError(name, `${name} of old`, {exit}))
    }
    const twice = () => until(async () => (failed > 4 ? true : undefined))
    db.raw = refuse('STATE_UNREACHABLE', 'unavailable')
    await twice()
    failed = 0
    db.raw = refuse('STATE_RIGHTS', 'usage')
    await twice()
    db.raw = raw
    await kept.close()
    expect(told).toEqual(['STATE_RIGHTS of old'])
  }, 60_000)

  it('puts packages once where the word that they are there is lost', async () => {
    const {db} = journal
    const raw = db.raw.bind(db)
    db.raw = async (...sent) => {
      await raw(...sent)
      return raw(...sent)
    }
    await queue.put('lot', [{n: 1}, {n: 2}])
    db.raw = raw
    expect(await queue.standing('lot')).toMatchObject({waiting: 2})
  })
})

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 400; tries++) {
    const seen = await look()
    if (seen !== undefined) return seen
    await sleep(100)
  }
  throw new Error('never seen')
}
