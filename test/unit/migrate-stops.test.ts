import {describe, expect, test} from 'vitest'
import {MfaError} from '../../src/lib/errors/mfa-error.js'
import {MemoryJournal} from '../fakes/memory-journal.js'
import {FakeUi} from '../fakes/ui.js'
import {inventoryToken, phone, seed, token} from '../fixtures/users.js'
import {
  allowing,
  codesOf,
  idOf,
  keyOf,
  resultOf,
  resultsOf,
  run,
  type World,
  world,
} from '../helpers/migration-world.js'

const crowd = (size: number): World =>
  world(
    Array.from({length: size}, (_, n) => {
      const number = String(n).padStart(4, '0')
      return {name: `u${number}`, server: {phone: phone(`425555${number}`)}}
    }),
  )

const lastRun = async ({journal}: World) => (await journal.runs())[0]

test("one user's failure does not stop the others (R2)", async () => {
  const at = crowd(5)
  at.tenant.fail('setPhone', 'refuse', {user: idOf('u0002')})
  const report = await run(at)
  expect(report.results.summary).toMatchObject({users: 5, migrated: 4, failed: 1})
  expect(resultOf(report, 'u0002')).toMatchObject({outcome: 'failed', actions: [{outcome: 'failed'}]})
  expect(await lastRun(at)).toMatchObject({status: 'finished', summary: {migrated: 4, failed: 1}})
})

test('a lock that cannot be released takes neither the report nor the error away', async () => {
  const at = crowd(2)
  const lock = at.journal.lock.bind(at.journal)
  at.journal.lock = async (...asked) => ({
    ...(await lock(...asked)),
    release: async () => {
      at.store.locks.clear()
      throw new Error('the state is away')
    },
  })
  await expect(run(at, {request: {group: 'no such group'}})).rejects.toMatchObject({exit: 'usage'})
  expect((await run(at)).results.summary).toMatchObject({users: 2, migrated: 2})
})

describe.each([
  ['auth', 'SIGNED_OUT'],
  ['unavailable', 'THROTTLED'],
] as const)('%s', (exit, code) => {
  test('stops the run; who was done is done', async () => {
    const at = crowd(200)
    at.tenant.fail('setPhone', new MfaError(code, 'no more', {exit}), {user: idOf('u0150')})
    const report = await run(at)
    expect(report.stop?.error).toMatchObject({exit, code})
    expect((await lastRun(at))?.status).toBe('stopped')
    const done = resultsOf(report)
    expect(done.length).toBeGreaterThan(50)
    expect(done.map(({outcome}) => outcome)).not.toContain('failed')
    expect(report.results.summary.users).toBe(done.length)
    expect(at.store.results.size).toBe(done.length)

    const writes = at.tenant.changes.length
    const next = await run(at)
    expect(next.stop).toBeUndefined()
    expect(next.results.summary).toMatchObject({users: 200, failed: 0, partly: 0})
    expect(at.tenant.changes.length).toBe(200)
    expect(writes).toBeLessThan(200)
  })
})

test('--errors-max stops, and says how to go on', async () => {
  const at = crowd(300)
  at.tenant.fail('setPhone', 'refuse', {times: 300})
  const report = await run(at, {input: {errorsMax: 3}})
  expect(report.stop?.error).toMatchObject({exit: 'refused', code: 'TOO_MANY_ERRORS'})
  expect(report.results.summary.failed).toBeGreaterThanOrEqual(3)
  expect(at.tenant.writes.length).toBeLessThan(200)
  expect((await lastRun(at))?.status).toBe('stopped')
})

test('users in doubt, and records that cannot be read, do not count as errors', async () => {
  const at = crowd(10)
  at.tenant.lag = {reads: 0, ms: 60_000}
  at.source.change(keyOf('u0001'), {mode: undefined})
  const report = await run(at, {input: {errorsMax: 1}})
  expect(report.stop).toBeUndefined()
  expect(report.results.summary).toMatchObject({users: 10, partly: 9, failed: 1})
})

test('an interrupt starts nothing new, ends what is under way, and the same command goes on', async () => {
  const at = crowd(300)
  const stop = new AbortController()
  const interrupted = new MfaError('INTERRUPTED', 'stopped', {exit: 'interrupted'})
  let atAbort = 0
  at.tenant.onWrite = (_, when) => {
    if (when !== 'after' || at.tenant.changes.length < 100 || stop.signal.aborted) return
    stop.abort(interrupted)
    atAbort = at.tenant.writes.length
  }
  const report = await run(at, {signal: stop.signal})
  expect(report.stop?.error).toBe(interrupted)
  expect((await lastRun(at))?.status).toBe('interrupted')
  expect(at.tenant.writes.length).toBeLessThanOrEqual(atAbort + 1)
  expect(at.store.locks.size).toBe(0)
  const next = await run(at)
  expect({resumed: next.resumed, run: next.run}).toEqual({resumed: true, run: report.run})
  expect(next.results.summary).toMatchObject({users: 300, failed: 0, partly: 0})
  expect(at.tenant.changes.length).toBe(300)
  expect((await lastRun(at))?.status).toBe('finished')
})

test('an answer that comes right after the interrupt is not thrown away', async () => {
  const at = crowd(1)
  const stop = new AbortController()
  at.clock.sleep = (_, signal) =>
    new Promise((_resolve, reject) => {
      signal?.addEventListener('abort', () => reject(new Error('woken')))
    })
  at.tenant.onWrite = (_, when) => void (when === 'before' && stop.abort(new Error('interrupt')))
  await run(at, {signal: stop.signal})
  const [run1] = await at.journal.runs()
  const outcomes = []
  if (run1 !== undefined)
    for await (const {outcome} of at.journal.actions(run1.id)) outcomes.push(outcome?.status)
  expect(outcomes).toEqual(['done'])
})

