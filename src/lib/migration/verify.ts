import type {EntraMethods} from '../model/entra-user.js'
import type {Bag} from '../ports/scratch.js'
import {type Collected, collectPlans} from './collect.js'
import type {Action, FindingCode, ItemRef, UserPlan} from './plan.js'
import type {MigrationRequest, PlanningDeps} from './request.js'
import {carriesNothing} from './result.js'

/** `=` same on both sides, `+` missing in Entra, `*` different, `-` only in Entra, `!` cannot be told or needs a person. */
export type Mark = '=' | '+' | '*' | '-' | '!'

export interface VerifiedItem {
  readonly mark: Mark
  readonly item: ItemRef | 'entra'
  readonly rule: string
  /** The thing in plain words: `mobile +1 4255550100`, `token 2300481`, `default push`. */
  readonly what: string
}

export interface VerifiedUser {
  readonly source: string | null
  readonly id: string
  readonly userPrincipalName: string
  /** The gravest of its items. */
  readonly mark: Mark
  readonly items: readonly VerifiedItem[]
  readonly findings: UserPlan['findings']
}

/** Counts of users: by what remains for them, as `mfa migrate` counts, and by mark. */
export interface VerifySummary {
  users: number
  /** Nothing is left to be written. */
  migrated: number
  /** Something is missing or different that a migration would write. */
  partly: number
  failed: number
  unmatched: number
  disabled: number
  smsOrVoiceOnly: number
  nothingToCarry: number
  readonly marks: Record<Mark, number>
}

export interface VerifyReport {
  readonly collected: Collected
  readonly users: Bag<VerifiedUser>
  readonly summary: VerifySummary
  /** Exit 2: something is still to be done. */
  readonly workRemains: boolean
}

/** `mfa verify`: plans everybody anew, unchanged users too, and reads the plan as a comparison. Writes nothing. */
export async function verify(
  request: MigrationRequest,
  deps: PlanningDeps,
  signal: AbortSignal,
): Promise<VerifyReport> {
  const collected = await collectPlans({...request, all: true}, deps, signal)
  const users = deps.scratch.bag<VerifiedUser>('verified')
  const summary: VerifySummary = {
    users: 0,
    migrated: 0,
    partly: 0,
    failed: 0,
    unmatched: 0,
    disabled: 0,
    smsOrVoiceOnly: 0,
    nothingToCarry: 0,
    marks: {'=': 0, '+': 0, '*': 0, '-': 0, '!': 0},
  }
  for (const [key, plan] of collected.plans.entries()) {
    const user = verifiedUser(plan, collected.methods.get(plan.id)[0])
    users.set(key, user)
    summary.users++
    summary.marks[user.mark]++
    summary[COUNTED[plan.outcome]]++
    if (plan.smsOrVoiceOnly) summary.smsOrVoiceOnly++
    if (carriesNothing(plan)) summary.nothingToCarry++
  }
  // Findings alone are no work, nor are unmatched users: as for the exit code of a migration.
  return {collected, users, summary, workRemains: summary.partly + summary.failed > 0}
}

const COUNTED = {
  migrate: 'partly',
  unchanged: 'migrated',
  unmatched: 'unmatched',
  disabled: 'disabled',
  failed: 'failed',
} as const satisfies Record<UserPlan['outcome'], keyof VerifySummary>

const GRAVITY: readonly Mark[] = ['=', '-', '+', '*', '!']

/** Findings that say: Entra has the item, as far as Graph shows it (D5). */
const SAME: ReadonlySet<FindingCode> = new Set(['device-matched'])
/** Findings that say: server and tenant differ on purpose or for want of something. */
const DIFFERENT: ReadonlySet<FindingCode> = new Set(['phone-kept', 'slot-taken', 'token-details-differ'])
/** Findings that say: the item is not in Entra, and a person must do something. */
const OWED: ReadonlySet<FindingCode> = new Set([
  'phone-invalid',
  'country-unknown',
  'seed-missing',
  'seed-invalid',
  'seed-conflict',
  'time-step-invalid',
  'token-assigned-elsewhere',
  'token-shared',
  'row-invalid',
  'mode-invalid',
  'field-invalid',
  'unreadable',
  'ambiguous-match',
  'sid-mismatch',
  'domain-needed',
  'ad-not-asked',
  'ad-ambiguous',
])

