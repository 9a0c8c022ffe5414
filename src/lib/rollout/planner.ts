import type {ObjectId} from '../model/brand.js'
import {MFA_FEATURE, type RolloutGroup, type RolloutPolicy} from '../ports/rollout.js'
import {addGroup, createPolicy, deletePolicy, removeGroup, setEnabled, type RolloutChange} from './changes.js'

/** How the policy is to be in the end. */
export type Goal =
  | {readonly to: 'exist'; readonly isEnabled: boolean}
  | {readonly to: 'hold'; readonly groups: readonly RolloutGroup[]}
  | {readonly to: 'not-hold'; readonly groups: readonly RolloutGroup[]}
  | {readonly to: 'be'; readonly isEnabled: boolean}
  | {readonly to: 'be-gone'}

const NAME = {
  displayName: 'MFA rollout policy',
  description: 'Sends the members of these groups to Microsoft Entra MFA (made by mfa rollout)',
}

/**
 * The next change on the way to a goal, or undefined where it is reached. Pure: the same policy gives the same change, so that a
 * command that was cut off goes on, and one that is repeated changes nothing.
 */
export function nextChange(goal: Goal, policy: RolloutPolicy | undefined): RolloutChange | undefined {
  switch (goal.to) {
    case 'exist':
      return policy === undefined ? createPolicy({...NAME, isEnabled: goal.isEnabled}) : undefined
    case 'hold': {
      if (policy === undefined) return createPolicy({...NAME, isEnabled: true})
      const missing = goal.groups.find((group) => !holds(policy, group.id))
      return missing === undefined ? undefined : addGroup(policy.id, missing)
    }
    case 'not-hold': {
      if (policy === undefined) return undefined
      const held = goal.groups.find((group) => holds(policy, group.id))
      return held === undefined ? undefined : removeGroup(policy.id, held)
    }
    case 'be':
      return policy === undefined || policy.isEnabled === goal.isEnabled
        ? undefined
        : setEnabled(policy, goal.isEnabled)
    case 'be-gone':
      return policy === undefined ? undefined : deletePolicy(policy)
  }
  return goal satisfies never
}

/** The policy as it is once a change has happened, whether Graph shows it by now or not. */
export function changed(
  policy: RolloutPolicy | undefined,
  change: RolloutChange,
  made: Readonly<Record<string, string>> | undefined,
): RolloutPolicy | undefined {
  switch (change.kind) {
    case 'create-rollout-policy':
      return {
        ...change.after,
        id: made?.['policyId'] ?? '',
        feature: MFA_FEATURE,
        isAppliedToOrganization: false,
        groups: [],
      }
    case 'set-rollout-enabled':
      return policy === undefined ? undefined : {...policy, isEnabled: change.after.isEnabled}
    case 'delete-rollout-policy':
      return undefined
    case 'add-rollout-group': {
      const added = {id: change.target.id as ObjectId, displayName: change.target.name}
      return policy === undefined ? undefined : {...policy, groups: [...policy.groups, added]}
    }
    case 'remove-rollout-group':
      return policy === undefined
        ? undefined
        : {...policy, groups: policy.groups.filter(({id}) => id !== change.target.id)}
    case 'create-wave-group':
    case 'fill-wave':
    case 'remove-wave-member':
      return policy
  }
  return change satisfies never
}

/** Every change on the way to a goal, for the preview. The id of a policy that is not made yet is empty. */
export function allChanges(goal: Goal, policy: RolloutPolicy | undefined): readonly RolloutChange[] {
  const all: RolloutChange[] = []
  let now = policy
  for (let next = nextChange(goal, now); next !== undefined; next = nextChange(goal, now)) {
    all.push(next)
    now = changed(now, next, undefined)
  }
  return all
}

export const holds = (policy: RolloutPolicy | undefined, group: string): boolean =>
  policy?.groups.some(({id}) => id === group) === true
