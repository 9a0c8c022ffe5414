import {MfaError} from '../errors/mfa-error.js'
import type {ActionId, ObjectId} from '../model/brand.js'
import type {Bag} from '../ports/scratch.js'
import {planKey} from './collect.js'
import type {UserPlan} from './plan.js'

/** How many stale users a message names one by one. */
const NAMED = 20

type Settled = (user: ObjectId) => Promise<ReadonlySet<ActionId>>

export interface StaleUser {
  readonly userPrincipalName: string
  readonly reason: string
}

/**
 * R6: a saved plan is applied only as it is. Planning again must give the same for every user; what an interrupted
 * application of this very plan has already done may be missing. Throws MfaError `stale` that names users and reasons.
 *
 * @param settled what earlier applications of this plan have done for a user; undefined if there was none
 */
export async function refuseStale(
  saved: AsyncIterable<UserPlan>,
  fresh: Bag<UserPlan>,
  settled: Settled | undefined,
): Promise<void> {
  const stale: StaleUser[] = []
  const seen = new Set<string>()
  for await (const plan of saved) {
    const key = planKey(plan)
    seen.add(key)
    const now = fresh.get(key)[0]
    const reason = now === undefined ? 'is not in the group any more' : await difference(plan, now, settled)
    if (reason !== undefined) stale.push({userPrincipalName: plan.userPrincipalName, reason})
  }
  for (const [key, plan] of fresh.entries()) {
    if (!seen.has(key))
      stale.push({userPrincipalName: plan.userPrincipalName, reason: 'came into the group since'})
  }
  if (stale.length === 0) return
  const shown = stale
    .slice(0, NAMED)
    .map(({userPrincipalName, reason}) => `\n  ${userPrincipalName}: ${reason}`)
  const more = stale.length > NAMED ? `\n  and ${stale.length - NAMED} more` : ''
  throw new MfaError(
    'PLAN_STALE',
    `the plan no longer fits for ${stale.length} users; nothing was written:${shown.join('')}${more}`,
    {
      exit: 'stale',
      fix: 'Make the plan again, look at it, and apply that one: mfa migrate … --dry-run --out plan.json',
    },
  )
}

async function difference(
  saved: UserPlan,
  now: UserPlan,
  settled: Settled | undefined,
): Promise<string | undefined> {
  if (JSON.stringify(saved) === JSON.stringify(now)) return undefined
  if (saved.serverFingerprint !== now.serverFingerprint) return 'changed on the server'
  if (settled !== undefined && isRestOf(saved, now, await settled(saved.id))) return undefined
  if (saved.entraFingerprint !== now.entraFingerprint) return 'changed in Entra'
  return 'plans differently now: the plan was edited, or policy, options or mfa changed'
}

function isRestOf(saved: UserPlan, now: UserPlan, done: ReadonlySet<ActionId>): boolean {
  const planned = new Map(saved.actions.map((action) => [action.id, JSON.stringify({...action, needs: []})]))
  const left = new Set(now.actions.map((action) => action.id))
  return (
    now.actions.every((action) => planned.get(action.id) === JSON.stringify({...action, needs: []})) &&
    saved.actions.every((action) => left.has(action.id) || done.has(action.id))
  )
}
