import {
  cutOffFederation,
  federationChange,
  federationHandling,
  federationRecords,
  isFederated,
} from '../changes/federation-changes.js'
import {cutOffChange} from '../changes/past-changes.js'
import {inTenantRun, type TenantRun, type TenantRunStart} from '../changes/tenant-run.js'
import {MfaError} from '../errors/mfa-error.js'
import type {RunId} from '../model/brand.js'
import type {BehaviorWord, MfaBehavior} from '../model/mfa-behavior.js'
import {BEHAVIOR_OF} from '../model/mfa-behavior.js'
import type {Clock} from '../ports/clock.js'
import type {Directory} from '../ports/directory.js'
import type {Federations} from '../ports/federation.js'
import type {Journal, RunRecord} from '../ports/journal.js'
import type {RolloutPolicies} from '../ports/rollout.js'
import type {Ui} from '../ports/ui.js'
import {rolloutChange, rolloutHandling} from './rollout-off.js'
import {beginAgain, ON_RECORD, sessionRecords, stepDone, stepSkipped} from './session.js'
import {
  federationStep,
  type FederationStep,
  isNamed,
  isOver,
  type RolloutStep,
  rolloutStep,
  type ServerFacts,
  serverSteps,
  type Step,
  type StepRecords,
  type UndoStep,
  undoStep,
} from './steps.js'

export interface Skip {
  readonly step: string
  readonly why: string
}

export interface RollbackRequest extends ServerFacts {
  readonly to: BehaviorWord | undefined
  /** Only these domains; all federated ones if empty. */
  readonly domains: readonly string[]
  /** Migrations whose changes of methods are undone too, in this order. */
  readonly undo: readonly RunRecord[]
  readonly skip: readonly Skip[]
  /** What is on record of an earlier way back does not count. */
  readonly again: boolean
  /** Only this step. */
  readonly step: string | undefined
  readonly accept: readonly string[]
  /** Names of domains for the one-way door, where nobody can type them. */
  readonly confirm: readonly string[]
  readonly yes: boolean
  readonly dryRun: boolean
  /** Milliseconds (R4). */
  readonly consistencyMs: number
  readonly logFile: string | undefined
  readonly preview: (plan: RollbackPlan) => Promise<void>
  /** Told when a step is reached. */
  readonly reached: (step: Step) => void
}

export interface UndoneRun {
  readonly run: string | null
  /** Users who could not be put back as they were, or by half. */
  readonly failed: number
}

export interface RollbackDeps {
  readonly federations: Federations
  readonly directory: Directory
  readonly journal: Journal
  readonly clock: Clock
  readonly ui: Ui
  /** Signs a person in on first use: Graph lets nobody else change staged rollout. */
  rollout(): Promise<RolloutPolicies>
  /** Undoes one run as `mfa undo` does, with its own plan and question. */
  undo(run: RunRecord, yes: boolean, signal: AbortSignal): Promise<UndoneRun>
}

export interface RollbackPlan {
  readonly tenantId: string
  readonly steps: readonly Step[]
}

export interface RollbackReport extends RollbackPlan {
  readonly dryRun: boolean
  readonly run: RunId | undefined
  /** Every step is over. */
  readonly finished: boolean
}

/** MFA works at the identity provider, says the operator; without it nobody would get in after this. */
export const ONPREM_MFA = 'onprem-mfa'

/**
 * `mfa rollback`: server, federation, staged rollout, methods, in the order of the guide. What is done, on record or in the tenant,
 * is not done again, so a rollback that was cut off goes on with the same command.
 * Throws MfaError `refused` (onprem-mfa not accepted; a step before it is open; the one-way door), `declined`, `usage`.
 */
export async function rollback(
  request: RollbackRequest,
  deps: RollbackDeps,
  signal: AbortSignal,
): Promise<RollbackReport> {
  const plan = await planRollback(request, deps, signal)
  mustBeSteps(request, plan.steps)
  await request.preview(plan)
  if (request.dryRun) return {...plan, dryRun: true, run: undefined, finished: plan.steps.every(isOver)}
  if (!request.accept.some((code) => code.toLowerCase() === ONPREM_MFA)) throw notAttested(plan)
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
    return {tenantId, steps, dryRun: false, run: run.id(), finished: steps.every(isOver)}
  })
}

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
      ...(await plannedUndos(request.undo, records, journal)),
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
      all.filter(({feature}) => feature === 'multiFactorAuthentication'),
      records,
    )
  } catch (error) {
    if (error instanceof MfaError && error.exit === 'refused') return rolloutStep(undefined, records)
    throw error
  }
}

