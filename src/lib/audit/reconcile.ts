import {MfaError} from '../errors/mfa-error.js'
import {type ActionRecord, type Journal, type RunRecord, USER_RUN_KINDS} from '../ports/journal.js'
import type {AuditActor, AuditLog} from '../ports/audit-log.js'
import type {Clock} from '../ports/clock.js'
import type {Bag, Scratch} from '../ports/scratch.js'
import type {Ui} from '../ports/ui.js'
import {classOf, type OurActor} from './actors.js'
import {decode, type DecodedEntry, isAboutMfa} from './decode.js'
import {describeWrite, shows, writeOf, type Write} from './effects.js'
import {actorName} from './words.js'

/** Times of this machine and of the service may differ so much, and entries come a little after what they tell of. */
const SLACK_MS = 300_000
/** So long after a write nobody wonders that its entry is not there yet. */
const USUAL_DELAY_MS = 3_600_000

export interface ReconcileRequest {
  readonly run: RunRecord
  /** Look so long beyond the end of the run for what else happened, in ms. */
  readonly beyondMs: number
}

export interface ReconcileDeps {
  readonly log: AuditLog
  readonly journal: Pick<Journal, 'actions' | 'runs'>
  readonly scratch: Scratch
  readonly ui: Ui
  readonly clock: Pick<Clock, 'now'>
  readonly ours: OurActor
}

/**
 * `missing`: a change of ours without an entry. `not-yet`: the same, while the log may still be on its way. `foreign`: an entry about
 * one of the users that no change of the run explains. `in-doubt`: the journal does not know whether it happened; the log does.
 */
export interface Difference {
  readonly kind: 'missing' | 'not-yet' | 'foreign' | 'in-doubt'
  readonly userPrincipalName: string
  readonly at: string
  /** The change of ours, in words; absent for `foreign`. */
  readonly change?: string | undefined
  readonly entry?: DecodedEntry | undefined
}

export interface Reconciled {
  readonly run: RunRecord
  readonly from: string
  readonly to: string
  /** Time of the newest entry of the whole log; undefined for an empty one. */
  readonly reaches: string | undefined
  readonly users: number
  /** Changes of the run that happened. */
  readonly changes: number
  readonly found: number
  /** Changes of the inventory of tokens, which stand under no user. */
  readonly notCompared: number
  readonly counts: Readonly<Record<Difference['kind'], number>>
  /** By user, then by time. */
  readonly differences: Bag<Difference>
  /** Entries about the users that another run of ours explains, such as its undo; no differences. */
  readonly otherRuns: readonly {readonly run: string; readonly kind: string; readonly entries: number}[]
  /** Under whose names the log has our changes: entries. */
  readonly actors: readonly {readonly name: string; readonly entries: number}[]
}

/**
 * Compares a run's journal with the audit log: is every change there, and did anything else happen to those users? Reads only; users
 * and entries are on disk, not in memory. Throws MfaError `usage` for a run that did not change users.
 */
export async function reconcile(
  request: ReconcileRequest,
  deps: ReconcileDeps,
  signal: AbortSignal,
): Promise<Reconciled> {
  const {run} = request
  mustChangeUsers(run)
  const {scratch, log, clock, ui} = deps
  const writes = scratch.bag<Write>('reconcile-writes')
  const {notCompared, users} = await readWrites(run, deps, writes)
  const ended = run.endedAt ?? clock.now().toISOString()
  const [from, to] = [shifted(run.startedAt, -SLACK_MS), shifted(ended, request.beyondMs + SLACK_MS)]
  const entries = scratch.bag<DecodedEntry>('reconcile-entries')
  let read = 0
  for await (const page of log.entries({from, to}, signal)) {
    read += page.length
    for (const entry of page.flatMap(decode))
      if (entry.user !== undefined && users.get(entry.user).length > 0) entries.add(entry.user, entry)
    ui.emit({type: 'progress', phase: 'reading the audit log', done: read})
  }
  ui.emit({type: 'phase-end', phase: 'reading the audit log'})
  const reaches = await log.reaches(signal)
  const until = shifted(ended, request.beyondMs)
  const others = scratch.bag<OtherWrite>('reconcile-others')
  await readOthers(run, {from, to}, deps, users, others)
  const judge = new Judge(deps, {from: new Date(run.startedAt), to: until}, reaches)
  for (const [user] of users.entries()) judge.learn(writes.get(user), entries.get(user))
  for (const [user] of users.entries()) judge.user(writes.get(user), entries.get(user), others.get(user))
  const {changes, found, counts, differences} = judge
  return {
    run,
    from: from.toISOString(),
    to: until.toISOString(),
    reaches,
    users: users.size,
    changes,
    found,
    notCompared,
    counts,
    differences,
    otherRuns: judge.otherRuns(),
    actors: judge.actors(),
  }
}

