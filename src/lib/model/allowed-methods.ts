import {
  type AllowedMethods,
  EVERYBODY,
  type MethodConfiguration,
  type MethodsPolicy,
  type PolicyMethod,
} from './methods-policy.js'

/**
 * M3: object ids of the groups whose members have to be known: those that targets and exclusions of enabled methods name.
 * Of a method that is off, its groups decide nothing.
 */
export function policyGroups(policy: MethodsPolicy): readonly string[] {
  const ids = policy.configurations
    .filter((each) => each.enabled)
    .flatMap((each) => [...each.include.map((target) => target.id), ...each.exclude])
  return [...new Set(ids)].filter((id) => id !== EVERYBODY).toSorted()
}

/**
 * M3: what the policy allows to one user. `isMember` answers for every id of `policyGroups`, nested groups included.
 * A method that the policy does not mention is not allowed.
 */
export function allowedFor(policy: MethodsPolicy, isMember: (groupId: string) => boolean): AllowedMethods {
  const allowed = (method: PolicyMethod): boolean => isAllowed(configuration(policy, method), isMember)
  const voice = allowed('voice')
  return {
    push: allowed('microsoftAuthenticator'),
    hardwareOath: allowed('hardwareOath'),
    softwareOath: allowed('softwareOath'),
    sms: allowed('sms'),
    voice,
    voiceOffice: voice && configuration(policy, 'voice')?.isOfficePhoneAllowed === true,
    fido2: allowed('fido2'),
    uncertain: isUncertain(policy.migrationState),
  }
}

/** P9: whether a mobile number of this user can become a first factor by itself. */
export function smsSignInAllowed(policy: MethodsPolicy, isMember: (groupId: string) => boolean): boolean {
  const sms = configuration(policy, 'sms')
  return (
    isAllowed(sms, isMember) &&
    sms?.include.some((target) => target.isUsableForSignIn === true && covers(target.id, isMember)) === true
  )
}

function configuration(policy: MethodsPolicy, method: PolicyMethod): MethodConfiguration | undefined {
  return policy.configurations.find((each) => each.method === method)
}

/** An exclusion beats an inclusion. */
function isAllowed(found: MethodConfiguration | undefined, isMember: (groupId: string) => boolean): boolean {
  return (
    found?.enabled === true &&
    found.include.some((target) => covers(target.id, isMember)) &&
    !found.exclude.some((id) => covers(id, isMember))
  )
}

function covers(target: string, isMember: (groupId: string) => boolean): boolean {
  return target === EVERYBODY || isMember(target)
}

/** M3: legacy settings count as long as the migration of the policy is not complete. */
function isUncertain(state: string | undefined): boolean {
  return state !== undefined && state !== '' && state !== 'migrationComplete'
}
