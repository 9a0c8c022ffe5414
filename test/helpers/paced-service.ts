import type {RequestKind} from '../../src/lib/entra/transport/graph-request.js'
import {type Grant, type PaceReport, type Pacer} from '../../src/lib/entra/transport/pacer.js'
import type {VirtualClock} from '../fakes/virtual-clock.js'

/** What reached the service, and when; milliseconds of the virtual clock. */
export interface Arrival {
  readonly kind: RequestKind
  readonly at: number
  readonly granted: number
  readonly count: number
}

export interface ServiceOptions {
  /** Milliseconds there, and back again. */
  latency(): readonly [there: number, back: number]
  /** Whether the next request is answered 429, and after how long it may be sent again. */
  throttles?(): number | undefined
  readonly until?: number
}

const KINDS: readonly RequestKind[] = ['read', 'write', 'activation']

/** Works off `demand` through the pacer as the queue does: one lane a kind; what was throttled is asked for again. */
export class PacedService {
  readonly arrivals: Arrival[] = []
  /** Sent before a Retry-After that was known by then had passed. */
  early = 0
  mostUnderWay = 0
  readonly left: Record<RequestKind, number>
  readonly #pacer: Pacer
  readonly #clock: VirtualClock
  readonly #options: ServiceOptions
  readonly #opens: Record<RequestKind, number> = {read: 0, write: 0, activation: 0}
  #underWay = 0

  constructor(
    pacer: Pacer,
    clock: VirtualClock,
    demand: Readonly<Record<RequestKind, number>>,
    options: ServiceOptions,
  ) {
    this.#pacer = pacer
    this.#clock = clock
    this.left = {...demand}
    this.#options = options
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(KINDS.map((kind) => this.#lane(kind, signal)))
  }

  async #lane(kind: RequestKind, signal: AbortSignal): Promise<void> {
    const underWay = new Set<Promise<void>>()
    while (this.left[kind] > 0 || underWay.size > 0) {
      if (this.left[kind] === 0) {
        await Promise.race(underWay)
        continue
      }
      const grant = await this.#pacer.acquire(kind, () => this.left[kind], Infinity, signal)
      if (!grant.granted) return
      const now = this.#clock.monotonic()
      if (now < this.#opens[kind]) this.early += 1
      this.left[kind] -= grant.count
      const flight = this.#send(kind, grant).finally(() => underWay.delete(flight))
      underWay.add(flight)
    }
  }

  async #send(kind: RequestKind, grant: Grant & {granted: true}): Promise<void> {
    const granted = this.#clock.monotonic()
    this.mostUnderWay = Math.max(this.mostUnderWay, ++this.#underWay)
    const [there, back] = this.#options.latency()
    await this.#clock.sleep(there)
    this.arrivals.push({kind, at: this.#clock.monotonic(), granted, count: grant.count})
    const holds = Array.from({length: grant.count}, () => this.#options.throttles?.())
    await this.#clock.sleep(back)
    const now = this.#clock.monotonic()
    const reports = holds.map((holdMs): PaceReport => ({
      kind,
      status: holdMs === undefined ? 200 : 429,
      holdMs,
    }))
    for (const holdMs of holds) {
      if (holdMs === undefined) continue
      this.left[kind] += 1
      for (const each of kind === 'write' ? (['write', 'activation'] as const) : [kind])
        this.#opens[each] = Math.max(this.#opens[each], now + holdMs)
    }
    this.#underWay -= 1
    grant.release(reports)
  }

  count(...kinds: readonly RequestKind[]): number {
    return this.of(kinds).reduce((sum, {count}) => sum + count, 0)
  }

  /** The most that arrived in any stretch of time of that length. */
  mostIn(windowMs: number, ...kinds: readonly RequestKind[]): number {
    const arrivals = this.of(kinds).toSorted((one, other) => one.at - other.at)
    let most = 0
    let sum = 0
    let first = 0
    for (const arrival of arrivals) {
      sum += arrival.count
      while (arrivals[first] !== undefined && (arrivals[first] as Arrival).at <= arrival.at - windowMs)
        sum -= (arrivals[first++] as Arrival).count
      most = Math.max(most, sum)
    }
    return most
  }

  of(kinds: readonly RequestKind[]): readonly Arrival[] {
    return this.arrivals.filter(({kind}) => kinds.includes(kind))
  }
}