function mustChangeUsers(run: RunRecord): void {
  const {id, kind, sourceLabel} = run
  if (USER_RUN_KINDS.some((each) => each === kind)) return
  throw new MfaError('NOT_A_RUN_OF_USERS', `run ${id} (${sourceLabel}) did not change methods of users`, {
    exit: 'usage',
    fix: 'mfa runs list shows the runs; migrate, undo and sync change users.',
  })
}

/** What the run did to each user; of several attempts at one action the last counts. */
async function readWrites({id}: RunRecord, {journal, scratch}: ReconcileDeps, writes: Bag<Write>) {
  const last = scratch.bag<{readonly record: ActionRecord; readonly first: string}>('reconcile-last')
  for await (const record of journal.actions(id)) {
    const key = `${record.user} ${record.action}`
    last.set(key, {record, first: last.get(key)[0]?.first ?? record.intentAt})
  }
  const users = scratch.bag<true>('reconcile-users')
  let notCompared = 0
  for (const [, {record, first}] of last.entries()) {
    users.set(record.user, true)
    const write = writeOf(record, first)
    if (write === 'not-compared') notCompared += 1
    else if (write !== undefined) writes.add(record.user, write)
  }
  return {notCompared, users}
}

/** A change by another run, which explains an entry that this run does not. */
interface OtherWrite {
  readonly run: string
  readonly kind: string
  readonly write: Write
}

/** What other runs of ours did to the same users in the same time. */
async function readOthers(
  {id, tenantId}: RunRecord,
  window: {readonly from: Date; readonly to: Date},
  {journal}: ReconcileDeps,
  users: Bag<true>,
  others: Bag<OtherWrite>,
): Promise<void> {
  const runs = await journal.runs({tenantId, kinds: USER_RUN_KINDS, endedSince: window.from.toISOString()})
  for (const run of runs) {
    if (run.id === id || new Date(run.startedAt) > window.to) continue
    for await (const record of journal.actions(run.id)) {
      if (users.get(record.user).length === 0) continue
      const write = writeOf(record, record.intentAt)
      if (write !== undefined && write !== 'not-compared')
        others.add(record.user, {run: run.id, kind: run.kind, write})
    }
  }
}

class Judge {
  changes = 0
  found = 0
  readonly counts: Record<Difference['kind'], number> = {missing: 0, 'not-yet': 0, foreign: 0, 'in-doubt': 0}
  readonly differences: Bag<Difference>
  readonly #deps: ReconcileDeps
  readonly #window: {readonly from: Date; readonly to: Date}
  readonly #reaches: number
  readonly #seen = new Map<string, number>()
  readonly #named = new Map<string, number>()
  readonly #others = new Map<string, {readonly run: string; readonly kind: string; entries: number}>()

  constructor(
    deps: ReconcileDeps,
    window: {readonly from: Date; readonly to: Date},
    reaches: string | undefined,
  ) {
    this.#deps = deps
    this.#window = window
    this.#reaches = reaches === undefined ? 0 : Date.parse(reaches)
    this.differences = deps.scratch.bag<Difference>('reconcile-differences')
  }