test('an interrupt while planning: nothing was begun', async () => {
  const at = crowd(5)
  const stop = new AbortController()
  at.source.onUsers = () => stop.abort(new Error('interrupt'))
  await expect(run(at, {signal: stop.signal})).rejects.toThrow('interrupt')
  expect(at.store.runs.size + at.store.locks.size + at.tenant.writes.length).toBe(0)
})

test('a lock held by another run ends this one before anything but the tenant id is read', async () => {
  const at = crowd(3)
  const lock = await at.journal.lock(`migrate ${at.tenant.id}`, 'mfa migrate elsewhere')
  await expect(run(at, {input: {sourceLabel: 'other spelling'}})).rejects.toMatchObject({exit: 'locked'})
  expect([...at.tenant.counts.keys()]).toEqual(['tenantId'])
  await lock.release()
  expect((await run(at)).stop).toBeUndefined()
})

test('a lock that is lost stops the run and leaves its end to whoever has the lock now', async () => {
  const at = crowd(300)
  const {journal} = at
  at.tenant.onWrite = () => {
    if (at.tenant.changes.length === 50)
      at.store.locks
        .get(`migrate ${at.tenant.id}`)
        ?.lost.abort(new MfaError('LOCK_LOST', 'lost', {exit: 'locked'}))
  }
  const report = await run(at)
  expect(report.stop?.error).toMatchObject({exit: 'locked'})
  expect(at.tenant.writes.length).toBeLessThan(200)
  expect((await journal.runs())[0]?.status).toBe('open')
})

test('declined: nothing was changed, no run was begun', async () => {
  const at = crowd(2)
  await expect(run(at, {input: {yes: false}, ui: new FakeUi([false])})).rejects.toMatchObject({
    exit: 'declined',
  })
  expect(at.store.runs.size + at.tenant.writes.length).toBe(0)
})

test('a record that changes between plan and apply is not written', async () => {
  const at = allowing(
    world([
      {name: 'ann', server: {oathTokens: [token('T-1', {secret: seed(1)})]}},
      {name: 'bob', server: {phone: phone('4255550100')}},
    ]),
  )
  at.source.onUsers = () => {
    if (at.source.asked.length === 2)
      at.source.change(keyOf('ann'), {oathTokens: [token('T-1', {secret: seed(2)})]})
  }
  const report = await run(at)
  expect(resultOf(report, 'ann')).toMatchObject({outcome: 'failed'})
  expect(codesOf(resultOf(report, 'ann'))).toContain('changed-since')
  expect(resultOf(report, 'bob').outcome).toBe('migrated')
  expect(at.tenant.inventory).toEqual([])
  const next = await run(at)
  expect(resultOf(next, 'ann').outcome).toBe('migrated')
})

test('a refused activation is taken back; what needs it is left out, the rest goes on', async () => {
  const at = allowing(
    world([
      {
        name: 'ann',
        server: {
          mode: 'oathToken',
          phone: phone('4255550100'),
          oathTokens: [token('T-1', {secret: seed(1)})],
        },
      },
    ]),
  )
  at.tenant.policy = {
    ...at.tenant.policy,
    configurations: at.tenant.policy.configurations.filter(({method}) => method === 'hardwareOath'),
  }
  at.tenant.addToken(inventoryToken('T-1'), seed(9))
  const report = await run(at)
  const outcomes = resultOf(report, 'ann').actions.map(({kind, outcome, error}) => [
    kind,
    outcome,
    error?.code,
  ])
  expect(outcomes).toEqual([
    ['set-phone', 'done', undefined],
    ['assign-token', 'done', undefined],
    ['activate-token', 'failed', 'activation-refused'],
    ['unassign-token', 'done', undefined],
    ['set-default', 'failed', 'needs-failed'],
  ])
  expect(resultOf(report, 'ann').outcome).toBe('partly')
  expect(codesOf(resultOf(report, 'ann'))).toContain('activation-refused')
  expect(at.tenant.inventory).toMatchObject([{serialNumber: 'T-1', status: 'available'}])
})

test('a token that was assigned before stays assigned when its code is refused', async () => {
  const at = allowing(world([{name: 'ann', server: {oathTokens: [token('T-1', {secret: seed(1)})]}}]))
  at.tenant.addToken(inventoryToken('T-1', {assignedTo: idOf('ann'), status: 'assigned'}), seed(9))
  await run(at)
  expect(at.tenant.count('unassignToken')).toBe(0)
  expect(at.tenant.inventory).toMatchObject([{status: 'assigned', assignedTo: idOf('ann')}])
})

test('5,000 users, never more than a pool full under way', async () => {
  const at = crowd(5000)
  // The journal in memory compares every number with all the others before it keeps it.
  const journal = new MemoryJournal(at.clock, at.store)
  const outcome = journal.outcome.bind(journal)
  journal.outcome = (of, user, action, {remember: _remember, ...result}, when) =>
    outcome(of, user, action, result, when)
  const report = await run(at, {deps: {journal}})
  expect(report.results.summary).toMatchObject({users: 5000, migrated: 5000})
  expect(at.tenant.mostUnderWay).toBeGreaterThan(20)
  expect(at.tenant.mostUnderWay).toBeLessThanOrEqual(80)
})
