import {SlidingWindow} from './sliding-window.js'

/** So many in any stretch of time of that length. */
export interface QuotaLimit {
  readonly count: number
  readonly windowMs: number
}

/** What was taken out of a quota; given back to `settle` once its answer is there. */
export interface Spent {
  readonly count: number
  readonly at: number
}

/** `count` is 0 where it is better to wait; `waitMs` is Infinity if only an answer can make room. */
export interface Answer {
  readonly count: number
  readonly waitMs: number
}

/** What a pacer asks before it sends, and tells afterwards. */
export interface PaceQuota {
  /** How many of `wanted` may go now, or when to ask again. Throws MfaError `usage` where that will not help. */
  ask(wanted: number, now: number): Answer
  take(count: number, now: number): Spent
  settle(spent: Spent, now: number): void
  hold(now: number, until: number): void
}

/** What a limit means for the pace: a batch's worth, and what may go at once after a pause. */
export function paceOf({count, windowMs}: QuotaLimit): {readonly fill: number; readonly burst: number} {
  const inGather = Math.round((count * GATHER_MS) / windowMs)
  const fill = Math.min(count, BATCH, Math.max(1, inGather))
  // What comes by less than one a second is a matter of minutes for the service: half of it may go at once, so that a
  // small run need not wait.
  const atOnce = inGather <= 1 ? Math.floor(count / 2) : Math.min(BATCH, Math.floor(count / 10))
  return {fill, burst: Math.min(count, Math.max(fill, inGather, atOnce))}
}

/** The bucket fills at this share of the allowed rate. */
const HEADROOM = 0.985
/** Gathering for a batch waits for at most so many milliseconds' worth. */
const GATHER_MS = 1000
const BATCH = 20
/** Room that would come only after this is not waited for. */
const LONG_MS = 250

/**
 * A write quota: a sliding window that holds exactly, and inside it a smooth pace.
 *
 * The window: what was taken counts from before it was sent until `windowMs` after its answer came, so never more than
 * `count` reach the service in any stretch of that length, however long each was under way.
 *
 * The pace: batches at even distances, so that a service that counts in shorter windows, and a run that follows another
 * whose writes it does not know of, do no harm. A batch's distance is kept from when the one before it arrived, as far as
 * that can be told. Where answers take so unevenly long that this loses ground, a token bucket knows how much, and an
 * earlier batch makes up for it.
 *
 * All times are monotonic milliseconds that never decrease from call to call.
 */
export class Quota implements PaceQuota {
  /** Worth waiting for, if so many are wanted: a batch's worth, or what comes in a second. */
  readonly fill: number
  /** So much may go at once after a pause. */
  readonly #burst: number
  readonly #perMs: number
  readonly #window: SlidingWindow
  readonly #distance: SlidingWindow
  #level: number
  #at: number
  /** Somebody waits; only then is more saved up than a burst. */
  #wanted = false
  #quickest = Infinity

  constructor({count, windowMs}: QuotaLimit, now: number) {
    const {fill, burst} = paceOf({count, windowMs})
    this.fill = fill
    this.#burst = burst
    this.#perMs = (HEADROOM * count) / windowMs
    this.#window = new SlidingWindow(count, windowMs)
    this.#distance = new SlidingWindow(this.#burst, (this.#burst * windowMs) / count)
    this.#level = this.#burst
    this.#at = now
  }

  /** How many of `wanted` may go now, or when to ask again: a little later, if that fills a batch. */
  ask(wanted: number, now: number): Answer {
    this.#advance(now)
    const worth = Math.min(wanted, this.fill)
    const answer = this.#paced(worth, wanted, now)
    const granted = answer.count === 0 ? answer : this.#inWindow(worth, answer.count, now)
    this.#wanted = granted.count < wanted
    return granted
  }

  take(count: number, now: number): Spent {
    this.#advance(now)
    this.#level -= count
    this.#window.take(count)
    this.#distance.take(count)
    return {count, at: now}
  }

  settle({count, at}: Spent, now: number): void {
    this.#quickest = Math.min(this.#quickest, now - at)
    this.#window.settle(count, now)
    // It was there at the latest as long before its answer as the quickest of them took as a whole.
    this.#distance.settle(count, now - this.#quickest)
  }

  /** The service has no room before `until`: until then nothing is saved up. */
  hold(now: number, until: number): void {
    this.#advance(now)
    this.#level = Math.min(this.#level, this.#burst)
    this.#at = Math.max(this.#at, until)
  }

  #paced(worth: number, wanted: number, now: number): Answer {
    const filled = this.#untilLevel(worth, now)
    if (filled > 0) return {count: 0, waitMs: filled}
    const level = Math.floor(this.#level + 1e-6)
    const distance = roomIn(this.#distance, worth, now)
    if (distance.count > 0) return {count: Math.min(wanted, level, distance.count), waitMs: 0}
    const behind = this.#untilLevel(this.#burst + this.fill, now)
    if (behind === 0) return {count: worth, waitMs: 0}
    return {count: 0, waitMs: Math.min(behind, distance.waitMs)}
  }

  #inWindow(worth: number, count: number, now: number): Answer {
    const window = roomIn(this.#window, worth, now)
    return {...window, count: Math.min(count, window.count)}
  }

  #untilLevel(level: number, now: number): number {
    if (this.#level >= level - 1e-6) return 0
    return Math.max(1, Math.ceil(this.#at - now + (level - this.#level) / this.#perMs - 1e-6))
  }

  #advance(now: number): void {
    if (now <= this.#at) return
    const most = this.#wanted ? this.#burst + 2 * this.fill : Math.max(this.#burst, this.#level)
    this.#level = Math.min(most, this.#level + (now - this.#at) * this.#perMs)
    this.#at = now
  }
}

function roomIn(window: SlidingWindow, worth: number, now: number): Answer {
  const waitMs = window.waitMs(worth, now)
  const room = window.room(now)
  return waitMs === 0 || (room > 0 && waitMs > LONG_MS) ? {count: room, waitMs: 0} : {count: 0, waitMs}
}
