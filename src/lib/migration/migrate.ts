import {createHash} from 'node:crypto'

import {MfaError} from '../errors/mfa-error.js'
import type {ActionId, ObjectId, RunId} from '../model/brand.js'
import type {Files} from '../ports/files.js'
import type {Journal, RunRecord} from '../ports/journal.js'
import type {MethodWriter} from '../ports/method-writer.js'
import {applyPlans, type Stop} from './apply-plans.js'
import {type Collected, collectPlans} from './collect.js'
import {type ChangeLimit, refuseTooManyChanges} from './max-changes.js'
import {openPlan, planHeader, planText} from './plan-file.js'
import type {PlanHeader} from './plan.js'
import type {MigrationRequest, PlanningDeps} from './request.js'
import {count, emptySummary, plannedResult, type Results, type UserResult} from './result.js'
import {refuseStale} from './stale.js'

export interface MigrateInput {
  readonly request: MigrationRequest
  readonly dryRun: boolean
  /** Where to save the plan. */
  readonly out?: string | undefined
  /** A saved plan that must be applied exactly. */
  readonly savedPlan?: string | undefined
  readonly maxChanges?: ChangeLimit | undefined
  readonly errorsMax: number
  readonly yes: boolean
  readonly sourceLabel: string
  readonly logFile?: string | undefined
  /** Shows the plan before the question is asked. */
  readonly preview: (collected: Collected) => Promise<void>
}

/** `writer` is built only when something is really going to be written. */
export interface MigrateDeps extends PlanningDeps {
  readonly files: Files
  writer(): Promise<MethodWriter>
}

export interface MigrateReport {
  readonly run: RunId | null
  readonly resumed: boolean
  readonly dryRun: boolean
  readonly collected: Collected
  readonly results: Results
  /** Set where the run ended early; thrown by the command after the results are shown. */
  readonly stop: Stop
}

/** `mfa migrate`: plan, guard, confirm, write, prove. A dry run ends after the plan and is never given a writer. */
export async function migrate(
  input: MigrateInput,
  deps: MigrateDeps,
  signal: AbortSignal,
): Promise<MigrateReport> {
  if (input.dryRun) return dryRun(input, deps, signal)
  const {journal, source, directory} = deps
  await source.describe(signal)
  const tenantId = await directory.tenantId(signal)
  const lock = await journal.lock(`${tenantId} ${input.sourceLabel}`, 'mfa migrate')
  try {
    return await write(input, deps, AbortSignal.any([signal, lock.lost]))
  } finally {
    await lock.release()
  }
}

async function dryRun(input: MigrateInput, deps: MigrateDeps, signal: AbortSignal): Promise<MigrateReport> {
  const collected = await planned(input, deps, signal)
  if (input.savedPlan !== undefined) await compare(input.savedPlan, collected, deps, [])
  const results = newResults(deps)
  for (const [key, plan] of collected.plans.entries()) {
    const result = plannedResult(plan)
    results.users.set(key, result)
    count(results.summary, result, plan)
  }
  await input.preview(collected)
  return {run: null, resumed: false, dryRun: true, collected, results, stop: undefined}
}

async function planned(input: MigrateInput, deps: MigrateDeps, signal: AbortSignal): Promise<Collected> {
  const collected = await collectPlans(input.request, deps, signal)
  if (input.out !== undefined) {
    const header = planHeader(input.request, collected, input.sourceLabel, deps.clock.now().toISOString())
    await deps.files.write(input.out, planText(header, collected.plans.entries()))
  }
  return collected
}

async function write(input: MigrateInput, deps: MigrateDeps, signal: AbortSignal): Promise<MigrateReport> {
  const {journal, clock, ui} = deps
  const collected = await planned(input, deps, signal)
  const resumeKey = keyOf(input, collected)
  if (input.savedPlan !== undefined) {
    const earlier = (await journal.runs()).filter((run) => run.resumeKey === resumeKey)
    await compare(input.savedPlan, collected, deps, earlier)
  }
  const actions = refuseTooManyChanges(collected.plans, input.maxChanges)
  await input.preview(collected)
  if (
    actions > 0 &&
    !input.yes &&
    !(await ui.confirm(`Write ${actions} changes to Microsoft Entra?`, '--yes'))
  ) {
    throw new MfaError('DECLINED', 'nothing was changed', {exit: 'declined'})
  }

  const {run, resumed} = await journal.beginRun({
    kind: 'migrate',
    tenantId: collected.tenantId,
    group: {id: collected.group.id, displayName: collected.group.displayName},
    sourceLabel: input.sourceLabel,
    sourceFingerprint: collected.sourceFingerprint,
    options: {...input.request.options, all: input.request.all, users: input.request.users},
    resumeKey,
    startedAt: clock.now().toISOString(),
    logFile: input.logFile,
  })
  for (const {record, outcome, remember} of collected.settled) {
    const at = clock.now().toISOString()
    await journal.outcome(record.run, record.user, record.action, {outcome, remember}, at)
  }
  const results = newResults(deps)
  const context = {
    run: run.id,
    hashKey: await journal.hashKey(),
    options: input.request.options,
    consistencyMs: input.request.consistencyMs,
  }
  const applyDeps = {...deps, writer: await deps.writer()}
  const stop = await applyPlans(collected, results, context, applyDeps, {errorsMax: input.errorsMax}, signal)
  const status = stop === undefined ? 'finished' : signal.aborted ? 'interrupted' : 'stopped'
  await journal.endRun(run.id, status, {...results.summary}, clock.now().toISOString())
  return {run: run.id, resumed, dryRun: false, collected, results, stop}
}

const newResults = ({scratch}: PlanningDeps): Results => ({
  users: scratch.bag<UserResult>('results'),
  summary: emptySummary(),
})

async function compare(
  path: string,
  collected: Collected,
  {files, journal}: MigrateDeps,
  earlier: readonly RunRecord[],
): Promise<void> {
  const {header, plans} = await openPlan(path, files)
  if (header.tenantId !== collected.tenantId) {
    throw new MfaError(
      'PLAN_TENANT',
      `the plan is for tenant ${header.tenantId}, signed in to ${collected.tenantId}`,
      {
        exit: 'stale',
        fix: "Sign in to the plan's tenant, or make a plan for this one.",
      },
    )
  }
  const settled = (user: ObjectId) => settledIn(journal, earlier, user)
  await refuseStale(plans, collected.plans, earlier.length === 0 ? undefined : settled)
}

async function settledIn(
  journal: Journal,
  runs: readonly RunRecord[],
  user: ObjectId,
): Promise<ReadonlySet<ActionId>> {
  const done = new Set<ActionId>()
  for (const run of runs) {
    for await (const {action, outcome} of journal.actions(run.id, user)) {
      if (outcome?.status === 'done' || outcome?.status === 'already-done') done.add(action)
    }
  }
  return done
}

/** The same command on the same tenant and source; not the fingerprint of the source, which may move on meanwhile. */
function keyOf({request, sourceLabel, savedPlan}: MigrateInput, {tenantId, group}: Collected): string {
  const {users, options, match, mapping, all} = request
  const what = [
    tenantId,
    sourceLabel,
    group.id,
    [...users].sort(),
    options,
    match,
    mapping,
    all,
    savedPlan ?? null,
  ]
  return createHash('sha256').update(JSON.stringify(what)).digest('hex')
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
