/** So many in any stretch of `windowMs`; after a pause `burst` of them at once, then evenly. */
export interface BudgetLimit {
  readonly count: number
  readonly windowMs: number
  readonly burst: number
}

export interface Reservation {
  /** To settle it by; absent where `count` is 0. */
  readonly id?: number | undefined
  /** 0: nothing yet, ask again after `waitMs`. */
  readonly count: number
  /** They may be sent from so many milliseconds on after the answer came, and for `BUDGET_LEASE_MS` after that. */
  readonly waitMs: number
}

/** How long a reservation may be used. */
export const BUDGET_LEASE_MS = 30_000

/**
 * One budget for all machines that write to one tenant as one application. However many reserve, never more than `count` are out
 * in any stretch of `windowMs`. First come, first served: nobody who asks is passed over. Times are the budget's own clock.
 */
export interface WriteBudget {
  reserve(name: string, limit: BudgetLimit, wanted: number): Promise<Reservation>
  /** All `used` of them were answered; the others are given back. Never settled, a reservation counts minutes longer. */
  settle(id: number, used: number, limit: BudgetLimit): Promise<void>
}
