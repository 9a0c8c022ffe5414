import {endFact, factOf, factsOf, putFact, type Moment} from './facts.js'
import type {Store} from './store.js'
import {CURRENT} from './store.js'

/** Facts of the tenant as a whole. */
export const TENANT = 0

/** The feature that decides who answers MFA. */
export const MFA_FEATURE = 'multiFactorAuthentication'

/** So many members of a group are covered at once; the others within a day. */
const AT_ONCE = 200
const DAY = 86_400_000

export interface StoredRollout {
  readonly displayName: string
  readonly description: string | null
  readonly feature: string
  readonly isEnabled: boolean
  readonly isAppliedToOrganization: boolean
  /** Object ids of groups, in the order in which they were added. */
  readonly groups: readonly string[]
}

/** When the rollout of MFA begins to cover a member of a group: ms since 1970. */
interface Coverage {
  readonly begins: number
}

interface Place {
  readonly id: string
  readonly seq: number
}

/** A group came under the policy, or the policy was switched on: its first 200 members at once, the others a day later. */
export function coverGroup(store: Store, group: Place, moment: Moment): void {
  for (const [rank, member] of usersIn(store, group.seq).entries())
    putFact(store, member, coverage(group.id, rank < AT_ONCE, moment), moment)
}

/** A group left the policy, or the policy was switched off or deleted; at once, which is the worst case. */
export function uncoverGroup(store: Store, group: Place, moment: Moment): void {
  for (const member of usersIn(store, group.seq)) endFact(store, member, 'rolloutCoverage', group.id, moment)
}

/** A user became a direct member of a group. */
export function memberCame(store: Store, group: Place, user: number, moment: Moment): void {
  if (!isCovered(store, group.id)) return
  const sql = "SELECT count(*) AS n FROM members WHERE parent = ? AND kind = 'u'"
  const members = store.get<{n: number}>(sql, group.seq)?.n ?? 0
  putFact(store, user, coverage(group.id, members <= AT_ONCE, moment), moment)
}

export function memberWent(store: Store, groupId: string, user: number, moment: Moment): void {
  endFact(store, user, 'rolloutCoverage', groupId, moment)
}

/**
 * Whether staged rollout sends this user (seq of the row) to Microsoft Entra MFA at a moment: a direct member of a group of an
 * enabled policy for multiFactorAuthentication whose effect has begun.
 */
export function coversAt(store: Store, user: number, at: number): boolean {
  return mfaPolicies(store)
    .filter(({isEnabled}) => isEnabled)
    .some(
      ({isAppliedToOrganization, groups}) =>
        isAppliedToOrganization ||
        groups.some((group) => {
          const found = factOf<Coverage>(store, user, 'rolloutCoverage', group)
          return found !== undefined && found.begins <= at
        }),
    )
}

export function mfaPolicies(store: Store, seenAt = CURRENT): readonly StoredRollout[] {
  return factsOf<StoredRollout>(store, TENANT, 'rolloutPolicy', seenAt)
    .map(({body}) => body)
    .filter(({feature}) => feature === MFA_FEATURE)
}

const isCovered = (store: Store, group: string): boolean =>
  mfaPolicies(store).some(({isEnabled, groups}) => isEnabled && groups.includes(group))

const coverage = (group: string, atOnce: boolean, moment: Moment) => ({
  kind: 'rolloutCoverage' as const,
  id: group,
  body: {begins: atOnce ? moment.at : moment.at + DAY} satisfies Coverage,
})

const usersIn = (store: Store, group: number): readonly number[] =>
  store
    .all<{member: number}>(
      "SELECT member FROM members WHERE parent = ? AND kind = 'u' ORDER BY member",
      group,
    )
    .map(({member}) => member)
