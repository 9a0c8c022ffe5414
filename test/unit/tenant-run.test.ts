import {describe, expect, it} from 'vitest'

import {happened, pastChanges} from '../../src/lib/changes/past-changes.js'
import type {ChangeHandling, SentChange, TenantChange} from '../../src/lib/changes/tenant-change.js'
import {inTenantRun, type TenantRunStart} from '../../src/lib/changes/tenant-run.js'
import {MfaError} from '../../src/lib/errors/mfa-error.js'
import {FakeClock} from '../fakes/clock.js'
import {journalStore, MemoryJournal, type JournalStore} from '../fakes/memory-journal.js'

const START: TenantRunStart = {
  kind: 'federation',
  tenantId: 'tenant-1',
  command: 'mfa federation set',
  options: {domain: 'contoso.com', to: 'reject'},
  consistencyMs: 5000,
}
const CHANGE: TenantChange = {
  id: 'set-federation contoso.com',
  kind: 'set-federation',
  target: {id: 'contoso.com', name: 'contoso.com'},
  before: null,
  after: 'reject',
  says: 'set contoso.com to reject',
}
const unknown: SentChange = {outcome: {status: 'unknown', code: 'LOST', message: 'the answer was lost'}}
const refused: SentChange = {outcome: {status: 'failed', code: 'Request_BadRequest', message: 'no'}}
const done: SentChange = {outcome: {status: 'done'}}
const never = new AbortController().signal

/** A service that keeps what lands and answers as the script says. */
function service(script: readonly {readonly answer: SentChange | Error; readonly lands: boolean}[]) {
  const state = {value: undefined as string | undefined, sent: 0, looked: 0}
  const handling: ChangeHandling = {
    async send() {
      const step = script[state.sent++]
      if (step === undefined) throw new Error('sent more often than expected')
      if (step.lands) state.value = 'reject'
      if (step.answer instanceof Error) throw step.answer
      return step.answer
    },
    async shows() {
      state.looked += 1
      return state.value === 'reject' ? {made: {id: 'made-1'}} : undefined
    },
  }
  return {state, handling}
}

const world = (store: JournalStore = journalStore()) => {
  const clock = new FakeClock()
  return {clock, store, deps: {journal: new MemoryJournal(clock, store), clock}}
}

async function all(store: JournalStore) {
  const found = []
  const journal = new MemoryJournal(new FakeClock(), store)
  for await (const past of pastChanges(journal, 'tenant-1', ['federation'])) found.push(past)
  return found
}

