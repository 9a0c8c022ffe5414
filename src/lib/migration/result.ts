import type {Outcome} from '../model/outcome.js'
import type {ActionRecord, UserResultRecord} from '../ports/journal.js'
import type {Bag} from '../ports/scratch.js'
import type {ActionResult} from './apply-user.js'
import type {Action, Finding, PlannedOutcome, UserPlan} from './plan.js'

const USER_OUTCOMES = ['migrated', 'unchanged', 'partly', 'failed', 'unmatched', 'disabled'] as const
export type UserOutcome = (typeof USER_OUTCOMES)[number]

/** One planned or tried action as the JSON output has it. */
export interface ActionView {
  readonly id: string
  readonly kind: Action['kind']
  readonly rule: string
  readonly slot?: string
  readonly number?: string
  readonly serialNumber?: string
  readonly method?: string
  readonly outcome: Outcome['status'] | 'planned'
  readonly error?: {readonly code: string; readonly message: string; readonly requestId?: string}
}

/** One user of `migrate --json` (CLI.md). */
export interface UserResult {
  readonly source: string | null
  readonly id: string
  readonly userPrincipalName: string
  readonly outcome: UserOutcome
  readonly actions: readonly ActionView[]
  readonly findings: readonly Finding[]
}

export interface Summary {
  users: number
  migrated: number
  unchanged: number
  partly: number
  failed: number
  unmatched: number
  disabled: number
  readonly actions: {planned: number; done: number; alreadyDone: number; failed: number; unknown: number}
  smsOrVoiceOnly: number
  /** Users of whose record nothing could be carried over; they must register anew. */
  nothingToCarry: number
}

export const emptySummary = (): Summary => ({
  users: 0,
  migrated: 0,
  unchanged: 0,
  partly: 0,
  failed: 0,
  unmatched: 0,
  disabled: 0,
  actions: {planned: 0, done: 0, alreadyDone: 0, failed: 0, unknown: 0},
  smsOrVoiceOnly: 0,
  nothingToCarry: 0,
})

/** In a dry run: what would become of the user. */
const EXPECTED: Readonly<Record<PlannedOutcome, UserOutcome>> = {
  migrate: 'migrated',
  unchanged: 'unchanged',
  unmatched: 'unmatched',
  disabled: 'disabled',
  failed: 'failed',
}

/** A plan as a result: of a dry run, or of a user who needed no write. */
export function plannedResult(plan: UserPlan): UserResult {
  return {
    source: plan.source ?? null,
    id: plan.id,
    userPrincipalName: plan.userPrincipalName,
    outcome: EXPECTED[plan.outcome],
    actions: plan.actions.map((action) => view(action, undefined)),
    findings: plan.findings,
  }
}

/** A user whom this very run was done with before it was interrupted: what it said then stands. */
export function keptResult(plan: UserPlan, earlier: UserResultRecord): UserResult {
  const planned = plannedResult(plan)
  const outcome = USER_OUTCOMES.find((one) => one === earlier.outcome) ?? planned.outcome
  return {...planned, outcome, findings: earlier.findings as readonly Finding[]}
}

/** A plan after its writes. Who is in doubt is not migrated yet (R4). */
export function appliedResult(
  plan: UserPlan,
  actions: readonly ActionResult[],
  findings: readonly Finding[],
): UserResult {
  const bad = actions.filter(({outcome}) => outcome.status === 'failed' || outcome.status === 'unknown')
  const good = actions.length - bad.length
  const inDoubt = bad.some(isUnknown) || findings.some(({code}) => code === 'in-doubt')
  const outcome: UserOutcome =
    bad.length === 0 && !inDoubt ? 'migrated' : good > 0 || inDoubt ? 'partly' : 'failed'
  return {
    ...plannedResult(plan),
    outcome,
    actions: actions.map((result) => view(result.action, result.outcome)),
    findings: [...plan.findings, ...findings],
  }
}

/** A user whom another process wrote: what the journal has, for each action the last try. */
export function recordedResult(
  plan: UserPlan,
  {source, outcome, findings}: UserResultRecord,
  actions: readonly ActionRecord[],
): UserResult {
  const last = new Map(actions.map((record) => [record.action, record]))
  return {
    source: source ?? null,
    id: plan.id,
    userPrincipalName: plan.userPrincipalName,
    outcome: USER_OUTCOMES.find((one) => one === outcome) ?? 'failed',
    actions: [...last.values()].map((record) =>
      view(record.intent as unknown as Action, record.outcome ?? NOBODY_KNOWS),
    ),
    findings: findings as readonly Finding[],
  }
}

const NOBODY_KNOWS: Outcome = {status: 'unknown', code: 'INTERRUPTED', message: 'the answer is not on record'}

const isUnknown = ({outcome}: ActionResult): boolean => outcome.status === 'unknown'

function view(action: Action, outcome: Outcome | undefined): ActionView {
  const error =
    outcome?.status === 'failed' || outcome?.status === 'unknown'
      ? {
          code: outcome.code,
          message: outcome.message,
          ...('requestId' in outcome && outcome.requestId !== undefined
            ? {requestId: outcome.requestId}
            : {}),
        }
      : undefined
  return {
    id: action.id,
    kind: action.kind,
    rule: action.rule,
    ...('slot' in action ? {slot: action.slot, number: action.number} : {}),
    ...('serialNumber' in action ? {serialNumber: action.serialNumber} : {}),
    ...('method' in action ? {method: action.method} : {}),
    outcome: outcome?.status ?? 'planned',
    ...(error === undefined ? {} : {error}),
  }
}

/** Nothing of the record is in Entra, nor can it be brought there. */
export const carriesNothing = (plan: UserPlan): boolean =>
  plan.findings.some(({code}) => code === 'nothing-to-carry')

/** Adds one user; the outcomes always add up to `users`. */
export function count(summary: Summary, result: UserResult, plan: UserPlan): void {
  summary.users++
  summary[result.outcome]++
  if (plan.smsOrVoiceOnly) summary.smsOrVoiceOnly++
  if (carriesNothing(plan)) summary.nothingToCarry++
  for (const {outcome} of result.actions) {
    summary.actions.planned++
    if (outcome === 'done') summary.actions.done++
    else if (outcome === 'already-done') summary.actions.alreadyDone++
    else if (outcome === 'failed') summary.actions.failed++
    else if (outcome === 'unknown') summary.actions.unknown++
  }
}

/** Every user's result, sorted by user principal name, flat in memory. */
export interface Results {
  readonly users: Bag<UserResult>
  readonly summary: Summary
}
