import {federationRecords, isFederated} from '../changes/federation-changes.js'
import {MfaError} from '../errors/mfa-error.js'
import {BEHAVIOR_OF, type MfaBehavior} from '../model/mfa-behavior.js'
import type {Federations} from '../ports/federation.js'
import type {RunRecord} from '../ports/journal.js'
import {MFA_FEATURE} from '../ports/rollout.js'
import {pendingUntil} from './pending.js'
import type {RollbackDeps, RollbackPlan, RollbackRequest, Skip} from './request.js'
import {sessionRecords} from './session.js'
import {
  federationStep,
  isNamed,
  type RolloutStep,
  rolloutStep,
  serverSteps,
  type Step,
  type StepRecords,
  type UndoStep,
  undoStep,
} from './steps.js'

/** What stands where, from the records and from what the tenant shows. Writes nothing. */
export async function planRollback(
  request: Pick<RollbackRequest, 'to' | 'domains' | 'undo' | 'skip' | 'backup' | 'data'>,
  deps: RollbackDeps,
  signal: AbortSignal,
): Promise<RollbackPlan> {
  const {federations, directory, journal} = deps
  const tenantId = await directory.tenantId(signal)
  const records = await sessionRecords(journal, tenantId)
  const asked: MfaBehavior | undefined = request.to === undefined ? undefined : BEHAVIOR_OF[request.to]
  const past = await federationRecords(journal, tenantId)
  const domains = await chosenDomains(request.domains, federations, signal)
  return {
    tenantId,
    steps: [
      ...serverSteps(request, records),
      ...domains.map((domain) =>
        federationStep(domain, past.get(domain.domain.toLowerCase()), asked, records),
      ),
      await plannedRollout(request.skip, records, deps, signal),
      ...(await plannedUndos(request.undo, tenantId, records, deps)),
    ],
  }
}

async function chosenDomains(names: readonly string[], federations: Federations, signal: AbortSignal) {
  const all = (await federations.domains(signal)).filter(isFederated)
  const wanted = new Map(names.map((name) => [name.toLowerCase(), name]))
  const found = all.filter(({domain}) => names.length === 0 || wanted.delete(domain.toLowerCase()))
  if (wanted.size === 0) return found
  throw new MfaError(
    'NOT_FEDERATED',
    `not a federated domain of the tenant: ${[...wanted.values()].join(', ')}`,
    {
      exit: 'usage',
      fix: `Federated domains: ${all.map(({domain}) => domain).join(', ') || 'none'}.`,
    },
  )
}

/** Before anything is written: whoever may not turn it off is told at the beginning, not half-way. */
async function plannedRollout(
  skip: readonly Skip[],
  records: StepRecords,
  deps: RollbackDeps,
  signal: AbortSignal,
): Promise<RolloutStep> {
  const isSkipped = skip.some(({step}) => isNamed({id: 'rollout', kind: 'rollout'}, step))
  if (isSkipped || records.get('rollout')?.state === 'skipped') {
    const step = rolloutStep([], records)
    return step.state === 'skipped' ? step : {...step, state: 'open', detail: 'not looked at'}
  }
  try {
    const all = await (await deps.rollout()).list(signal)
    return rolloutStep(
      all.filter(({feature}) => feature === MFA_FEATURE),
      records,
    )
  } catch (error) {
    if (error instanceof MfaError && error.exit === 'refused') return rolloutStep(undefined, records)
    throw error
  }
}

async function plannedUndos(
  undo: readonly RunRecord[],
  tenantId: string,
  records: StepRecords,
  {journal, federations}: RollbackDeps,
): Promise<readonly UndoStep[]> {
  if (undo.length === 0) return []
  const waitsUntil = await pendingUntil(journal, tenantId, federations.now())
  const undone = new Set(
    (await journal.runs({kinds: ['undo'], statuses: ['finished']}))
      .filter(({options, summary}) => {
        const whole = Array.isArray(options['users']) && options['users'].length === 0
        const clean = Number(summary?.['failed'] ?? 0) + Number(summary?.['partly'] ?? 0) === 0
        return whole && clean
      })
      .map(({options}) => String(options['undoes'])),
  )
  return undo.map(({id}) => undoStep(id, undone.has(id), waitsUntil, records))
}

/** Throws MfaError `usage` for a name that no step has. */
export function mustBeSteps({skip, step}: RollbackRequest, steps: readonly Step[]): void {
  const named = [...skip.map((one) => one.step), ...(step === undefined ? [] : [step])]
  const wrong = named.filter((name) => !steps.some((one) => isNamed(one, name)))
  if (wrong.length === 0) return
  throw new MfaError('NO_SUCH_STEP', `there is no step ${wrong.join(', ')}`, {
    exit: 'usage',
    fix: `Steps: ${steps.map(({id}) => id).join(', ')}; server, federation and undo mean all of a kind.`,
  })
}
