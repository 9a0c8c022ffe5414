import {setTimeout as sleep} from 'node:timers/promises'

import {afterAll, afterEach, beforeAll, describe, expect, it} from 'vitest'

import type {BudgetLimit, WriteBudget} from '../../src/lib/ports/write-budget.js'
import {openPostgres} from '../../src/lib/state/postgres/open-postgres.js'
import {PgBudget} from '../../src/lib/state/postgres/pg-budget.js'
import type {PgJournal} from '../../src/lib/state/postgres/pg-journal.js'
import {systemClock} from '../../src/system-clock.js'
import {MemoryBudget} from '../fakes/memory-budget.js'
import {mostWithin} from '../helpers/crew.js'
import {hasPostgres, startPostgres, type TestPostgres} from '../helpers/postgres.js'

let postgres: TestPostgres | undefined
beforeAll(async () => {
  if (hasPostgres) postgres = await startPostgres()
})
afterAll(() => postgres?.stop())

const opened: PgJournal[] = []
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
})

/** The budget as several machines have it. */
async function pg(machines: number): Promise<readonly WriteBudget[]> {
  const address = postgres?.address() ?? ''
  const budgets: WriteBudget[] = []
  for (let n = 0; n < machines; n++) {
    const journal = await openPostgres(address, {clock: systemClock, password: postgres?.password})
    opened.push(journal)
    budgets.push(new PgBudget(journal.db))
  }
  return budgets
}

async function memory(machines: number): Promise<readonly WriteBudget[]> {
  const budget = new MemoryBudget(systemClock)
  return Array.from({length: machines}, () => budget)
}

const HARNESSES: readonly (readonly [string, (machines: number) => Promise<readonly WriteBudget[]>])[] = [
  ['memory', memory],
  ...(hasPostgres ? ([['PostgreSQL', pg]] as const) : []),
]

const LIMIT: BudgetLimit = {count: 60, windowMs: 1000, burst: 20}

describe.each(HARNESSES)('a write budget: %s', (_name, make) => {
  it('never lets out more than the limit in any window, and starves nobody', async () => {
    const machines = await make(4)
    const times: number[] = []
    const shares = machines.map(() => 0)
    const end = performance.now() + 4000
    await Promise.all(
      machines.map(async (budget, index) => {
        while (performance.now() < end) {
          const {id, count, waitMs} = await budget.reserve('t app writes', LIMIT, 5 + 5 * index)
          await sleep(Math.ceil(waitMs))
          if (id === undefined) continue
          for (let n = 0; n < count; n++) times.push(performance.now())
          shares[index] = (shares[index] ?? 0) + 1
          // The time until the answers are there.
          await sleep(10 * index)
          await budget.settle(id, count, LIMIT)
        }
      }),
    )
    expect(
      mostWithin(
        times.toSorted((a, b) => a - b),
        LIMIT.windowMs,
      ),
    ).toBeLessThanOrEqual(LIMIT.count)
    // Whoever asks for more at once gets no more turns.
    for (const share of shares) expect(share).toBeGreaterThan(0.4 * Math.max(...shares))
  })

  it('counts what was never settled, and gives back what was not used', async () => {
    const [budget] = await make(1)
    if (budget === undefined) throw new Error('none')
    const all = {...LIMIT, burst: LIMIT.count}
    const first = await budget.reserve('t', all, 40)
    expect(first).toMatchObject({count: 40})
    await budget.settle(first.id ?? 0, 0, all)
    const second = await budget.reserve('t', all, 60)
    expect(second.count).toBe(60)
    await sleep(Math.ceil(second.waitMs) + 1500)
    // The window is over, and the answers did not come.
    expect(await budget.reserve('t', all, 1)).toMatchObject({count: 0})
    await budget.settle(second.id ?? 0, 60, all)
    await sleep(1200)
    expect(await budget.reserve('t', all, 1)).toMatchObject({count: 1})
  })

  it('keeps budgets of different names apart', async () => {
    const [budget] = await make(1)
    const all = {...LIMIT, burst: LIMIT.count}
    expect(await budget?.reserve('one', all, 60)).toMatchObject({count: 60})
    expect(await budget?.reserve('other', all, 60)).toMatchObject({count: 60, waitMs: 0})
  })
})
