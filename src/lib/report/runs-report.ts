import {MfaError} from '../errors/mfa-error.js'
import {countOf} from '../model/count-of.js'
import type {ActionRecord, Journal, RunKind, RunRecord, UserResultRecord} from '../ports/journal.js'
import type {Column, Output} from '../ports/output.js'
import type {Scratch} from '../ports/scratch.js'
import {held} from './lazy-list.js'
import {type Show, TABLE_LIMIT, writeCsv} from './show.js'
import {minute} from './utc.js'

const runColumns: readonly Column<RunRecord>[] = [
  {key: 'id', title: 'Run', value: (run) => run.id, weight: 0},
  {key: 'kind', title: 'Kind', value: (run) => run.kind, weight: 0},
  {key: 'status', title: 'Status', value: (run) => run.status, weight: 0},
  {key: 'startedAt', title: 'Started', value: (run) => run.startedAt, weight: 0},
  {key: 'group', title: 'Group', value: (run) => run.group?.displayName},
  {key: 'users', title: 'Users', value: (run) => count(run, 'users'), weight: 0},
  {key: 'migrated', title: 'Migrated', value: (run) => count(run, 'migrated'), weight: 0},
  {key: 'failed', title: 'Failed', value: (run) => count(run, 'failed'), weight: 0},
]

/** The first letters of a run's id hold its time in milliseconds, so they do to name it. */
const SHORT_ID = 10

const runTableColumns: readonly Column<RunRecord>[] = [
  {key: 'id', title: 'Run', value: (run) => run.id.slice(0, SHORT_ID), weight: 0, min: SHORT_ID},
  {key: 'status', title: 'Status', value: (run) => run.status, weight: 0, min: 11},
  {
    key: 'startedAt',
    title: 'Started (UTC)',
    value: (run) => minute(run.startedAt),
    weight: 0,
    min: 16,
  },
  {key: 'group', title: 'What', value: what},
  {key: 'users', title: 'Users', value: (run) => count(run, 'users'), weight: 0, min: 5},
  {key: 'failed', title: 'Failed', value: (run) => count(run, 'failed'), weight: 0, min: 6},
]

/** A run that changed the tenant itself, not users; its source label is the command. */
export function changesTenant({group, sourceFingerprint}: RunRecord): boolean {
  return group === undefined && sourceFingerprint === ''
}

function what(run: RunRecord): string {
  return changesTenant(run)
    ? run.sourceLabel.replace(/^mfa /, '')
    : `${run.kind} ${run.group?.displayName ?? ''}`.trimEnd()
}

const count = ({summary}: RunRecord, key: string): number | undefined => {
  const value = summary?.[key]
  return typeof value === 'number' ? value : undefined
}

export interface RunsList {
  /** `undefined` means all of them. */
  readonly limit: number | undefined
  readonly kind: RunKind | undefined
  readonly csv: string | undefined
}

/** `mfa runs list`: the newest; says where there are more. */
export async function showRuns(
  {limit, kind, csv}: RunsList,
  journal: Journal,
  show: Show,
): Promise<Readonly<Record<string, unknown>>> {
  const kinds = kind === undefined ? undefined : [kind]
  const found = await journal.runs({kinds, limit: limit === undefined ? undefined : limit + 1})
  const newest = found.slice(0, limit)
  const more = found.length > newest.length
  await show.out.table(runTableColumns, newest, {limit: TABLE_LIMIT, empty: 'No runs yet.'})
  await writeCsv(csv, runColumns, newest, show)
  if (more)
    show.out.line(
      `The newest ${newest.length}; --limit N shows more, --all every run, --kind those of a kind.`,
    )
  if (newest[0] !== undefined) show.out.line('Next: mfa runs show last')
  return {runs: newest, more}
}

export const runUserColumns: readonly Column<UserResultRecord>[] = [
  {key: 'userPrincipalName', title: 'User', value: (user) => user.userPrincipalName},
  {key: 'source', title: 'Server user', value: (user) => user.source},
  {key: 'outcome', title: 'Outcome', value: (user) => user.outcome, weight: 0},
  {key: 'findings', title: 'Findings', value: (user) => user.findings.length, weight: 0},
]

export const failedColumns: readonly Column<UserResultRecord>[] = [
  ...runUserColumns.filter(({key}) => key !== 'findings'),
  {key: 'details', title: 'Findings', value: ({findings}) => details(findings), weight: 2},
]

const details = (findings: readonly unknown[]): readonly string[] =>
  findings.map((finding) => (finding as {readonly detail?: string}).detail ?? '')

