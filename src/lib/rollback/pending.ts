import {happened, type PastChange, pastChanges} from '../changes/past-changes.js'
import {BEHAVIOR_OF, EFFECT_DELAY_MS} from '../model/mfa-behavior.js'
import type {Journal} from '../ports/journal.js'

/** Changes of mfa rollout after which somebody is asked on-premises again. */
const NARROWING: ReadonlySet<string> = new Set([
  'delete-rollout-policy',
  'remove-rollout-group',
  'remove-wave-member',
])

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
  for await (const past of pastChanges(journal, tenantId, ['federation', 'rollout', 'rollback'])) {
    if (!happened(past)) continue
    const until = untilOf(past)
    if (until !== undefined) newest.set(past.change.id, until)
    // What goes forward is no way back that could be waited for.
    else if (past.run.kind === 'federation') newest.delete(past.change.id)
  }
  const last = [...newest.values()].reduce((latest, each) => (each > latest ? each : latest), '')
  return last !== '' && Date.parse(last) > now.getTime() ? last : undefined
}

function untilOf({run, change: {kind, after}, made, at}: PastChange): string | undefined {
  if (run.kind !== 'rollout') return after === BEHAVIOR_OF.reject ? undefined : made?.['effectiveBy']
  if (!NARROWING.has(kind) && !isOff(after)) return undefined
  return new Date(Date.parse(at) + EFFECT_DELAY_MS).toISOString()
}

const isOff = (after: unknown): boolean =>
  typeof after === 'object' && after !== null && 'isEnabled' in after && after.isEnabled === false
