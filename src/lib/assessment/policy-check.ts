import type {MethodsPolicy, PolicyMethod} from '../model/methods-policy.js'
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
}

/** Methods in use that the policy switches on for nobody, and whether legacy settings may allow them (M3). Pure. */
export function checkPolicy(
  policy: MethodsPolicy,
  used: readonly ServerMode[],
): {
  readonly off: readonly {readonly mode: ServerMode; readonly method: PolicyMethod}[]
  readonly uncertain: boolean
} {
  const isOn = (method: PolicyMethod): boolean =>
    policy.configurations.some((each) => each.method === method && each.enabled && each.include.length > 0)
  const off = used.map((mode) => ({mode, method: NEEDED[mode]})).filter(({method}) => !isOn(method))
  const {migrationState} = policy
  return {
    off,
    uncertain:
      migrationState !== undefined && migrationState !== '' && migrationState !== 'migrationComplete',
  }
}
