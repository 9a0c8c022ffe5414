import {afterAll, beforeAll, describe, expect, it} from 'vitest'

import type {Clock} from '../../src/lib/ports/clock.js'
import {leadInTurn} from '../../src/lib/sync/lead.js'
import {openPostgres} from '../../src/lib/state/postgres/open-postgres.js'
import {PgLeases} from '../../src/lib/state/postgres/pg-leases.js'
import {systemClock} from '../../src/system-clock.js'
import {FakeUi} from '../fakes/ui.js'
import {hasPostgres, startPostgres, type TestPostgres} from '../helpers/postgres.js'

describe.skipIf(!hasPostgres)('leadership between machines', () => {
  let postgres: TestPostgres
  beforeAll(async () => {
    postgres = await startPostgres()
  })
  afterAll(() => postgres.stop())
  const open = (address: string) => openPostgres(address, {clock: systemClock, password: postgres.password})

  /** As seen from another machine, where nobody can look whether the process runs. */
  const MOVE = `UPDATE locks SET host = 'elsewhere'`

  it('moves within half a minute of the last sign of life, and not before the dead one could know', async () => {
    const address = postgres.address()
    const [dying, next] = [await open(address), await open(address)]
    const lock = await dying.lock('sync t', 'mfa sync run')
    await next.db.run(MOVE)
    let lostAt = Infinity
    lock.lost.addEventListener('abort', () => (lostAt = performance.now()))
    // No heartbeat gets through any more; nothing was released.
    await dying.db.close()
    const died = performance.now()
    const end = new AbortController()
    const ui = new FakeUi()
    let ledAt = 0
    await leadInTurn(
      'sync t',
      {journal: next, clock: systemClock, ui},
      async () => {
        ledAt = performance.now()
        end.abort(new Error('seen enough'))
      },
      end.signal,
    )
    expect(ui.notes.join('\n')).toMatch(/works along: elsewhere \(process \d+\) leads since/)
    expect((ledAt - died) / 1000).toBeLessThan(30)
    // Had it been alive and cut off, it would have stopped writing before.
    expect(lostAt).toBeLessThan(ledAt - 5000)
    await next.close()
  }, 60_000)

  it('gives the lock of a tenant only when work that was lent out under it has ended', async () => {
    const address = postgres.address()
    const [one, other] = [await open(address), await open(address)]
    const lock = await one.lock('migrate t', 'mfa migrate')
    const leases = new PgLeases(one.db, systemClock, {renewal: 100, expiry: 2500, margin: 1500})
    const lease = await leases.take({name: 'migrate t', ticket: lock.ticket}, ['ann'])
    if (typeof lease === 'string') throw new Error(lease)
    let lost = false
    lease.lost.addEventListener('abort', () => (lost = true))
    await other.breakLock('migrate t')
    const next = await other.lock('migrate t', 'mfa undo')
    expect(lost).toBe(true)
    expect(() => lease.check()).toThrow(/lease .* was lost/)
    expect(await leases.take({name: 'migrate t', ticket: next.ticket}, ['ann'])).not.toBe('held')
    await one.close()
    await other.close()
  })

  it('is not waited for by a command that is stopped meanwhile', async () => {
    const address = postgres.address()
    const [one, other] = [await open(address), await open(address)]
    const lock = await one.lock('migrate t', 'mfa migrate')
    const lease = await new PgLeases(one.db, systemClock).take({name: 'migrate t', ticket: lock.ticket}, [
      'ann',
    ])
    expect(typeof lease).toBe('object')
    await lock.release()
    const stop = new AbortController()
    const asked = other.lock('migrate t', 'mfa undo', stop.signal)
    setTimeout(() => stop.abort(new Error('stopped')), 500)
    const began = performance.now()
    await expect(asked).rejects.toThrow('stopped')
    expect(performance.now() - began).toBeLessThan(3000)
    expect(await other.locks()).toEqual([])
    await one.close()
    await other.close()
  })

  it('comes back to a process that lost it while the database was away', async () => {
    const journal = await openPostgres(postgres.address(), {
      clock: systemClock,
      password: postgres.password,
      lockTiming: {heartbeat: 50, expiry: 600, margin: 300},
    })
    const lock = await journal.lock('sync t', 'mfa sync run')
    const run = journal.db.run.bind(journal.db)
    journal.db.run = () => Promise.reject(new Error('away'))
    await new Promise<void>((resolve) => lock.lost.addEventListener('abort', () => resolve(), {once: true}))
    await lock.release()
    journal.db.run = run
    const again = await journal.lock('sync t', 'mfa sync run')
    expect(again.ticket).not.toBe(lock.ticket)
    await journal.close()
  })

  it('is given up by a machine that was suspended, whose monotonic clock stood still meanwhile', async () => {
    let asleep = 0
    const clock: Clock = {...systemClock, now: () => new Date(Date.now() + asleep)}
    const {password} = postgres
    const lockTiming = {heartbeat: 50, expiry: 24_000, margin: 14_000}
    const journal = await openPostgres(postgres.address(), {clock, password, lockTiming})
    const lock = await journal.lock('migrate t', 'mfa migrate')
    const leases = new PgLeases(journal.db, clock)
    const lease = await leases.take({name: 'migrate t', ticket: lock.ticket}, ['ann'])
    if (typeof lease === 'string') throw new Error(lease)
    lease.check()
    asleep = 60_000
    expect(() => lease.check()).toThrow(/lease .* was lost/)
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(lock.lost.reason).toMatchObject({code: 'LOCK_LOST'})
    await journal.close()
  })

  it('does not turn on the clock of a machine', async () => {
    const address = postgres.address()
    const holder = await open(address)
    await holder.lock('sync t', 'mfa sync run')
    await holder.db.run(MOVE)
    const clock: Clock = {...systemClock, now: () => new Date(Date.now() + 3_600_000)}
    const ahead = await openPostgres(address, {clock, password: postgres.password})
    await expect(ahead.lock('sync t', 'mfa sync run')).rejects.toMatchObject({exit: 'locked'})
    // Told by the clock of whoever asks.
    const [seen] = await ahead.locks()
    expect(Math.abs(Date.parse(seen?.heartbeat ?? '') - clock.now().getTime())).toBeLessThan(5000)
    await ahead.close()
    await holder.close()
  })
})
