import {describe, expect, it} from 'vitest'

import type {RunId} from '../../src/lib/model/brand.js'
import type {MigrateReport} from '../../src/lib/migration/migrate.js'
import {work} from '../../src/lib/migration/work.js'
import {MemoryLeases, MemoryWork, MemoryWorkQueue} from '../fakes/memory-work-queue.js'
import {FakeSource} from '../fakes/fake-source.js'
import {memoryScratch} from '../fakes/memory-scratch.js'
import {FakeUi} from '../fakes/ui.js'
import {device, inventoryToken, phone, seed, token} from '../fixtures/users.js'
import {collect} from '../helpers/collect.js'
import {killAt} from '../helpers/kill-switch.js'
import {allowing, type Asked, codesOf, idOf, keyOf, type Person, resultOf, run, type World, world} from '../helpers/migration-world.js' // prettier-ignore

const MANY = 50

const number = (n: number): string => `425555${String(1000 + n)}`

/** Phones, tokens and app codes by turns. */
function people(count = MANY): readonly Person[] {
  return Array.from({length: count}, (_, n): Person => {
    const name = `u${String(n).padStart(3, '0')}`
    if (n % 5 === 3)
      return {
        name,
        server: {mode: 'oathToken', oathTokens: [token(`T-${n}`, {secret: seed(n), timeInterval: 30})]},
      }
    if (n % 5 === 4)
      return {name, server: {mode: 'phoneApp', devices: [device('iPhone', {oathSecret: seed(100 + n)})]}}
    return {name, server: {mode: 'smsText', phone: phone(number(n))}}
  })
}

interface Crew {
  readonly at: World
  readonly work: MemoryWork
  readonly ui: FakeUi
  /** Another worker, with a queue of its own; `stop` ends it well, `die` at once. */
  join(more?: {readonly seeds?: boolean; readonly journal?: World['journal']}): {
    stop(): Promise<void>
    die(): Promise<void>
  }
  lead(asked?: Asked & {readonly seeds?: boolean}): Promise<MigrateReport>
}

function crew(persons: readonly Person[] = people()): Crew {
  const at = allowing(world(persons))
  // Others get their turn while somebody sleeps.
  const sleep = at.clock.sleep.bind(at.clock)
  at.clock.sleep = async (ms, signal) => {
    await new Promise((resolve) => setImmediate(resolve))
    await sleep(ms, signal)
  }
  const shared = new MemoryWork()
  const leases = new MemoryLeases(shared, (name) => at.store.locks.get(name)?.ticket)
  const ui = new FakeUi()
  return {
    at,
    work: shared,
    ui,
    join({seeds = false, journal = at.journal} = {}) {
      const end = new AbortController()
      const queue = new MemoryWorkQueue(shared)
      const {tenant, source, clock} = at
      const working = work(
        {
          queue,
          leases,
          lock: `migrate ${tenant.id}`,
          journal,
          directory: tenant,
          writer: () => tenant,
          openSource: async () => Object.assign(new FakeSource(source.list), {onUsers: source.onUsers}),
          openScratch: memoryScratch,
          seeds,
          clock,
          ui,
        },
        end.signal,
      )
      return {
        stop: async () => {
          end.abort(new Error('stopped'))
          await working
        },
        die: async () => {
          await queue.close()
          end.abort(new Error('died'))
          await working
          // Its leases end some time after its last sign of life.
          shared.leases.clear()
        },
      }
    },
    lead: ({seeds = false, ...asked} = {}) =>
      run(at, {...asked, deps: {workers: {queue: new MemoryWorkQueue(shared), seeds}, ...asked.deps}}),
  }
}

/** What was changed, in any order. */
const changed = ({tenant}: World): readonly string[] =>
  tenant.changes
    .map(({verb, user, target}) => `${verb} ${user ?? ''} ${target.replace(/made-\d+/, 'made')}`)
    .toSorted()

async function alone(persons = people()): Promise<{readonly at: World; readonly report: MigrateReport}> {
  const at = allowing(world(persons))
  return {at, report: await run(at)}
}

