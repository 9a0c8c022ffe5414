import type {Clock} from '../../ports/clock.js'
import type {Leases, WorkQueue} from '../../ports/work-queue.js'
import type {WriteBudget} from '../../ports/write-budget.js'
import {PgBudget} from './pg-budget.js'
import type {PgDatabase} from './pg-database.js'
import {PgLeases} from './pg-leases.js'
import {openJobs, openPgWorkQueue} from './pg-work-queue.js'

/** What machines share besides the journal. */
export interface Shared {
  readonly budget: WriteBudget
  readonly leases: Leases
  /** Opens the queue of a tenant; its tables are made where there are none. */
  queue(tenantId: string): Promise<WorkQueue>
  /** What is handed out for a tenant now; makes nothing. */
  pending(tenantId: string): ReturnType<WorkQueue['open']>
  /** The command ends: a database that is away is waited for that long at most, in milliseconds. */
  hurry(ms: number): void
}

export const pgShared = (db: PgDatabase, clock: Clock): Shared => ({
  budget: new PgBudget(db),
  leases: new PgLeases(db, clock),
  queue: (tenantId) => openPgWorkQueue(db, tenantId),
  pending: (tenantId) => openJobs(db, `work.${tenantId}`),
  hurry: (ms) => db.hurry(ms),
})
