import {MfaError} from '../errors/mfa-error.js'
import type {ExitName} from '../errors/exit-codes.js'
import {countOf} from '../model/count-of.js'
import type {ActionRecord, UserResultRecord} from '../ports/journal.js'
import type {Standing, WorkQueue} from '../ports/work-queue.js'
import {applyPlans, type ApplyLimits, type ApplyPlansDeps, type Stop, timeIsOver, tooManyErrors} from './apply-plans.js' // prettier-ignore
import type {Collected} from './collect.js'
import {count, recordedResult, type Results} from './result.js'
import {type WorkOrder, workOrders} from './work-order.js'

export interface HandOut {
  readonly collected: Collected
  readonly results: Results
  readonly context: Parameters<typeof applyPlans>[2]
  /** Under which the workers work; its ticket names the lot. */
  readonly lock: {readonly name: string; readonly ticket: string}
  readonly key: string
  readonly seeds: boolean
}

type Deps = Omit<ApplyPlansDeps, 'writer'> & {readonly queue: WorkQueue}

/** How often the leader looks how the work stands. */
const LOOK_MS = 1000
const AT_ONCE = 50

/**
 * What `applyPlans` does, by many machines: users with something to be written go into the queue, the others are put on record
 * here, and the results are read from the journal when everything is settled. Ends early as `applyPlans` does: what nobody has
 * begun is taken back then.
 */
export async function handOut(
  what: HandOut,
  deps: Deps,
  limits: ApplyLimits & {readonly all: boolean},
  signal: AbortSignal,
): Promise<Stop> {
  const {collected, results, context, lock} = what
  const {queue} = deps
  const lot = lock.ticket
  deps.ui.emit({type: 'phase', phase: 'migrating'})
  try {
    await queue.withdraw({allBut: lot})
    const put = await putAll(what, queue, limits.all)
    const stop = await applyPlans(
      idle(collected),
      results,
      context,
      {...deps, writer: undefined},
      limits,
      signal,
    )
    const ended = await untilSettled(lot, put, stop, deps, limits, signal)
    await queue.withdraw({lot})
    await recorded(what, deps)
    await queue.forget(lot)
    return ended
  } catch (error) {
    return {error: signal.aborted ? signal.reason : error}
  } finally {
    deps.ui.emit({type: 'phase-end', phase: 'migrating'})
  }
}

/**
 * Before anything is planned: what a leader who died had handed out for the same request is worked off, under the lock of the new
 * one, so that nobody waits until everybody is planned again. Who is done with then costs the planning next to nothing (U5).
 */
export async function takeUp(
  key: string,
  lot: string,
  {queue, clock, ui}: Pick<Deps, 'queue' | 'clock' | 'ui'>,
  limits: ApplyLimits,
  signal: AbortSignal,
): Promise<void> {
  let taken = 0
  for (;;) {
    signal.throwIfAborted()
    // Those who were at work give theirs back as they notice.
    const more = await queue.adopt(key, lot)
    taken += more
    if (taken === 0) return
    const now = await queue.standing(lot)
    if (taken === more) {
      ui.emit({type: 'phase', phase: 'taking up'})
      ui.emit({type: 'note', text: `takes up ${countOf(taken, 'package')} handed out before`})
    }
    ui.emit({type: 'progress', phase: 'taking up', done: now.done, total: taken})
    const over =
      clock.monotonic() >= (limits.endsAt ?? Infinity) || now.failures >= Math.max(1, limits.errorsMax)
    if (over) await queue.withdraw({lot})
    if (now.waiting + now.working === 0) break
    await clock.sleep(LOOK_MS, signal)
  }
  ui.emit({type: 'phase-end', phase: 'taking up'})
  await queue.forget(lot)
}

interface Put {
  readonly users: number
  readonly packages: number
}

