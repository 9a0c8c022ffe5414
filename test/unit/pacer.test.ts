import {describe, expect, it} from 'vitest'
import {Concurrency} from '../../src/lib/entra/transport/concurrency.js'
import type {RequestKind} from '../../src/lib/entra/transport/graph-request.js'
import {createPacer, type Grant, type Pacer} from '../../src/lib/entra/transport/pacer.js'
import {createRetryShare} from '../../src/lib/entra/transport/retry-budget.js'
import {VirtualClock} from '../fakes/virtual-clock.js'
import {rejection} from './transport-helpers.js'

const live = (): AbortSignal => new AbortController().signal
const fine = {throttled: false, warning: 0}

type Granted = Extract<Grant, {granted: true}>

async function granted(pacer: Pacer, kind: RequestKind, waiting: number): Promise<Granted> {
  const grant = await pacer.acquire(kind, () => waiting, 600_000, live())
  if (!grant.granted) throw new Error('not granted')
  return grant
}

/** When each of the acquisitions was granted, in milliseconds, in the order of the calls. */
async function times(clock: VirtualClock, asked: readonly Promise<unknown>[]): Promise<readonly number[]> {
  const at: number[] = []
  await clock.run(Promise.all(asked.map((one, index) => one.then(() => (at[index] = clock.monotonic())))))
  return at
}

describe('concurrency', () => {
  it('grows by one a round while it is what holds back', () => {
    const flight = new Concurrency({start: 4, max: 6})
    for (let round = 0; round < 2; round++) {
      const tickets = Array.from({length: flight.limit}, () => flight.enter())
      // Only the last of them found the limit reached.
      expect(flight.free).toBe(false)
      for (const ticket of tickets) flight.leave({...ticket, binding: true}, fine)
    }
    expect(flight.limit).toBe(5)
    for (let round = 0; round < 20; round++) flight.leave({...flight.enter(), binding: true}, fine)
    expect(flight.limit).toBe(6)
  })

  it('does not grow while nobody waits for it', () => {
    const flight = new Concurrency({start: 4, max: 16})
    for (let index = 0; index < 50; index++) flight.leave(flight.enter(), fine)
    expect(flight.limit).toBe(4)
  })

  it('halves after a 429, once for all that was under way, and never ends at nothing', () => {
    const flight = new Concurrency({start: 8, max: 16})
    const tickets = Array.from({length: 8}, () => flight.enter())
    for (const ticket of tickets) flight.leave(ticket, {throttled: true, warning: 0})
    expect(flight.limit).toBe(4)
    for (let index = 0; index < 10; index++) flight.leave(flight.enter(), {throttled: true, warning: 0})
    expect(flight.limit).toBe(1)
  })

  it.each([
    [0.79, 8],
    [0.8, 6],
    [1.2, 6],
  ])('brakes early: at %f of the limit', (warning, limit) => {
    const flight = new Concurrency({start: 8, max: 16})
    const tickets = [flight.enter(), flight.enter()]
    for (const ticket of tickets) flight.leave(ticket, {throttled: false, warning})
    expect(flight.limit).toBe(limit)
  })
})

describe('the retry budget', () => {
  it('lets a reserve of retries pass at once, the rest trickle', async () => {
    const clock = new VirtualClock()
    const budget = createRetryShare(clock, {reserve: 3, perSecond: 2, perSuccess: 0.5})
    const asked = Array.from({length: 6}, () => budget.take(live()))
    expect(await times(clock, asked)).toEqual([0, 0, 0, 500, 1000, 1500])
  })

  it('lets more pass as others succeed', async () => {
    const clock = new VirtualClock()
    const budget = createRetryShare(clock, {reserve: 1, perSecond: 0.001, perSuccess: 0.5})
    const asked = Array.from({length: 3}, () => budget.take(live()))
    const meanwhile = (async () => {
      for (let index = 0; index < 4; index++) {
        await clock.sleep(1000)
        budget.succeeded(1)
      }
    })()
    const at = await times(clock, asked)
    await meanwhile
    expect(at).toEqual([0, 2000, 4000])
  })

  it('is left by who is interrupted, and the next one goes on', async () => {
    const clock = new VirtualClock()
    const budget = createRetryShare(clock, {reserve: 1, perSecond: 1})
    await budget.take(live())
    const stop = new AbortController()
    const first = budget.take(stop.signal)
    const second = budget.take(live())
    stop.abort(new Error('stop'))
    expect((await rejection(first)).message).toBe('stop')
    expect(await times(clock, [second])).toEqual([1000])
  })
})

describe('gates', () => {
  const hold = (kind: RequestKind) => [{kind, status: 429, holdMs: 30_000}]

  it.each([
    ['read', ['write', 'activation']],
    ['activation', ['read', 'write']],
    ['write', ['read']],
  ] as const)('a Retry-After for a %s lets others pass', async (kind, others) => {
    const clock = new VirtualClock()
    const pacer = createPacer({clock})
    ;(await granted(pacer, kind, 1)).release(hold(kind))
    const asked = [kind, ...others].map((each) => granted(pacer, each, 1))
    const [own, ...rest] = await times(clock, asked)
    expect(own).toBeGreaterThanOrEqual(30_000)
    expect(rest).toEqual(others.map(() => 0))
  })

  it('what holds writes holds activations, which are writes', async () => {
    const clock = new VirtualClock()
    const pacer = createPacer({clock})
    ;(await granted(pacer, 'write', 1)).release(hold('write'))
    const [at] = await times(clock, [granted(pacer, 'activation', 1)])
    expect(at).toBeGreaterThanOrEqual(30_000)
  })

  it('a shorter Retry-After does not cut a longer one short', async () => {
    const clock = new VirtualClock()
    const pacer = createPacer({clock})
    const two = [await granted(pacer, 'read', 20), await granted(pacer, 'read', 20)]
    two[0]?.release(hold('read'))
    two[1]?.release([{kind: 'read', status: 429, holdMs: 10}])
    expect(await times(clock, [granted(pacer, 'read', 1)])).toEqual([30_000])
  })
})

