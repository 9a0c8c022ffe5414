import type {Clock} from '../../ports/clock.js'

/** The service's time, known from the `Date` headers of its answers. */
export interface ServiceClock {
  now(): Date
  /** Service time less local time, in milliseconds; 0 until something was measured. */
  offsetMs(): number
  /** `sent` and `received` are local times around an answer whose `Date` header is `value`. */
  measure(value: string | undefined, sent: Date, received: Date): void
}

/**
 * A `Date` header names a whole second, so each answer gives an interval in which the difference lies; the
 * intervals are intersected, which soon gets better than a second. Where they contradict (a clock was set), the newest counts.
 */
export function createServiceClock(clock: Clock): ServiceClock {
  let low = 0
  let high = 0
  let measured = false
  return {
    offsetMs: () => Math.round((low + high) / 2),
    now: () => new Date(clock.now().getTime() + Math.round((low + high) / 2)),
    measure(value, sent, received) {
      const date = Date.parse(value ?? '')
      if (Number.isNaN(date)) return
      const from = date - received.getTime()
      const to = date + 1000 - sent.getTime()
      if (to < from) return
      const apart = !measured || from > high || to < low
      low = apart ? from : Math.max(low, from)
      high = apart ? to : Math.min(high, to)
      measured = true
    },
  }
}
