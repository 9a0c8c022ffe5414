import type {Collected} from '../migration/collect.js'
import type {Forecast} from '../migration/forecast.js'
import type {MigrateReport} from '../migration/migrate.js'
import type {UserPlan} from '../migration/plan.js'
import type {UserResult} from '../migration/result.js'
import {countOf} from '../model/count-of.js'
import type {Bag} from '../ports/scratch.js'
import {
  failureColumns,
  findingKindColumns,
  findingKinds,
  findingRows,
  type FindingRow,
  findingTableColumns,
  namedOnce,
  planRows,
  type PlanRow,
  planTableColumns,
  userColumns,
} from './plan-rows.js'
import {describeProblem} from './problems.js'
import {only, type Show, TABLE_LIMIT, usersOf, writeCsv} from './show.js'
import {verdictLine} from './verdict.js'
import {shellWord} from '../model/shell-word.js'

/** Nothing is said where no quota slows the run down. */
function atQuota({seconds}: Forecast): string {
  if (seconds === 0) return ''
  return seconds < 90
    ? `, ${seconds} s at Graph's quota`
    : `, ${Math.ceil(seconds / 60)} min at Graph's quota`
}

/** Shows the plan before anything is asked or written. */
export const showPlanned =
  ({out}: Show) =>
  async (collected: Collected, ahead: Forecast): Promise<void> => {
    const {group, plans, users} = collected
    let actions = 0
    let writers = 0
    for (const [, plan] of plans.entries()) {
      actions += plan.actions.length
      if (plan.actions.length > 0) writers++
    }
    out.line(`Group "${group.displayName}": ${countOf(users, 'user')}`)
    for (const problem of collected.problems) out.prose(`! ${describeProblem(problem)}`)
    if (actions > 0) await out.table(planTableColumns, namedOnce(changes(plans)), {limit: TABLE_LIMIT})
    out.prose(
      actions === 0
        ? 'Plan: nothing to write'
        : `Plan: ${countOf(actions, 'change')} for ${countOf(writers, 'user')}; about ${countOf(ahead.requests, 'request')}${atQuota(ahead)}`,
    )
  }

function* changes(plans: Bag<UserPlan>): Iterable<PlanRow> {
  for (const [, plan] of plans.entries()) yield* planRows({...plan, alreadyThere: [], findings: []})
}

/** Findings, counts, the verdict and what to type next. */
export async function showMigration(
  report: MigrateReport,
  show: Show,
  options: {readonly csv: string | undefined; readonly again: string; readonly records: RunFiles},
): Promise<void> {
  const {out} = show
  const {results, collected, dryRun} = report
  const {summary} = results
  await writeCsv(options.csv, userColumns, values(results.users), show)
  await showFindings(results.users, show)
  if (summary.failed + summary.partly > 0) {
    out.line('\nFailed or in doubt')
    await out.table(failureColumns, only(values(results.users), isBad), {limit: TABLE_LIMIT})
  }
  if (summary.smsOrVoiceOnly > 0) {
    out.prose(
      `\n${countOf(summary.smsOrVoiceOnly, 'user')} will have SMS or voice only (rule M7): Microsoft ends these; see the findings.`,
    )
  }
  const {retryFile} = options.records
  if (retryFile !== undefined) out.prose(`\nUsers to try again, one a line: ${retryFile}`)
  if (report.stop !== undefined) {
    out.prose(
      `\nThe run ended early: it looked at ${summary.users} of ${countOf(collected.users, 'user')}. The same command goes on.`,
    )
    return
  }
  out.line(`\n${verdictLine(summary, collected.group.displayName, {dryRun})}`)
  out.line(`Next: ${next(report, options.again)}`)
}

/** The command to type next, with the flags of this one that it needs again. */
function next({dryRun, run, results, collected}: MigrateReport, again: string): string {
  const group = `--group ${shellWord(collected.group.displayName)}${again}`
  const {summary} = results
  if (dryRun && summary.actions.planned > 0) return 'the same command without --dry-run writes this plan'
  if (summary.failed + summary.partly > 0 && run !== null)
    return `mfa migrate --retry ${run}${again}   (once the causes are mended)`
  if (summary.unmatched > 0) return `mfa mapping export ${group} --out map.csv`
  return `mfa verify ${group}`
}

/** What a run leaves in files: every user's result as JSON Lines, and who is to be tried again. */
export interface RunFiles {
  readonly recordFile?: string
  readonly retryFile?: string
}

/** Writes them for every run, whatever came of it; a dry run leaves none. */
export async function recordRun(
  {run, results}: MigrateReport,
  {files}: Pick<Show, 'files'>,
  folder: string,
): Promise<RunFiles> {
  if (run === null) return {}
  const recordFile = `${folder}/${run}.jsonl`
  await files.write(
    recordFile,
    lines(results.users, (user) => JSON.stringify(user)),
  )
  if (results.summary.failed + results.summary.partly === 0) return {recordFile}
  const retryFile = `${folder}/${run}-retry.txt`
  await files.write(
    retryFile,
    lines(results.users, (user) => (isBad(user) ? user.userPrincipalName : undefined)),
  )
  return {recordFile, retryFile}
}

function* lines(users: Bag<UserResult>, line: (user: UserResult) => string | undefined): Iterable<string> {
  for (const user of values(users)) {
    const text = line(user)
    if (text !== undefined) yield `${text}\n`
  }
}

/** The object of `migrate --json` (CLI.md). */
export async function migrateJson(
  report: MigrateReport,
  show: Pick<Show, 'files'>,
  folder: string,
  records: RunFiles,
): Promise<Readonly<Record<string, unknown>>> {
  const {run, resumed, dryRun, collected, results} = report
  const {tenantId, group, problems} = collected
  const file = `${folder}/${run ?? `dry-run-${process.pid}`}.jsonl`
  const users = await usersOf(() => values(results.users), results.users.size, isNotable, file, show)
  return {
    run,
    tenantId,
    group: {id: group.id, displayName: group.displayName},
    dryRun,
    resumed,
    summary: results.summary,
    forecast: report.forecast,
    took: report.took ?? null,
    ...records,
    verdict: verdictLine(results.summary, group.displayName, {dryRun}),
    ...users,
    problems,
  }
}

const isBad = ({outcome}: UserResult): boolean => outcome === 'failed' || outcome === 'partly'
const isNotable = (user: UserResult): boolean => isBad(user) || user.findings.length > 0

function* values(users: Bag<UserResult>): Iterable<UserResult> {
  for (const [, user] of users.entries()) yield user
}

function* flatFindings(users: Bag<UserResult>): Iterable<FindingRow> {
  for (const user of values(users)) yield* findingRows(user)
}

/** A few findings are told one by one, many by kind. */
const FEW = 12

async function showFindings(users: Bag<UserResult>, {out}: Show): Promise<void> {
  const first: FindingRow[] = []
  for (const row of flatFindings(users)) if (first.push(row) > FEW) break
  if (first.length === 0) return
  out.line('\nFindings')
  if (first.length <= FEW) return out.table(findingTableColumns, first)
  await out.table(findingKindColumns, findingKinds(flatFindings(users)))
  out.line('--csv FILE has every finding of every user.')
}
