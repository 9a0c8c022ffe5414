import {countOf} from '../model/count-of.js'
import type {PolicyMethodKind} from '../model/usable-methods.js'
import type {Readiness} from '../readiness/readiness.js'

/** Where a method is switched on: any one of these will do. */
interface Setting {
  /** Names below Authentication methods, Policies in the Microsoft Entra admin center. */
  readonly portal: readonly string[]
  /** Ids below `/policies/authenticationMethodsPolicy/authenticationMethodConfigurations` in Microsoft Graph. */
  readonly graph: readonly string[]
  /** What is to be set besides. */
  readonly also?: string
}

const VOICE: Setting = {portal: ['Voice call'], graph: ['voice']}

const SETTINGS: Readonly<Record<PolicyMethodKind, Setting>> = {
  push: {portal: ['Microsoft Authenticator'], graph: ['microsoftAuthenticator']},
  softwareOath: {portal: ['Third-party software OATH tokens'], graph: ['softwareOath']},
  hardwareOath: {portal: ['Hardware OATH tokens'], graph: ['hardwareOath (beta)']},
  mobilePhone: {portal: ['SMS', 'Voice call'], graph: ['sms', 'voice']},
  alternateMobilePhone: VOICE,
  officePhone: {...VOICE, also: 'with office phones allowed (isOfficePhoneAllowed)'},
  passkey: {portal: ['Passkey (FIDO2)'], graph: ['fido2']},
}

/** How many users a line names. */
const NAMED = 3

export interface MethodToEnable extends Setting {
  readonly method: PolicyMethodKind
  /** Whom it would help. */
  readonly users: number
  /** The first of them, by name. */
  readonly who: readonly string[]
}

/** What to switch on in the policy, and whom it would help; the most users first. */
export function methodsToEnable({
  toEnable,
  judged,
}: Pick<Readiness, 'toEnable' | 'judged'>): MethodToEnable[] {
  const who = new Map((Object.keys(toEnable) as PolicyMethodKind[]).map((kind) => [kind, [] as string[]]))
  for (const [, {forbidden, userPrincipalName}] of judged.entries()) {
    for (const kind of forbidden) {
      const names = who.get(kind)
      if (names !== undefined && names.length < NAMED) names.push(userPrincipalName)
    }
  }
  return [...who]
    .map(([method, names]) => ({method, ...SETTINGS[method], users: toEnable[method] ?? 0, who: names}))
    .sort((one, other) => other.users - one.users)
}

/** `SMS or Voice call (in Graph sms or voice): for 2 users: ann@…, bob@…` */
export function enableLine({portal, graph, also, users, who}: MethodToEnable): string {
  const extra = also === undefined ? '' : `, ${also}`
  const more = users > who.length ? ', …' : ''
  return `- ${portal.join(' or ')}${extra} (in Graph ${graph.join(' or ')}): for ${countOf(users, 'user')}: ${who.join(', ')}${more}`
}
