import type {Finding, FindingCode, UserPlan} from '../migration/plan.js'
import type {UserResult} from '../migration/result.js'
import type {Column} from '../ports/output.js'
import {describeAction, describeAlreadyThere, describeFinding, findingTitle, itemName} from './describe.js'

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
    case 'remove-phone':
    case 'clear-default':
    case 'deactivate-token':
    case 'delete-token':
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
  {key: 'user', title: 'User', value: (row) => row.user},
  {key: 'mark', title: ' ', value: (row) => row.mark, weight: 0},
  {key: 'rule', title: 'Rule', value: (row) => row.rule, weight: 0},
  {key: 'item', title: 'Item', value: (row) => row.item, weight: 0},
  {key: 'what', title: 'What', value: (row) => row.what},
]

/** For a terminal: a user's name stands only in the first of the user's lines, and the item is in the words. */
export const planTableColumns = planColumns.filter(({key}) => key !== 'item')

/** Leaves out the name where the line above has the same. */
export function* namedOnce(rows: Iterable<PlanRow>): Iterable<PlanRow> {
  let last: string | undefined
  for (const row of rows) {
    yield row.user === last ? {...row, user: ''} : row
    last = row.user
  }
}

export const userColumns: readonly Column<UserResult>[] = [
  {key: 'userPrincipalName', title: 'User', value: (row) => row.userPrincipalName, weight: 2},
  {key: 'source', title: 'Server user', value: (row) => row.source ?? undefined},
  {key: 'outcome', title: 'Outcome', value: (row) => row.outcome, weight: 0},
  {key: 'actions', title: 'Actions', value: (row) => row.actions.length, weight: 0},
  {key: 'failed', title: 'Failed', value: (row) => failures(row).length, weight: 0},
  {key: 'findings', title: 'Findings', value: (row) => row.findings.length, weight: 0},
  {
    key: 'details',
    title: 'Details',
    value: (row) => row.findings.map(({code, detail}) => `${code}: ${detail}`).join('\n') || undefined,
    weight: 2,
  },
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
  {key: 'userPrincipalName', title: 'User', value: (row) => row.userPrincipalName},
  {key: 'source', title: 'Server user', value: (row) => row.source ?? undefined},
  {key: 'code', title: 'Finding', value: (row) => row.finding.code, weight: 0},
  {key: 'rule', title: 'Rule', value: (row) => row.finding.rule, weight: 0},
  {key: 'item', title: 'Item', value: (row) => itemName(row.finding.item)},
  {key: 'detail', title: 'Detail', value: (row) => row.finding.detail, weight: 4},
]

/** For a terminal, where the detail says everything. */
export const findingTableColumns = findingColumns.filter(({key}) =>
  ['userPrincipalName', 'rule', 'detail'].includes(key),
)

/** All findings of one kind. */
export interface FindingKind {
  readonly code: FindingCode
  readonly rule: string
  readonly users: number
  /** The first users, by name. */
  readonly who: readonly string[]
  /** The first one's detail. */
  readonly example: string
}

/** How many users a kind of finding names. */
const NAMED = 3

/** Findings by kind, the most frequent first; in memory only one entry a kind. */
export function findingKinds(rows: Iterable<FindingRow>): readonly FindingKind[] {
  const kinds = new Map<string, FindingKind & {readonly last: string}>()
  for (const {userPrincipalName, finding} of rows) {
    const {code, rule, detail} = finding
    const kind = kinds.get(code)
    if (kind?.last === userPrincipalName) continue
    const who = kind?.who ?? []
    kinds.set(code, {
      code,
      rule: kind?.rule ?? rule,
      users: (kind?.users ?? 0) + 1,
      who: who.length < NAMED ? [...who, userPrincipalName] : who,
      example: kind?.example ?? detail,
      last: userPrincipalName,
    })
  }
  return [...kinds.values()].sort((one, other) => other.users - one.users)
}

export const findingKindColumns: readonly Column<FindingKind>[] = [
  {key: 'users', title: 'Users', value: ({users}) => users, weight: 0},
  {key: 'rule', title: 'Rule', value: ({rule}) => rule, weight: 0},
  {
    key: 'finding',
    title: 'Finding',
    value: ({code, who, users, example}) => [
      `${findingTitle(code)}: ${who.join(', ')}${users > who.length ? ', …' : ''}`,
      example,
    ],
  },
]

/** For a terminal: who failed, and why. */
export const failureColumns: readonly Column<UserResult>[] = [
  {key: 'user', title: 'User', value: (row) => row.userPrincipalName},
  {key: 'outcome', title: 'Outcome', value: (row) => row.outcome, weight: 0},
  {
    key: 'why',
    title: 'Why',
    value: (row) => [
      ...failures(row).map(({kind, error}) => `${kind}: ${error?.message ?? 'in doubt'}`),
      ...(failures(row).length === 0 ? row.findings.map(({detail}) => detail) : []),
    ],
    weight: 2,
  },
]
