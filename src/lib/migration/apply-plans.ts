import {MfaError} from '../errors/mfa-error.js'
import type {ObjectId} from '../model/brand.js'
import type {MethodWriter} from '../ports/method-writer.js'
import type {Journal, UserResultRecord} from '../ports/journal.js'
import type {Bag, Scratch} from '../ports/scratch.js'
import type {Ui} from '../ports/ui.js'
import {type ApplyContext, type ApplyDeps, applyUser} from './apply-user.js'
import type {Collected} from './collect.js'
import {optionsFingerprint} from './fingerprint.js'
import {isNews, LatestResults} from './news.js'
import type {Finding, UserPlan} from './plan.js'
import {pool} from './pool.js'
import {
  appliedResult,
  carriesNothing,
  count,
  keptResult,
  plannedResult,
  type Results,
  type UserResult,
} from './result.js'
import type {Signals} from './send-action.js'

/** So many are looked up by name; of more the whole run is read. */
const FEW = 100
/** Users worked on at once: enough to fill several batches of 20 requests. */
const USERS_AT_ONCE = 80
/** How long a request under way may go on once the run is to end: its answer spares the next run a question. */
const GRACE_MS = 5000

export interface ApplyLimits {
  /** R2: the run stops once this many users failed while they were written. */
  readonly errorsMax: number
  /** Nobody new is begun from then on; time of `Clock.monotonic`. Who is under way is finished. */
  readonly endsAt?: number | undefined
  /** Throws when nothing more may be written; asked right before each write. */
  readonly check?: (() => void) | undefined
}

/** What Graph showed longer ago is looked at again before it is written upon: people change their methods meanwhile. */
const FRESH_MS = 120_000

type Planned = Pick<Collected, 'methods'> & {
  readonly plans: Pick<Bag<UserPlan>, 'entries' | 'size'>
} & Partial<Pick<Collected, 'again' | 'readAt'>>

interface GroupContext extends ApplyContext {
  readonly exactly?: boolean | undefined
  /** A group: users to whom nothing is written and about whom nothing is new are counted, and not put on record. */
  readonly newsOfGroup?: ObjectId | undefined
}

/** Why a run ended before its last user. Nothing of it is lost: the same command goes on. */
export type Stop = {readonly error: unknown} | undefined

export interface ApplyPlansDeps extends Omit<ApplyDeps, 'writer'> {
  readonly ui: Ui
  readonly scratch: Scratch
  /** Undefined where no plan has anything to write. */
  readonly writer: MethodWriter | undefined
}

/**
 * Applies every plan, users side by side, each user's writes in order. Results of users who were done are complete even
 * when the run stops (R2); `stop` says why it did. Once `signal` is aborted nothing new starts.
 *
 * @param resumed the run was begun before: what it found out about users it is done with stays
 */
export async function applyPlans(
  collected: Planned,
  results: Results,
  context: GroupContext & {readonly resumed: boolean},
  deps: ApplyPlansDeps,
  limits: ApplyLimits,
  signal: AbortSignal,
): Promise<Stop> {
  const halt = new AbortController()
  const over = new AbortController()
  const start = AbortSignal.any([signal, halt.signal])
  const signals = {start, send: afterGrace(start, over.signal, deps), check: limits.check}
  const work = new GroupWork(collected, results, context, deps, limits, signals)
  deps.ui.emit({type: 'phase', phase: 'migrating'})
  try {
    if (context.resumed) await work.recall()
    const inTime = work.inTime(collected.plans.entries())
    await pool(inTime, USERS_AT_ONCE, ([key, plan]) => work.one(key, plan), halt)
    signal.throwIfAborted()
    if (work.timeIsOver) throw timeIsOver()
    return undefined
  } catch (error) {
    return {error: signal.aborted ? signal.reason : error}
  } finally {
    over.abort()
    deps.ui.emit({type: 'phase-end', phase: 'migrating'})
  }
}

class GroupWork {
  readonly #collected: Planned
  readonly #results: Results
  readonly #context: GroupContext
  readonly #deps: ApplyPlansDeps
  readonly #limits: ApplyLimits
  readonly #signals: Signals
  readonly #recalled: Bag<UserResultRecord>
  readonly #total: number
  readonly #latest: LatestResults | undefined
  timeIsOver = false
  #done = 0
  #failures = 0

  constructor(
    collected: Planned,
    results: Results,
    context: GroupContext,
    deps: ApplyPlansDeps,
    limits: ApplyLimits,
    signals: Signals,
  ) {
    this.#collected = collected
    this.#results = results
    this.#context = context
    this.#deps = deps
    this.#limits = limits
    this.#signals = signals
    this.#recalled = deps.scratch.bag<UserResultRecord>('recalled')
    this.#total = countWriters(collected.plans)
    const {tenantId, newsOfGroup: group} = context
    this.#latest = group === undefined ? undefined : new LatestResults(deps.journal, tenantId, group)
  }