describe('a change of the tenant', () => {
  it('is on record before and after it is sent, with what was there before', async () => {
    const {deps, store} = world()
    const {handling, state} = service([{answer: done, lands: true}])
    const applied = await inTenantRun(START, deps, never, (run) => run.apply(CHANGE, handling))
    expect(applied).toEqual({outcome: {status: 'done'}, made: {id: 'made-1'}, visible: true})
    expect(state.sent).toBe(1)
    const past = await all(store)
    expect(past.map(({change, outcome}) => ({change, outcome}))).toEqual([
      {change: CHANGE, outcome: {status: 'done'}},
    ])
    expect(past.every(happened)).toBe(true)
    expect([...store.runs.values()].map(({status}) => status)).toEqual(['finished'])
  })

  it('leaves no run behind where nothing was changed', async () => {
    const {deps, store} = world()
    await inTenantRun(START, deps, never, async () => undefined)
    expect(store.runs.size).toBe(0)
    expect(store.locks.size).toBe(0)
  })

  it('is looked for after a lost answer, and not sent again where it landed', async () => {
    const {deps} = world()
    const {handling, state} = service([{answer: unknown, lands: true}])
    const applied = await inTenantRun(START, deps, never, (run) => run.apply(CHANGE, handling))
    expect(applied).toEqual({outcome: {status: 'done'}, made: {id: 'made-1'}, visible: true})
    expect(state.sent).toBe(1)
  })

  it('is sent again once where a lost answer left no trace', async () => {
    const {deps, store} = world()
    const {handling, state} = service([
      {answer: unknown, lands: false},
      {answer: done, lands: true},
    ])
    const applied = await inTenantRun(START, deps, never, (run) => run.apply(CHANGE, handling))
    expect(applied.outcome.status).toBe('done')
    expect(state.sent).toBe(2)
    expect((await all(store)).map(({outcome}) => outcome?.status)).toEqual(['unknown', 'done'])
  })

  it('counts as done where the second sending is refused because the first one landed late', async () => {
    const {deps} = world()
    const {handling, state} = service([
      {answer: unknown, lands: false},
      {answer: refused, lands: true},
    ])
    const applied = await inTenantRun(START, deps, never, (run) => run.apply(CHANGE, handling))
    expect(applied.outcome.status).toBe('done')
    expect(state.sent).toBe(2)
  })

  it('stays in doubt, and says so, where it never shows', async () => {
    const {deps, store} = world()
    const {handling} = service([
      {answer: unknown, lands: false},
      {answer: unknown, lands: false},
    ])
    const work = inTenantRun(START, deps, never, (run) => run.mustApply(CHANGE, handling))
    await expect(work).rejects.toMatchObject({code: 'CHANGE_IN_DOUBT', exit: 'partial'})
    expect([...store.runs.values()].map(({status}) => status)).toEqual(['interrupted'])
  })

  const unreachable = new MfaError('GRAPH_UNREACHABLE', 'no answer', {exit: 'unavailable'})
  it.each([
    ['stayed in doubt', [unknown, unknown]],
    ['ended with a lost connection', [unreachable]],
  ] as const)('that %s is looked for by the same command, and not sent again', async (_what, answers) => {
    const {deps, store} = world()
    const script = answers.map((answer) => ({answer, lands: false}))
    const {handling, state} = service(script)
    const first = inTenantRun(START, deps, never, (run) => run.mustApply(CHANGE, handling))
    await expect(first).rejects.toBeInstanceOf(MfaError)
    expect(state.sent).toBe(script.length)
    // It lands late, after the command has ended.
    state.value = 'reject'
    const again = world(store)
    const applied = await inTenantRun(START, again.deps, never, (run) => run.mustApply(CHANGE, handling))
    expect(applied.outcome.status).toBe('done')
    expect(state.sent).toBe(script.length)
    expect([...store.runs.values()].map(({status}) => status)).toEqual(['finished'])
  })

  it('that is in doubt beside one that was refused keeps the run to be taken up', async () => {
    const {deps, store} = world()
    const other = {...CHANGE, id: 'set-federation fabrikam.com'}
    const doubtful = service([
      {answer: unknown, lands: false},
      {answer: unknown, lands: false},
    ])
    const refusing = service([{answer: refused, lands: false}])
    const work = inTenantRun(START, deps, never, async (run) => {
      await run.apply(CHANGE, doubtful.handling)
      await run.mustApply(other, refusing.handling)
    })
    await expect(work).rejects.toMatchObject({code: 'CHANGE_REFUSED'})
    expect([...store.runs.values()].map(({status}) => status)).toEqual(['interrupted'])
  })

  it('is refused without being looked for', async () => {
    const {deps, store} = world()
    const {handling, state} = service([{answer: refused, lands: false}])
    const work = inTenantRun(START, deps, never, (run) => run.mustApply(CHANGE, handling))
    await expect(work).rejects.toMatchObject({code: 'CHANGE_REFUSED', exit: 'partial'})
    expect(state.looked).toBe(0)
    expect([...store.runs.values()].map(({status}) => status)).toEqual(['stopped'])
  })

  it('goes on record as not done where a permission is missing', async () => {
    const {deps, store} = world()
    const forbidden = new MfaError('GRAPH_FORBIDDEN', 'no permission', {exit: 'auth'})
    const {handling} = service([{answer: forbidden, lands: false}])
    const work = inTenantRun(START, deps, never, (run) => run.apply(CHANGE, handling))
    await expect(work).rejects.toBe(forbidden)
    expect((await all(store)).map(({outcome}) => outcome?.status)).toEqual(['failed'])
    expect([...store.runs.values()].map(({status}) => status)).toEqual(['stopped'])
  })
})

describe('the same command after a kill', () => {
  /** As a killed process leaves it: an open run, an intent, no outcome, and the lock gone with the process. */
  async function killedAfterSending(lands: boolean) {
    const store = journalStore()
    const {handling, state} = service([
      {answer: new Error('killed'), lands},
      {answer: done, lands: true},
    ])
    const first = world(store)
    await inTenantRun(START, first.deps, never, (run) => run.apply(CHANGE, handling)).catch(() => {})
    for (const [id, run] of store.runs) store.runs.set(id, {...run, status: 'open'})
    return {store, handling, state}
  }

  it('takes the run up and sends nothing again where the change landed', async () => {
    const {store, handling, state} = await killedAfterSending(true)
    const second = world(store)
    const applied = await inTenantRun(START, second.deps, never, (run) => run.apply(CHANGE, handling))
    expect(applied.outcome.status).toBe('done')
    expect(state.sent).toBe(1)
    expect([...store.runs.values()].map(({status}) => status)).toEqual(['finished'])
  })

  it('sends what did not land', async () => {
    const {store, handling, state} = await killedAfterSending(false)
    const second = world(store)
    await inTenantRun(START, second.deps, never, (run) => run.apply(CHANGE, handling))
    expect(state.sent).toBe(2)
    expect(state.value).toBe('reject')
  })

  it('ends a run in which nothing was left to do', async () => {
    const {store} = await killedAfterSending(true)
    const second = world(store)
    await inTenantRun(START, second.deps, never, async () => undefined)
    expect([...store.runs.values()].map(({status}) => status)).toEqual(['finished'])
  })
})
