import {describe, expect, it} from 'vitest'

import {MfaError} from '../../src/lib/errors/mfa-error.js'
import {leadInTurn} from '../../src/lib/sync/lead.js'
import {FakeClock} from '../fakes/clock.js'
import {journalStore, MemoryJournal} from '../fakes/memory-journal.js'
import {FakeUi} from '../fakes/ui.js'

const NAME = 'sync t'

function machines() {
  const clock = new FakeClock()
  const sleep = clock.sleep.bind(clock)
  clock.sleep = async (ms, signal) => {
    await new Promise((resolve) => setImmediate(resolve))
    await sleep(ms, signal)
  }
  const store = journalStore()
  const machine = () => {
    const journal = new MemoryJournal(clock, store)
    const ui = new FakeUi()
    const end = new AbortController()
    let leads = false
    let terms = 0
    const lead = async (signal: AbortSignal) => {
      terms += 1
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), {once: true}))
      return 'led'
    }
    const turned = (now: boolean) => void (leads = now)
    const ended = leadInTurn(NAME, {journal, clock, ui, turned}, lead, end.signal)
    return {journal, ui, end, ended, leads: () => leads, terms: () => terms}
  }
  const pass = async (times = 20) => {
    for (let n = 0; n < times; n++) await clock.sleep(1000)
  }
  return {clock, store, machine, pass}
}

describe('who leads', () => {
  it('is one of many; when it stops another one does', async () => {
    const {machine, pass} = machines()
    const one = machine()
    await pass()
    const two = machine()
    await pass()
    expect([one.leads(), two.leads()]).toEqual([true, false])
    one.end.abort(new Error('stopped'))
    expect(await one.ended).toBe('led')
    await pass()
    expect([one.leads(), two.leads()]).toEqual([false, true])
    two.end.abort(new Error('stopped'))
    await two.ended
  })

  it('follows once the lock is lost, and may lead again', async () => {
    const {store, machine, pass} = machines()
    const one = machine()
    await pass()
    one.journal.lose(NAME)
    await pass()
    expect({leads: one.leads(), terms: one.terms()}).toEqual({leads: true, terms: 2})
    expect(store.locks.has(NAME)).toBe(true)
    one.end.abort(new Error('stopped'))
    await one.ended
    expect(store.locks.has(NAME)).toBe(false)
  })

  it('waits out a database that is away, and throws what waiting cannot mend', async () => {
    const {clock} = machines()
    const away = new MfaError('STATE_UNREACHABLE', 'away', {exit: 'unavailable'})
    const wrong = new MfaError('STATE_RIGHTS', 'no right', {exit: 'usage'})
    const journal = new MemoryJournal(clock)
    const errors = [away, away, wrong]
    journal.lock = () => Promise.reject(errors.shift() ?? new Error('asked too often'))
    const ui = new FakeUi()
    const never = new AbortController().signal
    await expect(leadInTurn(NAME, {journal, clock, ui}, () => Promise.resolve(), never)).rejects.toBe(wrong)
    expect(errors).toEqual([])
  })

  it('is somebody else once its rounds fail, and the one again where nobody else is there', async () => {
    const {clock, store, pass} = machines()
    const end = new AbortController()
    const led: string[] = []
    const follows: string[] = []
    const machine = (name: string, works: boolean) =>
      leadInTurn(
        NAME,
        {
          journal: new MemoryJournal(clock, store),
          clock,
          ui: new FakeUi(),
          asideMs: 60_000,
          follows: async () => void follows.push(name),
        },
        async (signal) => {
          led.push(name)
          if (works) await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
        },
        end.signal,
      )
    const bad = machine('bad', false)
    await pass(200)
    expect(led.length).toBeGreaterThan(1)
    const good = machine('good', true)
    await pass(200)
    expect(led.at(-1)).toBe('good')
    expect(follows).toContain('bad')
    end.abort(new Error('stopped'))
    await Promise.all([bad, good])
  })

  it('waits out what nobody foresaw, once the database has answered', async () => {
    const {clock} = machines()
    const journal = new MemoryJournal(clock)
    const lock = journal.lock.bind(journal)
    let asked = 0
    const end = new AbortController()
    journal.lock = async (name, command) => {
      asked += 1
      if (asked === 2) throw new Error('cannot execute INSERT')
      return lock(name, command)
    }
    let terms = 0
    const ui = new FakeUi()
    await leadInTurn(
      NAME,
      {journal, clock, ui},
      async () => {
        terms += 1
        if (terms === 2) end.abort(new Error('stopped'))
      },
      end.signal,
    )
    expect({asked, terms}).toEqual({asked: 3, terms: 2})
    journal.lock = () => Promise.reject(new Error('cannot execute INSERT'))
    await expect(
      leadInTurn(NAME, {journal, clock, ui}, () => Promise.resolve(), new AbortController().signal),
    ).rejects.toThrow('cannot execute')
  })

  it('throws what the leading itself throws', async () => {
    const {clock} = machines()
    const bad = new MfaError('SOURCE', 'no such file', {exit: 'usage'})
    const journal = new MemoryJournal(clock)
    const never = new AbortController().signal
    await expect(
      leadInTurn(NAME, {journal, clock, ui: new FakeUi()}, () => Promise.reject(bad), never),
    ).rejects.toBe(bad)
    expect(await journal.locks()).toEqual([])
  })
})
