import type {ObjectId} from '../model/brand.js'
import type {EntraMethods, InventoryToken} from '../model/entra-user.js'
import type {ReadFailure} from '../ports/directory.js'
import type {Journal, RunRecord} from '../ports/journal.js'
import {runsCutOff, unseenWrites, writesSinceProven} from './earlier-writes.js'
import type {DisableSmsSignIn} from './plan.js'
import type {PlanningDeps} from './request.js'
import {disableSmsSignIn, isSignIn, mobileOf, undoOwesSmsSignInOff} from './sms-sign-in.js'
import {type Settled, settleUser} from './unsettled.js'

interface Looked {
  readonly methods: EntraMethods | ReadFailure | undefined
  readonly inventory: ReadonlyMap<string, readonly InventoryToken[]>
}

/**
 * R1, R4: as when planning a migration, writes whose outcome nobody knows, and those that a run was cut off from seeing in
 * place, are read back before anything is planned on top of them.
 */
export async function settler(
  users: readonly ObjectId[],
  {run: {tenantId}, consistencyMs}: {readonly run: RunRecord; readonly consistencyMs: number},
  deps: Pick<PlanningDeps, 'directory' | 'journal' | 'clock'>,
): Promise<
  (user: ObjectId, first: Looked, signal: AbortSignal) => Promise<Looked & {settled: readonly Settled[]}>
> {
  const {journal, clock} = deps
  const memory = await journal.memory(tenantId, users)
  const cutOff = await runsCutOff(journal, tenantId, clock.now())
  const hashKey = await journal.hashKey()
  return async (user, first, signal) => {
    const unsettled = memory.get(user)?.unsettled ?? []
    const since = new Date(clock.now().getTime() - consistencyMs).toISOString()
    const unseen = await unseenWrites(journal, tenantId, cutOff, user, since)
    if (unsettled.length + unseen.length === 0) return {...first, settled: []}
    const {shown, settled} = await settleUser(
      user,
      undefined,
      unsettled,
      unseen,
      hashKey,
      consistencyMs,
      deps,
      signal,
    )
    if (shown === undefined) return {...first, methods: undefined, settled}
    return {methods: shown.methods, inventory: new Map([...first.inventory, ...shown.inventory]), settled}
  }
}

/** P9 across an interruption: the number is back, and an undo was cut off before it could switch SMS sign-in off. */
export async function smsSignInOff(
  user: ObjectId,
  now: EntraMethods,
  run: RunRecord,
  settled: readonly Settled[],
  journal: Journal,
): Promise<readonly DisableSmsSignIn[]> {
  const mobile = mobileOf(now)
  if (mobile === undefined || !isSignIn(now)) return []
  const writes = await writesSinceProven(journal, run.tenantId, user, undefined)
  const owes = await undoOwesSmsSignInOff(user, mobile.number, run.id, writes, settled, journal)
  return owes ? [disableSmsSignIn(user, mobile.id)] : []
}
