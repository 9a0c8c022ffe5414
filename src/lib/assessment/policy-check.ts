import {EVERYBODY, type MethodsPolicy, type PolicyMethod} from '../model/methods-policy.js'
import type {ServerMode} from '../model/server-user.js'

/** What a method of MFA Server needs in the authentication methods policy. */
const NEEDED: Readonly<Record<ServerMode, PolicyMethod>> = {
  voiceCall: 'voice',
  smsText: 'sms',
  phoneApp: 'microsoftAuthenticator',
  oathToken: 'hardwareOath',
}

export const POLICY_NAMES: Readonly<Record<PolicyMethod, string>> = {
  voice: 'Voice call',
  sms: 'SMS',
  microsoftAuthenticator: 'Microsoft Authenticator',
  hardwareOath: 'Hardware OATH tokens',
  softwareOath: 'Third-party software OATH tokens',
  fido2: 'Passkey (FIDO2)',
}

/** A method in use, and what it needs. */
export interface UsedMethod {
  readonly mode: ServerMode
  readonly method: PolicyMethod
}

export interface PolicyCheck {
  /** On for nobody. */
  readonly off: readonly UsedMethod[]
  /** On for the members of some groups only, or not for all. */
  readonly limited: readonly UsedMethod[]
  /** Legacy settings may allow what the policy does not (M3). */
  readonly uncertain: boolean
}

/** Holds the methods in use against the policy. Who is in its groups is not asked here. Pure. */
export function checkPolicy(policy: MethodsPolicy, used: readonly ServerMode[]): PolicyCheck {
  const methods = used.map((mode) => ({mode, method: NEEDED[mode]}))
  const found = (method: PolicyMethod) => policy.configurations.find((each) => each.method === method)
  const isOn = ({method}: UsedMethod): boolean => {
    const configuration = found(method)
    return configuration?.enabled === true && configuration.include.length > 0
  }
  const isForAll = ({method}: UsedMethod): boolean => {
    const configuration = found(method)
    return configuration?.exclude.length === 0 && configuration.include.some(({id}) => id === EVERYBODY)
  }
  const {migrationState} = policy
  return {
    off: methods.filter((each) => !isOn(each)),
    limited: methods.filter((each) => isOn(each) && !isForAll(each)),
    uncertain:
      migrationState !== undefined && migrationState !== '' && migrationState !== 'migrationComplete',
  }
}
