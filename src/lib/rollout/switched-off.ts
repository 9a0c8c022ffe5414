import {happened, pastChanges} from '../changes/past-changes.js'
import type {Journal} from '../ports/journal.js'
import type {Blocker} from './blockers.js'

/**
 * Whether the last thing that this tool did to the policy was to switch it off, by `mfa rollout disable` or `mfa rollback`. For applications,
 * which cannot see the policy itself.
 */
export async function isSwitchedOff(journal: Journal, tenantId: string): Promise<boolean> {
  let isOff = false
  for await (const past of pastChanges(journal, tenantId, ['rollout', 'rollback'])) {
    if (!happened(past)) continue
    const {kind, after} = past.change
    if (kind === 'disable-rollout') isOff = true
    else if (kind === 'delete-rollout-policy') isOff = false
    else if (kind === 'create-rollout-policy' || kind === 'set-rollout-enabled')
      isOff = typeof after === 'object' && after !== null && 'isEnabled' in after && after.isEnabled === false
  }
  return isOff
}

export const rolloutOff = (): Blocker => ({
  code: 'rollout-off',
  user: null,
  detail:
    'The staged rollout was switched off, by mfa rollout disable or mfa rollback: whoever is put in now is not covered, and goes over together with everybody else once it is on. ' +
    'mfa rollout enable switches it on; accept this where somebody else has done so.',
})
