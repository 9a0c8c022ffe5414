import type {TenantChange} from '../changes/tenant-change.js'
import type {ObjectId} from '../model/brand.js'
import {countOf} from '../model/count-of.js'
import type {NewGroup} from '../ports/group-writer.js'
import type {RolloutGroup, RolloutPolicy} from '../ports/rollout.js'

/** What a wave group is made for; kept with its creation, and read from there when the next wave is due. */
export interface WavePlanned {
  readonly newGroup: NewGroup
  readonly source: RolloutGroup
  /** People in a wave. */
  readonly people: number
  /** As typed: `50` or `10%`. */
  readonly size: string
  /** Milliseconds between waves; absent where each is called for by hand. */
  readonly everyMs?: number | undefined
  /** Members of the source when the waves were set up. */
  readonly members: number
}

/** One request's worth of a wave. */
export interface WavePart {
  readonly wave: number
  /** People of the whole wave. */
  readonly of: number
  /** When the wave began, by the service's clock. */
  readonly began: string
  readonly members: readonly ObjectId[]
}

type Data =
  | {
      readonly kind: 'create-rollout-policy'
      readonly after: Pick<RolloutPolicy, 'displayName' | 'description' | 'isEnabled'>
    }
  | {
      readonly kind: 'set-rollout-enabled'
      readonly after: {readonly policy: string; readonly isEnabled: boolean}
    }
  | {readonly kind: 'delete-rollout-policy'; readonly after: {readonly policy: string}}
  | {readonly kind: 'add-rollout-group'; readonly after: {readonly policy: string}}
  | {readonly kind: 'remove-rollout-group'; readonly after: {readonly policy: string}}
  | {readonly kind: 'create-wave-group'; readonly after: WavePlanned}
  | {readonly kind: 'fill-wave'; readonly after: WavePart}
  | {readonly kind: 'remove-wave-member'; readonly after: {readonly member: ObjectId}}

/** A change of staged rollout, as the journal keeps it. */
export type RolloutChange = Omit<TenantChange, 'kind' | 'after'> & Data

const POLICY = {id: 'rollout-policy', name: 'staged rollout of MFA'}
const target = ({id, displayName}: RolloutGroup) => ({id, name: displayName})

export const createPolicy = (
  after: Pick<RolloutPolicy, 'displayName' | 'description' | 'isEnabled'>,
): RolloutChange => ({
  id: 'create-rollout-policy',
  kind: 'create-rollout-policy',
  target: POLICY,
  before: null,
  after,
  says: `create the staged rollout policy "${after.displayName}" for multiFactorAuthentication, ${after.isEnabled ? 'on' : 'off'}`,
})

export const setEnabled = (policy: RolloutPolicy, isEnabled: boolean): RolloutChange => ({
  id: `set-rollout-enabled ${policy.id} ${isEnabled}`,
  kind: 'set-rollout-enabled',
  target: {id: policy.id, name: policy.displayName},
  before: {isEnabled: policy.isEnabled},
  after: {policy: policy.id, isEnabled},
  says: `switch the staged rollout policy "${policy.displayName}" ${isEnabled ? 'on' : 'off'}`,
})

export const deletePolicy = (policy: RolloutPolicy): RolloutChange => ({
  id: `delete-rollout-policy ${policy.id}`,
  kind: 'delete-rollout-policy',
  target: {id: policy.id, name: policy.displayName},
  before: policy,
  after: {policy: policy.id},
  says: `delete the staged rollout policy "${policy.displayName}"`,
})

export const addGroup = (policy: string, group: RolloutGroup): RolloutChange => ({
  id: `add-rollout-group ${group.id}`,
  kind: 'add-rollout-group',
  target: target(group),
  before: null,
  after: {policy},
  says: `add group "${group.displayName}" to the staged rollout of MFA`,
})

export const removeGroup = (policy: string, group: RolloutGroup): RolloutChange => ({
  id: `remove-rollout-group ${group.id}`,
  kind: 'remove-rollout-group',
  target: target(group),
  before: {policy},
  after: {policy},
  says: `remove group "${group.displayName}" from the staged rollout of MFA`,
})

export const createWaveGroup = (after: WavePlanned): RolloutChange => ({
  id: `create-wave-group ${after.newGroup.displayName}`,
  kind: 'create-wave-group',
  target: {id: after.source.id, name: after.source.displayName},
  before: null,
  after,
  says: `create group "${after.newGroup.displayName}" for waves of ${after.size} out of "${after.source.displayName}"`,
})

export const fillWave = (group: RolloutGroup, after: WavePart): RolloutChange => ({
  id: `fill-wave ${group.id} ${after.members[0] ?? ''}`,
  kind: 'fill-wave',
  target: target(group),
  before: null,
  after,
  says: `put ${countOf(after.members.length, 'member')} of wave ${after.wave} into "${group.displayName}"`,
})

export const removeWaveMember = (
  group: RolloutGroup,
  member: {readonly id: ObjectId; readonly userPrincipalName: string},
): RolloutChange => ({
  id: `remove-wave-member ${group.id} ${member.id}`,
  kind: 'remove-wave-member',
  target: target(group),
  before: {member: member.id},
  after: {member: member.id},
  says: `take ${member.userPrincipalName} out of "${group.displayName}"`,
})