describe('quotas', () => {
  it('gathers a batch rather than sending what is there', async () => {
    const clock = new VirtualClock()
    const pacer = createPacer({clock})
    const first = await granted(pacer, 'write', 100)
    expect(first.count).toBe(20)
    first.release()
    const next = granted(pacer, 'write', 100)
    const [at] = await times(clock, [next])
    expect((await next).count).toBe(20)
    expect(at).toBeGreaterThan(900)
    expect(at).toBeLessThan(1100)
  })

  it('does not wait for company that nobody announced', async () => {
    const clock = new VirtualClock()
    const pacer = createPacer({clock})
    ;(await granted(pacer, 'write', 12)).release()
    const [at] = await times(clock, [granted(pacer, 'write', 1)])
    expect(at).toBe(0)
  })

  it('keeps batches a second apart where they arrive, though one is late', async () => {
    const clock = new VirtualClock()
    const pacer = createPacer({clock})
    const arrivals: number[] = []
    const there = [20, 20, 180, 20, 20]
    const send = async (): Promise<void> => {
      for (const ms of there) {
        const grant = await granted(pacer, 'write', 20)
        await clock.sleep(ms)
        arrivals.push(clock.monotonic())
        grant.release()
      }
    }
    await clock.run(send())
    const gaps = arrivals.slice(1).map((at, index) => at - (arrivals[index] ?? 0))
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1000)
  })

  it('makes up for what uneven answers lose', async () => {
    const clock = new VirtualClock()
    const pacer = createPacer({clock})
    const send = async (): Promise<void> => {
      for (let index = 0; index < 150; index++) {
        const grant = await granted(pacer, 'write', 20)
        void clock.sleep(index % 2 === 0 ? 50 : 850).then(() => grant.release())
      }
    }
    await clock.run(send())
    expect(clock.monotonic()).toBeLessThan(150_000 / 0.95)
  })

  it('is not overtaken by a smaller demand', async () => {
    const clock = new VirtualClock()
    const pacer = createPacer({clock})
    ;(await granted(pacer, 'write', 20)).release()
    const [large = 0, small = 0] = await times(clock, [
      granted(pacer, 'write', 20),
      granted(pacer, 'write', 1),
    ])
    expect(small).toBeGreaterThanOrEqual(large)
  })

  it('an activation that waits for its own quota does not hold up writes', async () => {
    const clock = new VirtualClock()
    const pacer = createPacer({clock, activationQuota: {count: 1, windowMs: 60_000}})
    ;(await granted(pacer, 'activation', 1)).release()
    const asked = [granted(pacer, 'activation', 1), granted(pacer, 'write', 5)]
    expect(await times(clock, asked)).toEqual([expect.toSatisfy((at: number) => at >= 60_000), 0])
  })

  it('reads do not wait for writes, nor writes for reads', async () => {
    const clock = new VirtualClock()
    const pacer = createPacer({clock, maxInFlight: 2})
    await granted(pacer, 'read', 20)
    await granted(pacer, 'read', 20)
    expect(await times(clock, [granted(pacer, 'write', 20)])).toEqual([0])
  })
})

describe('the pacer', () => {
  it('lets nothing new go once its time is over, and says so to who waits', async () => {
    const clock = new VirtualClock()
    const pacer = createPacer({clock, maxDurationMs: 5000, writeQuota: {count: 1, windowMs: 60_000}})
    ;(await granted(pacer, 'write', 1)).release()
    const waits = pacer.acquire('write', () => 1, 600_000, live())
    const late = clock.sleep(5000).then(() => pacer.acquire('read', () => 1, 600_000, live()))
    expect(await times(clock, [waits, late])).toEqual([5000, 5000])
    expect(await Promise.all([waits, late])).toEqual([{granted: false}, {granted: false}])
  })

  it('tells how it is getting on', async () => {
    const clock = new VirtualClock()
    const pacer = createPacer({clock})
    const idle = pacer.stats()
    expect(idle).toMatchObject({
      writes: 0,
      reads: 0,
      throttled: 0,
      retried: 0,
      inFlight: 0,
      writesPerSecond: 0,
    })
    const write = await granted(pacer, 'write', 20)
    await granted(pacer, 'read', 7)
    const stop = new AbortController()
    const waits = pacer.acquire('write', () => 12, 600_000, stop.signal)
    expect(pacer.stats()).toMatchObject({writes: 20, reads: 7, inFlight: 2, waitingForQuota: 12})
    write.release([
      {kind: 'write', status: 429, holdMs: 1000},
      {kind: 'write', status: 201},
    ])
    await pacer.retry(live())
    expect(pacer.stats()).toMatchObject({throttled: 1, retried: 1, inFlight: 1, writesPerSecond: 20})
    expect(pacer.stats().limit).toBeLessThan(idle.limit)
    stop.abort(new Error('stop'))
    expect((await rejection(waits)).message).toBe('stop')
    await clock.run(clock.sleep(20_000))
    expect(pacer.stats()).toMatchObject({writes: 20, writesPerSecond: 0, waitingForQuota: 0})
  })
})
