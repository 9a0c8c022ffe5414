import {cutOffFederation, federationChange, federationHandling} from '../changes/federation-changes.js'
import {cutOffChange} from '../changes/past-changes.js'
import type {TenantRun} from '../changes/tenant-run.js'
import {MfaError} from '../errors/mfa-error.js'
import {pendingUntil} from './pending.js'
import {accepts, type RollbackDeps, type RollbackRequest, UNDO_EARLY} from './request.js'
import {rolloutChange, rolloutHandling} from './rollout-off.js'
import {ON_RECORD, stepDone, stepSkipped} from './session.js'
import {type FederationStep, isNamed, isOver, type RolloutStep, type Step, type UndoStep} from './steps.js'

/** One command's way through the steps. */
export class Walk {
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
    const change = federationChange(domain, to)
    this.wrote = true
    await this.#run.mustApply(change, federationHandling(change, federations))
  }

  async #rollout({policies}: RolloutStep): Promise<void> {
    const names = policies.map(({displayName}) => `"${displayName}"`).join(', ')
    await this.#mayGoOn(`Turn staged rollout off (${names})?`)
    const rollout = await this.#deps.rollout()
    const now = () => this.#deps.federations.now()
    this.wrote = true
    for (const policy of policies)
      await this.#run.mustApply(rolloutChange(policy), rolloutHandling(policy, rollout, now))
  }

  async #undo(step: UndoStep): Promise<void> {
    const {undo} = this.#request
    const run = undo.find(({id}) => id === step.run)
    if (run === undefined) return
    const {journal, federations} = this.#deps
    const until = await pendingUntil(journal, this.#tenantId, federations.now())
    if (until !== undefined && !accepts(this.#request, UNDO_EARLY)) throw tooEarly(step, until)
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
      const now = () => this.#deps.federations.now()
      for (const policy of await rollout.list(this.#run.signal)) {
        const {id} = rolloutChange(policy)
        const cutOff = await cutOffChange(this.#deps.journal, this.#tenantId, id, ['rollback'])
        if (cutOff === undefined || policy.isEnabled) continue
        this.wrote = true
        await this.#run.mustApply(cutOff, rolloutHandling(policy, rollout, now))
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
      const question = `There is no way back to "never set". Type ${domain} to go on:`
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

const waits = (step: Step, before: Step): MfaError =>
  new MfaError('STEP_WAITS', `"${step.title}" waits for "${before.title}"`, {
    exit: 'refused',
    fix: `Do that first (--step ${before.id}), or say why not: --skip ${before.id}=WHY.`,
  })

const tooEarly = (step: UndoStep, until: string): MfaError =>
  new MfaError(
    'UNDO_EARLY',
    `"${step.title}" waits until ${until}: until then Entra may ask for MFA itself, and users would have nothing to answer with`,
    {
      exit: 'refused',
      fix: `The same command goes on after that; what came before is done. Or --accept ${UNDO_EARLY}, or --skip ${step.id}=WHY.`,
    },
  )

const stopped = (wrote: boolean): MfaError =>
  new MfaError(
    'DECLINED',
    wrote ? 'stopped here; what was done before is on record' : 'nothing was changed',
    {
      exit: 'declined',
      fix: 'The same command goes on with this step.',
    },
  )
