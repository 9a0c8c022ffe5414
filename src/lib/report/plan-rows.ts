import type {Finding, UserPlan} from '../migration/plan.js'
import type {UserResult} from '../migration/result.js'
import type {Column} from '../ports/output.js'
import {describeAction, describeAlreadyThere, describeFinding, itemName} from './describe.js'

/** `+` will be added, `*` will be replaced or changed, `=` is there already, `!` a finding; as in `mfa verify`. */
export type PlanMark = '+' | '*' | '=' | '!'

/** One line of the plan table: an action, something that is there already, or a finding. */
export interface PlanRow {
  readonly user: string
  readonly mark: PlanMark
  readonly item: string
  readonly rule: string
  readonly what: string
}

/** Everything about one user, in the plan's order: what is done, what need not be, what a person should know. */
export function planRows(
  plan: Pick<UserPlan, 'userPrincipalName' | 'actions' | 'alreadyThere' | 'findings'>,
): readonly PlanRow[] {
  const user = plan.userPrincipalName
  return [
    ...plan.actions.map((action) => ({
      user,
      mark: isChange(action) ? ('*' as const) : ('+' as const),
      item: itemName(action.item),
      rule: action.rule,
      what: describeAction(action),
    })),
    ...plan.alreadyThere.map((there) => ({
      user,
      mark: '=' as const,
      item: itemName(there.item),
      rule: there.rule,
      what: describeAlreadyThere(there),
    })),
    ...plan.findings.map((finding) => ({
      user,
      mark: '!' as const,
      item: itemName(finding.item),
      rule: finding.rule,
      what: describeFinding(finding),
    })),
  ]
}

function isChange(action: UserPlan['actions'][number]): boolean {
  switch (action.kind) {
    case 'set-phone':
      return action.change === 'replace'
    case 'set-default':
      return action.previous !== undefined
    case 'update-token':
    case 'disable-sms-sign-in':
    case 'unassign-token':
      return true
    case 'create-token':
    case 'assign-token':
    case 'activate-token':
      return false
    default:
      return action satisfies never
  }
}

export const planColumns: readonly Column<PlanRow>[] = [
  {key: 'user', title: 'User', value: (row) => row.user, weight: 2},
  {key: 'mark', title: ' ', value: (row) => row.mark, weight: 0},
  {key: 'item', title: 'Item', value: (row) => row.item},
  {key: 'rule', title: 'Rule', value: (row) => row.rule, weight: 0},
  {key: 'what', title: 'What', value: (row) => row.what, weight: 4},
]

export const userColumns: readonly Column<UserResult>[] = [
  {key: 'userPrincipalName', title: 'User', value: (row) => row.userPrincipalName, weight: 2},
  {key: 'source', title: 'Server user', value: (row) => row.source ?? undefined},
  {key: 'outcome', title: 'Outcome', value: (row) => row.outcome, weight: 0},
  {key: 'actions', title: 'Actions', value: (row) => row.actions.length, weight: 0},
  {key: 'failed', title: 'Failed', value: (row) => failures(row).length, weight: 0},
  {key: 'findings', title: 'Findings', value: (row) => row.findings.length, weight: 0},
  {key: 'error', title: 'Error', value: (row) => failures(row)[0]?.error?.message, weight: 2},
]

function failures(row: UserResult): UserResult['actions'] {
  return row.actions.filter(({outcome}) => outcome === 'failed' || outcome === 'unknown')
}

export interface FindingRow {
  readonly userPrincipalName: string
  readonly source: string | null
  readonly finding: Finding
}

export function findingRows(
  user: Pick<UserResult, 'userPrincipalName' | 'source' | 'findings'>,
): readonly FindingRow[] {
  const {userPrincipalName, source} = user
  return user.findings.map((finding) => ({userPrincipalName, source, finding}))
}

export const findingColumns: readonly Column<FindingRow>[] = [
  {key: 'userPrincipalName', title: 'User', value: (row) => row.userPrincipalName, weight: 2},
  {key: 'source', title: 'Server user', value: (row) => row.source ?? undefined},
  {key: 'code', title: 'Finding', value: (row) => row.finding.code, weight: 0},
  {key: 'rule', title: 'Rule', value: (row) => row.finding.rule, weight: 0},
  {key: 'item', title: 'Item', value: (row) => itemName(row.finding.item)},
  {key: 'detail', title: 'Detail', value: (row) => row.finding.detail, weight: 4},
]