describe('handing out', () => {
  it('comes to the same as working alone: writes, results and what is remembered', async () => {
    const one = await alone()
    const many = crew()
    const workers = [many.join(), many.join(), many.join()]
    const report = await many.lead()
    for (const worker of workers) await worker.stop()
    expect(report.stop).toBeUndefined()
    expect(report.results.summary).toEqual(one.report.results.summary)
    const results = ({results}: MigrateReport) => [...results.users.entries()].map(([key, user]) => [key, user.outcome, user.actions]) // prettier-ignore
    expect(results(report)).toEqual(results(one.report))
    expect(changed(many.at)).toEqual(changed(one.at))
    expect([...many.at.store.migrated.keys()].toSorted()).toEqual(
      [...one.at.store.migrated.keys()].toSorted(),
    )
    expect(many.work.jobs).toEqual([])
    expect(many.work.leases.size).toBe(0)
    const again = await run(many.at)
    expect(again.results.summary).toMatchObject({unchanged: MANY, migrated: 0})
  })

  it('of a round leaves results of those who were handed out, and of nobody else about whom nothing is new', async () => {
    const {at, lead, join} = crew(people(10))
    const workers = [join(), join()]
    const asked = {input: {kind: 'sync' as const}}
    const told = async ({run: id}: MigrateReport) =>
      (await collect(at.journal.userResults(id as RunId))).map(({user, outcome}) => `${user} ${outcome}`)
    expect(await told(await lead(asked))).toHaveLength(10)
    at.source.change(keyOf('u001'), {phone: phone('4255550199')})
    const second = await lead(asked)
    expect(await told(second)).toEqual(['id-u001 migrated'])
    expect(second.results.summary).toMatchObject({users: 10, migrated: 1, unchanged: 9})
    const third = await lead(asked)
    expect(await told(third)).toEqual([])
    expect(third.results.summary).toMatchObject({users: 10, unchanged: 10})
    for (const worker of workers) await worker.stop()
  })

  it('puts neither a number nor a secret into the queue', async () => {
    const {at, lead, work} = crew()
    const seen: string[] = []
    const stop = new AbortController()
    const put = lead({signal: stop.signal})
    while (work.jobs.length === 0) await new Promise((resolve) => setImmediate(resolve))
    seen.push(...work.jobs.map(({data}) => data))
    stop.abort(new Error('enough'))
    await put
    const text = seen.join('\n')
    expect(text).toContain('u000@contoso.com')
    expect(text).not.toContain('425555')
    for (let n = 0; n < MANY; n++) expect(text).not.toContain(seed(n).reveal())
    expect(at.tenant.writes).toEqual([])
  })

  it('loses nothing and writes nothing twice when workers die half-way', async () => {
    const one = await alone()
    for (let nth = 5; nth < 250; nth += 35) {
      const many = crew()
      const kill = killAt(many.at, nth)
      const dying = many.join({journal: kill.journal})
      const leading = many.lead()
      while (kill.steps() < nth && many.at.store.results.size < MANY) await many.at.clock.sleep(1)
      await dying.die()
      many.at.tenant.onRead = () => {}
      many.at.tenant.onWrite = () => {}
      many.at.source.onUsers = () => {}
      const next = many.join()
      const report = await leading
      await next.stop()
      expect(report.results.summary, `killed at ${nth}`).toMatchObject({users: MANY, failed: 0, partly: 0})
      expect(changed(many.at), `killed at ${nth}`).toEqual(changed(one.at))
    }
  })

  it('writes nothing for a package that comes a second time', async () => {
    const {at, join, lead, work} = crew(people(10))
    const first = join()
    const leading = lead()
    await leading
    await first.stop()
    const writes = at.tenant.writes.length
    expect(writes).toBeGreaterThan(0)
    // As if the word that it is done had been lost.
    const stop = new AbortController()
    at.store.migrated.clear()
    const again = lead({signal: stop.signal})
    const second = join()
    const report = await again
    await second.stop()
    expect(report.results.summary).toMatchObject({failed: 0, partly: 0})
    expect(at.tenant.writes).toHaveLength(writes)
    expect(work.jobs).toEqual([])
  })

  it('stops workers when the lock of their leader is gone', async () => {
    const {at, join, lead, work} = crew()
    const worker = join()
    const seen = Promise.withResolvers<void>()
    at.tenant.onWrite = () => {
      if (at.tenant.writes.length !== 10) return
      at.store.locks.delete(`migrate ${at.tenant.id}`)
      seen.resolve()
    }
    const stop = new AbortController()
    const leading = lead({signal: stop.signal})
    await seen.promise
    for (let n = 0; n < 50; n++) await at.clock.sleep(1)
    // Each of those who were at it may have had one request under way.
    expect(at.tenant.writes.length).toBeLessThan(10 + 80)
    const then = at.tenant.writes.length
    for (let n = 0; n < 200; n++) await at.clock.sleep(1)
    expect(at.tenant.writes).toHaveLength(then)
    expect(work.jobs.filter(({state}) => state === 'done').length).toBeLessThan(3)
    stop.abort(new Error('over'))
    await leading
    await worker.stop()
  })

  it('ends after too many errors, and takes back what nobody has begun', async () => {
    const {at, join, lead, work} = crew()
    for (let n = 0; n < MANY; n++) at.tenant.fail('setPhone', 'refuse', {user: idOf(`u${String(n).padStart(3, '0')}`), times: 9}) // prettier-ignore
    const worker = join()
    const report = await lead({input: {errorsMax: 5}})
    await worker.stop()
    expect(report.stop?.error).toMatchObject({code: 'TOO_MANY_ERRORS'})
    expect(work.jobs).toEqual([])
    expect(report.results.summary.failed).toBeGreaterThanOrEqual(5)
  })

  it('does not take work for done that somebody else took back', async () => {
    const {lead, work} = crew()
    const leading = lead()
    while (work.jobs.length < 3) await new Promise((resolve) => setImmediate(resolve))
    await new MemoryWorkQueue(work).withdraw({allBut: 'somebody else'})
    const report = await leading
    expect(report.stop?.error).toMatchObject({code: 'LOCK_LOST', exit: 'locked'})
  })

  it('begins nobody new once the time is over, and lets those under way finish', async () => {
    const {at, join, lead, work} = crew(people(200))
    at.tenant.onWrite = async () => {
      at.clock.advance(1000)
      await new Promise((resolve) => setImmediate(resolve))
    }
    const worker = join()
    const report = await lead({input: {maxDurationMs: 2000}})
    await worker.stop()
    expect(report.stop?.error).toMatchObject({code: 'MAX_DURATION'})
    expect(work.jobs).toEqual([])
    expect(await run(at).then(({results}) => results.summary)).toMatchObject({failed: 0, partly: 0})
  })

  it('takes up what a leader who died had handed out, before anything is planned again', async () => {
    const {at, join, lead, work} = crew(people(100))
    const stop = new AbortController()
    const first = lead({signal: stop.signal})
    while (work.jobs.length < 5) await new Promise((resolve) => setImmediate(resolve))
    // It dies: nothing is withdrawn, its lock goes to somebody else.
    const left = work.jobs.map((job) => ({...job}))
    stop.abort(new Error('killed'))
    await first
    for (const job of left) work.jobs.push({...job, state: 'waiting'})
    const worker = join()
    const report = await lead()
    await worker.stop()
    expect(report.stop).toBeUndefined()
    expect(report.results.summary).toMatchObject({users: 100, migrated: 100, failed: 0})
    expect(report.resumed).toBe(true)
    expect(work.jobs).toEqual([])
    // Once each, by the workers: the new leader found nobody left to be written.
    const plans = [...report.collected.plans.entries()].map(([, plan]) => plan)
    expect(plans.every(({outcome, actions}) => outcome === 'unchanged' && actions.length === 0)).toBe(true)
    const changes = changed(at)
    expect(new Set(changes).size).toBe(changes.length)
  })

  it('takes up nothing that was handed out for another request', async () => {
    const {at, join, lead, work} = crew(people(40))
    const stop = new AbortController()
    const first = lead({signal: stop.signal})
    while (work.jobs.length < 2) await new Promise((resolve) => setImmediate(resolve))
    const left = work.jobs.map((job) => ({...job}))
    stop.abort(new Error('killed'))
    await first
    for (const job of left) work.jobs.push({...job, state: 'waiting'})
    const worker = join()
    const report = await lead({request: {users: ['u000@contoso.com']}})
    await worker.stop()
    expect(report.results.summary).toMatchObject({users: 1, migrated: 1})
    expect(at.store.migrated.size).toBe(1)
    expect(work.jobs).toEqual([])
  })

  it('says what the workers said when they give up', async () => {
    const {at, join, lead} = crew(people(5))
    at.tenant.onRead = () => {
      if (at.store.runs.size > 0) throw new Error('the tenant cannot be read here')
    }
    const worker = join()
    const report = await lead()
    await worker.stop()
    expect(report.stop?.error).toMatchObject({code: 'WORK_GIVEN_UP'})
    expect(report.stop?.error).toMatchObject({
      message: expect.stringContaining('the tenant cannot be read here'),
    })
  })

  it('does not let a machine without seeds write for a leader who has some', async () => {
    const {at, join, lead, ui} = crew(people(5))
    const without = join({seeds: false})
    const leading = lead({seeds: true})
    while (ui.notes.length === 0) await at.clock.sleep(1)
    expect(at.tenant.writes).toEqual([])
    expect(ui.events.some((event) => 'text' in event && /this machine has none/.test(event.text))).toBe(true)
    await without.stop()
    const having = join({seeds: true})
    expect((await leading).results.summary).toMatchObject({users: 5, migrated: 5})
    await having.stop()
  })

  it('tells workers which tokens several users claim (O1)', async () => {
    const both = {
      mode: 'oathToken' as const,
      oathTokens: [token('T-9', {secret: seed(9), timeInterval: 30 as const})],
    }
    const persons = [
      {name: 'ann', server: {...both, phone: phone(number(1))}},
      {name: 'bob', server: {...both, phone: phone(number(2))}},
    ]
    const {at, join, lead} = crew(persons)
    at.tenant.addToken(inventoryToken('T-9'), seed(9))
    const worker = join()
    const report = await lead()
    await worker.stop()
    for (const name of ['ann', 'bob']) expect(codesOf(resultOf(report, name))).toContain('token-shared')
    expect(at.tenant.writes.filter(({verb}) => verb === 'assignToken')).toEqual([])
  })

  it('reads the record at the worker: what changed since the leader looked is written as it is now', async () => {
    const {at, join, lead, work} = crew(people(1))
    const leading = lead()
    while (work.jobs.length === 0) await at.clock.sleep(1)
    at.source.change(keyOf('u000'), {phone: phone('4255559999')})
    const worker = join()
    await leading
    await worker.stop()
    expect(at.tenant.writes.map(({verb}) => verb)).toContain('setPhone')
    expect(
      (await at.tenant.methods([idOf('u000')], new AbortController().signal)).get(idOf('u000')),
    ).toMatchObject({
      phones: [{number: '+1 4255559999'}],
    })
  })
})
