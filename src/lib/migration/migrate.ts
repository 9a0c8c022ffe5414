import {MfaError} from '../errors/mfa-error.js'
import type {RunId} from '../model/brand.js'
import {countOf} from '../model/count-of.js'
import {underLock} from '../model/under-lock.js'
import type {Files} from '../ports/files.js'
import type {Lock} from '../ports/journal.js'
import type {MethodWriter} from '../ports/method-writer.js'
import type {WorkQueue} from '../ports/work-queue.js'
import {endDeadRuns} from './dead-runs.js'
import {type ApplyLimits, applyPlans, type Stop} from './apply-plans.js'
import {type Collected, collectPlans} from './collect.js'
import {forecast, type Forecast, type PaceRates, workOf} from './forecast.js'
import {recordLeavers} from './leavers.js'
import {type ChangeLimit, refuseTooManyChanges} from './max-changes.js'
import {openPlan, type OpenedPlan, planHeader, planText} from './plan-file.js'
import type {PlanHeader} from './plan.js'
import type {MigrationRequest, PlanningDeps} from './request.js'
import {count, emptySummary, plannedResult, type Results, type UserResult} from './result.js'
import {handOut, takeUp} from './hand-out.js'
import {keyOf, lotKey} from './request-keys.js'
import {refuseStale} from './stale.js'

export interface MigrateInput {
  /** As what the run goes on record; `migrate` unless said. */
  readonly kind?: 'migrate' | 'sync' | undefined
  /** Of rounds of `mfa sync`, for whoever says when somebody is tried again. */
  readonly intervalMs?: number | undefined
  readonly request: MigrationRequest
  readonly dryRun: boolean
  /** Where to save the plan. */
  readonly out?: string | undefined
  /** A saved plan that must be applied exactly. */
  readonly savedPlan?: string | undefined
  readonly maxChanges?: ChangeLimit | undefined
  readonly errorsMax: number
  /** No user is begun after so many milliseconds. */
  readonly maxDurationMs?: number | undefined
  readonly yes: boolean
  readonly sourceLabel: string
  readonly logFile?: string | undefined
  /** How fast the service may be asked, for the forecast. */
  readonly rates: PaceRates
  /** Shows the plan before the question is asked. */
  readonly preview: (collected: Collected, ahead: Forecast) => Promise<void>
}

/** `writer` is built only when something is really going to be written. */
export interface MigrateDeps extends PlanningDeps {
  readonly files: Files
  writer(): Promise<MethodWriter>
  /** What was sent so far: counts by name. */
  pace?(): Readonly<Record<string, number>>
  /** Hands the writing to workers, of which this process may be one, instead of writing here. */
  readonly workers?: {readonly queue: WorkQueue; readonly seeds: boolean} | undefined
}

/** What came of the forecast. */
export interface Took {
  readonly seconds: number
  readonly [count: string]: number
}

export interface MigrateReport {
  readonly run: RunId | null
  readonly resumed: boolean
  readonly dryRun: boolean
  readonly collected: Collected
  readonly results: Results
  readonly forecast: Forecast
  /** Absent for a dry run. */
  readonly took?: Took | undefined
  /** Set where the run ended early; thrown by the command after the results are shown. */
  readonly stop: Stop
}

/** `mfa migrate`: plan, guard, confirm, write, prove. A dry run ends after the plan and is never given a writer. */
export async function migrate(
  input: MigrateInput,
  deps: MigrateDeps,
  signal: AbortSignal,
): Promise<MigrateReport> {
  if (input.dryRun) {
    const {source, directory, lookup, journal, scratch, clock, ui, files} = deps
    return dryRun(input, {source, directory, lookup, journal, scratch, clock, ui, files}, signal)
  }
  const {journal, source, directory} = deps
  await source.describe(signal)
  const tenantId = await directory.tenantId(signal)
  // One tenant, one writer: two sources, or two spellings of one, may have the same users.
  const lock = await journal.lock(lockName(tenantId), `mfa ${input.kind ?? 'migrate'}`, signal)
  return underLock(lock, async () => {
    const both = AbortSignal.any([signal, lock.lost])
    const endsAt = deps.clock.monotonic() + (input.maxDurationMs ?? Infinity)
    const limits = {errorsMax: input.errorsMax, endsAt}
    // Without --yes nothing is written before somebody has seen a plan.
    if (deps.workers !== undefined && input.yes) {
      const taking = {...deps, queue: deps.workers.queue}
      const stop = await takeUp(lotKey(input), lock.ticket, taking, limits, both)
      if (stop !== undefined) throw stop.error
    }
    return await write(input, deps, limits, both, lock)
  })
}

export const lockName = (tenantId: string): string => `migrate ${tenantId}`

type ReadingDeps = PlanningDeps & {readonly files: Files}

async function dryRun(input: MigrateInput, deps: ReadingDeps, signal: AbortSignal): Promise<MigrateReport> {
  const {collected} = await planned(input, deps, signal)
  const results = newResults(deps)
  for (const [key, plan] of collected.plans.entries()) {
    const result = plannedResult(plan)
    results.users.set(key, result)
    count(results.summary, result, plan)
  }
  const ahead = forecast(workOf(collected.plans), input.rates)
  await input.preview(collected, ahead)
  return {run: null, resumed: false, dryRun: true, collected, results, forecast: ahead, stop: undefined}
}

