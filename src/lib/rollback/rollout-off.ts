import type {ChangeHandling, TenantChange} from '../changes/tenant-change.js'
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

export function rolloutHandling({id}: RolloutPolicy, rollout: RolloutPolicies): ChangeHandling {
  return {
    send: async (signal) => ({outcome: await rollout.setEnabled(id, false, signal)}),
    async shows(signal) {
      const found = (await rollout.list(signal)).find((policy) => policy.id === id)
      return found === undefined || !found.isEnabled ? {} : undefined
    },
  }
}