const FINDING_MARKS: readonly (readonly [Mark, ReadonlySet<FindingCode>])[] = [
  ['=', SAME],
  ['*', DIFFERENT],
  ['!', OWED],
]

/** Pure: one user's plan as marks. */
export function verifiedUser(plan: UserPlan, methods: EntraMethods | undefined): VerifiedUser {
  const items: VerifiedItem[] = [
    ...plan.alreadyThere.map(({item, rule, target}) => ({mark: '=', item, rule, what: target}) as const),
    ...plan.actions.map((action) => ({
      mark: markOf(action),
      item: action.item,
      rule: action.rule,
      what: wanted(action),
    })),
    ...plan.findings.flatMap(({code, item, rule, detail}) => {
      const mark = FINDING_MARKS.find(([, codes]) => codes.has(code))?.[0]
      return mark === undefined ? [] : [{mark, item, rule, what: detail}]
    }),
    ...onlyInEntra(plan, methods),
  ]
  if (plan.outcome === 'unmatched' && items.length === 0) {
    items.push({mark: '-', item: 'user', rule: 'U3', what: 'no server user'})
  }
  const mark = items.reduce<Mark>(
    (worst, {mark}) => (GRAVITY.indexOf(mark) > GRAVITY.indexOf(worst) ? mark : worst),
    '=',
  )
  return {
    source: plan.source ?? null,
    id: plan.id,
    userPrincipalName: plan.userPrincipalName,
    // What only Entra has is fine next to what is the same; it is the user's mark only where there is nothing else.
    mark: mark === '-' && items.some((item) => item.mark === '=') ? '=' : mark,
    items,
    findings: plan.findings,
  }
}

function markOf(action: Action): Mark {
  switch (action.kind) {
    case 'set-phone':
      return action.change === 'replace' ? '*' : '+'
    case 'set-default':
      return action.previous === undefined ? '+' : '*'
    case 'update-token':
      return '*'
    case 'create-token':
    case 'assign-token':
    case 'activate-token':
    case 'disable-sms-sign-in':
    case 'unassign-token':
    case 'remove-phone':
    case 'clear-default':
    case 'deactivate-token':
    case 'delete-token':
      return '+'
    default:
      return action satisfies never
  }
}

function wanted(action: Action): string {
  switch (action.kind) {
    case 'set-phone':
      return `${action.slot} ${action.number}${action.previous === undefined ? '' : ` (Entra: ${action.previous})`}`
    case 'set-default':
      return `default ${action.method}${action.previous === undefined ? '' : ` (Entra: ${action.previous})`}`
    case 'disable-sms-sign-in':
      return 'SMS sign-in is on'
    case 'remove-phone':
      return `${action.slot} ${action.number}`
    case 'clear-default':
      return `default ${action.previous}`
    case 'create-token':
    case 'update-token':
    case 'assign-token':
    case 'activate-token':
    case 'unassign-token':
    case 'deactivate-token':
    case 'delete-token':
      return `token ${action.serialNumber} (${action.kind})`
    default:
      return action satisfies never
  }
}

function onlyInEntra(plan: UserPlan, methods: EntraMethods | undefined): readonly VerifiedItem[] {
  if (methods === undefined) return []
  const known = new Set<string>([
    ...plan.alreadyThere.map(({target}) => target),
    ...plan.findings.flatMap(({target}) => target ?? []),
    ...plan.actions.flatMap((action) => ('slot' in action ? [action.slot] : [])),
    ...plan.actions.flatMap((action) => ('serialNumber' in action ? [action.serialNumber] : [])),
  ])
  const extra = (what: string): VerifiedItem => ({mark: '-', item: 'entra', rule: 'U6', what})
  return [
    ...methods.phones
      .filter(({slot}) => !known.has(slot))
      .map(({slot, number}) => extra(`${slot} ${number}`)),
    ...methods.authenticators
      .filter(({id}) => !known.has(id))
      .map(({displayName}) => extra(`Microsoft Authenticator ${displayName ?? ''}`.trimEnd())),
    ...methods.softwareOath.map(() => extra('software OATH token')),
    ...methods.hardwareOath
      .filter(({serialNumber}) => serialNumber === undefined || !known.has(serialNumber))
      .map(({serialNumber}) => extra(`hardware OATH token ${serialNumber ?? ''}`.trimEnd())),
    ...methods.others.filter(({type}) => type !== 'password').map(({type}) => extra(type)),
  ]
}
