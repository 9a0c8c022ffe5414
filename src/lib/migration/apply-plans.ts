import {MfaError} from '../errors/mfa-error.js'
import type {EntraMethods} from '../model/entra-user.js'
import type {Bag} from '../ports/scratch.js'
import type {Ui} from '../ports/ui.js'
import {type ApplyContext, type ApplyDeps, applyUser} from './apply-user.js'
import {type Collected, planKey} from './collect.js'
import {optionsFingerprint} from './fingerprint.js'
import type {UserPlan} from './plan.js'
import {pool} from './pool.js'
import {appliedResult, carriesNothing, count, plannedResult, type Results, type UserResult} from './result.js'

/** Users worked on at once: enough to fill several batches of 20 requests. */
const USERS_AT_ONCE = 80

export interface ApplyLimits {
  /** R2: the run stops once this many users failed. */
  readonly errorsMax: number
}

/** Why a run ended before its last user. Nothing of it is lost: the same command goes on. */
export type Stop = {readonly error: unknown} | undefined

/**
 * Applies every plan, users side by side, each user's writes in order. Results of users who were done are complete even
 * when the run stops (R2); `stop` says why it did.
 */
export async function applyPlans(
  collected: Pick<Collected, 'plans' | 'methods' | 'tenantId'>,
  results: Results,
  context: ApplyContext,
  deps: ApplyDeps & {readonly ui: Ui},
  limits: ApplyLimits,
  signal: AbortSignal,
): Promise<Stop> {
  const total = countWriters(collected.plans)
  const halt = new AbortController()
  const inner = AbortSignal.any([signal, halt.signal])
  let done = 0
  let failures = 0
  const one = async ([, plan]: readonly [string, UserPlan]): Promise<void> => {
    if (plan.actions.length === 0) {
      await keep(plannedResult(plan), plan, results, context, deps)
      await remember(plan, collected.tenantId, context, deps)
      return
    }
    const result = await applyOne(plan, collected.methods, context, deps, inner, collected.tenantId)
    await keep(result, plan, results, context, deps)
    deps.ui.emit({type: 'progress', phase: 'migrating', done: ++done, total})
    if (result.outcome === 'migrated' || ++failures < Math.max(1, limits.errorsMax)) return
    throw new MfaError(
      'TOO_MANY_ERRORS',
      `stopped after ${failures} failed users (--errors-max ${limits.errorsMax})`,
      {
        exit: 'refused',
        fix: 'See the findings, mend the cause, and run the same command again; raise --errors-max to go on regardless.',
      },
    )
  }
  try {
    await pool(collected.plans.entries(), USERS_AT_ONCE, one, halt)
    return undefined
  } catch (error) {
    return {error}
  } finally {
    deps.ui.emit({type: 'phase-end', phase: 'migrating'})
  }
}

async function applyOne(
  plan: UserPlan,
  methods: Bag<EntraMethods>,
  context: ApplyContext,
  deps: ApplyDeps,
  signal: AbortSignal,
  tenantId: string,
): Promise<UserResult> {
  const before = methods.get(plan.id)[0]
  if (before === undefined) throw new Error(`no before-image for ${plan.id}`)
  const applied = await applyUser(plan, before, context, deps, signal)
  const result = appliedResult(plan, applied.actions, applied.findings)
  if (applied.proven) await remember(plan, tenantId, context, deps)
  return result
}

async function keep(
  result: UserResult,
  plan: UserPlan,
  results: Results,
  context: ApplyContext,
  {journal, clock}: ApplyDeps,
): Promise<void> {
  results.users.set(planKey(plan), result)
  count(results.summary, result, plan)
  await journal.userResult({
    run: context.run,
    user: plan.id,
    userPrincipalName: plan.userPrincipalName,
    source: plan.source,
    outcome: result.outcome,
    findings: result.findings,
    at: clock.now().toISOString(),
  })
}

/** U5: only who is proven, was looked at, and has something carried over counts as migrated. */
async function remember(
  plan: UserPlan,
  tenantId: string,
  context: ApplyContext,
  {journal, clock}: ApplyDeps,
): Promise<void> {
  const {source, serverFingerprint, entraFingerprint, outcome} = plan
  const looked = source !== undefined && serverFingerprint !== undefined && entraFingerprint !== undefined
  if (!looked || carriesNothing(plan) || (outcome !== 'migrate' && outcome !== 'unchanged')) return
  await journal.migrated(plan.id, tenantId, {
    run: context.run,
    source,
    serverFingerprint,
    optionsFingerprint: optionsFingerprint(context.options),
    smsOrVoiceOnly: plan.smsOrVoiceOnly,
    at: clock.now().toISOString(),
  })
}

function countWriters(plans: Bag<UserPlan>): number {
  let writers = 0
  for (const [, plan] of plans.entries()) if (plan.actions.length > 0) writers++
  return writers
}
