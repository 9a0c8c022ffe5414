import {MfaError} from '../errors/mfa-error.js'
import type {CloudName} from '../model/cloud.js'
import type {Feature} from './features.js'

interface Gap {
  readonly clouds: readonly CloudName[]
  readonly feature: Feature
  /** `none`: the feature does not exist there; `part`: it works without something. */
  readonly missing: 'none' | 'part'
  readonly says: string
}

/** What Microsoft Graph of a national cloud does not have. Source: Microsoft's documentation and metadata; not tried. */
const GAPS: readonly Gap[] = [
  {
    clouds: ['china'],
    feature: 'rollout',
    missing: 'none',
    says: 'staged rollout does not exist in the cloud "china": Microsoft Graph there has no featureRolloutPolicies',
  },
  {
    clouds: ['china'],
    feature: 'migrate',
    missing: 'part',
    says: 'Microsoft Graph in the cloud "china" has neither OATH tokens nor the authentication methods policy: phone numbers can be carried, tokens cannot',
  },
  {
    clouds: ['china'],
    feature: 'readiness',
    missing: 'part',
    says: 'Microsoft Graph in the cloud "china" has no authentication methods policy: what it would lock out cannot be judged',
  },
  {
    clouds: ['usgovdod'],
    feature: 'migrate',
    missing: 'part',
    says: 'hardware OATH tokens are documented for the clouds "global" and "usgov" only: in "usgovdod" tokens may not be carried',
  },
]

/**
 * Says before anything is asked what the cloud cannot do. Throws MfaError `refused` for a feature that does not exist
 * there; what only a part is missing of comes back as warnings.
 */
export function checkCloud(cloud: CloudName, features: readonly Feature[]): readonly string[] {
  const gaps = GAPS.filter((gap) => gap.clouds.includes(cloud) && concerns(gap.feature, features))
  const none = gaps.find(({missing}) => missing === 'none')
  if (none !== undefined)
    throw new MfaError('NOT_IN_CLOUD', `${none.says}.`, {
      exit: 'refused',
      fix: `Leave "${none.feature}" out of --with, or choose the right cloud: --cloud.`,
    })
  return [...new Set(gaps.map(({says}) => says))]
}

/** Synchronisation writes what the migration writes. */
const concerns = (gap: Feature, features: readonly Feature[]): boolean =>
  features.includes(gap) || (gap === 'migrate' && features.includes('sync'))
