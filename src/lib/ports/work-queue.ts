/** How a lot of packages stands. */
export interface Standing {
  /** Packages that nobody works on now. */
  readonly waiting: number
  readonly working: number
  readonly done: number
  /** Given up after many tries. */
  readonly failed: number
  /** Sum of what `Package.done` was told. */
  readonly users: number
  readonly failures: number
  /** Why one of the failed was given up. */
  readonly reason?: unknown
}

export interface Package {
  readonly id: string
  /** To which it belongs now: it may have been adopted since it was put. */
  readonly lot: string
  /** JSON data, as it was put. */
  readonly data: unknown
  /** Aborted when somebody else may have the package by now. */
  readonly lost: AbortSignal
  /** It is settled and never comes again. */
  done(counts: {readonly users: number; readonly failures: number}): Promise<void>
  /** It comes again after a pause, to anybody; after many times it counts as failed, with the last reason. */
  giveBack(reason: Readonly<Record<string, unknown>>): Promise<void>
}

/**
 * Hands packages of work to many machines: each to one at a time, at least once. A package whose worker dies comes back to
 * somebody else within half a minute, so whoever works on one must be able to see what was done before. Lives through a restart
 * of its server. Holds no secret.
 */
export interface WorkQueue {
  /** @param lot names what belongs together; packages are JSON data */
  put(lot: string, packages: readonly object[]): Promise<void>
  /** The oldest package that nobody works on; undefined if there is none. */
  take(): Promise<Package | undefined>
  standing(lot: string): Promise<Standing>
  /** Over all lots. */
  open(): Promise<{readonly waiting: number; readonly working: number; readonly users: number}>
  /**
   * What nobody works on and was put with this `key` in its data, whatever its lot, belongs to this lot from now on. How many
   * packages that were.
   */
  adopt(key: string, lot: string): Promise<number>
  /** Takes back what waits of this lot; or forgets what nobody works on of all others, settled packages too. */
  withdraw(which: {readonly lot: string} | {readonly allBut: string}): Promise<void>
  /** Forgets the settled packages of a lot. */
  forget(lot: string): Promise<void>
  close(): Promise<void>
}

/** A right to work on some items under somebody's lock; renewed by itself until it is released. */
export interface Lease {
  /** Aborted early enough for requests under way to end before anybody else may have the items. */
  readonly lost: AbortSignal
  /** Throws unless the lease holds now, by the clock: call it before each write. */
  check(): void
  release(): Promise<void>
}

/** Work under a lock by others than its holder. */
export interface Leases {
  /**
   * All of the items or none. `held`: somebody has one of them; ask again. `over`: the lock is not that holder's any more.
   * Whoever takes the lock next waits until all leases under it have ended.
   */
  take(
    lock: {readonly name: string; readonly ticket: string},
    items: readonly string[],
  ): Promise<Lease | 'held' | 'over'>
  /** The ticket of whoever holds the lock now; undefined if nobody does. */
  holder(lock: string): Promise<string | undefined>
}
