import {EVERYBODY} from '../model/methods-policy.js'
import type {Campaign, CampaignTarget} from '../ports/sign-in-help.js'

/** What people are asked to register. */
const CAMPAIGN_METHOD = 'microsoftAuthenticator'

/** Where no campaign was ever set up. */
export const NO_CAMPAIGN: Campaign = {state: 'disabled', snoozeDays: 1, include: [], exclude: []}

/** Whether the campaign asks the members of the group: it is on, names them or everybody, and does not leave them out. */
export function covers({state, include, exclude}: Campaign, group: string): boolean {
  return (
    state === 'enabled' &&
    include.some(({id, method}) => (id === group || id === EVERYBODY) && isOurs(method)) &&
    !exclude.some(({id}) => id === group)
  )
}

/**
 * On for the group, and for nobody else by accident: whom a campaign names that is not on (or left to Microsoft) is not taken over.
 * The same campaign where nothing is to be done.
 */
export function withGroup(before: Campaign, group: string, snoozeDays?: number): Campaign {
  const wanted = snoozeDays ?? before.snoozeDays
  if (covers(before, group) && wanted === before.snoozeDays) return before
  const others = before.state === 'enabled' ? before.include.filter(({id}) => id !== group) : []
  const isNamed = others.some(({id, method}) => id === EVERYBODY && isOurs(method))
  const target: CampaignTarget = {id: group, targetType: 'group', method: CAMPAIGN_METHOD}
  return {
    state: 'enabled',
    snoozeDays: wanted,
    include: isNamed ? others : [...others, target],
    exclude: before.exclude.filter(({id}) => id !== group),
  }
}

/** Off for the group; where it was the only one, the campaign is off. The same campaign where nothing is to be done. */
export function withoutGroup(before: Campaign, group: string): Campaign {
  if (!before.include.some(({id}) => id === group)) return before
  const include = before.include.filter(({id}) => id !== group)
  return {...before, include, state: include.length === 0 ? 'disabled' : before.state}
}

/** Order does not count. */
export function sameCampaign(one: Campaign, other: Campaign): boolean {
  return normal(one) === normal(other)
}

function normal({state, snoozeDays, include, exclude}: Campaign): string {
  const sorted = (targets: readonly CampaignTarget[]) =>
    targets.map(({id, targetType, method}) => JSON.stringify([id, targetType, method ?? null])).toSorted()
  return JSON.stringify([state, snoozeDays, sorted(include), sorted(exclude)])
}

const isOurs = (method: string | undefined): boolean => method === undefined || method === CAMPAIGN_METHOD
