import {isDeepStrictEqual} from 'node:util'

import {MfaError} from '../errors/mfa-error.js'
import type {ObjectId} from '../model/brand.js'
import {countOf} from '../model/count-of.js'
import type {Bag} from '../ports/scratch.js'
import {planKey} from './collect.js'
import type {Action, UserPlan} from './plan.js'

/** How many stale users a message names one by one. */
const NAMED = 20

export interface StaleUser {
  readonly userPrincipalName: string
  readonly reason: string
}

export interface AgainstPlan {
  /** Whether an earlier application of this very plan has begun to write to the user. */
  readonly begun: (user: ObjectId) => Promise<boolean>
  /** The source as a whole is as it was: a server fingerprint that differs was made with another key. */
  readonly sameSource: boolean
}

/**
 * R6: a saved plan is applied only as it is. Planning again must give the same for every user; what an earlier
 * application of this very plan has already done may be missing, and what stands of a user for whom nothing was and is to
 * be written may differ. Throws MfaError `stale` that names users and reasons.
 */
export async function refuseStale(
  saved: AsyncIterable<UserPlan>,
  fresh: Bag<UserPlan>,
  against: AgainstPlan,
): Promise<void> {
  const stale: StaleUser[] = []
  const seen = new Set<string>()
  for await (const plan of saved) {
    const key = planKey(plan)
    const now = fresh.get(key)[0]
    const reason = seen.has(key)
      ? 'is in the plan twice: the plan was edited'
      : now === undefined
        ? 'is not in the group any more'
        : await difference(plan, now, against)
    seen.add(key)
    if (reason !== undefined) stale.push({userPrincipalName: plan.userPrincipalName, reason})
  }
  for (const [key, {userPrincipalName}] of fresh.entries()) {
    if (!seen.has(key))
      stale.push({userPrincipalName, reason: 'is not in the plan: came into the group since'})
  }
  if (stale.length === 0) return
  const shown = stale
    .slice(0, NAMED)
    .map(({userPrincipalName, reason}) => `\n  ${userPrincipalName}: ${reason}`)
  const more = stale.length > NAMED ? `\n  and ${stale.length - NAMED} more` : ''
  throw new MfaError(
    'PLAN_STALE',
    `the plan no longer fits for ${countOf(stale.length, 'user')}; nothing was written:${shown.join('')}${more}`,
    {
      exit: 'stale',
      fix: 'Make the plan again, look at it, and apply that one: mfa migrate … --dry-run --out plan.json',
    },
  )
}

async function difference(
  saved: UserPlan,
  now: UserPlan,
  {begun, sameSource}: AgainstPlan,
): Promise<string | undefined> {
  if (isDeepStrictEqual(comparable(saved), comparable(now))) return undefined
  const standing = saved.outcome === now.outcome ? undefined : (IS_NOW[now.outcome] ?? WAS[saved.outcome])
  if (standing !== undefined) return standing
  // Nothing was to be written, nothing is: a run with other options may have looked at the user, or not looked (U5).
  if (saved.actions.length === 0 && now.actions.length === 0) return undefined
  if (saved.serverFingerprint !== now.serverFingerprint) {
    return sameSource
      ? 'was planned with another state (--state) or other seed files'
      : 'changed on the server'
  }
  if (isRestOf(saved, now) && (await begun(saved.id))) return undefined
  if (isRemembered(now)) return 'was migrated since, by another run'
  if (saved.entraFingerprint !== now.entraFingerprint) return 'changed in Entra'
  return 'plans differently now: the plan was edited, or policy, options or mfa changed'
}

const IS_NOW: Readonly<Partial<Record<UserPlan['outcome'], string>>> = {
  unmatched: 'has no safe match on the server any more',
  disabled: 'is disabled now',
  failed: 'cannot be migrated now: a dry run tells why',
}
const WAS: typeof IS_NOW = {
  unmatched: 'has a match on the server now',
  disabled: 'is not disabled any more',
  failed: 'could not be migrated when the plan was made, and can now',
}

/** Without the finding that a run tells only once (D3), by whichever user comes first. */
function comparable(plan: UserPlan): UserPlan {
  return {...plan, findings: plan.findings.filter(({code}) => code !== 'device-order-unknown')}
}

/** U5: migrated before and not looked at now; nothing will be written. */
const isRemembered = ({outcome, entraFingerprint}: UserPlan): boolean =>
  outcome === 'unchanged' && entraFingerprint === undefined

/** Nothing is left to be written that the saved plan does not say. P9 belongs to the write that made it necessary. */
function isRestOf(saved: UserPlan, now: UserPlan): boolean {
  const planned = new Map(saved.actions.map((action) => [action.id, essence(action)]))
  return now.actions.every(
    (action) =>
      action.kind === 'disable-sms-sign-in' || isDeepStrictEqual(planned.get(action.id), essence(action)),
  )
}

/** What an action does, without what looks different once the actions before it are done. */
function essence(action: Action): Readonly<Record<string, unknown>> {
  const apart: ReadonlySet<string> = new Set(['needs', 'rule', 'deviceId', 'existed', 'previous'])
  return Object.fromEntries(Object.entries(action).filter(([name]) => !apart.has(name)))
}
