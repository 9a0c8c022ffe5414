import type {UndoPlanned, UndoReport} from '../migration/undo.js'
import type {UserResult} from '../migration/result.js'
import {countOf} from '../model/count-of.js'
import {
  failureColumns,
  findingRows,
  findingTableColumns,
  namedOnce,
  planRows,
  planTableColumns,
  userColumns,
} from './plan-rows.js'
import {type Show, TABLE_LIMIT, usersOf, writeCsv} from './show.js'

/** Shows what would be put back, before anything is asked or written. */
export const showUndoPlan =
  ({out}: Show) =>
  async ({plans, users}: UndoPlanned): Promise<void> => {
    let actions = 0
    for (const [, plan] of plans.entries()) actions += plan.actions.length
    function* rows() {
      for (const [, plan] of plans.entries()) yield* planRows({...plan, findings: []})
    }
    if (actions > 0) await out.table(planTableColumns, namedOnce(rows()), {limit: TABLE_LIMIT})
    out.line(
      actions === 0
        ? 'Plan: nothing to put back'
        : `Plan: ${countOf(actions, 'change')} put ${countOf(users, 'user')} back`,
    )
  }

export async function showUndone(
  report: UndoReport,
  show: Show,
  {csv, again}: {readonly csv: string | undefined; readonly again: string},
): Promise<void> {
  const {out} = show
  const users = () => values(report)
  await writeCsv(csv, userColumns, users(), show)
  const findings = [...users()].flatMap(findingRows)
  if (findings.length > 0) {
    out.line('\nFindings')
    await out.table(findingTableColumns, findings, {limit: TABLE_LIMIT})
  }
  const bad = [...users()].filter(isBad)
  if (bad.length > 0) await out.table(failureColumns, bad, {limit: TABLE_LIMIT})
  if (report.stop !== undefined) return
  out.line(`\n${undoVerdict(report)}`)
  const failed = report.results.summary.failed + report.results.summary.partly > 0
  out.line(`Next: mfa runs ${failed ? `show ${report.run ?? ''} --failed` : 'list'}${again}`)
}

function undoVerdict({results, undoes, dryRun}: UndoReport): string {
  const {users, migrated, unchanged, partly, failed} = results.summary
  const verb = dryRun ? 'would be' : 'are'
  const head =
    migrated + unchanged === users ? `all ${users} users` : `${migrated + unchanged} of ${users} users`
  const rest = partly > 0 ? `, ${partly} partly` : ''
  return `${head} of run ${undoes.id} ${verb} as they were before; ${failed} failed${rest}${changed(results.users.entries())}`
}

function changed(users: Iterable<readonly [string, UserResult]>): string {
  let count = 0
  for (const [, {findings}] of users) {
    if (findings.some(({code}) => code === 'changed-since' || code === 'cannot-undo')) count++
  }
  return count > 0 ? `, ${count} with something that was left as it is` : ''
}

/** The object of `undo --json`; `undone` takes the place of `migrated`. */
export async function undoJson(
  report: UndoReport,
  show: Pick<Show, 'files'>,
  folder: string,
): Promise<Readonly<Record<string, unknown>>> {
  const {run, undoes, dryRun, results} = report
  const {migrated, unchanged, partly, failed, users, actions} = results.summary
  const all = function* () {
    for (const user of values(report))
      yield {...user, outcome: user.outcome === 'migrated' ? 'undone' : user.outcome}
  }
  const file = `${folder}/${run ?? `undo-${undoes.id}`}.jsonl`
  return {
    run,
    undoes: undoes.id,
    tenantId: undoes.tenantId,
    dryRun,
    summary: {users, undone: migrated, unchanged, partly, failed, actions},
    verdict: undoVerdict(report),
    ...(await usersOf(
      all,
      users,
      ({findings, outcome}) => findings.length > 0 || outcome === 'failed' || outcome === 'partly',
      file,
      show,
    )),
  }
}

const isBad = ({outcome}: UserResult): boolean => outcome === 'failed' || outcome === 'partly'

function* values({results}: UndoReport): Iterable<UserResult> {
  for (const [, user] of results.users.entries()) yield user
}