export const actionColumns: readonly Column<ActionRecord>[] = [
  {key: 'userPrincipalName', title: 'User', value: (action) => action.userPrincipalName},
  {key: 'kind', title: 'Write', value: ({intent}) => text(intent['kind']), weight: 0},
  {key: 'target', title: 'What', value: ({intent}) => target(intent)},
  {key: 'outcome', title: 'Outcome', value: ({outcome}) => outcome?.status ?? 'in doubt', weight: 0},
  {
    key: 'message',
    title: 'Message',
    value: ({outcome}) => (outcome !== undefined && 'message' in outcome ? outcome.message : undefined),
  },
]

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

function target(intent: ActionRecord['intent']): string {
  const {slot, number, serialNumber, method, says} = intent
  if (typeof says === 'string') return says
  return [slot, number, serialNumber, method].filter((part) => typeof part === 'string').join(' ')
}

/** Why a round of `mfa sync` lists fewer users than it had; undefined for other runs, and before it ended. */
export function newsOf(run: RunRecord): string | undefined {
  const users = count(run, 'users')
  if (run.kind !== 'sync' || users === undefined) return undefined
  return `${countOf(users, 'user')} in this round, ${count(run, 'unchanged') ?? 0} unchanged; listed are those about whom there was something new`
}

/** What `mfa runs show` found: the run, its users, its writes. */
export interface ShownRun extends Readonly<Record<string, unknown>> {
  readonly run: RunRecord
  /** Any number, one at a time. */
  readonly users: Iterable<UserResultRecord>
  readonly actions: Iterable<ActionRecord>
}

/** `mfa runs show`: by id, by its first letters, or `last`; records are on disk, not in memory. Throws MfaError `usage` if there is none or several. */
export async function showRun(
  name: string,
  options: {readonly failedOnly: boolean; readonly csv: string | undefined},
  {journal, scratch}: {readonly journal: Journal; readonly scratch: Scratch},
  show: Show,
): Promise<ShownRun> {
  const run = await findRun(name, journal)
  const isShown = {
    user: ({outcome}: UserResultRecord) =>
      !options.failedOnly || outcome === 'failed' || outcome === 'partly',
    action: ({outcome}: ActionRecord) =>
      !options.failedOnly || (outcome?.status !== 'done' && outcome?.status !== 'already-done'),
  }
  const users = await held(those(journal.userResults(run.id), isShown.user), scratch.bag('shown-users'))
  const actions = await held(those(journal.actions(run.id), isShown.action), scratch.bag('shown-actions'))
  const {out} = show
  out.line(
    `Run ${run.id} (${run.kind}, ${run.status}) of ${run.startedAt}${run.endedAt ? ` to ${run.endedAt}` : ''}`,
  )
  const ofTenant = changesTenant(run)
  out.line(
    ofTenant
      ? `${run.sourceLabel}, tenant ${run.tenantId}`
      : `Group "${run.group?.displayName ?? ''}", source ${run.sourceLabel}, tenant ${run.tenantId}`,
  )
  if (run.logFile !== undefined) out.line(`Log ${run.logFile}`)
  const counted = newsOf(run)
  if (counted !== undefined) out.line(counted)
  if (!ofTenant)
    await out.table(options.failedOnly ? failedColumns : runUserColumns, users, {
      limit: TABLE_LIMIT,
      empty: 'No such users.',
    })
  await out.table(actionColumns, actions, {limit: TABLE_LIMIT, empty: 'No writes.'})
  await writeCsv(options.csv, actionColumns, actions, show)
  return {run, users, actions}
}

async function* those<T>(values: AsyncIterable<T>, wanted: (value: T) => boolean): AsyncIterable<T> {
  for await (const value of values) if (wanted(value)) yield value
}

/** By id, by its first letters, or `last` (of a kind, if one is given). Throws MfaError `usage` if there is none or several. */
export async function findRun(name: string, journal: Journal, kind?: RunKind): Promise<RunRecord> {
  const which = name === 'last' ? {limit: 1} : {idPrefix: name.toUpperCase()}
  const found = await journal.runs({...which, kinds: kind === undefined ? undefined : [kind]})
  const [run] = found
  if (run !== undefined && found.length === 1) return run
  throw new MfaError(
    'RUN_NOT_FOUND',
    found.length === 0 ? `no run ${name}` : `${found.length} runs begin with ${name}`,
    {
      exit: 'usage',
      fix: 'mfa runs list shows them.',
    },
  )
}

/** `mfa runs forget`: how many users, of one run or of all. */
export function showForgotten(users: number, run: RunRecord | undefined, out: Output): void {
  out.line(`forgot ${countOf(users, 'user')}${run === undefined ? '' : ` of run ${run.id}`}`)
}
