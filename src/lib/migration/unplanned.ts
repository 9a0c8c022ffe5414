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
