import type {EntraMethods} from './entra-user.js'
import type {AllowedMethods} from './methods-policy.js'

/** One method that a user has registered, seen as a way to answer Microsoft Entra MFA. */
export interface RegisteredMethod {
  readonly kind:
    | 'push'
    | 'softwareOath'
    | 'hardwareOath'
    | 'mobilePhone'
    | 'alternateMobilePhone'
    | 'officePhone'
    | 'passkey'
    | 'deviceBound'
  /** For people: `mobile phone`, `passkey or security key`. */
  readonly name: string
  /**
   * `usable`: it works wherever the user signs in. `legacy`: the policy does not allow it, but its migration is not complete and
   * the legacy settings may. `not-allowed`: the policy forbids it. `one-device`: works on the device that it was set up on only.
   * `inactive`: a token that was never activated.
   */
  readonly standing: 'usable' | 'legacy' | 'not-allowed' | 'one-device' | 'inactive'
}

/** Kinds that the policy allows or forbids; one that works on its own device only is not asked about. */
export type PolicyMethodKind = Exclude<RegisteredMethod['kind'], 'deviceBound'>

/** How a user stands with Microsoft Entra MFA. `maybe`: only the tenant's legacy settings can make it work. */
export type MethodStanding = 'usable' | 'maybe' | 'none'

/** Graph types of methods that exist on one device only. */
const DEVICE_BOUND: Readonly<Record<string, string>> = {
  windowsHelloForBusiness: 'Windows Hello for Business',
  platformCredential: 'platform credential',
}

/**
 * Every registered method that can answer MFA, judged by what the policy allows to this user (rule M3). A password, an e-mail
 * address and a Temporary Access Pass are none: the first two are no second factor, the pass runs out.
 */
export function registeredMethods(
  methods: EntraMethods,
  allowed: AllowedMethods,
): readonly RegisteredMethod[] {
  const by = (right: boolean): RegisteredMethod['standing'] =>
    right ? 'usable' : allowed.uncertain ? 'legacy' : 'not-allowed'
  const phone = (slot: EntraMethods['phones'][number]['slot']): RegisteredMethod => {
    if (slot === 'mobile')
      return {kind: 'mobilePhone', name: 'mobile phone', standing: by(allowed.sms || allowed.voice)}
    if (slot === 'office')
      return {kind: 'officePhone', name: 'office phone', standing: by(allowed.voice && allowed.voiceOffice)}
    return {kind: 'alternateMobilePhone', name: 'alternate mobile phone', standing: by(allowed.voice)}
  }
  return [
    ...methods.authenticators.map((): RegisteredMethod => ({
      kind: 'push',
      name: 'Microsoft Authenticator',
      standing: by(allowed.push),
    })),
    ...methods.softwareOath.map((): RegisteredMethod => ({
      kind: 'softwareOath',
      name: 'software OATH token',
      standing: by(allowed.softwareOath),
    })),
    ...methods.hardwareOath.map(({status, serialNumber}): RegisteredMethod => ({
      kind: 'hardwareOath',
      name: serialNumber === undefined ? 'hardware OATH token' : `hardware OATH token ${serialNumber}`,
      standing: status === 'activated' ? by(allowed.hardwareOath) : 'inactive',
    })),
    ...methods.phones.map(({slot}) => phone(slot)),
    ...methods.others.flatMap(({type}): readonly RegisteredMethod[] => {
      if (type === 'fido2')
        return [{kind: 'passkey', name: 'passkey or security key', standing: by(allowed.fido2)}]
      const name = DEVICE_BOUND[type]
      return name === undefined ? [] : [{kind: 'deviceBound', name, standing: 'one-device'}]
    }),
  ]
}

/** Whether the user can answer MFA in Microsoft Entra. More methods, or more rights, never make it worse. */
export function methodStanding(methods: EntraMethods, allowed: AllowedMethods): MethodStanding {
  const registered = registeredMethods(methods, allowed)
  if (registered.some(({standing}) => standing === 'usable')) return 'usable'
  return registered.some(({standing}) => standing === 'legacy') ? 'maybe' : 'none'
}

/** Why a user cannot answer MFA, as a clause for people; for users whose standing is not `usable`. */
export function describeStanding(methods: EntraMethods, allowed: AllowedMethods): string {
  const registered = registeredMethods(methods, allowed)
  if (registered.length === 0) return 'no method is registered in Microsoft Entra'
  return registered.map(({name, standing}) => `${name} ${WHY[standing]}`).join('; ')
}

const WHY: Readonly<Record<RegisteredMethod['standing'], string>> = {
  usable: '(usable)',
  legacy: 'is allowed by legacy settings at most',
  'not-allowed': 'is not allowed by the authentication methods policy',
  'one-device': 'works on one device only',
  inactive: 'was never activated',
}

/** D1: what counts towards the five devices of a user. */
export const DEVICES_MAX = 5

/** D1: authenticator apps, software and hardware OATH tokens together. */
export const deviceCount = ({authenticators, softwareOath, hardwareOath}: EntraMethods): number =>
  authenticators.length + softwareOath.length + hardwareOath.length
