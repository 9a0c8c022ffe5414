import type {PreflightCheck} from '../backup/preflight-check.js'
import {countOf} from '../model/count-of.js'
import type {Column} from '../ports/output.js'
import {type Show, writeCsv} from './show.js'

const columns: readonly Column<PreflightCheck>[] = [
  {key: 'status', title: 'Status', value: ({status}) => status, min: 9},
  {key: 'title', title: 'Check', value: ({title}) => title, min: 20},
  {
    key: 'detail',
    title: 'What was found',
    value: ({detail, from}) => (from === 'operator' ? [detail, 'asked: the tool cannot see this'] : detail),
  },
]

const csvColumns: readonly Column<PreflightCheck>[] = [
  {key: 'id', title: 'id', value: ({id}) => id},
  {key: 'status', title: 'status', value: ({status}) => status},
  {key: 'title', title: 'title', value: ({title}) => title},
  {key: 'detail', title: 'detail', value: ({detail}) => detail},
  {key: 'from', title: 'from', value: ({from}) => from},
  {key: 'fix', title: 'fix', value: ({fix}) => fix ?? ''},
]

/** `mfa server preflight` */
export async function showPreflight(
  checks: readonly PreflightCheck[],
  ready: boolean,
  show: Show,
  csv: string | undefined,
): Promise<Readonly<Record<string, unknown>>> {
  await show.out.table(columns, checks)
  for (const {title, fix} of checks) if (fix !== undefined) show.out.line(`${title}: ${fix}`)
  const count = (status: PreflightCheck['status']): number =>
    checks.filter((check) => check.status === status).length
  const summary = {
    ok: count('ok'),
    attention: count('attention'),
    open: count('open'),
    blocks: count('blocks'),
  }
  show.out.line(
    ready
      ? `ready for the upgrade: ${countOf(summary.ok, 'check')} passed, ${summary.attention} to be aware of`
      : `not ready for the upgrade: ${countOf(summary.blocks, 'check')} blocking, ${summary.open} not answered`,
  )
  await writeCsv(csv, csvColumns, checks, show)
  return {ready, summary, checks}
}
