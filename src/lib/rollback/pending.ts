import {happened, pastChanges} from '../changes/past-changes.js'
import {BEHAVIOR_OF} from '../model/mfa-behavior.js'
import type {Journal} from '../ports/journal.js'

/**
 * Until when Entra may go on asking for MFA itself although the way back is written: changes of federation and staged rollout take
 * up to a day. Whoever loses the methods before that can answer nobody. Undefined once that is over. ISO 8601, the service's clock.
 */
export async function pendingUntil(
  journal: Journal,
  tenantId: string,
  now: Date,
): Promise<string | undefined> {
  const newest = new Map<string, string>()
  for await (const past of pastChanges(journal, tenantId, ['federation', 'rollback'])) {
    const effectiveBy = past.made?.['effectiveBy']
    if (effectiveBy === undefined || !happened(past)) continue
    // What goes forward is no way back that could be waited for.
    if (past.change.after === BEHAVIOR_OF.reject) newest.delete(past.change.id)
    else newest.set(past.change.id, effectiveBy)
  }
  const last = [...newest.values()].reduce((latest, each) => (each > latest ? each : latest), '')
  return last !== '' && Date.parse(last) > now.getTime() ? last : undefined
}
