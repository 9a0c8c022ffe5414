import type {Clock} from '../../ports/clock.js'
import type {LockTiming} from '../locks.js'
import {connectPostgres, type PostgresOptions} from './connect.js'
import {PgJournal} from './pg-journal.js'
import {migrateSchema} from './pg-schema.js'

/**
 * Opens the shared state: connects, brings the tables up to date, and learns how far this machine's clock is off.
 * Throws MfaError: `usage` (address, sign-in, rights, TLS, a newer version), `unavailable` (cannot be reached).
 */
export async function openPostgres(
  address: string,
  deps: {readonly clock: Clock; readonly lockTiming?: LockTiming | undefined} & PostgresOptions,
): Promise<PgJournal> {
  const {db, schema} = await connectPostgres(address, deps)
  try {
    await migrateSchema(db, schema)
    const sent = Date.now()
    const row = await db.get('SELECT extract(epoch FROM clock_timestamp()) * 1000 AS now')
    const difference = Math.round(Number(row?.['now']) - (sent + Date.now()) / 2)
    // Less than that is the time that the question took.
    const skewMs = Math.abs(difference) < 1000 ? 0 : difference
    return new PgJournal(db, deps.clock, skewMs, deps.lockTiming)
  } catch (error) {
    await db.close()
    throw error
  }
}