async function plannedUndos(
  undo: readonly RunRecord[],
  records: StepRecords,
  journal: Journal,
): Promise<readonly UndoStep[]> {
  const undone = new Set(
    (await journal.runs())
      .filter(({kind, status, options, summary}) => {
        const whole = Array.isArray(options['users']) && options['users'].length === 0
        const clean = Number(summary?.['failed'] ?? 0) + Number(summary?.['partly'] ?? 0) === 0
        return kind === 'undo' && status === 'finished' && whole && clean
      })
      .map(({options}) => String(options['undoes'])),
  )
  return undo.map(({id}) => undoStep(id, undone.has(id), records))
}

/** One command's way through the steps. */
class Walk {
  wrote = false
  readonly #request: RollbackRequest
  readonly #deps: RollbackDeps
  readonly #run: TenantRun
  readonly #tenantId: string
  #before: Step | undefined

  constructor(request: RollbackRequest, deps: RollbackDeps, run: TenantRun, tenantId: string) {
    this.#request = request
    this.#deps = deps
    this.#run = run
    this.#tenantId = tenantId
  }

  /** Throws where the step cannot be done now: the ones after it wait. */
  async step(step: Step): Promise<void> {
    const request = this.#request
    this.#run.signal.throwIfAborted()
    if (isOver(step)) return this.#settle(step)
    const skip = request.skip.find((one) => isNamed(step, one.step))
    if (skip !== undefined) return this.#record(stepSkipped(step, skip.why))
    if (request.step !== undefined && !isNamed(step, request.step)) {
      this.#before ??= step
      return
    }
    if (this.#before !== undefined) throw waits(step, this.#before)
    request.reached(step)
    switch (step.kind) {
      case 'server':
        await this.#mayGoOn(step.question)
        return this.#record(stepDone(step, request.yes ? 'attested by --yes' : 'confirmed at the terminal'))
      case 'federation':
        return this.#federation(step)
      case 'rollout':
        return this.#rollout(step)
      case 'undo':
        return this.#undo(step)
      default:
        return step satisfies never
    }
  }

  async #record(change: ReturnType<typeof stepDone>): Promise<void> {
    this.wrote = true
    await this.#run.mustApply(change, ON_RECORD)
  }

