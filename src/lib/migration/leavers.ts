import type {ObjectId, RunId} from '../model/brand.js'
import type {Journal} from '../ports/journal.js'
import type {Clock} from '../ports/clock.js'
import type {Scratch} from '../ports/scratch.js'
import type {Collected} from './collect.js'

/**
 * After a run over a whole group, every user of it on record: who was not among its users has left the group, or is not on the
 * server any more where everybody is meant. That is put on record, so that counts are right though rounds tell only what is new.
 */
export async function recordLeavers(
  {tenantId, group, plans, leftOut}: Pick<Collected, 'tenantId' | 'group' | 'plans' | 'leftOut'>,
  run: RunId,
  {journal, scratch, clock}: {readonly journal: Journal; readonly scratch: Scratch; readonly clock: Clock},
): Promise<void> {
  const {left: _left, ...present} = await journal.latestCounts(tenantId, group.id)
  const onRecord = Object.values(present).reduce((sum, users) => sum + users, 0)
  // Everybody who was there is on record by now: as many means the same ones.
  if (onRecord === plans.size + leftOut.length) return
  const there = scratch.bag<true>('there')
  for (const [, {id}] of plans.entries()) there.set(id, true)
  for (const id of leftOut) there.set(id, true)
  const isThere = (user: ObjectId): boolean => there.get(user).length > 0
  const at = clock.now().toISOString()
  for await (const {user, userPrincipalName, stands} of journal.latestIn(tenantId, group.id)) {
    if (stands === 'left' || isThere(user)) continue
    await journal.userResult({run, user, userPrincipalName, outcome: 'left', findings: [], at})
  }
}
