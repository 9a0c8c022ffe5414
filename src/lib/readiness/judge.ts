import type {EntraIdentity, EntraMethods} from '../model/entra-user.js'
import type {AllowedMethods} from '../model/methods-policy.js'
import {type PolicyMethodKind, type RegisteredMethod, registeredMethods} from '../model/usable-methods.js'
import {isReadFailure, type ReadFailure} from '../ports/directory.js'

/**
 * How a user stands once Microsoft Entra asks for MFA itself. `sms-or-voice`: good until SMS and voice end. `legacy`: only settings
 * outside of the authentication methods policy can make it work. `unknown`: the methods could not be read.
 */
export const READINESS_STATES = ['locked-out', 'unknown', 'legacy', 'sms-or-voice', 'ready'] as const
export type ReadinessState = (typeof READINESS_STATES)[number]

/** Why somebody is locked out. */
export type LockOutReason = 'no-method' | 'policy' | 'inactive' | 'one-device' | 'sms-voice-ended'

/** What is to be done, in this order. */
export type Step = 'enable-method' | 'issue-tap' | 'activate-token' | 'register' | 'look'

export interface UserReadiness {
  readonly id: EntraIdentity['id']
  readonly userPrincipalName: string
  readonly state: ReadinessState
  readonly reason?: LockOutReason | undefined
  /** What the user can answer MFA with. */
  readonly by: readonly RegisteredMethod['kind'][]
  /** What is registered and of no use, in words. */
  readonly unusable: readonly string[]
  /** Registered methods that the policy forbids: to enable. */
  readonly forbidden: readonly PolicyMethodKind[]
  /** There is a Temporary Access Pass, good for a while. */
  readonly hasPass: boolean
  readonly steps: readonly Step[]
}

export interface JudgeInput {
  readonly user: EntraIdentity
  readonly methods: EntraMethods | ReadFailure | undefined
  readonly allowed: AllowedMethods
  /** Whether SMS and voice have ended by the day that is asked about. */
  readonly phonesEnded: boolean
}

const PHONES: ReadonlySet<RegisteredMethod['kind']> = new Set([
  'mobilePhone',
  'alternateMobilePhone',
  'officePhone',
])
const isPhone = ({kind}: RegisteredMethod): boolean => PHONES.has(kind)

/** Pure: one user, judged by what is registered and what the policy allows (rule M3). */
export function judgeUser({user, methods, allowed, phonesEnded}: JudgeInput): UserReadiness {
  const {id, userPrincipalName} = user
  const base = {id, userPrincipalName}
  if (methods === undefined || isReadFailure(methods)) {
    const why = methods === undefined ? 'Microsoft Graph gave no answer' : methods.message
    return {
      ...base,
      state: 'unknown',
      by: [],
      unusable: [why],
      forbidden: [],
      hasPass: false,
      steps: ['look'],
    }
  }
  const registered = registeredMethods(methods, allowed)
  const lasting = registered.filter((method) => !phonesEnded || !isPhone(method))
  const usable = lasting.filter(({standing}) => standing === 'usable')
  const hasPass = methods.others.some(({type}) => type === 'temporaryAccessPass')
  const standing = standingOf(registered, lasting, usable)
  const forbidden = standing.state === 'locked-out' || standing.state === 'legacy' ? forbiddenOf(lasting) : []
  return {
    ...base,
    ...standing,
    by: [...new Set(usable.map(({kind}) => kind))],
    unusable: registered
      .filter((method) => !usable.includes(method))
      .map((method) => `${method.name} ${lasting.includes(method) ? WHY[method.standing] : 'has ended'}`),
    forbidden,
    hasPass,
    steps: stepsOf(standing, hasPass),
  }
}

interface Standing {
  readonly state: ReadinessState
  readonly reason?: LockOutReason
}

function standingOf(
  registered: readonly RegisteredMethod[],
  lasting: readonly RegisteredMethod[],
  usable: readonly RegisteredMethod[],
): Standing {
  if (usable.some((method) => !isPhone(method))) return {state: 'ready'}
  if (usable.length > 0) return {state: 'sms-or-voice'}
  const has = (standing: RegisteredMethod['standing']) =>
    lasting.some((method) => method.standing === standing)
  if (has('legacy')) return {state: 'legacy'}
  if (has('not-allowed')) return {state: 'locked-out', reason: 'policy'}
  if (has('inactive')) return {state: 'locked-out', reason: 'inactive'}
  if (has('one-device')) return {state: 'locked-out', reason: 'one-device'}
  return {state: 'locked-out', reason: registered.length > 0 ? 'sms-voice-ended' : 'no-method'}
}

const forbiddenOf = (lasting: readonly RegisteredMethod[]): readonly PolicyMethodKind[] => [
  ...new Set(
    lasting.flatMap(({kind, standing}) =>
      kind !== 'deviceBound' && (standing === 'not-allowed' || standing === 'legacy') ? [kind] : [],
    ),
  ),
]

/** Whoever cannot sign in needs a pass to register something; one that is there will do. */
function stepsOf({state, reason}: Standing, hasPass: boolean): readonly Step[] {
  const pass: readonly Step[] = hasPass ? [] : ['issue-tap']
  switch (state) {
    case 'ready':
      return []
    case 'sms-or-voice':
      return ['register']
    case 'legacy':
      return ['enable-method']
    case 'unknown':
      return ['look']
    case 'locked-out':
      break
    default:
      return state satisfies never
  }
  switch (reason) {
    case 'policy':
      return ['enable-method']
    case 'inactive':
      return ['activate-token']
    case 'one-device':
      return ['register']
    case 'no-method':
    case 'sms-voice-ended':
    case undefined:
      return [...pass, 'register']
    default:
      return reason satisfies never
  }
}

const WHY: Readonly<Record<RegisteredMethod['standing'], string>> = {
  usable: '(usable)',
  legacy: 'is allowed by legacy settings at most',
  'not-allowed': 'is not allowed by the policy',
  'one-device': 'works on one device only',
  inactive: 'was never activated',
}
