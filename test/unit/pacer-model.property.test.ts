import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {createPacer} from '../../src/lib/entra/transport/pacer.js'
import {VirtualClock} from '../fakes/virtual-clock.js'
import {PacedService} from '../helpers/paced-service.js'

const live = (): AbortSignal => new AbortController().signal

const quota = fc.record({count: fc.integer({min: 1, max: 60}), windowMs: fc.integer({min: 200, max: 20_000})})
const demand = fc.record({
  read: fc.integer({min: 0, max: 120}),
  write: fc.integer({min: 0, max: 120}),
  activation: fc.integer({min: 0, max: 30}),
})
const script = fc.record({
  latencies: fc.array(fc.tuple(fc.integer({min: 0, max: 900}), fc.integer({min: 0, max: 900})), {
    minLength: 1,
  }),
  /** One in so many is answered 429; 0 for none. */
  throttleOneIn: fc.constantFrom(0, 3, 10, 50),
  retryAfterMs: fc.integer({min: 1, max: 5000}),
})

/** Takes one after the other, and begins again. */
function cycle<T>(values: readonly T[]): () => T {
  let index = 0
  return () => {
    const value = values[index++ % values.length]
    if (value === undefined) throw new Error('nothing to go through')
    return value
  }
}

describe('the pacer, whatever is asked of it and however the service answers', () => {
  it('is never over a quota in any window, never early, and gets everything done', async () => {
    const world = fc.record({
      writeQuota: quota,
      activationQuota: quota,
      tps: fc.option(fc.integer({min: 5, max: 100}), {nil: undefined}),
      maxInFlight: fc.integer({min: 1, max: 16}),
      demand,
      script,
    })
    await fc.assert(
      fc.asyncProperty(world, async ({demand, script, ...options}) => {
        const clock = new VirtualClock()
        let asked = 0
        const service = new PacedService(createPacer({clock, ...options}), clock, demand, {
          latency: cycle(script.latencies),
          throttles: () =>
            script.throttleOneIn > 0 && ++asked % script.throttleOneIn === 0
              ? script.retryAfterMs
              : undefined,
        })
        await clock.run(service.run(live()))
        const {writeQuota, activationQuota, tps} = options
        expect(service.mostIn(writeQuota.windowMs, 'write', 'activation')).toBeLessThanOrEqual(
          writeQuota.count,
        )
        expect(service.mostIn(activationQuota.windowMs, 'activation')).toBeLessThanOrEqual(
          activationQuota.count,
        )
        expect(service.mostIn(1000, 'read', 'write', 'activation')).toBeLessThanOrEqual(tps ?? Infinity)
        expect(service.early).toBe(0)
        expect(service.left).toEqual({read: 0, write: 0, activation: 0})
        expect(service.mostUnderWay).toBeLessThanOrEqual(options.maxInFlight + 1)
        expect(Math.max(0, ...service.arrivals.map(({count}) => count))).toBeLessThanOrEqual(20)
      }),
      {numRuns: 150},
    )
  })

  it('uses at least 95 % of the write quota while there is something to write', async () => {
    const world = fc.record({
      count: fc.integer({min: 60, max: 6000}),
      windowMs: fc.integer({min: 10_000, max: 200_000}),
      latencies: fc.array(fc.tuple(fc.integer({min: 1, max: 150}), fc.integer({min: 1, max: 150})), {
        minLength: 1,
      }),
    })
    await fc.assert(
      fc.asyncProperty(world, async ({latencies, ...writeQuota}) => {
        const clock = new VirtualClock()
        const pacer = createPacer({clock, writeQuota, activationQuota: 'none'})
        const all = {read: 2000, write: Number.MAX_SAFE_INTEGER, activation: 0}
        const service = new PacedService(pacer, clock, all, {latency: cycle(latencies)})
        const lasts = writeQuota.windowMs * 10
        const stop = new AbortController()
        await clock.run(service.run(stop.signal), lasts)
        stop.abort()
        expect(service.mostIn(writeQuota.windowMs, 'write')).toBeLessThanOrEqual(writeQuota.count)
        const share = service.count('write') / ((writeQuota.count / writeQuota.windowMs) * lasts)
        expect(share).toBeGreaterThanOrEqual(0.95)
      }),
      {numRuns: 20},
    )
  })
})
