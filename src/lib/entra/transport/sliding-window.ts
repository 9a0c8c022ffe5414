/** So many at a time, each of them for as long as it is under way and `windowMs` more. Times in monotonic milliseconds. */
export class SlidingWindow {
  readonly #count: number
  readonly #windowMs: number
  readonly #settled: {readonly count: number; readonly at: number}[] = []
  #used = 0

  constructor(count: number, windowMs: number) {
    this.#count = count
    this.#windowMs = windowMs
  }

  room(now: number): number {
    while (this.#settled[0] !== undefined && this.#settled[0].at <= now) {
      this.#used -= this.#settled.shift()?.count ?? 0
    }
    return Math.max(0, this.#count - this.#used)
  }

  /** Until there is room for `count`; Infinity while that depends on something that is still under way. */
  waitMs(count: number, now: number): number {
    let room = this.room(now) + Math.min(0, this.#count - this.#used)
    if (room >= count) return 0
    for (const settled of this.#settled) {
      room += settled.count
      if (room >= count) return Math.max(1, Math.ceil(settled.at - now))
    }
    return Infinity
  }

  take(count: number): void {
    this.#used += count
  }

  /** It is over; `now` is when its time begins to run. */
  settle(count: number, now: number): void {
    const at = now + this.#windowMs
    const behind = this.#settled.findLastIndex((other) => other.at <= at)
    this.#settled.splice(behind + 1, 0, {count, at})
  }
}
