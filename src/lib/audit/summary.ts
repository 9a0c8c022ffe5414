import type {AuditEntry} from '../ports/audit-log.js'
import type {Scratch} from '../ports/scratch.js'
import {type ActorClass, classOf, type OurActor} from './actors.js'
import {type Change, decode, isAboutMfa} from './decode.js'

/** Different users on one day (UTC), or in all. */
export interface DayCounts {
  /** By the tool's own app, or by Microsoft's utility. */
  readonly migrated: number
  readonly byActor: Readonly<Record<ActorClass, number>>
  /** Changes, not users. */
  readonly numbers: number
  readonly methods: number
  readonly devices: number
  readonly entries: number
}

export interface DaySummary extends DayCounts {
  /** `2026-11-26` */
  readonly day: string
}

export interface AuditSummary {
  /** Oldest first; days without an entry are left out. */
  readonly days: readonly DaySummary[]
  readonly total: DayCounts
}

const ALL = 'all'
const CHANGED: ReadonlySet<Change['kind']> = new Set(['numbers', 'methods', 'devices', 'unreadable'])

/** Counts users a day and in all. Users are remembered on disk: memory is flat but for the days. */
export async function summarise(
  pages: AsyncIterable<readonly AuditEntry[]>,
  ours: OurActor,
  scratch: Scratch,
): Promise<AuditSummary> {
  const tally = new Tally(scratch)
  for await (const page of pages)
    for (const entry of page.flatMap(decode)) {
      if (!isAboutMfa(entry)) continue
      const by = classOf(entry.actor, ours)
      for (const day of [entry.at.slice(0, 10), ALL]) tally.count(day, by, entry.user, entry.changes)
    }
  return tally.summary()
}

interface Counts {
  migrated: number
  readonly byActor: Record<ActorClass, number>
  numbers: number
  methods: number
  devices: number
  entries: number
}

class Tally {
  readonly #seen
  readonly #days = new Map<string, Counts>()

  constructor(scratch: Scratch) {
    this.#seen = scratch.bag<true>('audit-users')
  }

  count(day: string, by: ActorClass, user: string | undefined, changes: readonly Change[]): void {
    const counts = this.#days.get(day) ?? none()
    this.#days.set(day, counts)
    counts.entries += 1
    for (const {kind} of changes) {
      if (kind === 'numbers') counts.numbers += 1
      if (kind === 'methods') counts.methods += 1
      if (kind === 'devices') counts.devices += 1
    }
    // A pass that was issued, say, is no change of what a user has.
    if (user === undefined || !changes.some(({kind}) => CHANGED.has(kind))) return
    if (this.#isNew(`${day} ${by} ${user}`)) counts.byActor[by] += 1
    if ((by === 'app' || by === 'incumbent') && this.#isNew(`${day} migrated ${user}`)) counts.migrated += 1
  }

  #isNew(key: string): boolean {
    if (this.#seen.get(key).length > 0) return false
    this.#seen.set(key, true)
    return true
  }

  summary(): AuditSummary {
    const total = this.#days.get(ALL) ?? none()
    const days = [...this.#days]
      .filter(([day]) => day !== ALL)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([day, counts]) => ({day, ...counts}))
    return {days, total}
  }
}

const none = (): Counts => ({
  migrated: 0,
  byActor: {app: 0, incumbent: 0, service: 0, other: 0},
  numbers: 0,
  methods: 0,
  devices: 0,
  entries: 0,
})