async function putAll(
  {collected, context, lock, key, seeds}: HandOut,
  queue: WorkQueue,
  all: boolean,
): Promise<Put> {
  const {run, tenantId, options, consistencyMs} = context
  let users = 0
  let packages = 0
  let some: WorkOrder[] = []
  const common = {run, tenantId, lock: lock.name, key, options, all, consistencyMs, seeds}
  for (const order of workOrders(collected, common)) {
    users += order.users.length
    packages += 1
    some.push(order)
    if (some.length < AT_ONCE) continue
    await queue.put(lock.ticket, some)
    some = []
  }
  if (some.length > 0) await queue.put(lock.ticket, some)
  return {users, packages}
}

/** Who has nothing to be written. */
function idle({plans, methods}: Collected): Parameters<typeof applyPlans>[0] {
  return {
    methods,
    plans: {
      size: plans.size,
      *entries() {
        for (const entry of plans.entries()) if (entry[1].actions.length === 0) yield entry
      },
    },
  }
}

/** Until nobody works on the lot any more. What ends it early lets those who are at work finish. */
async function untilSettled(
  lot: string,
  put: Put,
  early: Stop,
  {queue, clock, ui}: Deps,
  limits: ApplyLimits,
  signal: AbortSignal,
): Promise<Stop> {
  let stop = early
  for (;;) {
    if (signal.aborted) return {error: signal.reason}
    if (stop !== undefined) await queue.withdraw({lot})
    const now = await queue.standing(lot)
    ui.emit({type: 'progress', phase: 'migrating', done: now.users, total: put.users})
    const over = now.waiting + now.working === 0
    stop ??= endOf(now, limits)
    if (over) return stop ?? (now.done < put.packages ? {error: takenBack()} : undefined)
    if (stop === undefined && clock.monotonic() >= (limits.endsAt ?? Infinity)) stop = {error: timeIsOver()}
    try {
      await clock.sleep(LOOK_MS, signal)
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }
}

function endOf({failed, failures, reason}: Standing, {errorsMax}: ApplyLimits): Stop {
  if (failures >= Math.max(1, errorsMax)) return {error: tooManyErrors(failures, errorsMax)}
  return failed > 0 ? {error: givenUp(reason)} : undefined
}

/** Packages are gone that nobody settled: whoever has the lock by now has put others in their place. */
const takenBack = (): MfaError =>
  new MfaError('LOCK_LOST', 'the work was taken back by somebody else', {
    exit: 'locked',
    fix: 'See who has the lock now (mfa locks list); the same command goes on where it stopped.',
  })

/** What the worker said who tried last. */
function givenUp(reason: unknown): MfaError {
  const said = reason as
    {readonly message?: string; readonly exit?: ExitName; readonly fix?: string} | undefined
  return new MfaError(
    'WORK_GIVEN_UP',
    `some users were given up after many tries: ${said?.message ?? 'their workers died'}`,
    {
      exit: said?.exit ?? 'unavailable',
      fix: said?.fix ?? 'See the logs of the workers; the same command goes on where it stopped.',
    },
  )
}

/** What the workers put on record about those who were handed out. */
async function recorded(
  {collected: {plans, matched}, results, context: {run}}: HandOut,
  {journal, scratch}: Deps,
): Promise<void> {
  const told = scratch.bag<UserResultRecord>('told')
  const wrote = scratch.bag<ActionRecord>('wrote')
  const isOurs = (user: string): boolean => matched.get(user).length > 0
  for await (const record of journal.userResults(run)) if (isOurs(record.user)) told.set(record.user, record)
  for await (const record of journal.actions(run)) if (isOurs(record.user)) wrote.add(record.user, record)
  for (const [key, plan] of plans.entries()) {
    if (plan.actions.length === 0) continue
    const [record] = told.get(plan.id)
    // Nobody came to this user before the end.
    if (record === undefined) continue
    const result = recordedResult(plan, record, wrote.get(plan.id))
    results.users.set(key, result)
    count(results.summary, result, plan)
  }
}
