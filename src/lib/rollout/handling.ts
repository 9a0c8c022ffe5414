import type {ChangeHandling, SentChange} from '../changes/tenant-change.js'
import type {TenantRun} from '../changes/tenant-run.js'
import {pastChanges} from '../changes/past-changes.js'
import type {ObjectId} from '../model/brand.js'
import type {Outcome} from '../model/outcome.js'
import type {GroupWriter} from '../ports/group-writer.js'
import type {Journal} from '../ports/journal.js'
import type {RolloutGroups, RolloutPolicies, RolloutPolicy} from '../ports/rollout.js'
import {mfaPolicyOf} from './policy.js'

import type {RolloutChange} from './changes.js'

export interface ChangePorts {
  readonly policies: RolloutPolicies
  readonly groups: RolloutGroups
  readonly writer: GroupWriter
}

/** How each change is sent and recognised. Nothing of it is sent twice without a look. */
export function handlingOf(change: RolloutChange, ports: ChangePorts): ChangeHandling {
  const {policies, writer} = ports
  const group = change.target.id as ObjectId
  const shown = async (signal: AbortSignal, is: (policy: RolloutPolicy | undefined) => boolean) =>
    is(mfaPolicyOf(await policies.list(signal))) ? {} : undefined
  const has = (policy: RolloutPolicy | undefined): boolean =>
    policy?.groups.some(({id}) => id === group) === true
  switch (change.kind) {
    case 'create-rollout-policy':
      return {
        send: async (signal) => sent(await policies.create(change.after, signal), 'policyId'),
        shows: async (signal) => {
          const policy = mfaPolicyOf(await policies.list(signal))
          return policy === undefined ? undefined : {made: {policyId: policy.id}}
        },
      }
    case 'set-rollout-enabled': {
      const {policy, isEnabled} = change.after
      return {
        send: async (signal) => ({outcome: await policies.setEnabled(policy, isEnabled, signal)}),
        shows: (signal) => shown(signal, (found) => found?.isEnabled === isEnabled),
      }
    }
    case 'delete-rollout-policy':
      return {
        send: async (signal) => ({outcome: await policies.remove(change.after.policy, signal)}),
        shows: (signal) => shown(signal, (found) => found?.id !== change.after.policy),
      }
    case 'add-rollout-group':
      return {
        send: async (signal) => ({outcome: await policies.addGroup(change.after.policy, group, signal)}),
        shows: (signal) => shown(signal, has),
      }
    case 'remove-rollout-group':
      return {
        send: async (signal) => ({outcome: await policies.removeGroup(change.after.policy, group, signal)}),
        shows: (signal) => shown(signal, (found) => !has(found)),
      }
    case 'create-wave-group': {
      const {newGroup} = change.after
      return {
        send: async (signal) => sent(await writer.create(newGroup, signal), 'groupId'),
        shows: async (signal) => {
          const groupId = await writer.find(newGroup.displayName, signal)
          return groupId === undefined ? undefined : {made: {groupId}}
        },
      }
    }
    case 'fill-wave':
      return membersHandling(
        (signal) => writer.addMembers(group, change.after.members, signal),
        async (signal) => (await missingOf(group, change.after.members, ports, signal)).length === 0,
      )
    case 'remove-wave-member':
      return membersHandling(
        (signal) => writer.removeMember(group, change.after.member, signal),
        async (signal) => (await missingOf(group, [change.after.member], ports, signal)).length > 0,
      )
  }
  return change satisfies never
}

/** Members are looked for after each request only where its answer is in doubt; a wave is looked at as a whole at its end. */
function membersHandling(
  send: (signal: AbortSignal) => Promise<Outcome>,
  isSo: (signal: AbortSignal) => Promise<boolean>,
): ChangeHandling {
  let isSure = false
  return {
    async send(signal) {
      const outcome = await send(signal)
      isSure = outcome.status === 'done' || outcome.status === 'already-done'
      return {outcome}
    },
    shows: async (signal) => (isSure || (await isSo(signal)) ? {} : undefined),
  }
}

/** Those of the users who are not shown as direct members of the group. */
export async function missingOf(
  group: ObjectId,
  users: readonly ObjectId[],
  {groups}: Pick<ChangePorts, 'groups'>,
  signal: AbortSignal,
): Promise<readonly ObjectId[]> {
  const missing = new Set(users)
  for await (const page of groups.directMembers(group, signal)) {
    for (const {id} of page.users) missing.delete(id)
    if (missing.size === 0) break
  }
  return [...missing]
}

function sent(outcome: Outcome & Readonly<Record<string, unknown>>, key: 'policyId' | 'groupId'): SentChange {
  const {[key]: id, ...rest} = outcome
  const plain = rest as unknown as Outcome
  return typeof id === 'string' ? {outcome: plain, made: {[key]: id}} : {outcome: plain}
}

/**
 * Brings to its end what the same command had begun when it was cut off: looked for, and sent where the tenant does not show it.
 * Answers which changes that were.
 */
export async function settleOpen(
  run: TenantRun,
  tenantId: string,
  journal: Journal,
  ports: ChangePorts,
): Promise<readonly RolloutChange[]> {
  const id = run.id()
  if (id === undefined) return []
  const open = new Map<string, RolloutChange>()
  for await (const {run: of, change, outcome} of pastChanges(journal, tenantId, ['rollout'])) {
    if (of.id !== id) continue
    if (outcome === undefined || outcome.status === 'unknown') open.set(change.id, change as RolloutChange)
    else open.delete(change.id)
  }
  for (const change of open.values()) await run.mustApply(change, handlingOf(change, ports))
  return [...open.values()]
}

/** How many people these changes put into a wave group. */
export const peopleIn = (changes: readonly RolloutChange[]): number =>
  changes.reduce((sum, change) => sum + (change.kind === 'fill-wave' ? change.after.members.length : 0), 0)
