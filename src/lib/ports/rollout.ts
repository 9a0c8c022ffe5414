import type {ObjectId} from '../model/brand.js'
import type {EntraIdentity} from '../model/entra-user.js'
import type {Outcome} from '../model/outcome.js'
import type {Made} from './method-writer.js'

/** The feature of staged rollout that decides who answers MFA. */
export const MFA_FEATURE = 'multiFactorAuthentication'

export interface RolloutGroup {
  readonly id: ObjectId
  readonly displayName: string
}

/** A policy of staged rollout, of whatever feature. */
export interface RolloutPolicy {
  readonly id: string
  readonly displayName: string
  readonly description?: string | undefined
  /** `multiFactorAuthentication`, `passwordHashSync`, … as Graph names it. */
  readonly feature: string
  readonly isEnabled: boolean
  /** The whole organisation instead of groups. */
  readonly isAppliedToOrganization: boolean
  readonly groups: readonly RolloutGroup[]
}

/**
 * Staged rollout. Microsoft Graph lets only people read and change it: every call may throw MfaError `auth` that says so, or that
 * names the missing role. One call, at most one change; what concerns this change alone is an outcome, what concerns all is
 * thrown (`auth`, `unavailable`). A lost answer is `unknown`: nothing is sent twice without a look.
 */
export interface RolloutPolicies {
  /** Policies of every feature, each with its groups. Throws MfaError `refused` in a cloud that has no staged rollout. */
  list(signal: AbortSignal): Promise<readonly RolloutPolicy[]>
  /** Of MFA; never for the whole organisation. */
  create(
    policy: Pick<RolloutPolicy, 'displayName' | 'description' | 'isEnabled'>,
    signal: AbortSignal,
  ): Promise<Made<'policyId'>>
  setEnabled(policy: string, isEnabled: boolean, signal: AbortSignal): Promise<Outcome>
  /** In it already: `already-done`. */
  addGroup(policy: string, group: ObjectId, signal: AbortSignal): Promise<Outcome>
  /** Not in it: `already-done`. */
  removeGroup(policy: string, group: ObjectId, signal: AbortSignal): Promise<Outcome>
  /** Gone already: `already-done`. */
  remove(policy: string, signal: AbortSignal): Promise<Outcome>
}

/** A user with what staged rollout asks of one. */
export interface RolloutMember extends EntraIdentity {
  /** Synchronised from Active Directory. */
  readonly isSynced: boolean
}

/** One page of what a group holds directly; nothing is followed into other groups. */
export interface DirectMembers {
  readonly users: readonly RolloutMember[]
  /** Groups inside the group. */
  readonly groups: readonly RolloutGroup[]
  /** Contacts, devices, service principals: object ids. */
  readonly others: readonly string[]
}

/**
 * Reads groups as staged rollout sees them. Pages hidden, reads repeated within the budget. Throws as `Directory` does: MfaError
 * `usage` for a group that is not there.
 */
export interface RolloutGroups {
  directMembers(group: ObjectId, signal: AbortSignal): AsyncIterable<DirectMembers>
  /** Users of the group and of groups inside it, each once (as U1). */
  allMembers(group: ObjectId, signal: AbortSignal): AsyncIterable<readonly RolloutMember[]>
  /** How many `allMembers` would give, by one request. */
  countMembers(group: ObjectId, signal: AbortSignal): Promise<number>
}
