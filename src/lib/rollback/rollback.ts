import {inTenantRun, type TenantRunStart} from '../changes/tenant-run.js'
import {MfaError} from '../errors/mfa-error.js'
import {pendingUntil} from './pending.js'
import {mustBeSteps, planRollback} from './plan.js'
import {
  accepts,
  ONPREM_MFA,
  type RollbackDeps,
  type RollbackPlan,
  type RollbackReport,
  type RollbackRequest,
} from './request.js'
import {beginAgain, ON_RECORD} from './session.js'
import {isOver} from './steps.js'
import {Walk} from './walk.js'

/**
 * `mfa rollback`: server, federation, staged rollout, methods, in the order of the guide. What is done, on record or in the tenant,
 * is not done again, so a rollback that was cut off goes on with the same command.
 * Throws MfaError `refused` (onprem-mfa not accepted; a step before it is open; the one-way door; methods would go too early), `declined`, `usage`.
 */
export async function rollback(
  request: RollbackRequest,
  deps: RollbackDeps,
  signal: AbortSignal,
): Promise<RollbackReport> {
  const plan = await planRollback(request, deps, signal)
  mustBeSteps(request, plan.steps)
  await request.preview(plan)
  const effectiveBy = () => pendingUntil(deps.journal, plan.tenantId, deps.federations.now())
  if (request.dryRun) {
    const finished = plan.steps.every(isOver)
    return {...plan, dryRun: true, run: undefined, finished, effectiveBy: await effectiveBy()}
  }
  if (!accepts(request, ONPREM_MFA)) throw notAttested(plan)
  const start: TenantRunStart = {
    kind: 'rollback',
    tenantId: plan.tenantId,
    command: 'mfa rollback',
    options: {
      to: request.to ?? null,
      domains: request.domains.map((domain) => domain.toLowerCase()),
      undo: request.undo.map(({id}) => id),
    },
    logFile: request.logFile,
    consistencyMs: request.consistencyMs,
  }
  return inTenantRun(start, deps, signal, async (run) => {
    if (request.again) await run.mustApply(beginAgain(), ON_RECORD)
    // Once more, since others may have changed something before the lock was ours.
    const {steps: now, tenantId} = await planRollback(request, deps, run.signal)
    const walk = new Walk(request, deps, run, tenantId)
    for (const step of now) await walk.step(step)
    const {steps} = await planRollback(request, deps, run.signal)
    const finished = steps.every(isOver)
    return {tenantId, steps, dryRun: false, run: run.id(), finished, effectiveBy: await effectiveBy()}
  })
}

function notAttested({tenantId, steps}: RollbackPlan): MfaError {
  const detail =
    'people are sent to the identity provider for MFA again, and Azure MFA Server answers no requests since 2024-09-30: MFA has to work there by another provider'
  return new MfaError('ROLLBACK_REFUSED', `not begun: ${detail}`, {
    exit: 'refused',
    fix: `If it does: --accept ${ONPREM_MFA}. If not: "mfa federation set accept" lets Entra do MFA whenever the identity provider did none.`,
    details: {tenantId, steps, blockers: [{code: ONPREM_MFA, detail, acceptable: true}]},
  })
}
