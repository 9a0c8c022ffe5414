import type {Outcome} from '../model/outcome.js'
import type {Journal, RunRecord, TenantRunKind} from '../ports/journal.js'
import type {TenantChange} from './tenant-change.js'

/** A change that an earlier command began. */
export interface PastChange {
  readonly run: RunRecord
  readonly change: TenantChange
  /** Absent while nobody knows. */
  readonly outcome?: Outcome | undefined
  readonly made?: Readonly<Record<string, string>> | undefined
  readonly at: string
}

/** Changes of a tenant of these kinds, oldest first; what was refused is among them. */
export async function* pastChanges(
  journal: Journal,
  tenantId: string,
  kinds: readonly TenantRunKind[],
): AsyncGenerator<PastChange> {
  const runs = await journal.runs({tenantId, kinds})
  for (const run of runs.toReversed())
    for await (const {intent, outcome, made, intentAt} of journal.actions(run.id))
      yield {run, change: intent as unknown as TenantChange, outcome, made, at: intentAt}
}

/** Whether it is known to have happened. */
export const happened = ({outcome}: PastChange): boolean =>
  outcome?.status === 'done' || outcome?.status === 'already-done'

/** A change whose command died before its outcome was on record: the newest one of this id, unless it came to an end. */
export async function cutOffChange(
  journal: Journal,
  tenantId: string,
  id: string,
  kinds: readonly TenantRunKind[],
): Promise<TenantChange | undefined> {
  let newest: PastChange | undefined
  for await (const past of pastChanges(journal, tenantId, kinds)) if (past.change.id === id) newest = past
  if (newest === undefined) return undefined
  const {change, outcome} = newest
  return outcome === undefined || outcome.status === 'unknown' ? change : undefined
}
