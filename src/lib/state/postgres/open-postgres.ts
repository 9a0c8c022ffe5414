import type {Clock} from '../../ports/clock.js'
import type {LockTiming} from '../locks.js'
import {connectPostgres, type PostgresOptions} from './connect.js'
import {PgJournal} from './pg-journal.js'
import {migrateSchema} from './pg-schema.js'

/**
 * Opens the shared state: connects, and brings the tables up to date.
 * Throws MfaError: `usage` (address, sign-in, rights, TLS, a newer version), `unavailable` (cannot be reached).
 */
export async function openPostgres(
  address: string,
  deps: {readonly clock: Clock; readonly lockTiming?: LockTiming | undefined} & PostgresOptions,
): Promise<PgJournal> {
  const {db, schema} = await connectPostgres(address, deps)
  try {
    await migrateSchema(db, schema)
    return new PgJournal(db, deps.clock, deps.lockTiming)
  } catch (error) {
    await db.close()
    throw error
  }
}