  async recall(): Promise<void> {
    const {journal} = this.#deps
    const {plans} = this.#collected
    const few = plans.size > FEW ? undefined : [...plans.entries()].map(([, {id}]) => id)
    for await (const result of journal.userResults(this.#context.run, few))
      this.#recalled.set(result.user, result)
  }

  /** R2 by the clock: what is left out is for the same command's next run. */
  *inTime<T>(items: Iterable<T>): Iterable<T> {
    for (const item of items) {
      this.timeIsOver = this.#deps.clock.monotonic() >= (this.#limits.endsAt ?? Infinity)
      if (this.timeIsOver) return
      yield item
    }
  }

  async one(key: string, planned: UserPlan): Promise<void> {
    this.#signals.start.throwIfAborted()
    const plan = planned.actions.length === 0 ? planned : await this.#asOfNow(planned)
    if (plan.actions.length === 0) return this.#leave(key, plan)
    const before = this.#collected.methods.get(plan.id)[0]
    const {writer, ui} = this.#deps
    if (before === undefined || writer === undefined) throw new Error(`nothing to write ${plan.id} with`)
    const applied = await applyUser(plan, before, this.#context, {...this.#deps, writer}, this.#signals)
    const result = appliedResult(plan, applied.actions, applied.findings)
    await this.#record(result, plan)
    if (applied.proven) await this.#remember(plan)
    this.#keep(key, result, plan)
    ui.emit({type: 'progress', phase: 'migrating', done: ++this.#done, total: this.#total})
    if (hasFailed(result)) this.#failed()
  }

  /**
   * R3, P6: in a run of hours, what was read at its beginning is old. The user is planned anew on what Graph shows now; a
   * saved plan is written as it is or, for this user, not at all (R6).
   */
  async #asOfNow(planned: UserPlan): Promise<UserPlan> {
    const {again, readAt = Infinity} = this.#collected
    if (again === undefined || this.#deps.clock.monotonic() - readAt < FRESH_MS) return planned
    const plan = await again(planned, this.#signals.start)
    if (this.#context.exactly !== true || JSON.stringify(plan) === JSON.stringify(planned)) return plan
    const detail =
      'The user changed in Entra or on the server after the plan was checked; nothing was written. Plan again.'
    const stale: Finding = {code: 'changed-since', rule: 'R6', item: 'user', detail}
    return {...planned, outcome: 'failed', actions: [], findings: [...planned.findings, stale]}
  }

  /** Nothing to write. */
  async #leave(key: string, plan: UserPlan): Promise<void> {
    const earlier = this.#recalled.get(plan.id)[0]
    const stands = plan.outcome === 'unchanged' && /^(migrated|unchanged)$/.test(earlier?.outcome ?? '')
    const result = stands && earlier !== undefined ? keptResult(plan, earlier) : plannedResult(plan)
    if (!stands && (await this.#isNews(result))) await this.#record(result, plan)
    await this.#remember(plan)
    this.#keep(key, result, plan)
  }

  async #isNews(result: UserResult): Promise<boolean> {
    return this.#latest === undefined || isNews(result, await this.#latest.of(result.id as ObjectId))
  }

  #keep(key: string, result: UserResult, plan: UserPlan): void {
    this.#results.users.set(key, result)
    count(this.#results.summary, result, plan)
  }

  /** R2 */
  #failed(): void {
    this.#failures += 1
    if (this.#failures < Math.max(1, this.#limits.errorsMax)) return
    throw tooManyErrors(this.#failures, this.#limits.errorsMax)
  }

  async #record({outcome, findings}: UserResult, {id, userPrincipalName, source}: UserPlan): Promise<void> {
    const {journal, clock} = this.#deps
    const at = clock.now().toISOString()
    await journal.userResult({
      run: this.#context.run,
      user: id,
      userPrincipalName,
      source,
      outcome,
      findings,
      at,
    })
  }

  /** U5: only who is proven, was looked at, and has something carried over counts as migrated. */
  async #remember(plan: UserPlan): Promise<void> {
    const {source, serverFingerprint, entraFingerprint, outcome, smsOrVoiceOnly} = plan
    const looked = source !== undefined && serverFingerprint !== undefined && entraFingerprint !== undefined
    if (!looked || carriesNothing(plan) || (outcome !== 'migrate' && outcome !== 'unchanged')) return
    const {run, tenantId, options} = this.#context
    const memory: Parameters<Journal['migrated']>[2] = {
      run,
      source,
      serverFingerprint,
      optionsFingerprint: optionsFingerprint(options),
      smsOrVoiceOnly,
      at: this.#deps.clock.now().toISOString(),
    }
    await this.#deps.journal.migrated(plan.id, tenantId, memory)
  }
}

/** Aborted a little after the other: what is under way may still come to its end. */
function afterGrace(start: AbortSignal, over: AbortSignal, {clock}: Pick<ApplyDeps, 'clock'>): AbortSignal {
  const late = new AbortController()
  const begin = (): void => {
    clock.sleep(GRACE_MS, over).then(
      () => late.abort(start.reason),
      () => {},
    )
  }
  if (start.aborted) begin()
  else start.addEventListener('abort', begin, {once: true})
  return late.signal
}

/** In doubt alone is no failure: what was sent was taken. */
export const hasFailed = ({actions}: UserResult): boolean =>
  actions.some(({outcome}) => outcome === 'failed' || outcome === 'unknown')

function countWriters(plans: Planned['plans']): number {
  let writers = 0
  for (const [, plan] of plans.entries()) if (plan.actions.length > 0) writers++
  return writers
}

/** R2 */
export const tooManyErrors = (failures: number, errorsMax: number): MfaError =>
  new MfaError('TOO_MANY_ERRORS', `stopped after ${failures} failed users (--errors-max ${errorsMax})`, {
    exit: 'refused',
    fix: 'See the findings, mend the cause, and run the same command again; raise --errors-max to go on regardless.',
  })

export const timeIsOver = (): MfaError =>
  new MfaError('MAX_DURATION', 'stopped: the time that --max-duration gives is over', {
    exit: 'unavailable',
    fix: 'The same command goes on where it stopped.',
  })
