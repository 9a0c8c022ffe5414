import type {Clock} from '../../ports/clock.js'
import {CallFailure} from './call-failure.js'

const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 20_000

/** Repeats a read that failed in passing, with full-jitter back-off. For reads only. */
export async function withRetries<T>(
  read: () => Promise<T>,
  options: {readonly retries: number; readonly clock: Clock; readonly signal: AbortSignal},
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await read()
    } catch (error) {
      if (!(error instanceof CallFailure && error.passing) || attempt >= options.retries) throw error
      const ceiling = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt)
      await options.clock.sleep(Math.random() * ceiling, options.signal)
    }
  }
}
