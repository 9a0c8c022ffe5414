import type {ObjectId, RunId} from '../model/brand.js'
import type {Clock} from '../ports/clock.js'
import type {Journal, RunRecord} from '../ports/journal.js'
import type {Ui} from '../ports/ui.js'
import {type Failing, failingUsers, postponed} from './postpone.js'

/** What is kept in sync: a group, or everybody whom the server knows. */
export type Scope = {readonly kind: 'group'; readonly nameOrId: string} | {readonly kind: 'everyone'}

/** What one migration of the scope came to. */
export interface Migrated {
  readonly run: RunId | null
  readonly summary: {
    readonly users: number
    readonly migrated: number
    readonly unchanged: number
    readonly partly: number
    readonly failed: number
    readonly unmatched: number
    readonly disabled: number
    readonly actions: Readonly<Record<string, number>>
  }
  /** Set where it ended early. */
  readonly stop?: {readonly error: unknown} | undefined
}

export interface RoundReport extends Omit<Migrated, 'stop'> {
  /** ISO 8601 */
  readonly startedAt: string
  readonly seconds: number
  /** Who fails, those who were left out this time among them. */
  readonly failing: readonly Failing[]
  /** How many of them were left out. */
  readonly postponed: number
}

export interface RoundDeps {
  readonly journal: Journal
  readonly clock: Clock
  readonly ui: Ui
  /** Plans, writes, reads back and records, as `mfa migrate --yes` does. */
  migrate(postponed: ReadonlySet<ObjectId>, signal: AbortSignal): Promise<Migrated>
}

export interface RoundInput {
  readonly tenantId: string
  readonly scope: Scope
  /** Where users come from, as typed. */
  readonly sourceLabel: string
  /** Rounds of every source count: each machine may have its own. */
  readonly anySource?: boolean | undefined
  /** The migration options: another set plans everybody anew (U5). */
  readonly options: Readonly<Record<string, unknown>>
  /** Between two rounds; the unit of the growing pauses. */
  readonly intervalMs: number
}

/**
 * One round: who changed is migrated, who failed lately is left out until the pause is over, everybody else costs nothing (U5).
 * Throws what ended it early, after it is on record.
 */
export async function syncRound(
  input: RoundInput,
  deps: RoundDeps,
  signal: AbortSignal,
): Promise<RoundReport> {
  const {journal, clock, ui} = deps
  const began = clock.monotonic()
  const startedAt = clock.now().toISOString()
  sayIfOptionsChanged(await lastRound(input, journal), input.options, ui)
  const left = postponed(await failingIn(input, journal), clock.now())
  const {stop, ...migrated} = await deps.migrate(left, signal)
  if (stop !== undefined) throw stop.error
  const failing = await failingIn(input, journal)
  return {
    ...migrated,
    startedAt,
    seconds: Math.round((clock.monotonic() - began) / 100) / 10,
    failing: [...failing.values()],
    // Who has left the group meanwhile does not count.
    postponed: [...left].filter((id) => failing.has(id)).length,
  }
}

type Where = Pick<RoundInput, 'tenantId' | 'scope' | 'sourceLabel' | 'anySource'>

/** Rounds looked at together. */
const PAGE = 20

/** The newest round of this tenant, source and scope, or the newest that ended so. */
export async function lastRound(
  {tenantId, scope, sourceLabel, anySource}: Where,
  journal: Journal,
  status?: 'finished',
): Promise<RunRecord | undefined> {
  const group = await groupOf({tenantId, scope}, journal)
  if (group === undefined) return undefined
  const statuses = status === undefined ? undefined : [status]
  for (let before: RunId | undefined; ;) {
    const runs = await journal.runs({tenantId, kinds: ['sync'], group, statuses, before, limit: PAGE})
    const found = runs.find((run) => anySource === true || run.sourceLabel === sourceLabel)
    before = runs.at(-1)?.id
    if (found !== undefined || before === undefined || runs.length < PAGE) return found
  }
}

async function failingIn(input: RoundInput, journal: Journal): Promise<ReadonlyMap<ObjectId, Failing>> {
  const group = await groupOf(input, journal)
  return group === undefined ? new Map() : failingUsers(input.tenantId, group, journal, input.intervalMs)
}

/** By id, or by the name that it had in a round; undefined before the first one. */
async function groupOf(
  {tenantId, scope}: Pick<RoundInput, 'tenantId' | 'scope'>,
  journal: Journal,
): Promise<ObjectId | undefined> {
  const scopes = (await journal.runScopes()).filter((one) => one.kind === 'sync' && one.tenantId === tenantId)
  const found = scopes.find(({group}) =>
    scope.kind === 'everyone'
      ? group?.id === 'all-users'
      : group?.id === scope.nameOrId || group?.displayName === scope.nameOrId,
  )
  return found?.group?.id
}

function sayIfOptionsChanged(last: RunRecord | undefined, options: RoundInput['options'], ui: Ui): void {
  if (last === undefined) return
  const changed = differences(options, last.options)
  if (changed.length === 0) return
  const text = `The migration options changed since the last round (${last.startedAt}): everybody is planned again. Changed: ${changed.join(', ')}.`
  ui.emit({type: 'warning', text})
}

/** Options that are not the same, each with both values, in the order of their names. */
export function differences(ours: RoundInput['options'], theirs: RoundInput['options']): readonly string[] {
  const text = (value: unknown): string => JSON.stringify(value ?? null)
  return Object.keys(ours)
    .toSorted()
    .filter((name) => text(ours[name]) !== text(theirs[name]))
    .map((name) => `${name} ${text(ours[name])} instead of ${text(theirs[name])}`)
}
