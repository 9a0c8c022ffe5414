import type {Clock} from '../../ports/clock.js'
import {BATCH_SIZE} from './batch.js'
import {Concurrency, type Ticket} from './concurrency.js'
import type {RequestKind} from './graph-request.js'
import {createPaceCounter, type PaceStats} from './pace-stats.js'
import {type PaceQuota, Quota, type QuotaLimit, type Spent} from './quota.js'
import {SharedQuota, type SharedBudget} from './shared-quota.js'
import {createRetryShare, type RetryShare} from './retry-budget.js'

export type Grant =
  | {
      readonly granted: true
      /** So many requests, at least one; all of them in one HTTP request. */
      readonly count: number
      /** Once, when the HTTP request is over, with what its answers say about pace. */
      readonly release: (reports?: readonly PaceReport[]) => void
    }
  /** Nothing may be sent before `retryAt`, which is further away than the caller wants to wait. */
  | {readonly granted: false; readonly retryAt: Date}
  /** Nothing may be sent any more: the time given for the run is over. */
  | {readonly granted: false; readonly retryAt?: undefined}

/** What one answer says about pace. */
export interface PaceReport {
  readonly kind: RequestKind
  /** HTTP status; 0 where there was no answer. */
  readonly status: number
  /** Nothing of this kind before so many milliseconds from now. */
  readonly holdMs?: number | undefined
  /** x-ms-throttle-limit-percentage: from 0.8 on, the service's early warning. */
  readonly throttlePercentage?: number | undefined
}

/** Decides when something may be sent, and how much at once. */
export interface Pacer {
  /**
   * Resolves when one HTTP request of this kind may go out now, and says how many of the waiting requests it may carry.
   * `waiting` is asked again while it waits, and is at least 1. Not granted if a `Retry-After` of the service lasts
   * longer than `maxWaitMs`; waiting for a quota of ours has no such limit. Rejects with the signal's reason, and with MfaError
   * `usage` where a quota in common is refused to us.
   */
  acquire(kind: RequestKind, waiting: () => number, maxWaitMs: number, signal: AbortSignal): Promise<Grant>
  /** Resolves when a request may be sent once more; see `RetryShareKeeper`. */
  retry(signal: AbortSignal): Promise<void>
  stats(): PaceStats
}

export interface PacerOptions {
  readonly clock: Clock
  /** Writes of every kind; `none` for a service that has no such quota. Default: 3,000 in 150 s. */
  readonly writeQuota?: QuotaLimit | 'none' | undefined
  /** Activations of OATH tokens, which count as writes too. Default: 200 in 5 minutes. */
  readonly activationQuota?: QuotaLimit | 'none' | undefined
  /** Both quotas are had in common with other machines. */
  readonly shared?: SharedBudget | undefined
  /** Requests a second over all kinds; items of batches are requests. */
  readonly tps?: number | undefined
  /** HTTP requests under way, over all kinds; one more where a kind has none of its own. Default: 16. */
  readonly maxInFlight?: number | undefined
  /** Milliseconds from now after which nothing new is sent. */
  readonly maxDurationMs?: number | undefined
  readonly retryShare?: Partial<RetryShare> | undefined
}

/** Source: Microsoft's throttling limits of identity and access, app and tenant. */
export const WRITE_QUOTA: QuotaLimit = {count: 3000, windowMs: 150_000}
/** Source: the figure that the Entra portal names for uploads of OATH tokens. */
export const ACTIVATION_QUOTA: QuotaLimit = {count: 200, windowMs: 300_000}
const MAX_IN_FLIGHT = 16
/** Timers of longer than 24 days would end at once. */
const LONGEST_SLEEP_MS = 86_400_000
/** Each of reads and writes begins with so many; beyond them only full batches go out. */
const START_IN_FLIGHT = 4

interface Waiter {
  readonly kind: RequestKind
  readonly waiting: () => number
  readonly maxWaitMs: number
  readonly settle: (grant: Grant) => void
  readonly fail: (error: unknown) => void
  /** Held up by a quota of ours when last looked at. */
  byQuota: boolean
}

