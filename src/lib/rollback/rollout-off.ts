import type {ChangeHandling, TenantChange} from '../changes/tenant-change.js'
import {EFFECT_DELAY_MS} from '../model/mfa-behavior.js'
import type {RolloutPolicies, RolloutPolicy} from '../ports/rollout.js'

/** Off; its groups stay, so that it can be turned on again. */
export const rolloutChange = ({id, displayName}: RolloutPolicy): TenantChange => ({
  id: `disable-rollout ${id}`,
  kind: 'disable-rollout',
  target: {id, name: displayName},
  before: true,
  after: false,
  says: `turn staged rollout "${displayName}" off`,
})

/** `now` is the service's time: who was covered may be asked by Entra for up to a day more, which is put on record. */
export function rolloutHandling(
  {id}: RolloutPolicy,
  rollout: RolloutPolicies,
  now: () => Date,
): ChangeHandling {
  const made = () => ({effectiveBy: new Date(now().getTime() + EFFECT_DELAY_MS).toISOString()})
  return {
    async send(signal) {
      const outcome = await rollout.setEnabled(id, false, signal)
      return outcome.status === 'failed' || outcome.status === 'unknown' ? {outcome} : {outcome, made: made()}
    },
    async shows(signal) {
      const found = (await rollout.list(signal)).find((policy) => policy.id === id)
      return found === undefined || !found.isEnabled ? {made: made()} : undefined
    },
  }
}
