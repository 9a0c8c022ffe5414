import type {Clock} from '../../ports/clock.js'

/** Requests at even distances, so many a second at most. */
export class Turns {
  readonly #clock: Clock
  readonly #distanceMs: number
  #next = 0

  constructor(clock: Clock, ratePerSecond: number) {
    this.#clock = clock
    this.#distanceMs = 1000 / ratePerSecond
  }

  /** Resolves when the caller may send one; in the order of asking. Rejects with the signal's reason. */
  async wait(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const now = this.#clock.monotonic()
    const mine = Math.max(now, this.#next)
    this.#next = mine + this.#distanceMs
    // A timer may ring a little early.
    for (let left = mine - now; left > 0; left = mine - this.#clock.monotonic())
      await this.#clock.sleep(Math.ceil(left), signal)
    signal.throwIfAborted()
  }
}