  /** Which names our changes stand under is not documented: most of the entries that fit tell. */
  learn(writes: readonly Write[], entries: readonly DecodedEntry[]): void {
    for (const entry of entries)
      if (writes.some((write) => fits(write, entry))) add(this.#seen, actorKey(entry.actor))
  }

  user(writes: readonly Write[], entries: readonly DecodedEntry[], others: readonly OtherWrite[]): void {
    const explained = new Set<string>()
    for (const write of writes) {
      const fitting = entries.filter((entry) => fits(write, entry) && this.#isAcceptable(entry.actor))
      for (const {id, actor} of fitting) {
        if (!explained.has(id)) add(this.#named, actorName(actor))
        explained.add(id)
      }
      this.#write(write, fitting[0])
    }
    for (const entry of entries) {
      const at = new Date(entry.at)
      if (explained.has(entry.id) || !isAboutMfa(entry)) continue
      if (at < this.#window.from || at > this.#window.to) continue
      if (this.#isOfAnotherRun(entry, others)) continue
      this.#differ({
        kind: 'foreign',
        userPrincipalName: entry.userPrincipalName ?? entry.user ?? '',
        at: entry.at,
        entry,
      })
    }
  }

  #isOfAnotherRun(entry: DecodedEntry, others: readonly OtherWrite[]): boolean {
    if (!this.#isAcceptable(entry.actor)) return false
    const other = others.find(({write}) => fits(write, entry))
    if (other === undefined) return false
    const {run, kind} = other
    const counted = this.#others.get(run) ?? {run, kind, entries: 0}
    counted.entries += 1
    this.#others.set(run, counted)
    return true
  }

  #write(write: Write, entry: DecodedEntry | undefined): void {
    const {userPrincipalName, at} = write
    const change = describeWrite(write)
    if (write.standing === 'in-doubt' && entry !== undefined)
      this.#differ({kind: 'in-doubt', userPrincipalName, at, change, entry})
    if (write.standing !== 'done') return
    this.changes += 1
    if (entry !== undefined) this.found += 1
    else this.#differ({kind: this.#mayCome(write) ? 'not-yet' : 'missing', userPrincipalName, at, change})
  }

  #mayCome({until}: Write): boolean {
    const then = Date.parse(until)
    return this.#reaches < then || this.#deps.clock.now().getTime() - then < USUAL_DELAY_MS
  }

  /** Ours, the registration service, nobody in particular, or whoever most of our changes stand under. */
  #isAcceptable(actor: AuditActor): boolean {
    const by = classOf(actor, this.#deps.ours)
    if (by === 'app' || by === 'service' || actor.kind === 'unknown') return true
    return by === 'other' && actorKey(actor) === mostOften(this.#seen)
  }

  #differ(difference: Difference): void {
    this.counts[difference.kind] += 1
    this.differences.add(`${difference.userPrincipalName.toLowerCase()} ${difference.at}`, difference)
  }

  otherRuns(): Reconciled['otherRuns'] {
    return [...this.#others.values()].sort((one, other) => (one.run < other.run ? -1 : 1))
  }

  actors(): Reconciled['actors'] {
    return [...this.#named]
      .map(([name, entries]) => ({name, entries}))
      .sort((one, other) => other.entries - one.entries)
  }
}

/** The entry is about this write: of its time, and it shows what the write was to do. */
function fits(write: Write, entry: DecodedEntry): boolean {
  const at = Date.parse(entry.at)
  return (
    at >= Date.parse(write.at) - SLACK_MS &&
    at <= Date.parse(write.until) + SLACK_MS &&
    entry.result !== 'failure' &&
    shows(write, entry)
  )
}

const actorKey = ({kind, id, name}: AuditActor): string => JSON.stringify([kind, id, name])

const mostOften = (counts: ReadonlyMap<string, number>): string | undefined =>
  [...counts].sort((one, other) => other[1] - one[1])[0]?.[0]

const add = (counts: Map<string, number>, key: string): void =>
  void counts.set(key, (counts.get(key) ?? 0) + 1)

const shifted = (at: string, ms: number): Date => new Date(Date.parse(at) + ms)
