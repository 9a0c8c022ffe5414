import {MfaError} from '../errors/mfa-error.js'
import type {RolloutGroup, RolloutPolicy} from '../ports/rollout.js'
import {acceptedCodes} from './blockers.js'
import {objectionsOf, subjectOf, type Objections, type RolloutDeps} from './change-rollout.js'
import {lockOutCheck, type CheckReport} from './check.js'
import {holds} from './planner.js'
import {mfaPolicyOf, refuseWholeOrganization} from './policy.js'

export interface CheckedGroup {
  readonly tenantId: string
  readonly group: RolloutGroup
  /** Whether the policy holds the group; undefined where only a person could see it. */
  readonly isInPolicy: boolean | undefined
  readonly check: CheckReport
  readonly objections: Objections
}

/**
 * `mfa rollout check`: what `add-group` would say of a group, without changing anything. An application cannot see the policy:
 * then the number of its groups is not looked at, and a warning says so.
 */
export async function checkGroup(
  request: {readonly group: string; readonly accept: readonly string[]},
  deps: RolloutDeps,
  signal: AbortSignal,
): Promise<CheckedGroup> {
  const accepted = acceptedCodes(request.accept)
  const {directory} = deps
  const found = await directory.findGroup(request.group, signal)
  const policies = await readable(deps, signal)
  const policy = policies === undefined ? undefined : mfaPolicyOf(policies)
  refuseWholeOrganization(policy)
  const subject = subjectOf(found, policy, deps)
  const known = policies === undefined ? {...subject, groupsAfter: undefined} : subject
  const check = await lockOutCheck([known], await deps.checking(signal), signal)
  return {
    tenantId: await directory.tenantId(signal),
    group: known.group,
    isInPolicy: policies === undefined ? undefined : holds(policy, found.id),
    check,
    objections: objectionsOf(check, [], accepted),
  }
}

async function readable(
  {policies, ui}: RolloutDeps,
  signal: AbortSignal,
): Promise<readonly RolloutPolicy[] | undefined> {
  try {
    return await policies.list(signal)
  } catch (error) {
    if (!(error instanceof MfaError) || error.exit !== 'auth') throw error
    const text = `the staged rollout policy was not read, so the number of its groups is not checked: ${error.message}`
    ui.emit({type: 'warning', text})
    return undefined
  }
}
