/** The five things that the migration guide has pilot users try. */
export const PILOT_CHECKS = [
  {id: 'methods-visible', question: 'Does the user see the migrated methods at aka.ms/mfasetup?'},
  {id: 'calls-and-texts', question: 'Do phone calls and text messages arrive?'},
  {id: 'sign-in', question: 'Does the user get in with them?'},
  {id: 'notifications', question: 'Do Authenticator notifications arrive, and can they be approved?'},
  {id: 'hardware-token', question: 'Does the hardware OATH token work?'},
] as const

export type PilotCheckId = (typeof PILOT_CHECKS)[number]['id']
export type PilotAnswer = 'passed' | 'failed' | 'not-applicable'

export const PILOT_CHECK_IDS: readonly PilotCheckId[] = PILOT_CHECKS.map(({id}) => id)

/** What is known of one pilot user: the newest answer to each check. */
export interface PilotUser {
  readonly userPrincipalName: string
  readonly answers: Readonly<Partial<Record<PilotCheckId, PilotAnswer>>>
  /** ISO 8601: the newest answer. */
  readonly at: string
}

export const isComplete = ({answers}: PilotUser): boolean =>
  PILOT_CHECK_IDS.every((id) => answers[id] === 'passed' || answers[id] === 'not-applicable')

export const failures = ({answers}: PilotUser): readonly PilotCheckId[] =>
  PILOT_CHECK_IDS.filter((id) => answers[id] === 'failed')
