import type {Clock} from '../../src/lib/ports/clock.js'

interface Timer {
  readonly at: number
  readonly wake: () => void
}

/**
 * A clock whose time stands still while anybody has something to do and then jumps to the next timer; so hours pass in
 * milliseconds, and everything happens in the order in which it would.
 */
export class VirtualClock implements Clock {
  readonly #start = Date.parse('2027-01-15T08:00:00Z')
  readonly #timers: Timer[] = []
  #ms = 0

  now(): Date {
    return new Date(this.#start + this.#ms)
  }

  monotonic(): number {
    return this.#ms
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      const timer = {
        at: this.#ms + Math.max(0, ms),
        wake: () => {
          signal?.removeEventListener('abort', onAbort)
          resolve()
        },
      }
      const onAbort = (): void => {
        const index = this.#timers.indexOf(timer)
        if (index >= 0) this.#timers.splice(index, 1)
        reject(signal?.reason as Error)
      }
      signal?.addEventListener('abort', onAbort, {once: true})
      const behind = this.#timers.findIndex(({at}) => at > timer.at)
      this.#timers.splice(behind < 0 ? this.#timers.length : behind, 0, timer)
    })
  }

  /** Lets time pass until `work` is done, or `untilMs` is reached; fails if nobody sleeps and `work` is not done. */
  async run(work: Promise<unknown>, untilMs = Infinity): Promise<void> {
    let over = false
    const ended = work.finally(() => (over = true))
    ended.catch(() => {})
    for (;;) {
      await settled()
      if (over) return void (await ended)
      const next = this.#timers.shift()
      if (next === undefined) throw new Error(`nobody sleeps at ${this.#ms} ms, and the work is not done`)
      if (next.at > untilMs) {
        this.#ms = untilMs
        return
      }
      this.#ms = Math.max(this.#ms, next.at)
      next.wake()
    }
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
