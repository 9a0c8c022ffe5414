import type {Clock} from '../../ports/clock.js'
import type {RequestKind} from './graph-request.js'

export type Grant =
  | {readonly granted: true; release(): void}
  /** Nothing may be sent before `retryAt`, which is further away than the caller wants to wait. */
  | {readonly granted: false; readonly retryAt: Date}

/** What an answer says about pace. */
export interface PaceReport {
  readonly kind: RequestKind
  readonly status: number
  /** Nothing of this kind before so many milliseconds from now. */
  readonly holdMs?: number | undefined
  /** x-ms-throttle-limit-percentage: from 0.8 on, the service's early warning. */
  readonly throttlePercentage?: number | undefined
}

/** Decides when something may be sent, and how much at once. */
export interface Pacer {
  /**
   * Resolves when one HTTP request that carries `n` requests of this kind may go out now. Not granted if that would
   * take longer than `maxWaitMs`. Rejects with the signal's reason.
   */
  acquire(kind: RequestKind, n: number, maxWaitMs: number, signal: AbortSignal): Promise<Grant>
  report(report: PaceReport): void
}

/** So many HTTP requests in flight; after a `Retry-After` nothing of that kind before it has passed. */
export function createPacer(clock: Clock, maxInFlight = 4): Pacer {
  const gates = new Map<RequestKind, number>()
  let waiting: (() => void)[] = []
  let inFlight = 0

  function wakeAll(): void {
    const woken = waiting
    waiting = []
    for (const wake of woken) wake()
  }

  function release(): void {
    inFlight -= 1
    wakeAll()
  }

  return {
    async acquire(kind, _n, maxWaitMs, signal) {
      const deadline = clock.monotonic() + maxWaitMs
      for (;;) {
        signal.throwIfAborted()
        const opens = gates.get(kind) ?? 0
        const held = opens - clock.monotonic()
        if (held > 0) {
          if (opens > deadline) return {granted: false, retryAt: new Date(clock.now().getTime() + held)}
          await clock.sleep(Math.ceil(held), signal)
        } else if (inFlight < maxInFlight) {
          inFlight += 1
          return {granted: true, release: once(release)}
        } else {
          await new Promise<void>((resolve) => {
            waiting.push(resolve)
            signal.addEventListener('abort', () => resolve(), {once: true})
          })
        }
      }
    },
    report({kind, holdMs}) {
      if (holdMs === undefined || holdMs <= 0) return
      gates.set(kind, Math.max(gates.get(kind) ?? 0, clock.monotonic() + holdMs))
    },
  }
}

function once(action: () => void): () => void {
  let done = false
  return () => {
    if (done) return
    done = true
    action()
  }
}
