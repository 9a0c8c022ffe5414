import type {Clock} from '../../ports/clock.js'
import type {RequestKind} from './graph-request.js'

/** How a run is getting on; for progress and for the forecast. */
export interface PaceStats {
  /** Sent so far, activations and repetitions included. */
  readonly writes: number
  readonly reads: number
  /** Requests that were answered 429. */
  readonly throttled: number
  readonly retried: number
  /** HTTP requests under way. */
  readonly inFlight: number
  /** HTTP requests that may be under way. */
  readonly limit: number
  /** Over the last ten seconds. */
  readonly writesPerSecond: number
  /** Requests that only a quota of ours holds back. */
  readonly waitingForQuota: number
}

const WINDOW_MS = 10_000

export interface PaceCounter {
  sent(kind: RequestKind, count: number): void
  throttled(count: number): void
  retried(): void
  read(): Pick<PaceStats, 'writes' | 'reads' | 'throttled' | 'retried' | 'writesPerSecond'>
}

export function createPaceCounter(clock: Clock): PaceCounter {
  const begun = clock.monotonic()
  const recent: {readonly at: number; readonly count: number}[] = []
  const totals = {writes: 0, reads: 0, throttled: 0, retried: 0}

  function forget(now: number): void {
    while (recent[0] !== undefined && recent[0].at <= now - WINDOW_MS) recent.shift()
  }

  return {
    sent(kind, count) {
      if (kind === 'read') {
        totals.reads += count
        return
      }
      totals.writes += count
      const now = clock.monotonic()
      forget(now)
      recent.push({at: now, count})
    },
    throttled: (count) => void (totals.throttled += count),
    retried: () => void (totals.retried += 1),
    read() {
      const now = clock.monotonic()
      forget(now)
      const seconds = Math.min(WINDOW_MS, Math.max(1000, now - begun)) / 1000
      return {...totals, writesPerSecond: recent.reduce((sum, {count}) => sum + count, 0) / seconds}
    },
  }
}
