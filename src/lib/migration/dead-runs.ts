import type {RunId} from '../model/brand.js'
import type {Clock} from '../ports/clock.js'
import {type Journal, USER_RUN_KINDS} from '../ports/journal.js'

/**
 * Whoever holds the tenant's lock is the only one alive: other runs that are still open were killed, and stand as interrupted from
 * here on. Only the same command goes on with them; what they left in doubt is looked up by every later run (R1, R4).
 */
export async function endDeadRuns(
  tenantId: string,
  alive: RunId,
  {journal, clock}: {readonly journal: Journal; readonly clock: Clock},
): Promise<void> {
  const open = await journal.runs({tenantId, kinds: USER_RUN_KINDS, statuses: ['open']})
  for (const {id, summary = {}} of open)
    if (id !== alive) await journal.endRun(id, 'interrupted', summary, clock.now().toISOString())
}
