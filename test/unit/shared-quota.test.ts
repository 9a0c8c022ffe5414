import {describe, expect, it} from 'vitest'

import {MfaError} from '../../src/lib/errors/mfa-error.js'
import {createPacer} from '../../src/lib/entra/transport/pacer.js'
import type {WriteBudget} from '../../src/lib/ports/write-budget.js'
import {MemoryBudget} from '../fakes/memory-budget.js'
import {VirtualClock} from '../fakes/virtual-clock.js'
import {mostWithin} from '../helpers/crew.js'

const live = (): AbortSignal => new AbortController().signal
const QUOTA = {count: 300, windowMs: 15_000}

function machines(count: number, budgetOf = (clock: VirtualClock): WriteBudget => new MemoryBudget(clock)) {
  const clock = new VirtualClock()
  const budget = budgetOf(clock)
  const pacers = Array.from({length: count}, () =>
    createPacer({
      clock,
      writeQuota: QUOTA,
      activationQuota: {count: 20, windowMs: 15_000},
      shared: {budget, name: () => 'tenant app'},
    }),
  )
  return {clock, pacers, budget}
}

describe('a quota in common', () => {
  it('is kept by all machines together, and each has its part', async () => {
    const {clock, pacers} = machines(3)
    const times: number[] = []
    const shares = pacers.map(() => 0)
    await clock.run(
      Promise.all(
        pacers.map(async (pacer, index) => {
          while (clock.monotonic() < 60_000) {
            const grant = await pacer.acquire('write', () => 20, 600_000, live())
            if (!grant.granted) throw new Error('not granted')
            for (let n = 0; n < grant.count; n++) times.push(clock.monotonic())
            shares[index] = (shares[index] ?? 0) + grant.count
            await clock.sleep(200 * (index + 1))
            grant.release([{kind: 'write', status: 204}])
          }
        }),
      ),
    )
    expect(mostWithin(times, QUOTA.windowMs)).toBeLessThanOrEqual(QUOTA.count)
    // Four windows; nothing of them may lie idle but what answers take.
    expect(times.length).toBeGreaterThan(0.9 * 4 * QUOTA.count)
    for (const share of shares) expect(share).toBeGreaterThan(0.8 * (times.length / 3))
  })

  it('holds activations to both quotas', async () => {
    const {clock, pacers} = machines(2)
    const times: number[] = []
    await clock.run(
      Promise.all(
        pacers.map(async (pacer) => {
          for (let n = 0; n < 15; n++) {
            const grant = await pacer.acquire('activation', () => 1, 600_000, live())
            if (!grant.granted) throw new Error('not granted')
            times.push(clock.monotonic())
            grant.release()
          }
        }),
      ),
    )
    expect(times).toHaveLength(30)
    expect(mostWithin(times, 15_000)).toBeLessThanOrEqual(20)
  })

  it('sends nothing while the budget cannot be asked, and goes on when it can', async () => {
    let away = true
    const {clock, pacers} = machines(1, (clock) => {
      const real = new MemoryBudget(clock)
      return {
        reserve: (...args) => (away ? Promise.reject(new Error('away')) : real.reserve(...args)),
        settle: (...args) => real.settle(...args),
      }
    })
    let at: number | undefined
    const grant = pacers[0]?.acquire('write', () => 1, 600_000, live()).then(() => (at = clock.monotonic()))
    const later = clock.sleep(5500).then(() => (away = false))
    await clock.run(Promise.all([grant, later]))
    expect(at).toBeGreaterThan(5500)
    expect(at).toBeLessThan(8000)
  })

  it('does not wait for a budget that is refused, and asks again for who comes later', async () => {
    let refused = true
    const {clock, pacers} = machines(1, (clock) => {
      const real = new MemoryBudget(clock)
      const error = new MfaError('STATE_RIGHTS', 'permission denied for table budgets', {exit: 'usage'})
      return {
        reserve: (...args) => (refused ? Promise.reject(error) : real.reserve(...args)),
        settle: (...args) => real.settle(...args),
      }
    })
    const asked = Promise.allSettled([pacers[0]?.acquire('write', () => 1, 600_000, live())])
    await clock.run(asked)
    expect((await asked)[0]).toMatchObject({status: 'rejected', reason: {code: 'STATE_RIGHTS'}})
    refused = false
    const later = pacers[0]?.acquire('write', () => 1, 600_000, live())
    await clock.run(Promise.resolve(later))
    expect(await later).toMatchObject({granted: true})
  })

  it('leaves reads alone', async () => {
    const {clock, pacers} = machines(1, () => ({
      reserve: () => Promise.reject(new Error('asked')),
      settle: () => Promise.reject(new Error('asked')),
    }))
    const grant = pacers[0]?.acquire('read', () => 20, 600_000, live())
    await clock.run(Promise.resolve(grant))
    expect(await grant).toMatchObject({granted: true, count: 20})
  })
})
