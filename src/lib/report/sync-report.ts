import {countOf} from '../model/count-of.js'
import type {Column} from '../ports/output.js'
import type {Failing} from '../sync/postpone.js'
import type {RoundReport} from '../sync/round.js'
import type {Alive, RoundRow, SyncStatus} from '../sync/status.js'
import {type Show, TABLE_LIMIT, writeCsv} from './show.js'
import {minute, utc} from './utc.js'

const roundColumns: readonly Column<RoundRow>[] = [
  {key: 'run', title: 'Run', value: ({run}) => run.slice(0, 10), weight: 0, min: 10},
  {key: 'startedAt', title: 'Started (UTC)', value: ({startedAt}) => minute(startedAt), weight: 0, min: 16},
  {key: 'status', title: 'Status', value: ({status}) => status, weight: 0, min: 11},
  {key: 'users', title: 'Users', value: ({users}) => users, weight: 0, min: 5},
  {key: 'migrated', title: 'Changed', value: ({migrated}) => migrated, weight: 0, min: 7},
  {key: 'failed', title: 'Failed', value: ({failed}) => failed, weight: 0, min: 6},
]

const failingColumns: readonly Column<Failing>[] = [
  {key: 'userPrincipalName', title: 'User', value: ({userPrincipalName}) => userPrincipalName},
  {key: 'failures', title: 'Rounds', value: ({failures}) => failures, weight: 0, min: 6},
  {key: 'nextAt', title: 'Next try (UTC)', value: ({nextAt}) => minute(nextAt), weight: 0, min: 16},
  {key: 'why', title: 'Why', value: ({findings}) => findings.map(detail), weight: 2},
]

const workerColumns: readonly Column<Alive>[] = [
  {key: 'host', title: 'Worker', value: ({host}) => host},
  {key: 'pid', title: 'Process', value: ({pid}) => pid, weight: 0, min: 7},
  {key: 'command', title: 'Command', value: ({command}) => command, weight: 0, min: 12},
  {key: 'since', title: 'Since (UTC)', value: ({since}) => minute(since), weight: 0, min: 16},
  {
    key: 'lastSign',
    title: 'Last seen (UTC)',
    value: ({lastSign}) => lastSign.slice(0, 19).replace('T', ' '),
    weight: 0,
    min: 19,
  },
]

const detail = (finding: unknown): string => (finding as {readonly detail?: string}).detail ?? ''

/** `mfa sync once` */
export async function showRound(
  report: RoundReport,
  show: Show,
  csv: string | undefined,
): Promise<Readonly<Record<string, unknown>>> {
  const {out} = show
  const {summary, failing, postponed, seconds} = report
  if (failing.length > 0) await out.table(failingColumns, failing, {limit: TABLE_LIMIT})
  await writeCsv(csv, failingColumns, failing, show)
  const left = postponed > 0 ? `, ${postponed} left out until their next try` : ''
  out.line(
    `${countOf(summary.users, 'user')} in sync round: ${summary.migrated} changed, ${summary.unchanged} unchanged; ${failing.length} failing${left}; ${seconds} s`,
  )
  if (failing.length > 0) out.line('Next: mfa sync status')
  return {...report}
}

/** A service's output ends in logs: who fails is known there by object id alone. */
export const unnamed = ({failing, ...rest}: RoundReport) => ({
  ...rest,
  failing: failing.map(({id, failures, lastAt, nextAt}) => ({id, failures, lastAt, nextAt})),
})

/** `mfa sync status` */
export async function showSyncStatus(
  status: SyncStatus,
  show: Show,
  csv: string | undefined,
): Promise<Readonly<Record<string, unknown>>> {
  const {out} = show
  for (const {scope, source, tenantId, rounds, failing, lagSeconds} of status.scopes) {
    out.line(`"${scope}" from ${source} into tenant ${tenantId}`)
    await out.table(roundColumns, rounds)
    if (failing.length > 0) await out.table(failingColumns, failing, {limit: TABLE_LIMIT})
    out.line(
      lagSeconds === null
        ? 'no round has gone through yet'
        : `last gone through ${ago(lagSeconds)} ago; ${countOf(failing.length, 'user')} failing`,
    )
  }
  await writeCsv(
    csv,
    failingColumns,
    status.scopes.flatMap(({failing}) => failing),
    show,
  )
  const {leader, workers, pending} = status
  if (workers.length > 0) {
    await out.table(workerColumns, workers)
    out.line(
      `${countOf(workers.length, 'worker')}; one that was killed is listed for up to half a minute; ${countOf(pending, 'user')} handed out and not settled yet`,
    )
  }
  out.line(
    leader === null
      ? 'nobody synchronises now'
      : `${leader.command} ${workers.length > 0 ? 'leads' : 'runs'} on ${leader.host} (process ${leader.pid}) since ${utc(leader.since)}`,
  )
  if (status.scopes.length === 0) out.line('Next: mfa sync once --group NAME --source WHERE')
  return {...status}
}

function ago(seconds: number): string {
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  return `${Math.round(seconds / 3600)} h`
}
