import type {Clock} from '../../ports/clock.js'

export interface RetryShare {
  /** Retries that each success pays for: 0.5 lets a third of all requests be retries. */
  readonly perSuccess: number
  /** Retries that can be saved up, and are there at the start. */
  readonly reserve: number
  /** These always pass, however little succeeds: how else would one know that the service is back? */
  readonly perSecond: number
}

const SHARE: RetryShare = {perSuccess: 0.5, reserve: 100, perSecond: 5}

/**
 * Keeps retries to a share of all requests, so that a service that fails is not buried under repetitions. Beyond the
 * share a retry waits its turn; none is refused.
 */
export interface RetryShareKeeper {
  succeeded(count: number): void
  /** Resolves when one retry may go. Rejects with the signal's reason. */
  take(signal: AbortSignal): Promise<void>
}

export function createRetryShare(clock: Clock, options: Partial<RetryShare> = {}): RetryShareKeeper {
  const {perSuccess, reserve, perSecond} = {...SHARE, ...options}
  let level = reserve
  let at = clock.monotonic()
  let turn: Promise<unknown> = Promise.resolve()
  let wake = new AbortController()

  function advance(): void {
    const now = clock.monotonic()
    level = Math.min(reserve, level + ((now - at) * perSecond) / 1000)
    at = now
  }

  async function taken(signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted()
      advance()
      if (level >= 1 - 1e-6) {
        level -= 1
        return
      }
      wake = new AbortController()
      const both = AbortSignal.any([signal, wake.signal])
      try {
        await clock.sleep(Math.ceil(((1 - level) * 1000) / perSecond), both)
      } catch (error) {
        if (!wake.signal.aborted) throw error
      }
    }
  }

  return {
    succeeded(count) {
      advance()
      level = Math.min(reserve, level + count * perSuccess)
      if (level >= 1) wake.abort()
    },
    take(signal) {
      const mine = turn.then(() => taken(signal))
      turn = mine.catch(() => {})
      return mine
    },
  }
}
