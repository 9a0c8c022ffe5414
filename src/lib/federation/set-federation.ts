import {
  cutOffFederation,
  domainsConcerned,
  federationChange,
  federationHandling,
  federationRecords,
  isFederated,
  type FederationRecord,
} from '../changes/federation-changes.js'
import type {AppliedChange} from '../changes/tenant-change.js'
import {inTenantRun, type TenantRun, type TenantRunStart} from '../changes/tenant-run.js'
import {MfaError} from '../errors/mfa-error.js'
import type {RunId} from '../model/brand.js'
import {type MfaBehavior, wordOf} from '../model/mfa-behavior.js'
import type {Clock} from '../ports/clock.js'
import type {DomainFederation} from '../ports/federation.js'
import {type Guarded, guard, type GuardDeps, type GuardRequest} from './guard.js'

export interface SetRequest extends Omit<GuardRequest, 'domains' | 'all'> {
  readonly domain: string
  /** The domain's name once more, from whoever cannot type it at a terminal. */
  readonly confirm: string | undefined
  readonly yes: boolean
  readonly dryRun: boolean
  /** What the old flag SupportsMfa was, where the behaviour was never set. */
  readonly supportsMfa: boolean | undefined
  /** Milliseconds (R4). */
  readonly consistencyMs: number
  readonly logFile: string | undefined
  readonly preview: (planned: SetPlanned) => void | Promise<void>
}

export interface SetDeps extends GuardDeps {
  readonly clock: Clock
}

export interface SetPlanned {
  readonly domain: DomainFederation
  readonly to: MfaBehavior
  readonly supportsMfa: boolean | undefined
  /** What our records say of earlier changes. */
  readonly record: FederationRecord | undefined
  readonly guarded: Guarded | undefined
}

export interface SetReport extends SetPlanned {
  readonly dryRun: boolean
  /** Something stands in the way: nothing was written. */
  readonly refused: boolean
  /** Requests that changed something. */
  readonly writes: number
  readonly run: RunId | undefined
  /** When it should have taken effect at the latest, by the service's clock. */
  readonly effectiveBy: string | undefined
  /** Whether the domain shows the value by now. */
  readonly visible: boolean
}

/**
 * `mfa federation set`: checks, shows, asks, writes one property of one domain, reads it back. What is set already is not set
 * again. A command that was killed goes on with the same command: it looks first.
 * Throws MfaError `usage` (no such domain, not federated), `refused` (the one-way door was not confirmed), `declined`, `stale`
 * (somebody else changed the domain meanwhile).
 */
export async function setFederation(
  request: SetRequest,
  deps: SetDeps,
  signal: AbortSignal,
): Promise<SetReport> {
  const {federations, directory, journal} = deps
  const all = await federations.domains(signal)
  const domain = mustBeFederated(request.domain, all)
  const tenantId = await directory.tenantId(signal)
  const record = (await federationRecords(journal, tenantId)).get(domain.domain.toLowerCase())
  const {to, supportsMfa, dryRun} = request
  const base = {domain, to, supportsMfa, record, dryRun}
  const nothing = {refused: false, writes: 0, run: undefined, effectiveBy: undefined, visible: true}
  const start: TenantRunStart = {
    kind: 'federation',
    tenantId,
    command: 'mfa federation set',
    options: {domain: domain.domain.toLowerCase(), to: wordOf(request.to)},
    logFile: request.logFile,
    consistencyMs: request.consistencyMs,
  }
  if (domain.behavior === request.to) {
    const report = {...base, ...nothing, guarded: undefined, effectiveBy: record?.last.effectiveBy}
    await request.preview(report)
    if (request.dryRun) return report
    const settled = await settle(domain, start, deps, signal)
    return {...report, ...settled}
  }
  const domains = domainsConcerned(domain.domain, all)
  const guarded = await guard({...request, domains, all}, deps, signal)
  const planned = {...base, guarded}
  await request.preview(planned)
  if (guarded.blockers.size > 0) return {...planned, ...nothing, refused: true}
  if (request.dryRun) return {...planned, ...nothing}
  await mustBeConfirmed(request, domain, deps)
  const applied = await inTenantRun(start, deps, signal, async (run) => {
    const now = (await federations.domain(domain.domain, run.signal)) ?? domain
    if (now.behavior !== domain.behavior && now.behavior !== request.to) throw changedMeanwhile(domain, now)
    const change = federationChange(domain, request.to, request.supportsMfa)
    const result = await run.mustApply(change, federationHandling(change, federations))
    return {result, id: run.id()}
  })
  return {...planned, refused: false, writes: 1, ...shownOf(applied.result), run: applied.id}
}