/** `at`: worth another look then; Infinity: when something under way ends. */
type Look =
  | {readonly is: 'go'; readonly count: number}
  | {readonly is: 'never'; readonly grant: Grant}
  | {readonly is: 'refused'; readonly error: unknown}
  | {readonly is: 'wait'; readonly at: number}

/**
 * Writes within their quotas, everything within `tps`, as many HTTP requests under way as the service takes gladly, and
 * nothing of a kind before its `Retry-After` has passed. Who waits is served in turn; who waits for a quota is not
 * overtaken by a smaller demand on the same one; reads and writes adapt apart, so neither holds up the other.
 */
export function createPacer(options: PacerOptions): Pacer {
  const {clock, maxInFlight = MAX_IN_FLIGHT} = options
  const begun = clock.monotonic()
  const over = begun + (options.maxDurationMs ?? Infinity)
  const quotaOf = (kind: string, limit: QuotaLimit | 'none'): PaceQuota | undefined => {
    if (limit === 'none') return undefined
    if (options.shared === undefined) return new Quota(limit, begun)
    return new SharedQuota(kind, limit, options.shared, clock, () => pump())
  }
  const writes = quotaOf('writes', options.writeQuota ?? WRITE_QUOTA)
  const activations = quotaOf('activations', options.activationQuota ?? ACTIVATION_QUOTA)
  const all = options.tps === undefined ? undefined : new Quota({count: options.tps, windowMs: 1000}, begun)
  const flights = {
    read: new Concurrency({start: START_IN_FLIGHT, max: maxInFlight}),
    write: new Concurrency({start: START_IN_FLIGHT, max: maxInFlight}),
  }
  const retries = createRetryShare(clock, options.retryShare)
  const counter = createPaceCounter(clock)
  const gates = new Map<RequestKind, number>()
  const waiters = new Set<Waiter>()
  let alarm: {readonly at: number; readonly off: AbortController} | undefined

  const flightOf = (kind: RequestKind): Concurrency => flights[kind === 'read' ? 'read' : 'write']

  function quotasOf(kind: RequestKind): readonly PaceQuota[] {
    const own = kind === 'read' ? [] : kind === 'write' ? [writes] : [activations, writes]
    return [...own, all].filter((quota) => quota !== undefined)
  }

  /** An activation is a write, so what holds writes holds it too. */
  function opensAt(kind: RequestKind): number {
    const own = gates.get(kind) ?? 0
    return kind === 'activation' ? Math.max(own, gates.get('write') ?? 0) : own
  }

  function look(waiter: Waiter, now: number, taken: Set<PaceQuota>): Look {
    waiter.byQuota = false
    if (now >= over) return {is: 'never', grant: {granted: false}}
    const held = opensAt(waiter.kind) - now
    if (held > waiter.maxWaitMs) {
      return {is: 'never', grant: {granted: false, retryAt: new Date(clock.now().getTime() + held)}}
    }
    if (held > 0) return {is: 'wait', at: now + held}
    const wanted = Math.min(BATCH_SIZE, waiter.waiting())
    if (!hasSlot(waiter.kind, wanted)) return {is: 'wait', at: Infinity}
    let count = wanted
    for (const quota of quotasOf(waiter.kind)) {
      const asked = taken.has(quota) ? {count: 0, waitMs: Infinity} : quota.ask(wanted, now)
      if (asked.count > 0) {
        count = Math.min(count, asked.count)
        continue
      }
      waiter.byQuota = true
      // Saved up for this one; those behind it do not nibble at it.
      taken.add(quota)
      return {is: 'wait', at: now + asked.waitMs}
    }
    return {is: 'go', count}
  }

  function lookOrRefusal(waiter: Waiter, now: number, taken: Set<PaceQuota>): Look {
    try {
      return look(waiter, now, taken)
    } catch (error) {
      return {is: 'refused', error}
    }
  }

  function hasSlot(kind: RequestKind, wanted: number): boolean {
    const flight = flightOf(kind)
    if (flight.inFlight === 0) return true
    const total = flights.read.inFlight + flights.write.inFlight
    return flight.free && total < maxInFlight && (wanted === BATCH_SIZE || flight.inFlight < START_IN_FLIGHT)
  }

  function pump(): void {
    let next = Infinity
    const now = clock.monotonic()
    const taken = new Set<PaceQuota>()
    for (const waiter of waiters) {
      const seen = lookOrRefusal(waiter, now, taken)
      if (seen.is === 'wait') {
        next = Math.min(next, seen.at)
        continue
      }
      waiters.delete(waiter)
      if (seen.is === 'refused') waiter.fail(seen.error)
      else waiter.settle(seen.is === 'go' ? granted(waiter.kind, seen.count, now) : seen.grant)
    }
    wakeAt(waiters.size === 0 ? Infinity : Math.min(next, over))
  }

  function granted(kind: RequestKind, count: number, now: number): Grant {
    const flight = flightOf(kind)
    const ticket = flight.enter()
    const spent = quotasOf(kind).map((quota) => ({quota, spent: quota.take(count, now)}))
    counter.sent(kind, count)
    let done = false
    return {
      granted: true,
      count,
      release(reports = []) {
        if (done) return
        done = true
        settle(flight, ticket, spent, reports)
        pump()
      },
    }
  }

  function settle(
    flight: Concurrency,
    ticket: Ticket,
    spent: readonly {readonly quota: PaceQuota; readonly spent: Spent}[],
    reports: readonly PaceReport[],
  ): void {
    const now = clock.monotonic()
    for (const one of spent) one.quota.settle(one.spent, now)
    const throttled = reports.filter(({status}) => status === 429).length
    const warning = Math.max(0, ...reports.map(({throttlePercentage = 0}) => throttlePercentage))
    flight.leave(ticket, {throttled: throttled > 0, warning})
    counter.throttled(throttled)
    retries.succeeded(reports.filter(({status}) => status >= 200 && status < 400).length)
    for (const {kind, status, holdMs = 0} of reports) {
      gates.set(kind, Math.max(gates.get(kind) ?? 0, now + holdMs))
      if (status !== 429) continue
      if (kind === 'activation') activations?.hold(now, now + holdMs)
      if (kind === 'write') writes?.hold(now, now + holdMs)
    }
  }

  /** One timer for all who wait. */
  function wakeAt(at: number): void {
    if (alarm !== undefined && alarm.at === at) return
    alarm?.off.abort()
    alarm = undefined
    if (at === Infinity) return
    const mine = {at, off: new AbortController()}
    alarm = mine
    const ms = Math.min(LONGEST_SLEEP_MS, Math.max(0, Math.ceil(at - clock.monotonic())))
    clock.sleep(ms, mine.off.signal).then(
      () => {
        if (alarm !== mine) return
        alarm = undefined
        pump()
      },
      () => {},
    )
  }

  return {
    acquire(kind, waiting, maxWaitMs, signal) {
      return new Promise((resolve, reject) => {
        signal.throwIfAborted()
        const onAbort = (): void => {
          waiters.delete(waiter)
          reject(signal.reason as Error)
          pump()
        }
        const waiter: Waiter = {
          kind,
          waiting,
          maxWaitMs,
          byQuota: false,
          settle(grant) {
            signal.removeEventListener('abort', onAbort)
            resolve(grant)
          },
          fail(error) {
            signal.removeEventListener('abort', onAbort)
            reject(error)
          },
        }
        signal.addEventListener('abort', onAbort, {once: true})
        waiters.add(waiter)
        pump()
      })
    },
    async retry(signal) {
      await retries.take(signal)
      counter.retried()
    },
    stats: () => ({
      ...counter.read(),
      inFlight: flights.read.inFlight + flights.write.inFlight,
      limit: flights.read.limit + flights.write.limit,
      waitingForQuota: [...waiters].reduce((sum, one) => sum + (one.byQuota ? one.waiting() : 0), 0),
    }),
  }
}
