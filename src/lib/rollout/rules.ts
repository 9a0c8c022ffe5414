import type {EntraMethods} from '../model/entra-user.js'
import type {AllowedMethods} from '../model/methods-policy.js'
import {describeStanding, deviceCount, DEVICES_MAX, methodStanding} from '../model/usable-methods.js'
import {isReadFailure, type ReadFailure} from '../ports/directory.js'
import type {UserStanding} from '../ports/migration-standing.js'
import type {RolloutGroup, RolloutMember} from '../ports/rollout.js'
import type {Blocker} from './blockers.js'

/** Documented limits of staged rollout. */
export const GROUPS_MAX = 10
export const USERS_MAX = 50_000
export const FIRST_ADD_MAX = 200

/** What is known of a group once all of its members were seen. */
export interface GroupFacts {
  readonly group: RolloutGroup
  readonly isDynamic: boolean
  readonly nested: readonly RolloutGroup[]
  /** Members that are neither users nor groups. */
  readonly others: number
  readonly users: number
  /** It comes under the policy with this change. */
  readonly isNew: boolean
  /** Groups in the policy once it is in; undefined where the policy could not be read. */
  readonly groupsAfter: number | undefined
  readonly isMigrationGroup: boolean
}

export interface MemberFacts {
  readonly member: RolloutMember
  readonly standing: UserStanding
  readonly methods: EntraMethods | ReadFailure | undefined
  readonly allowed: AllowedMethods
}

type GroupRule = (facts: GroupFacts) => Omit<Blocker, 'user' | 'group'> | undefined
type MemberRule = (facts: MemberFacts) => Omit<Blocker, 'user' | 'group'> | undefined

const NAMED_MAX = 5

const GROUP_RULES: readonly GroupRule[] = [
  ({nested}) => {
    if (nested.length === 0) return undefined
    const named = nested.slice(0, NAMED_MAX).map(({displayName}) => `"${displayName}"`)
    const rest = nested.length > named.length ? ` and ${nested.length - named.length} more` : ''
    return {
      code: 'nested-group',
      detail: `Holds other groups, whose members are not covered: ${named.join(', ')}${rest}.`,
    }
  },
  ({isDynamic}) =>
    isDynamic
      ? {
          code: 'dynamic-group',
          detail: 'Staged rollout takes assigned groups only; --wave makes one out of it.',
        }
      : undefined,
  ({others}) =>
    others > 0
      ? {
          code: 'other-members',
          detail: `${others} of its members are neither users nor groups; staged rollout refuses contacts.`,
        }
      : undefined,
  ({groupsAfter}) =>
    groupsAfter !== undefined && groupsAfter > GROUPS_MAX
      ? {
          code: 'group-limit',
          detail: `It would be group ${groupsAfter} of the policy, and a feature takes ${GROUPS_MAX}.`,
        }
      : undefined,
  ({users}) =>
    users > USERS_MAX
      ? {code: 'user-limit', detail: `${users} users, and a group may have ${USERS_MAX}.`}
      : undefined,
  ({users, isNew}) =>
    isNew && users > FIRST_ADD_MAX
      ? {
          code: 'first-add-limit',
          detail: `${users} users, and a group may have ${FIRST_ADD_MAX} when it is added; --wave begins with few.`,
        }
      : undefined,
  ({isMigrationGroup}) =>
    isMigrationGroup
      ? {
          code: 'migration-group',
          detail:
            'Users are migrated by this group. Whoever is put into it would be sent to Microsoft Entra MFA before the migration: use another set of groups, or --wave, which makes one.',
        }
      : undefined,
]

const MEMBER_RULES: readonly MemberRule[] = [
  ({standing: {state}}) => {
    switch (state.is) {
      case 'migrated':
      case 'no-record':
        return undefined
      case 'never':
        return {code: 'not-migrated', detail: `Not migrated: ${state.detail}.`}
      case 'partly':
        return {code: 'migrated-partly', detail: `Migrated only partly: ${state.detail}.`}
      case 'changed':
        return {code: 'changed-on-server', detail: `Changed since: ${state.detail}.`}
    }
    return state satisfies never
  },
  ({methods, allowed}) => {
    if (methods === undefined || isReadFailure(methods)) {
      const why = methods === undefined ? 'Graph gave no answer' : methods.message
      return {code: 'methods-unreadable', detail: `The methods could not be read: ${why}.`}
    }
    const standing = methodStanding(methods, allowed)
    if (standing === 'usable') return undefined
    const why = describeStanding(methods, allowed)
    return standing === 'maybe'
      ? {code: 'method-uncertain', detail: `It cannot be told whether a method may be used: ${why}.`}
      : {code: 'no-usable-method', detail: `No usable method: ${why}.`}
  },
  ({methods, standing: {overLimit}}) => {
    const devices = methods === undefined || isReadFailure(methods) ? 0 : deviceCount(methods)
    if (devices <= DEVICES_MAX && overLimit === undefined) return undefined
    const why = overLimit ?? `${devices} devices and tokens are registered`
    return {code: 'device-limit', detail: `Over the limit of ${DEVICES_MAX} devices: ${why}.`}
  },
  ({member: {isGuest, isSynced}}) =>
    isSynced
      ? undefined
      : {
          code: 'not-synced',
          detail: `${isGuest ? 'A guest' : 'Not synchronised from Active Directory'}: staged rollout does not cover the user.`,
        },
]

/** What speaks against a group as such. Pure; an empty list means nothing. */
export const groupBlockers = (facts: GroupFacts): readonly Blocker[] =>
  GROUP_RULES.flatMap((rule) => {
    const found = rule(facts)
    return found === undefined ? [] : [{...found, user: null, group: facts.group.displayName}]
  })

/**
 * Who would be stuck, and why. Pure. A disabled account cannot sign in anyway, so nothing is said of it. A further usable method
 * never adds a blocker.
 */
export const memberBlockers = (facts: MemberFacts): readonly Blocker[] =>
  facts.member.accountEnabled
    ? MEMBER_RULES.flatMap((rule) => {
        const found = rule(facts)
        return found === undefined ? [] : [{...found, user: facts.member.userPrincipalName}]
      })
    : []
