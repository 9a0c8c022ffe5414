import type {Bag} from '../ports/scratch.js'
import type {UserPlan} from './plan.js'

/** Reads that show one user after the writes: methods, tokens, preference (R4). */
const READS_AFTER = 3

/** What is left to do once everything is planned. */
export function workOf(plans: Bag<UserPlan>): WorkCounts {
  let users = 0
  let writes = 0
  let activations = 0
  for (const [, {actions}] of plans.entries()) {
    if (actions.length > 0) users++
    for (const {kind} of actions) {
      if (kind === 'activate-token') activations++
      else writes++
    }
  }
  return {users, readsPerUser: READS_AFTER, writes, activations}
}

/** What a run has ahead of it. */
export interface WorkCounts {
  readonly users: number
  /** Requests that read one user, before and after the writes. */
  readonly readsPerUser: number
  /** Without activations. */
  readonly writes: number
  /** Activations of OATH tokens: they count as writes too, and have a quota of their own. */
  readonly activations: number
}

/** So many in so many seconds. */
export interface Rate {
  readonly count: number
  readonly seconds: number
}

/** How fast the service may be asked; what is undefined sets no limit. */
export interface PaceRates {
  /** Writes of every kind, activations included. */
  readonly writes?: Rate | undefined
  readonly activations?: Rate | undefined
  /** Requests of every kind. */
  readonly requests?: Rate | undefined
  /** As measured or assumed: nothing that the service promises. */
  readonly reads?: Rate | undefined
}

export interface Forecast {
  readonly requests: number
  /** Activations included. */
  readonly writes: number
  /** Whole seconds: the slowest of the limits, since reads, writes and activations go on side by side. */
  readonly seconds: number
}

/** How many requests a run takes, and how long at the given rates. Repetitions after faults come on top. */
export function forecast(counts: WorkCounts, rates: PaceRates): Forecast {
  const reads = counts.users * counts.readsPerUser
  const writes = counts.writes + counts.activations
  const requests = reads + writes
  const seconds = Math.max(
    lasts(writes, rates.writes),
    lasts(counts.activations, rates.activations),
    lasts(requests, rates.requests),
    lasts(reads, rates.reads),
  )
  return {requests, writes, seconds: Math.ceil(seconds)}
}

const lasts = (count: number, rate: Rate | undefined): number =>
  rate === undefined || count === 0 ? 0 : (count * rate.seconds) / rate.count
