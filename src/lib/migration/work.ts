import {MfaError} from '../errors/mfa-error.js'
import type {RunId} from '../model/brand.js'
import type {EntraMethods} from '../model/entra-user.js'
import type {Directory} from '../ports/directory.js'
import type {MethodWriter} from '../ports/method-writer.js'
import type {Clock} from '../ports/clock.js'
import type {Journal} from '../ports/journal.js'
import type {Scratch} from '../ports/scratch.js'
import type {Source} from '../ports/source.js'
import type {Ui} from '../ports/ui.js'
import type {Lease, Leases, Package, WorkQueue} from '../ports/work-queue.js'
import {applyPlans, hasFailed} from './apply-plans.js'
import {planKey} from './collect.js'
import type {UserPlan} from './plan.js'
import {Planner} from './planner.js'
import type {MigrationRequest} from './request.js'
import {emptySummary, type UserResult} from './result.js'
import {asWorkOrder, type WorkOrder} from './work-order.js'
import {quiet, type View, Views} from './work-views.js'

export interface WorkerDeps {
  readonly queue: WorkQueue
  readonly leases: Leases
  /** The leader's; while nobody holds it nothing is taken, so that the next leader finds it where it was. */
  readonly lock: string
  readonly journal: Journal
  readonly directory: Directory
  writer(): MethodWriter
  /** This machine's own. */
  openSource(scratch: Scratch): Promise<Source>
  openScratch(): Scratch
  /** Seed files are at hand. */
  readonly seeds: boolean
  readonly clock: Clock
  readonly ui: Ui
  /** Lets somebody watch one package of this run. */
  around?<T>(run: RunId, work: () => Promise<T>): Promise<T>
  /** Told after each package. */
  told?(done: Worked): void
  /** Told of what keeps this machine from working. */
  troubled?(error: unknown): void
}

export interface Worked {
  readonly users: number
  readonly failures: number
}

/** Packages at once: together they fill batches of requests, and reading back one does not hold up another. */
const LANES = 4
/** Between two looks at an empty queue. */
const IDLE_MS = 1000
/** After something failed that concerns this machine: others may do better meanwhile. */
const PAUSE_MS = 10_000
/** Somebody who died may have the users for half a minute. */
const HELD_MS = 1000
/** Looks at an empty queue after which the source is closed. */
const CLOSE_AFTER = 10

/**
 * Works off packages until `signal` is aborted; then what is under way ends within seconds and goes back. Never throws for what a
 * package or the queue does: that is said, and somebody tries again.
 */
export async function work(deps: WorkerDeps, signal: AbortSignal): Promise<void> {
  const {queue, leases, lock, clock, ui} = deps
  const views = new Views(deps, signal)
  const running = new Set<Promise<void>>()
  const pause = async (ms: number): Promise<void> => {
    await clock.sleep(ms, signal).catch(() => {})
  }
  let empty = 0
  let restUntil = 0
  try {
    while (!signal.aborted) {
      if (running.size >= LANES) await Promise.race(running)
      const rest = restUntil - clock.monotonic()
      if (rest > 0) await pause(rest)
      if (signal.aborted) break
      let next: Package | undefined
      try {
        next = (await leases.holder(lock)) === undefined ? undefined : await queue.take()
      } catch (error) {
        ui.emit({type: 'note', text: `the queue cannot be asked: ${messageOf(error)}`})
        await pause(PAUSE_MS)
        continue
      }
      if (next === undefined) {
        empty += 1
        if (empty >= CLOSE_AFTER && running.size === 0) await views.close()
        await pause(IDLE_MS)
        continue
      }
      empty = 0
      const one = next
      const job = workOn(one, views, deps, signal)
        .catch(async (error: unknown) => {
          await one.giveBack(reasonOf(error)).catch(() => {})
          if (signal.aborted || isLost(error)) return
          ui.emit({type: 'note', text: `a package of work went back: ${messageOf(error)}`})
          deps.troubled?.(error)
          if (isOfMachine(error)) restUntil = clock.monotonic() + PAUSE_MS
          else await pause(PAUSE_MS)
        })
        .finally(() => running.delete(job))
      running.add(job)
    }
  } finally {
    await Promise.all(running)
    await views.close()
  }
}

