import type {Summary} from '../migration/result.js'

type Counts = Pick<
  Summary,
  'users' | 'migrated' | 'unchanged' | 'partly' | 'failed' | 'unmatched' | 'disabled'
> & {readonly nothingToCarry?: number}

/**
 * The last line of `migrate` and `verify`, one pattern for any number of users, since scripts look for it: `all 412 users
 * of "MFA pilot" are migrated; 0 failed`, else `398 of 412 users of "MFA pilot" are migrated; 2 failed, 3 partly`. Users
 * who are unchanged count as migrated. In a dry run they `would be`.
 */
export function verdictLine(
  summary: Counts,
  groupName: string,
  options: {readonly dryRun?: boolean} = {},
): string {
  const group = `"${groupName}"`
  const {users} = summary
  if (users === 0) return `no users in ${group}; nothing to migrate`
  const carriedNothing = summary.nothingToCarry ?? 0
  const migrated = summary.migrated + summary.unchanged - carriedNothing
  const head = migrated === users ? `all ${users} users` : `${migrated} of ${users} users`
  const verb = options.dryRun === true ? 'would be migrated' : 'are migrated'
  const rest = (['partly', 'unmatched', 'disabled'] as const)
    .filter((outcome) => summary[outcome] > 0)
    .map((outcome) => `, ${summary[outcome]} ${outcome}`)
    .join('')
  const empty = carriedNothing > 0 ? `, ${carriedNothing} with nothing to carry over` : ''
  return `${head} of ${group} ${verb}; ${summary.failed} failed${rest}${empty}`
}
