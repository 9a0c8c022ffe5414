import type {ObjectId, RunId} from '../model/brand.js'
import type {ActionRecord, Journal, UserMemory} from '../ports/journal.js'
import type {Action} from './plan.js'

/**
 * What runs of ours have written to a user since the user was last proven (U5), or ever: oldest first. Everything in
 * it may have been cut off before its run could finish the user.
 */
export async function writesSinceProven(
  journal: Journal,
  tenantId: string,
  user: ObjectId,
  migrated: UserMemory['migrated'],
): Promise<readonly ActionRecord[]> {
  const writes = await journal.writesTo(tenantId, user, migrated?.run)
  return writes.filter(({run, intentAt}) => run !== migrated?.run || intentAt > migrated.at)
}

/** Longer than any service takes to show what was written, and than clocks differ. */
const LONG_AGO_MS = 24 * 3_600_000

/** Runs of the tenant that were cut off, in the last day or without a word; what they wrote last, readers may not see yet. */
export async function runsCutOff(journal: Journal, tenantId: string, now: Date): Promise<readonly RunId[]> {
  const runs = await journal.runs({
    tenantId,
    statuses: ['open', 'interrupted', 'stopped'],
    endedSince: new Date(now.getTime() - LONG_AGO_MS).toISOString(),
  })
  return runs.map(({id}) => id)
}

/**
 * Writes to a user that went well, in runs that were cut off before they could see them in place (R4): oldest first.
 *
 * @param runs newest first
 * @param since earlier ones are to be seen by now (ISO 8601)
 */
export async function unseenWrites(
  journal: Journal,
  tenantId: string,
  runs: readonly RunId[],
  user: ObjectId,
  since: string,
): Promise<readonly Action[]> {
  const oldest = runs.at(-1)
  if (oldest === undefined) return []
  const writes = await journal.writesTo(tenantId, user, oldest)
  const unseen = writes.filter(
    ({run, outcome, outcomeAt}) =>
      runs.includes(run) && outcome?.status === 'done' && outcomeAt !== undefined && outcomeAt >= since,
  )
  return lasting(unseen.map(({intent}) => intent as unknown as Action))
}

/** Of actions that were done one after the other, those whose effect is still to be seen at the end. */
export function lasting(done: readonly Action[]): readonly Action[] {
  return done.filter((action, at) => {
    const later = done.slice(at + 1)
    if (later.some(({id}) => id === action.id)) return false
    if (!('serialNumber' in action) || action.kind === 'create-token') return true
    const opposite = action.kind === 'unassign-token' ? 'assign-token' : 'unassign-token'
    return !later.some((one) => one.kind === opposite && one.serialNumber === action.serialNumber)
  })
}
