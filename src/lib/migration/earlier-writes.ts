import type {ObjectId} from '../model/brand.js'
import type {ActionRecord, Journal, UserMemory} from '../ports/journal.js'

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