/** Plans, saves the plan if asked to, and holds it against the saved one if there is one. Sends no write. */
async function planned(
  input: MigrateInput,
  deps: ReadingDeps & Pick<MigrateDeps, 'workers'>,
  signal: AbortSignal,
): Promise<{readonly collected: Collected; readonly resumeKey: string}> {
  const {out, savedPlan, request, sourceLabel} = input
  const {files, clock} = deps
  const saved = savedPlan === undefined ? undefined : await openPlan(savedPlan, files)
  if (saved !== undefined) await refuseOtherTenant(saved, deps, signal)
  const collected = await collectPlans(request, deps, signal)
  if (out !== undefined) {
    const header = planHeader(request, collected, sourceLabel, clock.now().toISOString())
    await files.write(out, planText(header, collected.plans.entries()))
  }
  const resumeKey = keyOf(input, collected, saved?.header, deps)
  if (saved !== undefined) await compare(saved, collected, resumeKey, deps)
  return {collected, resumeKey}
}

async function write(
  input: MigrateInput,
  deps: MigrateDeps,
  limits: ApplyLimits,
  signal: AbortSignal,
  lock: Lock,
): Promise<MigrateReport> {
  const {journal, clock, ui} = deps
  const {collected, resumeKey} = await planned(input, deps, signal)
  const {tenantId, group, sourceFingerprint} = collected
  const actions = refuseTooManyChanges(collected.plans, input.maxChanges)
  const ahead = forecast(workOf(collected.plans), input.rates)
  await input.preview(collected, ahead)
  if (
    actions > 0 &&
    !input.yes &&
    !(await ui.confirm(`Write ${countOf(actions, 'change')} to Microsoft Entra?`, '--yes'))
  ) {
    throw new MfaError('DECLINED', 'nothing was changed', {exit: 'declined'})
  }
  const writer = actions > 0 ? await deps.writer() : undefined
  signal.throwIfAborted()

  const {options, all, users, consistencyMs} = input.request
  const {run, resumed} = await journal.beginRun({
    kind: input.kind ?? 'migrate',
    tenantId,
    group: {id: group.id, displayName: group.displayName},
    sourceLabel: input.sourceLabel,
    sourceFingerprint,
    options: {...options, all, users, forecast: ahead, intervalMs: input.intervalMs},
    resumeKey,
    startedAt: clock.now().toISOString(),
    logFile: input.logFile,
  })
  await endDeadRuns(tenantId, run.id, deps)
  for (const {record, outcome, remember} of collected.settled) {
    const at = clock.now().toISOString()
    await journal.outcome(record.run, record.user, record.action, {outcome, remember}, at)
  }
  const began = clock.monotonic()
  const results = newResults(deps)
  const hashKey = await journal.hashKey()
  const exactly = input.savedPlan !== undefined
  const newsOfGroup = input.kind === 'sync' ? group.id : undefined
  const context = {run: run.id, tenantId, hashKey, options, consistencyMs, resumed, exactly, newsOfGroup}
  const {workers} = deps
  const stop =
    workers === undefined || actions === 0
      ? await applyPlans(collected, results, context, {...deps, writer}, limits, signal)
      : await handOut(
          {
            collected,
            results,
            context,
            lock: {name: lockName(tenantId), ticket: lock.ticket},
            key: lotKey(input),
            seeds: workers.seeds,
          },
          {...deps, queue: workers.queue},
          {...limits, all},
          signal,
        )
  if (stop === undefined && users.length === 0) await recordLeavers(collected, run.id, deps)
  const status =
    stop === undefined ? 'finished' : signal.aborted || outOfTime(stop) ? 'interrupted' : 'stopped'
  // Whoever has the lock now may have taken this run up: its end is not ours to write.
  const took = {seconds: Math.round((clock.monotonic() - began) / 100) / 10, ...deps.pace?.()}
  const summary = {...results.summary, forecast: ahead, took}
  if (!lock.lost.aborted) await journal.endRun(run.id, status, summary, clock.now().toISOString())
  return {run: run.id, resumed, dryRun: false, collected, results, forecast: ahead, took, stop}
}

const outOfTime = ({error}: NonNullable<Stop>): boolean =>
  error instanceof MfaError && error.code === 'MAX_DURATION'

const newResults = ({scratch}: PlanningDeps): Results => ({
  users: scratch.bag<UserResult>('results'),
  summary: emptySummary(),
})

async function refuseOtherTenant(
  {header}: OpenedPlan,
  {directory}: PlanningDeps,
  signal: AbortSignal,
): Promise<void> {
  const tenantId = await directory.tenantId(signal)
  if (header.tenantId === tenantId) return
  throw new MfaError('PLAN_TENANT', `the plan is for tenant ${header.tenantId}, signed in to ${tenantId}`, {
    exit: 'stale',
    fix: "Sign in to the plan's tenant, or make a plan for this one.",
  })
}

/** R6. Applied a second time, also after an interruption, a plan goes on where it stopped. */
async function compare(
  {header, plans}: OpenedPlan,
  {plans: fresh, sourceFingerprint}: Collected,
  resumeKey: string,
  {journal}: PlanningDeps,
): Promise<void> {
  const earlier = await journal.runs({resumeKey})
  await refuseStale(plans, fresh, {
    sameSource: header.source.fingerprint === sourceFingerprint,
    begun: async (user) => {
      for (const {id} of earlier) for await (const _ of journal.actions(id, user)) return true
      return false
    },
  })
}

/** What `--plan` asks for: the request that made the plan. */
export function requestOf(header: PlanHeader, consistencyMs: number): MigrationRequest {
  return {
    group: header.group.id,
    users: header.users ?? [],
    options: header.options,
    match: header.match,
    mapping: header.mapping,
    all: header.all,
    consistencyMs,
  }
}
