/** So many in any stretch of time of that length. */
export interface QuotaLimit {
  readonly count: number
  readonly windowMs: number
}

/** What was taken out of a quota; given back to `settle` once its answer is there. */
export interface Spent {
  readonly count: number
}

/** Spent at this share of the allowed rate: the service's windows do not begin when ours do, nor tick alike. */
const HEADROOM = 0.985
/** Gathering for a batch waits for at most so many milliseconds' worth. */
const GATHER_MS = 1000
const BURST = 20
/** Room in the window that would come only after this is not waited for. */
const LONG_MS = 250

/** `count` is 0 where it is better to wait; `waitMs` is Infinity if only an answer can make room. */
export interface Answer {
  readonly count: number
  readonly waitMs: number
}

/**
 * A token bucket inside a sliding window. The bucket spends smoothly, so that a run that follows another, whose writes it
 * does not know of, and a service that counts in shorter windows, do no harm; the window holds exactly: what was taken
 * counts from before it was sent until `windowMs` after its answer came, so never more than `count` reach the service in
 * any stretch of that length, however long each was under way.
 *
 * All times are monotonic milliseconds that never decrease from call to call.
 */
export class Quota {
  /** Worth waiting for, if so many are wanted: a batch's worth, or what comes in a second. */
  readonly fill: number
  readonly #limit: QuotaLimit
  readonly #perMs: number
  readonly #capacity: number
  readonly #freed: {readonly count: number; readonly at: number}[] = []
  #level: number
  #at: number
  #used = 0

  constructor(limit: QuotaLimit, now: number) {
    const {count, windowMs} = limit
    this.#limit = limit
    this.#perMs = (HEADROOM * count) / windowMs
    const inGather = Math.round((count * GATHER_MS) / windowMs)
    this.fill = Math.min(count, BURST, Math.max(1, inGather))
    this.#capacity = Math.min(count, Math.max(this.fill, inGather, Math.min(BURST, Math.floor(count / 10))))
    this.#level = this.#capacity
    this.#at = now
  }

  /** How many of `wanted` may go now, or when to ask again: a little later, if that fills a batch. */
  ask(wanted: number, now: number): Answer {
    this.#advance(now)
    const level = Math.floor(this.#level + 1e-6)
    const worth = Math.min(wanted, this.fill)
    if (level < worth) {
      const waitMs = Math.max(0, this.#at - now) + (worth - this.#level) / this.#perMs
      return {count: 0, waitMs: Math.ceil(waitMs - 1e-6)}
    }
    const free = this.#limit.count - this.#used
    const waitMs = this.#windowMs(worth, free, now)
    const goes = waitMs === 0 || (free > 0 && waitMs > LONG_MS)
    return goes ? {count: Math.min(wanted, level, free), waitMs: 0} : {count: 0, waitMs}
  }

  /** Until the window has room for `count`; Infinity while that depends on answers that are still under way. */
  #windowMs(count: number, free: number, now: number): number {
    if (free >= count) return 0
    let room = free
    for (const freed of this.#freed) {
      room += freed.count
      if (room >= count) return Math.max(1, Math.ceil(freed.at - now))
    }
    return Infinity
  }

  take(count: number, now: number): Spent {
    this.#advance(now)
    this.#level -= count
    this.#used += count
    return {count}
  }

  settle({count}: Spent, now: number): void {
    this.#freed.push({count, at: now + this.#limit.windowMs})
  }

  /** The service has no room now: nothing is saved up before `until`. */
  drain(now: number, until: number): void {
    this.#advance(now)
    this.#level = 0
    this.#at = Math.max(this.#at, until)
  }

  #advance(now: number): void {
    if (now > this.#at) {
      this.#level = Math.min(this.#capacity, this.#level + (now - this.#at) * this.#perMs)
      this.#at = now
    }
    while (this.#freed[0] !== undefined && this.#freed[0].at <= now) {
      this.#used -= this.#freed.shift()?.count ?? 0
    }
  }
}
