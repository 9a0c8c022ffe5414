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
  const runs = (await journal.runs()).filter(
    (run) => run.tenantId === tenantId && (migrated === undefined || run.id >= migrated.run),
  )
  const writes: ActionRecord[] = []
  for (const {id} of runs.toReversed()) {
    for await (const record of journal.actions(id, user)) {
      if (id !== migrated?.run || record.intentAt > migrated.at) writes.push(record)
    }
  }
  return writes
}

/** Runs of the tenant that were cut off; what they wrote last, readers may not see yet. */
export async function runsCutOff(journal: Journal, tenantId: string): Promise<readonly RunId[]> {
  const runs = await journal.runs()
  return runs.filter((run) => run.tenantId === tenantId && run.status !== 'finished').map(({id}) => id)
}

/**
 * Writes to a user that went well, in runs that were cut off before they could see them in place (R4): oldest first.
 *
 * @param since earlier ones are to be seen by now (ISO 8601)
 */
export async function unseenWrites(
  journal: Journal,
  runs: readonly RunId[],
  user: ObjectId,
  since: string,
): Promise<readonly Action[]> {
  const actions: Action[] = []
  for (const run of runs.toReversed()) {
    for await (const {intent, outcome, outcomeAt} of journal.actions(run, user)) {
      if (outcome?.status === 'done' && outcomeAt !== undefined && outcomeAt >= since)
        actions.push(intent as unknown as Action)
    }
  }
  return lasting(actions)
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
