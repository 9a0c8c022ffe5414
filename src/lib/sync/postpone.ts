import type {ObjectId} from '../model/brand.js'
import type {Journal, RunRecord} from '../ports/journal.js'

/** The longest pause before somebody who keeps failing is tried again. */
const LONGEST_MS = 24 * 3_600_000
/** Rounds looked back at. */
const ROUNDS = 200

/** Somebody whom the last rounds could not bring over. */
export interface Failing {
  readonly id: ObjectId
  readonly userPrincipalName: string
  /** Rounds in a row, those that left the user out not counted. */
  readonly failures: number
  /** ISO 8601. */
  readonly lastAt: string
  /** ISO 8601: not tried before. */
  readonly nextAt: string
  readonly findings: readonly unknown[]
}

/** One interval after the first failure, doubled with each further one, a day at most. */
export function pauseMs(failures: number, intervalMs: number): number {
  return Math.min(LONGEST_MS, intervalMs * 2 ** Math.min(30, Math.max(0, failures - 1)))
}

/**
 * Who fails now, by object id: users whose newest result in rounds of this scope is a failure. Memory grows with those who fail
 * or have failed, not with the users.
 *
 * @param rounds runs of kind `sync` over one scope, newest first
 */
export async function failingUsers(
  rounds: readonly RunRecord[],
  journal: Journal,
  intervalMs: number,
): Promise<ReadonlyMap<ObjectId, Failing>> {
  const failing = new Map<
    ObjectId,
    {failures: number; name: string; lastAt: string; findings: readonly unknown[]}
  >()
  for (const round of rounds.slice(0, ROUNDS).toReversed()) {
    for await (const {user, userPrincipalName, outcome, at, findings} of journal.userResults(round.id)) {
      const bad = outcome === 'failed' || outcome === 'partly'
      if (!bad) failing.delete(user)
      else {
        const failures = (failing.get(user)?.failures ?? 0) + 1
        failing.set(user, {failures, name: userPrincipalName, lastAt: at, findings})
      }
    }
  }
  return new Map(
    [...failing].map(([id, {failures, name, lastAt, findings}]) => {
      const nextAt = new Date(Date.parse(lastAt) + pauseMs(failures, intervalMs)).toISOString()
      return [id, {id, userPrincipalName: name, failures, lastAt, nextAt, findings}]
    }),
  )
}

/** Those whose time has not come. */
export function postponed(failing: ReadonlyMap<ObjectId, Failing>, now: Date): ReadonlySet<ObjectId> {
  const time = now.toISOString()
  return new Set([...failing.values()].filter(({nextAt}) => nextAt > time).map(({id}) => id))
}
