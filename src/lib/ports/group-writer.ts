import type {ObjectId} from '../model/brand.js'
import type {Outcome} from '../model/outcome.js'
import type {Made} from './method-writer.js'

export interface NewGroup {
  readonly displayName: string
  readonly description: string
  readonly mailNickname: string
}

/** Graph takes so many members in one request. */
export const MEMBERS_AT_ONCE = 20

/**
 * Makes and fills assigned security groups. Works for applications (Group.Create, GroupMember.ReadWrite.All).
 *
 * One call, at most one change, of this group alone. `failed` is known not to have happened, `unknown` is a lost answer. What
 * concerns all (signed out, forbidden, throttled past the budget) is thrown as MfaError `auth` or `unavailable`.
 */
export interface GroupWriter {
  create(group: NewGroup, signal: AbortSignal): Promise<Made<'groupId'>>
  /** Object id of the one group of this name, if there is one. Throws MfaError `usage` for several. */
  find(displayName: string, signal: AbortSignal): Promise<ObjectId | undefined>
  /**
   * At most MEMBERS_AT_ONCE users. All of them are members afterwards, or it says why not; who is one already is no fault:
   * `already-done` if all were.
   */
  addMembers(group: ObjectId, users: readonly ObjectId[], signal: AbortSignal): Promise<Outcome>
  /** Not a member: `already-done`. */
  removeMember(group: ObjectId, user: ObjectId, signal: AbortSignal): Promise<Outcome>
}
