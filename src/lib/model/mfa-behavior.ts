/** Graph's values of `federatedIdpMfaBehavior`. */
export const MFA_BEHAVIORS = [
  'acceptIfMfaDoneByFederatedIdp',
  'enforceMfaByFederatedIdp',
  'rejectMfaByFederatedIdp',
] as const
export type MfaBehavior = (typeof MFA_BEHAVIORS)[number]

/** What a domain shows: null where it was never set, `unknownFutureValue` for one that this tool does not know. */
export type ShownBehavior = MfaBehavior | 'unknownFutureValue' | null

/** The words of the command line. */
export const BEHAVIOR_OF = {
  reject: 'rejectMfaByFederatedIdp',
  accept: 'acceptIfMfaDoneByFederatedIdp',
  enforce: 'enforceMfaByFederatedIdp',
} as const satisfies Readonly<Record<string, MfaBehavior>>
export type BehaviorWord = keyof typeof BEHAVIOR_OF

/** Federation changes and staged rollout may take so long to take effect. */
export const EFFECT_DELAY_MS = 24 * 60 * 60 * 1000

export const wordOf = (behavior: MfaBehavior): BehaviorWord => WORDS[behavior]

const WORDS: Readonly<Record<MfaBehavior, BehaviorWord>> = {
  rejectMfaByFederatedIdp: 'reject',
  acceptIfMfaDoneByFederatedIdp: 'accept',
  enforceMfaByFederatedIdp: 'enforce',
}

/**
 * The explicit value that comes nearest to one that was never set: sign-ins then followed the old flag SupportsMfa, which Graph
 * does not show; with neither set, Entra behaves as acceptIfMfaDoneByFederatedIdp.
 */
export const equivalentOfNull = (supportsMfa: boolean | undefined): MfaBehavior =>
  supportsMfa === true ? 'enforceMfaByFederatedIdp' : 'acceptIfMfaDoneByFederatedIdp'

/** What a rollback puts back for what stood there before the first change. */
export const wayBack = (original: ShownBehavior, supportsMfa: boolean | undefined): MfaBehavior =>
  original === null || original === 'unknownFutureValue' ? equivalentOfNull(supportsMfa) : original

/** For people: what a value means for whoever signs in. */
export function meaningOf(behavior: ShownBehavior): string {
  switch (behavior) {
    case 'rejectMfaByFederatedIdp':
      return 'Entra always asks for MFA itself; what the identity provider did does not count'
    case 'acceptIfMfaDoneByFederatedIdp':
      return 'Entra accepts MFA of the identity provider, and asks itself where none was done'
    case 'enforceMfaByFederatedIdp':
      return 'Entra sends people to the identity provider for MFA'
    case 'unknownFutureValue':
      return 'a value that this version does not know'
    case null:
      return 'never set: the old flag SupportsMfa decides; without it as acceptIfMfaDoneByFederatedIdp'
    default:
      return behavior satisfies never
  }
}
