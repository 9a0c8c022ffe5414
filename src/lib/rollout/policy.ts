import {MfaError} from '../errors/mfa-error.js'
import {MFA_FEATURE, type RolloutPolicy} from '../ports/rollout.js'

/** The policy for MFA, if there is one. Throws MfaError `refused` for several: nobody can tell which one counts. */
export function mfaPolicyOf(policies: readonly RolloutPolicy[]): RolloutPolicy | undefined {
  const found = policies.filter(({feature}) => feature === MFA_FEATURE)
  const [only] = found
  if (found.length > 1)
    throw new MfaError(
      'SEVERAL_POLICIES',
      `the tenant has ${found.length} staged rollout policies for ${MFA_FEATURE}: ${found.map(({id, displayName}) => `${displayName} (${id})`).join(', ')}`,
      {
        exit: 'refused',
        fix: 'Delete all but one in the Microsoft Entra admin center, then run the same command again.',
      },
    )
  return only
}

/** A policy for the whole organisation leaves nothing to roll out in stages. Throws MfaError `refused`. */
export function refuseWholeOrganization(policy: RolloutPolicy | undefined): void {
  if (policy?.isAppliedToOrganization !== true) return
  throw new MfaError(
    'WHOLE_ORGANIZATION',
    `the staged rollout policy "${policy.displayName}" applies to the whole organisation (isAppliedToOrganization is true): groups do not count`,
    {
      exit: 'refused',
      fix: 'This command works with groups only. Take the policy off the whole organisation in the Microsoft Entra admin center first; whoever is in no group then goes back on-premises.',
    },
  )
}
