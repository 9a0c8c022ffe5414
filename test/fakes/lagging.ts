import type {Clock} from '../../src/lib/ports/clock.js'

/** How long Entra shows old values: for so many reads of the thing itself, and for so many milliseconds. */
export interface Lag {
  readonly reads: number
  readonly ms: number
}

interface Version<T> {
  readonly value: T
  readonly visibleAt: number
  hiddenReads: number
}

/** One value of an eventually consistent store: writes see the newest version, reads one that may be old. */
export class Lagging<T> {
  readonly #clock: Clock
  #versions: Version<T>[]

  constructor(clock: Clock, value: T) {
    this.#clock = clock
    this.#versions = [{value, visibleAt: -Infinity, hiddenReads: 0}]
  }

  /** As it really is. */
  get now(): T {
    const last = this.#versions.at(-1)
    if (last === undefined) throw new Error('a value without versions')
    return last.value
  }

  write(value: T, lag: Lag): void {
    this.#versions.push({value, visibleAt: this.#clock.monotonic() + lag.ms, hiddenReads: lag.reads})
  }

  /** As a reader sees it. */
  read(): T {
    const at = this.#versions.findLastIndex(
      ({visibleAt, hiddenReads}) => visibleAt <= this.#clock.monotonic() && hiddenReads <= 0,
    )
    this.#versions = this.#versions.slice(Math.max(0, at))
    for (const version of this.#versions) version.hiddenReads -= 1
    const seen = this.#versions[0]
    if (seen === undefined) throw new Error('a value without versions')
    return seen.value
  }
}
