import type {SourceKey} from '../model/brand.js'
import type {EntraIdentity} from '../model/entra-user.js'
import type {Finding, UserPlan} from './plan.js'

/** U3: nothing is written for a member without a safe match. */
export function unmatchedPlan(member: EntraIdentity, finding: Finding): UserPlan {
  return {
    id: member.id,
    userPrincipalName: member.userPrincipalName,
    outcome: 'unmatched',
    actions: [],
    alreadyThere: [],
    findings: [finding],
    smsOrVoiceOnly: false,
  }
}

/** U5: the same server settings under the same options were migrated before. */
export function unchangedPlan(
  member: EntraIdentity,
  source: SourceKey,
  serverFingerprint: string,
  smsOrVoiceOnly: boolean,
): UserPlan {
  return {
    id: member.id,
    userPrincipalName: member.userPrincipalName,
    source,
    outcome: 'unchanged',
    actions: [],
    alreadyThere: [],
    findings: [],
    serverFingerprint,
    smsOrVoiceOnly,
  }
}

/** R2: one user's methods could not be read; the others go on. */
export function unreadablePlan(member: EntraIdentity, source: SourceKey, why: string): UserPlan {
  const detail = `Graph would not show this user's methods (${why}); nothing was written. Run the command again.`
  return {
    ...unmatchedPlan(member, {code: 'unreadable', rule: 'R2', item: 'user', detail}),
    source,
    outcome: 'failed',
  }
}

/** The server user went away between the list and the record. */
export function gonePlan(member: EntraIdentity, source: SourceKey): UserPlan {
  const detail = `${source} was in the list of the source but is gone now; run the command again.`
  return unmatchedPlan(member, {code: 'no-server-user', rule: 'U3', item: 'user', detail})
}
