import {createHash} from 'node:crypto'

import {MfaError} from '../errors/mfa-error.js'
import type {ObjectId, RunId} from '../model/brand.js'
import {countOf} from '../model/count-of.js'
import type {EntraMethods} from '../model/entra-user.js'
import {underLock} from '../model/under-lock.js'
import {isReadFailure} from '../ports/directory.js'
import type {ActionRecord, RunRecord} from '../ports/journal.js'
import type {MethodWriter} from '../ports/method-writer.js'
import type {Bag} from '../ports/scratch.js'
import {endDeadRuns} from './dead-runs.js'
import {applyPlans, type Stop} from './apply-plans.js'
import {planKey} from './collect.js'
import {serialsIn} from './in-place.js'
import type {Action, Finding, MigrationOptions, UserPlan} from './plan.js'
import type {PlanningDeps} from './request.js'
import {count, emptySummary, plannedResult, type Results, type UserResult} from './result.js'
import {settler, smsSignInOff} from './undo-look.js'
import {planUndo} from './undo-plan.js'
import type {Settled} from './unsettled.js'

/** Users whose methods are asked for together. */
const CHUNK = 100

export interface UndoRequest {
  readonly run: RunRecord
  /** Only these, by user principal name or id; empty means all that the run wrote to. */
  readonly users: readonly string[]
  readonly force: boolean
  readonly dryRun: boolean
  readonly yes: boolean
  readonly errorsMax: number
  /** Milliseconds (R4). */
  readonly consistencyMs: number
  readonly logFile?: string | undefined
  readonly preview: (planned: UndoPlanned) => Promise<void>
}

export interface UndoDeps extends Omit<PlanningDeps, 'source' | 'lookup'> {
  writer(): Promise<MethodWriter>
}

export interface UndoPlanned {
  readonly plans: Bag<UserPlan>
  readonly methods: Bag<EntraMethods>
  readonly users: number
  /** What was found out about writes of earlier runs; not yet on record. */
  readonly settled: readonly Settled[]
}

export interface UndoReport {
  /** The run that put things back; null for a dry run. */
  readonly run: RunId | null
  readonly undoes: RunRecord
  readonly dryRun: boolean
  readonly planned: UndoPlanned
  readonly results: Results
  readonly stop: Stop
}

/** Options that play no part when things are put back. */
const NEUTRAL: MigrationOptions = {
  defaultMethod: 'if-unset',
  phones: 'safe',
  appCodes: 'carry',
  smsSignIn: 'prevent',
  promoteBackup: true,
  includeDisabled: false,
  cloud: 'global',
}

/**
 * R3: `mfa undo`. Plans from the before-images and from what the tenant shows now, shows it, asks, writes it as a run of its
 * own. A run that was cut off goes on with the same command, since what is back already is not planned again.
 */
export async function undo(request: UndoRequest, deps: UndoDeps, signal: AbortSignal): Promise<UndoReport> {
  const tenantId = await deps.directory.tenantId(signal)
  if (tenantId !== request.run.tenantId) {
    throw new MfaError(
      'WRONG_TENANT',
      `run ${request.run.id} wrote to tenant ${request.run.tenantId}, not to ${tenantId}`,
      {
        exit: 'usage',
        fix: 'Sign in to the tenant of the run (--tenant).',
      },
    )
  }
  if (request.dryRun) return dry(request, await plan(request, deps, signal), deps)
  const lock = await deps.journal.lock(`migrate ${tenantId}`, 'mfa undo', signal)
  return underLock(lock, () => write(request, deps, AbortSignal.any([signal, lock.lost]), lock.lost))
}

async function dry(request: UndoRequest, planned: UndoPlanned, deps: UndoDeps): Promise<UndoReport> {
  const results = newResults(deps)
  for (const [key, userPlan] of planned.plans.entries()) {
    const result = plannedResult(userPlan)
    results.users.set(key, result)
    count(results.summary, result, userPlan)
  }
  await request.preview(planned)
  return {run: null, undoes: request.run, dryRun: true, planned, results, stop: undefined}
}

