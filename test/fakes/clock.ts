import type {Clock} from '../../src/lib/ports/clock.js'

/** A clock that moves only when told to, or when somebody sleeps. */
export class FakeClock implements Clock {
  #ms: number
  #wallShift = 0
  /** Every sleep asked for, in milliseconds. */
  readonly sleeps: number[] = []

  constructor(start = '2026-03-01T09:00:00.000Z') {
    this.#ms = Date.parse(start)
  }

  now(): Date {
    return new Date(this.#ms + this.#wallShift)
  }

  monotonic(): number {
    return this.#ms
  }

  advance(ms: number): void {
    this.#ms += ms
  }

  /** The wall clock is put forward or back; the monotonic one does not notice. */
  jump(ms: number): void {
    this.#wallShift += ms
  }

  /** Takes no real time. */
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    this.sleeps.push(ms)
    this.#ms += ms
    await Promise.resolve()
    signal?.throwIfAborted()
  }
}