async function workOn(one: Package, views: Views, deps: WorkerDeps, signal: AbortSignal): Promise<void> {
  const order = asWorkOrder(one.data)
  const work = (): Promise<void> => workOff(order, one, views, deps, signal)
  return deps.around === undefined ? work() : deps.around(order.run, work)
}

async function workOff(
  order: WorkOrder,
  one: Package,
  views: Views,
  deps: WorkerDeps,
  signal: AbortSignal,
): Promise<void> {
  const lock = {name: order.lock, ticket: one.lot}
  if (order.seeds && !deps.seeds) {
    const fix = 'Give every machine the same --seed-file.'
    throw new MfaError('NO_SEEDS', 'the leader has seed files and this machine has none', {
      exit: 'usage',
      fix,
    })
  }
  const here = AbortSignal.any([signal, one.lost])
  const lease = await leased(order, lock, deps, here)
  if (lease === undefined) return one.giveBack({message: 'its leader is gone'})
  try {
    const used = await views.use(order.tenantId, one.lot)
    try {
      const worked = await writeUsers(order, used.view, lease, deps, AbortSignal.any([here, lease.lost]))
      await one.done(worked)
      deps.told?.(worked)
    } finally {
      used.leave()
    }
  } finally {
    // Not released it ends by itself.
    await lease.release().catch(() => {})
  }
}

/** Nobody else has these users then; undefined if their leader is gone. */
async function leased(
  order: WorkOrder,
  lock: Parameters<Leases['take']>[0],
  {leases, clock}: WorkerDeps,
  signal: AbortSignal,
): Promise<Lease | undefined> {
  const users = order.users.map(({member}) => member.id)
  for (;;) {
    signal.throwIfAborted()
    const lease = await leases.take(lock, users)
    if (lease === 'over') return undefined
    if (lease !== 'held') return lease
    await clock.sleep(HELD_MS, signal)
  }
}

/** Plans the users anew, on what source and tenant show now and the journal knows, and writes what is left to be written. */
async function writeUsers(
  order: WorkOrder,
  {source, policy, isMember, cutOff, hashKey}: View,
  lease: Lease,
  deps: WorkerDeps,
  signal: AbortSignal,
): Promise<Worked> {
  const {journal, directory, clock} = deps
  const {run, tenantId, options, consistencyMs} = order
  const scratch = deps.openScratch()
  try {
    const ui = quiet(deps.ui)
    // The leader has matched them.
    const all = {source, directory, lookup: undefined, journal, scratch, clock, ui}
    const methods = scratch.bag<EntraMethods>('methods')
    const plans = scratch.bag<UserPlan>('plans')
    const planner = new Planner(
      requestOf(order),
      all,
      {id: tenantId, policy, isMember, cutOff},
      hashKey,
      methods,
    )
    for (const plan of await planner.chunk(order.users, new Map(order.shared), signal))
      plans.set(planKey(plan), plan)
    lease.check()
    for (const {record, outcome, remember} of planner.settled) {
      const at = clock.now().toISOString()
      await journal.outcome(record.run, record.user, record.action, {outcome, remember}, at)
    }
    const results = {users: scratch.bag<UserResult>('results'), summary: emptySummary()}
    const stop = await applyPlans(
      {plans, methods},
      results,
      // Somebody may have been here before.
      {run, tenantId, hashKey, options, consistencyMs, resumed: true},
      {...all, writer: deps.writer()},
      {errorsMax: Number.MAX_SAFE_INTEGER, check: () => lease.check()},
      signal,
    )
    if (stop !== undefined) throw stop.error
    let failures = 0
    for (const [, result] of results.users.entries()) if (hasFailed(result)) failures += 1
    return {users: results.summary.users, failures}
  } finally {
    scratch.close()
  }
}

const requestOf = ({options, all, consistencyMs}: WorkOrder): MigrationRequest => ({
  group: '',
  users: [],
  options,
  match: {netbios: {}},
  mapping: [],
  all,
  consistencyMs,
})

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Another package would fare no better here. */
const isOfMachine = (error: unknown): boolean => error instanceof MfaError && error.exit !== 'bug'

const isLost = (error: unknown): boolean =>
  error instanceof MfaError && (error.code === 'LEASE_LOST' || error.code === 'PACKAGE_LOST')

function reasonOf(error: unknown): Readonly<Record<string, unknown>> {
  const message = messageOf(error)
  return error instanceof MfaError
    ? {code: error.code, message, exit: error.exit, fix: error.fix}
    : {message, exit: 'bug'}
}
