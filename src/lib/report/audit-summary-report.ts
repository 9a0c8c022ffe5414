import type {AuditSummary, DaySummary} from '../audit/summary.js'
import {countOf} from '../model/count-of.js'
import type {Column} from '../ports/output.js'
import {reachLine} from './audit-report.js'
import {htmlPage, type Part, section} from './html.js'
import {type Show, TABLE_LIMIT, writeCsv} from './show.js'

type Json = Readonly<Record<string, unknown>>

export interface SummaryReport extends AuditSummary {
  readonly since: string
  readonly reaches: string | undefined
}

const dayColumns: readonly Column<DaySummary>[] = [
  {key: 'day', title: 'Day (UTC)', value: ({day}) => day, weight: 0, min: 10},
  {key: 'migrated', title: 'Migrated', value: ({migrated}) => migrated, align: 'right', weight: 0},
  {key: 'app', title: 'By this tool', value: ({byActor}) => byActor.app, align: 'right', weight: 0},
  {
    key: 'incumbent',
    title: 'By Azure MFA Management',
    value: ({byActor}) => byActor.incumbent,
    align: 'right',
    weight: 0,
  },
  {
    key: 'service',
    title: 'By the registration service',
    value: ({byActor}) => byActor.service,
    align: 'right',
    weight: 0,
  },
  {key: 'other', title: 'By others', value: ({byActor}) => byActor.other, align: 'right', weight: 0},
  {key: 'numbers', title: 'Numbers', value: ({numbers}) => numbers, align: 'right', weight: 0},
  {key: 'methods', title: 'Methods', value: ({methods}) => methods, align: 'right', weight: 0},
  {key: 'devices', title: 'Devices', value: ({devices}) => devices, align: 'right', weight: 0},
]

/** Short enough for a narrow terminal; a line below says what they mean. */
const dayTableColumns: readonly Column<DaySummary>[] = [
  {key: 'day', title: 'Day (UTC)', value: ({day}) => day, weight: 0, min: 10},
  ...(
    [
      ['Migrated', ({migrated}) => migrated],
      ['mfa', ({byActor}) => byActor.app],
      ['Utility', ({byActor}) => byActor.incumbent],
      ['Service', ({byActor}) => byActor.service],
      ['Others', ({byActor}) => byActor.other],
      ['Entries', ({entries}) => entries],
    ] as const satisfies readonly (readonly [string, (row: DaySummary) => number])[]
  ).map(([title, value]): Column<DaySummary> => ({
    key: title,
    title,
    value,
    align: 'right',
    weight: 0,
    min: title.length,
  })),
]

/** `mfa audit summary` */
export async function showSummary(
  {days, total, since, reaches}: SummaryReport,
  csv: string | undefined,
  show: Show,
): Promise<Json> {
  const {out} = show
  await out.table(dayTableColumns, days, {limit: TABLE_LIMIT, empty: 'No entry about MFA.'})
  out.prose(
    'Different users, by who changed their MFA: this tool (mfa), Azure MFA Management (Utility), the registration service (Service), others.',
  )
  await writeCsv(csv, dayColumns, days, show)
  out.line(`${countOf(total.migrated, 'user')} migrated since ${since}`)
  out.prose(reachLine(reaches))
  return {since, reaches: reaches ?? null, days, total}
}

/** `mfa audit summary --report FILE.html` */
export function summaryPage({days, total, since, reaches}: SummaryReport, at: string): Iterable<string> {
  const parts: readonly Part[] = [
    {label: 'by this tool', count: total.byActor.app, tone: 'good'},
    {label: 'by Azure MFA Management', count: total.byActor.incumbent, tone: 'fine'},
    {label: 'by the registration service', count: total.byActor.service, tone: 'quiet'},
    {label: 'by others', count: total.byActor.other, tone: 'warning'},
  ]
  return htmlPage({
    title: 'Migration in the audit log',
    facts: [
      ['From', since],
      ['The log reaches to', reaches ?? 'the log is empty'],
      ['Time', at],
    ],
    verdict: `${countOf(total.migrated, 'user')} migrated`,
    bar: {title: 'Users whose MFA changed, by who did it', parts},
    counts: {
      title: 'Users migrated a day (UTC)',
      parts: days
        .filter(({migrated}) => migrated > 0)
        .map(({day, migrated}) => ({label: day, count: migrated, tone: 'good'})),
    },
    sections: [section({title: 'Days', columns: dayColumns, rows: () => days})],
  })
}

/** `mfa audit query`: comments make it clear which is which, and do no harm where they are pasted. */
export function showQueries(
  queries: {readonly details: string; readonly summary: string},
  {out}: Pick<Show, 'out'>,
): Json {
  out.line('// What happened to whom')
  for (const line of queries.details.split('\n')) out.line(line)
  out.line()
  out.line('// Users a day')
  for (const line of queries.summary.split('\n')) out.line(line)
  return {queries}
}