async function write(
  request: UndoRequest,
  deps: UndoDeps,
  signal: AbortSignal,
  lockLost: AbortSignal,
): Promise<UndoReport> {
  const {journal, clock, ui} = deps
  const {run: undoes} = request
  const planned = await plan(request, deps, signal)
  await request.preview(planned)
  let actions = 0
  for (const [, userPlan] of planned.plans.entries()) actions += userPlan.actions.length
  if (
    actions > 0 &&
    !request.yes &&
    !(await ui.confirm(`Write ${countOf(actions, 'change')} to Microsoft Entra?`, '--yes'))
  ) {
    throw new MfaError('DECLINED', 'nothing was changed', {exit: 'declined'})
  }
  const what = ['undo', undoes.id, [...request.users].sort(), request.force]
  const {run, resumed} = await journal.beginRun({
    kind: 'undo',
    tenantId: undoes.tenantId,
    group: undoes.group,
    sourceLabel: undoes.sourceLabel,
    sourceFingerprint: undoes.sourceFingerprint,
    options: {undoes: undoes.id, users: request.users, force: request.force},
    resumeKey: createHash('sha256').update(JSON.stringify(what)).digest('hex'),
    startedAt: clock.now().toISOString(),
    logFile: request.logFile,
  })
  await endDeadRuns(undoes.tenantId, run.id, deps)
  for (const {record, outcome, remember} of planned.settled) {
    const at = clock.now().toISOString()
    await journal.outcome(record.run, record.user, record.action, {outcome, remember}, at)
  }
  // Before the first write: whoever is put back, even by half, was not migrated.
  for (const [, userPlan] of planned.plans.entries())
    await journal.forgetMigrated(undoes.tenantId, userPlan.id)
  const results = newResults(deps)
  const context = {
    run: run.id,
    tenantId: undoes.tenantId,
    hashKey: await journal.hashKey(),
    options: NEUTRAL,
    consistencyMs: request.consistencyMs,
    isUndo: true,
    undoes: undoes.id,
    resumed,
  }
  const applyDeps = {...deps, source: NO_SOURCE, writer: actions === 0 ? undefined : await deps.writer()}
  const stop = await applyPlans(planned, results, context, applyDeps, {errorsMax: request.errorsMax}, signal)
  const status = stop === undefined ? 'finished' : signal.aborted ? 'interrupted' : 'stopped'
  // Whoever has the lock now may have taken this run up: its end is not ours to write.
  if (!lockLost.aborted) await journal.endRun(run.id, status, {...results.summary}, clock.now().toISOString())
  return {run: run.id, undoes, dryRun: false, planned, results, stop}
}

/** What is put back needs no seed. */
const NO_SOURCE = {
  async *users(): AsyncGenerator<never> {},
}

interface Touched {
  readonly user: ObjectId
  readonly userPrincipalName: string
}

async function plan(request: UndoRequest, deps: UndoDeps, signal: AbortSignal): Promise<UndoPlanned> {
  const {scratch, ui} = deps
  ui.emit({type: 'phase', phase: 'planning'})
  const touched = await whom(request, deps)
  const plans = scratch.bag<UserPlan>('undo-plans')
  const methods = scratch.bag<EntraMethods>('undo-methods')
  const settled: Settled[] = []
  let chunk: Touched[] = []
  let done = 0
  const flush = async (): Promise<void> => {
    for (const userPlan of await planChunk(chunk, request, methods, settled, deps, signal))
      plans.set(planKey(userPlan), userPlan)
    done += chunk.length
    chunk = []
    ui.emit({type: 'progress', phase: 'planning', done, total: touched.size})
  }
  for (const [, user] of touched.entries()) {
    if (chunk.push(user) === CHUNK) await flush()
  }
  if (chunk.length > 0) await flush()
  ui.emit({type: 'phase-end', phase: 'planning'})
  return {plans, methods, users: touched.size, settled}
}

