import {connect, createServer, type AddressInfo, type Socket} from 'node:net'

import {afterAll, beforeAll, describe, expect, it} from 'vitest'

import type {ActionId, ObjectId} from '../../src/lib/model/brand.js'
import type {RunStart} from '../../src/lib/ports/journal.js'
import {openPostgres} from '../../src/lib/state/postgres/open-postgres.js'
import type {PgJournal} from '../../src/lib/state/postgres/pg-journal.js'
import {systemClock} from '../../src/system-clock.js'
import {newPlace} from '../helpers/mfa.js'
import {hasPostgres, startPostgres, type TestPostgres} from '../helpers/postgres.js'

const START: RunStart = {
  kind: 'sync',
  tenantId: 't',
  sourceLabel: 's',
  sourceFingerprint: 'f',
  options: {},
  resumeKey: 'k',
  startedAt: '2026-03-01T00:00:00.000Z',
}

describe.skipIf(!hasPostgres)('a PostgreSQL that restarts', () => {
  let postgres: TestPostgres
  beforeAll(async () => {
    postgres = await startPostgres()
  })
  afterAll(() => postgres.stop())
  const open = (address: string, patienceMs?: number) =>
    openPostgres(address, {clock: systemClock, password: postgres.password, patienceMs})

  it('loses nothing that was written, and nobody notices but by the wait', async () => {
    const journal = await open(postgres.address())
    const {run} = await journal.beginRun(START)
    const at = START.startedAt
    let restarted = false
    for (let n = 0; n < 60; n++) {
      const action = `a${n}` as ActionId
      const user = 'u' as ObjectId
      const intent = {
        run: run.id,
        user,
        userPrincipalName: 'u@contoso.com',
        action,
        intent: {n},
        intentAt: at,
      }
      await journal.intent(intent)
      if (n === 20) {
        postgres.restart()
        restarted = true
      }
      await journal.outcome(run.id, user, action, {outcome: {status: 'done'}}, at)
    }
    const seen = new Map<string, string | undefined>()
    for await (const {action, outcome} of journal.actions(run.id)) seen.set(action, outcome?.status)
    expect(restarted).toBe(true)
    expect([...seen.values()].filter((status) => status === 'done')).toHaveLength(60)
    await journal.close()
  })

  it('ends the command with what to do where it stays away', async () => {
    const journal = await open(postgres.address(), 500)
    const other = await startPostgres()
    const gone = await openPostgres(other.address(), {
      clock: systemClock,
      password: other.password,
      patienceMs: 500,
    })
    other.stop()
    await expect(gone.runs()).rejects.toMatchObject({code: 'STATE_UNREACHABLE', exit: 'unavailable'})
    await gone.close()
    await journal.close()
  })

  it('is brought up to date by two machines at the same moment', async () => {
    const address = postgres.address()
    const journals = await Promise.all([open(address), open(address), open(address)])
    expect(await journals[0].runs()).toEqual([])
    await Promise.all(journals.map((journal) => journal.close()))
  })

  it('gives a lock to one of many who come at the same moment', async () => {
    const address = postgres.address()
    const journals = await Promise.all([open(address), open(address), open(address)])
    const taken = await Promise.allSettled(journals.map((journal) => journal.lock('sync t', 'mfa sync run')))
    expect(taken.filter(({status}) => status === 'fulfilled')).toHaveLength(1)
    await Promise.all(journals.map((journal) => journal.close()))
  })

  it('ends with what to do where there is no password at all', async () => {
    const place = await newPlace()
    const {code, stderr} = await place.mfa(['runs', 'list', '--state', postgres.address()])
    expect({code, stderr}).toMatchObject({code: 64})
    expect(stderr).toContain('PGPASSWORD or a passfile')
    await place.remove()
  })

  it('is waited for no longer than a command that ends has time', async () => {
    const other = await startPostgres()
    const journal = await openPostgres(other.address(), {clock: systemClock, password: other.password})
    other.stop()
    const began = performance.now()
    const asked = journal.runs()
    journal.db.hurry(500)
    await expect(asked).rejects.toMatchObject({code: 'STATE_UNREACHABLE'})
    await expect(journal.runs()).rejects.toMatchObject({code: 'STATE_UNREACHABLE'})
    expect(performance.now() - began).toBeLessThan(5000)
    await journal.close()
  })

  it.each([
    ['outside a transaction', (journal: PgJournal) => journal.runs()],
    ['inside one', (journal: PgJournal) => journal.beginRun(START)],
  ])('is asked anew where an answer never comes, %s', async (_, ask) => {
    const way = await wayTo(postgres.port)
    const address = postgres.address().replace(`:${postgres.port}`, `:${way.port}`)
    const {password} = postgres
    const journal = await openPostgres(address, {clock: systemClock, password, answerMs: 300})
    await ask(journal)
    way.freeze()
    await ask(journal)
    // A goodbye that nobody hears holds nobody up either.
    way.freeze()
    const began = performance.now()
    await journal.close()
    expect(performance.now() - began).toBeLessThan(5000)
    way.close()
  })

  it('ends the command where no answer comes at all', async () => {
    const way = await wayTo(postgres.port)
    const address = postgres.address().replace(`:${postgres.port}`, `:${way.port}`)
    const {password} = postgres
    const journal = await openPostgres(address, {
      clock: systemClock,
      password,
      answerMs: 300,
      patienceMs: 200,
    })
    way.freeze()
    await expect(journal.beginRun(START)).rejects.toMatchObject({code: 'STATE_UNREACHABLE'})
    await journal.close()
    way.close()
  })

  it.each([
    ['postgres://app@db.example.com/x?sslmode=disable', 'sslmode=disable would send everything in the clear'],
    ['postgres://app@127.0.0.1/x?sslmode=prefer', 'sslmode=prefer is not known here'],
    ['postgres://app@127.0.0.1/x?schema=a;b', 'no plain name'],
    ['postgres://app@127.0.0.1/x?password=invented', '"password" in the address is not known here'],
    ['postgres://app@127.0.0.1/x?ssl_mode=verify-full', '"ssl_mode" in the address is not known here'],
  ])('%s is refused', async (address, message) => {
    await expect(open(address)).rejects.toThrow(message)
  })
})

/** A way to the server that may go silent without closing, as behind a firewall that forgets what it let through. */
async function wayTo(port: number): Promise<{readonly port: number; freeze(): void; close(): void}> {
  const open = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    near.pipe(far).pipe(near)
    for (const each of [near, far]) {
      open.add(each)
      each.on('error', () => {})
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    freeze: () => {
      for (const each of open) each.unpipe().on('data', () => {})
    },
    close: () => {
      for (const each of open) each.destroy()
      server.close()
    },
  }
}