  async #federation({domain, to}: FederationStep): Promise<void> {
    const {federations} = this.#deps
    if (domain.behavior === null) await this.#throughTheDoor(domain.domain)
    else await this.#mayGoOn(`Set ${domain.domain} from ${domain.behavior} to ${to}?`)
    const cutOff = await this.#cutOffFederation(domain.domain)
    const change = cutOff?.after === to ? cutOff : federationChange(domain, to)
    this.wrote = true
    await this.#run.mustApply(change, federationHandling(change, federations))
  }

  async #rollout({policies}: RolloutStep): Promise<void> {
    const names = policies.map(({displayName}) => `"${displayName}"`).join(', ')
    await this.#mayGoOn(`Turn staged rollout off (${names})?`)
    const rollout = await this.#deps.rollout()
    this.wrote = true
    for (const policy of policies)
      await this.#run.mustApply(rolloutChange(policy), rolloutHandling(policy, rollout))
  }

  async #undo(step: UndoStep): Promise<void> {
    const {undo} = this.#request
    const run = undo.find(({id}) => id === step.run)
    if (run === undefined) return
    const {failed, run: undone} = await this.#deps.undo(run, this.#request.yes, this.#run.signal)
    if (failed > 0)
      throw new MfaError(
        'UNDO_PARTLY',
        `${failed} users of run ${run.id} could not be put back as they were`,
        {
          exit: 'partial',
          fix: `mfa runs show ${undone ?? 'last'} --failed says why; the same command tries again, --skip ${step.id}=WHY leaves them.`,
        },
      )
    await this.#record(stepDone(step, `undone by run ${undone ?? ''}`))
  }

  /** A change whose outcome a killed command did not put on record is there by now: it comes to its end. */
  async #settle(step: Step): Promise<void> {
    if (this.#run.id() === undefined) return
    if (step.kind === 'federation') {
      const change = await this.#cutOffFederation(step.domain.domain)
      if (change === undefined || change.after !== step.domain.behavior) return
      this.wrote = true
      await this.#run.mustApply(change, federationHandling(change, this.#deps.federations))
    } else if (step.kind === 'rollout' && step.state === 'done') {
      const rollout = await this.#deps.rollout()
      for (const policy of await rollout.list(this.#run.signal)) {
        const {id} = rolloutChange(policy)
        const cutOff = await cutOffChange(this.#deps.journal, this.#tenantId, id, ['rollback'])
        if (cutOff === undefined || policy.isEnabled) continue
        this.wrote = true
        await this.#run.mustApply(cutOff, rolloutHandling(policy, rollout))
      }
    }
  }

  #cutOffFederation(domain: string) {
    return cutOffFederation(this.#deps.journal, this.#tenantId, domain, ['rollback'])
  }

  async #mayGoOn(question: string): Promise<void> {
    if (this.#request.yes || (await this.#deps.ui.confirm(question, '--yes'))) return
    throw stopped(this.wrote)
  }

  /** Only where --to asks for a value that a domain never had. */
  async #throughTheDoor(domain: string): Promise<void> {
    if (this.#request.confirm.some((name) => name.toLowerCase() === domain.toLowerCase())) return
    try {
      const question = `${domain} was never set, and there is no way back to that. Type the name of the domain to go on:`
      const typed = await this.#deps.ui.ask(question, `--confirm ${domain}`)
      if (typed.trim().toLowerCase() === domain.toLowerCase()) return
    } catch (error) {
      if (!(error instanceof MfaError) || error.exit !== 'usage') throw error
      throw new MfaError('ONE_WAY_DOOR', `${domain} was never set, and cannot be made so again`, {
        exit: 'refused',
        fix: `Give --confirm ${domain}, or leave out --to.`,
        cause: error,
      })
    }
    throw stopped(this.wrote)
  }
}

/** Throws MfaError `usage` for a name that no step has. */
function mustBeSteps({skip, step}: RollbackRequest, steps: readonly Step[]): void {
  const named = [...skip.map((one) => one.step), ...(step === undefined ? [] : [step])]
  const wrong = named.filter((name) => !steps.some((one) => isNamed(one, name)))
  if (wrong.length === 0) return
  throw new MfaError('NO_SUCH_STEP', `there is no step ${wrong.join(', ')}`, {
    exit: 'usage',
    fix: `Steps: ${steps.map(({id}) => id).join(', ')}; server, federation and undo mean all of a kind.`,
  })
}

const waits = (step: Step, before: Step): MfaError =>
  new MfaError('STEP_WAITS', `"${step.title}" waits for "${before.title}"`, {
    exit: 'refused',
    fix: `Do that first (--step ${before.id}), or say why not: --skip ${before.id}=WHY.`,
  })

const stopped = (wrote: boolean): MfaError =>
  new MfaError(
    'DECLINED',
    wrote ? 'stopped here; what was done before is on record' : 'nothing was changed',
    {
      exit: 'declined',
      fix: 'The same command goes on with this step.',
    },
  )

function notAttested({tenantId, steps}: RollbackPlan): MfaError {
  const detail =
    'people are sent to the identity provider for MFA again, and Azure MFA Server answers no requests since 2024-09-30: MFA has to work there by another provider'
  return new MfaError('ROLLBACK_REFUSED', `not begun: ${detail}`, {
    exit: 'refused',
    fix: `If it does: --accept ${ONPREM_MFA}. If not: "mfa federation set accept" lets Entra do MFA whenever the identity provider did none.`,
    details: {tenantId, steps, blockers: [{code: ONPREM_MFA, detail, acceptable: true}]},
  })
}
