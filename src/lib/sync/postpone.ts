import type {ObjectId} from '../model/brand.js'
import type {Journal} from '../ports/journal.js'

/** The longest pause before somebody who keeps failing is tried again. */
const LONGEST_MS = 24 * 3_600_000

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

/** Who of a group fails now, by object id: users whose newest result in a round is a failure. */
export async function failingUsers(
  tenantId: string,
  group: ObjectId,
  journal: Journal,
  intervalMs: number,
): Promise<ReadonlyMap<ObjectId, Failing>> {
  const failing = new Map<ObjectId, Failing>()
  for await (const {user: id, userPrincipalName, failures, told} of journal.latestIn(
    tenantId,
    group,
    'failing',
  )) {
    if (told === undefined) continue
    const {at: lastAt, findings} = told
    const nextAt = new Date(Date.parse(lastAt) + pauseMs(failures, intervalMs)).toISOString()
    failing.set(id, {id, userPrincipalName, failures, lastAt, nextAt, findings})
  }
  return failing
}

/** Those whose time has not come. */
export function postponed(failing: ReadonlyMap<ObjectId, Failing>, now: Date): ReadonlySet<ObjectId> {
  const time = now.toISOString()
  return new Set([...failing.values()].filter(({nextAt}) => nextAt > time).map(({id}) => id))
}