/** Everybody the run wrote to, each once. Throws MfaError `usage` for a --user that it did not touch. */
async function whom({run, users}: UndoRequest, {journal, scratch}: UndoDeps): Promise<Bag<Touched>> {
  const touched = scratch.bag<Touched>('undo-users')
  const wanted = new Set(users.map((name) => name.toLowerCase()))
  const missing = new Map(users.map((name) => [name.toLowerCase(), name]))
  for await (const {user, userPrincipalName} of journal.actions(run.id)) {
    const name = userPrincipalName.toLowerCase()
    missing.delete(name)
    missing.delete(user)
    if (wanted.size === 0 || wanted.has(name) || wanted.has(user))
      touched.set(user, {user, userPrincipalName})
  }
  if (missing.size === 0) return touched
  throw new MfaError(
    'USER_NOT_IN_RUN',
    `run ${run.id} wrote nothing to ${[...missing.values()].join(', ')}`,
    {
      exit: 'usage',
      fix: `mfa runs show ${run.id} lists its users.`,
    },
  )
}

async function planChunk(
  chunk: readonly Touched[],
  request: UndoRequest,
  methods: Bag<EntraMethods>,
  settled: Settled[],
  deps: UndoDeps,
  signal: AbortSignal,
): Promise<readonly UserPlan[]> {
  const {run, force} = request
  const {directory, journal} = deps
  const writes = new Map<ObjectId, ActionRecord[]>()
  for (const {user} of chunk) {
    const records: ActionRecord[] = []
    for await (const record of journal.actions(run.id, user)) records.push(record)
    writes.set(user, records)
  }
  const all = [...writes.values()].flat().map(({intent}) => intent as unknown as Action)
  const [shown, inventory] = await Promise.all([
    directory.methods(
      chunk.map(({user}) => user),
      signal,
    ),
    directory.tokens(serialsIn(all), signal),
  ])
  const users = chunk.map(({user}) => user)
  const settle = await settler(users, request, deps)
  return Promise.all(
    chunk.map(async ({user, userPrincipalName}): Promise<UserPlan> => {
      const looked = await settle(user, {methods: shown.get(user), inventory}, signal)
      settled.push(...looked.settled)
      const now = looked.methods
      const before = await journal.beforeImageOf(run.id, user)
      const base = {id: user, userPrincipalName, alreadyThere: [], smsOrVoiceOnly: false}
      if (now === undefined || isReadFailure(now)) {
        return {
          ...base,
          outcome: 'failed',
          actions: [],
          findings: [unreadable(now?.message ?? 'Graph gave no answer')],
        }
      }
      if (before === undefined) {
        const why = 'the run left no image of what was there before'
        return {...base, outcome: 'failed', actions: [], findings: [unreadable(why)]}
      }
      methods.set(user, now)
      const {actions, findings} = planUndo({
        user,
        before,
        now: {methods: now, inventory: looked.inventory},
        writes: writes.get(user) ?? [],
        force,
      })
      const back = actions.some((action) => action.kind === 'set-phone' && action.slot === 'mobile')
      const off = back ? [] : await smsSignInOff(user, now, run, looked.settled, journal)
      const all = [...actions, ...off]
      return {...base, outcome: all.length > 0 ? 'migrate' : 'unchanged', actions: all, findings}
    }),
  )
}

const unreadable = (why: string): Finding => ({
  code: 'unreadable',
  rule: 'R3',
  item: 'user',
  detail: `This user cannot be put back: ${why}. Nothing was written.`,
})

const newResults = ({scratch}: UndoDeps): Results => ({
  users: scratch.bag<UserResult>('undo-results'),
  summary: emptySummary(),
})
