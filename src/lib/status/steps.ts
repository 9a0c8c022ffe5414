/** The migration guide's phases and steps, in its order. */
export const STEPS = [
  {id: 'assess', phase: 'preparations', title: 'Identify dependencies'},
  {id: 'back-up', phase: 'preparations', title: 'Back up the data file'},
  {id: 'upgrade', phase: 'preparations', title: 'Install the MFA Server update'},
  {id: 'configure', phase: 'preparations', title: 'Configure the migration utility'},
  {id: 'migrate', phase: 'migrations', title: 'Migrate user data'},
  {id: 'pilot', phase: 'migrations', title: 'Validate and test'},
  {id: 'rollout', phase: 'migrations', title: 'Staged rollout'},
  {id: 'inform', phase: 'migrations', title: 'Educate users'},
  {id: 'complete', phase: 'migrations', title: 'Complete user migration'},
  {id: 'dependencies', phase: 'finalise', title: 'Migrate dependencies'},
  {id: 'federation', phase: 'finalise', title: 'Update domain federation settings'},
  {id: 'portal', phase: 'finalise', title: 'Disable the user portal'},
  {id: 'decommission', phase: 'finalise', title: 'Decommission MFA Server'},
] as const

export type Step = (typeof STEPS)[number]
export type StepId = Step['id']
export type Phase = Step['phase']

/** What nothing on this side of the screen can prove: a person says so, and when. */
export const ATTESTED = [
  'back-up',
  'upgrade',
  'inform',
  'complete',
  'dependencies',
  'portal',
  'decommission',
] as const satisfies readonly StepId[]

export type AttestedStep = (typeof ATTESTED)[number]

/** `optional`: not done, and not needed by this tool. */
export type StepState = 'done' | 'partly' | 'open' | 'unknown' | 'optional'

/** How we know. */
export interface Evidence {
  readonly what: string
  /** ISO 8601: when it was so. */
  readonly at?: string | undefined
  /** Where it was seen: `journal`, `Microsoft Graph`, `this machine`, `answers file`, `backup folder`, or who said so. */
  readonly by: string
}

export interface StepStatus {
  readonly id: StepId
  readonly phase: Phase
  readonly title: string
  readonly state: StepState
  readonly evidence: readonly Evidence[]
  /** The command that goes on with it. */
  readonly next?: string | undefined
}
