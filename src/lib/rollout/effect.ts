import {FIRST_ADD_MAX} from './rules.js'

/** Documented: so long a change may take until sign-ins follow it. */
const DAY_MS = 86_400_000

/** When a change should have taken effect. */
export interface Effect {
  /** ISO 8601, by the service's clock. */
  readonly expectedBy: string
  /** People whom a widening covers at once: the first 200 members of a group. */
  readonly atOnce?: number | undefined
}

/** Of a narrowing, or of one whose people are not counted. */
export const effectOf = (now: Date): Effect => ({expectedBy: new Date(now.getTime() + DAY_MS).toISOString()})

/** Of groups of so many members that come under the policy. */
export const wideningOf = (now: Date, members: readonly number[]): Effect => ({
  ...effectOf(now),
  atOnce: members.reduce((sum, each) => sum + Math.min(each, FIRST_ADD_MAX), 0),
})