/** The value is there already: only a record of ours may have to be brought to its end. */
async function settle(domain: DomainFederation, start: TenantRunStart, deps: SetDeps, signal: AbortSignal) {
  const {journal, federations} = deps
  return inTenantRun(start, deps, signal, async (run: TenantRun) => {
    const change = await cutOffFederation(journal, start.tenantId, domain.domain, ['federation'])
    if (run.id() === undefined || change === undefined || change.after !== domain.behavior)
      return {run: run.id()}
    const applied = await run.mustApply(change, federationHandling(change, federations))
    return {...shownOf(applied), run: run.id()}
  })
}

const shownOf = ({made, visible}: AppliedChange) => ({effectiveBy: made?.['effectiveBy'], visible})

async function mustBeConfirmed(request: SetRequest, domain: DomainFederation, deps: SetDeps): Promise<void> {
  const {domain: name} = domain
  const typed = request.confirm
  if (typed !== undefined && typed.toLowerCase() !== name.toLowerCase())
    throw new MfaError('CONFIRM_OTHER_DOMAIN', `--confirm names ${typed}, and the change is for ${name}`, {
      exit: 'refused',
      fix: `Give --confirm ${name} if that is the domain.`,
    })
  if (typed !== undefined) return
  if (domain.behavior !== null) {
    const question = `Set ${name} from ${domain.behavior} to ${request.to}?`
    if (request.yes || (await deps.ui.confirm(question, '--yes'))) return
    throw declined()
  }
  const answer = await typedName(name, deps)
  if (answer.trim().toLowerCase() !== name.toLowerCase()) throw declined()
}

/** A value that was never set does not come back: `--yes` is not enough. */
async function typedName(name: string, {ui}: SetDeps): Promise<string> {
  const flag = `--confirm ${name}`
  try {
    return await ui.ask(`There is no way back to "never set". Type ${name} to go on:`, flag)
  } catch (error) {
    if (!(error instanceof MfaError) || error.exit !== 'usage') throw error
    throw new MfaError(
      'ONE_WAY_DOOR',
      `federatedIdpMfaBehavior of ${name} was never set, and cannot be made so again: the name of the domain is needed to go on`,
      {exit: 'refused', fix: `Give ${flag}.`, cause: error},
    )
  }
}

function mustBeFederated(name: string, all: readonly DomainFederation[]): DomainFederation {
  const found = all.find(({domain}) => domain.toLowerCase() === name.toLowerCase())
  const federated = all.filter(isFederated).map(({domain}) => domain)
  const fix =
    federated.length === 0
      ? 'This tenant has no federated domain: Entra does MFA itself already.'
      : `Federated domains: ${federated.join(', ')}.`
  if (found === undefined)
    throw new MfaError('NO_SUCH_DOMAIN', `the tenant has no verified domain ${name}`, {exit: 'usage', fix})
  if (isFederated(found)) return found
  const why =
    found.authenticationType === 'Federated'
      ? `${found.domain} is federated together with the domain above it and has no settings of its own`
      : `${found.domain} is not federated: Entra does MFA there itself`
  throw new MfaError('NOT_FEDERATED', why, {exit: 'usage', fix})
}

const declined = (): MfaError => new MfaError('DECLINED', 'nothing was changed', {exit: 'declined'})

const changedMeanwhile = (before: DomainFederation, now: DomainFederation): MfaError =>
  new MfaError(
    'DOMAIN_CHANGED',
    `${before.domain} was changed by somebody else meanwhile: from ${before.behavior ?? 'never set'} to ${now.behavior ?? 'never set'}`,
    {exit: 'stale', fix: 'Look at it with mfa federation show, and run the same command again.'},
  )
