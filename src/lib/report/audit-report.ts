import type {DecodedEntry} from '../audit/decode.js'
import type {Listed} from '../audit/list.js'
import type {Difference, Reconciled} from '../audit/reconcile.js'
import type {AuditSummary, DaySummary} from '../audit/summary.js'
import {countOf} from '../model/count-of.js'
import type {Column} from '../ports/output.js'
import type {Bag} from '../ports/scratch.js'
import {htmlPage, type Part, section} from './html.js'
import {LazyList} from './lazy-list.js'
import {JSON_LIMIT, type Show, TABLE_LIMIT, writeCsv} from './show.js'

type Json = Readonly<Record<string, unknown>>

/** How entries are told, and where long lists go. */
export interface AuditTelling {
  readonly csv: string | undefined
  readonly folder: string
  /** With numbers as they are to be shown. */
  readonly words: (entry: DecodedEntry) => readonly string[]
}

/** `mfa audit list` */
export async function showEntries(
  {entries, others, reaches}: Listed,
  {csv, folder, words}: AuditTelling,
  show: Show,
): Promise<Json> {
  const {out} = show
  await out.table(entryTableColumns(words), valuesOf(entries), {
    limit: TABLE_LIMIT,
    empty: 'No entry about MFA.',
  })
  await writeCsv(csv, entryColumns(words), valuesOf(entries), show)
  out.line(
    `${countOf(entries.size, 'entry', 'entries')} about MFA${others > 0 ? `, ${others} about other things` : ''}`,
  )
  out.prose(reachLine(reaches))
  const json = (entry: DecodedEntry): Json => entryJson(entry, words)
  return {
    reaches: reaches ?? null,
    count: entries.size,
    others,
    ...(await listOf(entries, json, 'entries', `${folder}/audit-entries.jsonl`, show)),
  }
}

const who = ({actor}: DecodedEntry): string => actor.name ?? actor.id ?? 'unknown'

const entryColumns = (words: AuditTelling['words']): readonly Column<DecodedEntry>[] => [
  {key: 'at', title: 'Time', value: ({at}) => at},
  {key: 'userPrincipalName', title: 'User', value: (entry) => entry.userPrincipalName ?? entry.user},
  {key: 'user', title: 'Object id', value: ({user}) => user},
  {key: 'actor', title: 'By', value: who},
  {key: 'actorKind', title: 'Kind', value: ({actor}) => actor.kind},
  {key: 'activity', title: 'Activity', value: ({activity}) => activity},
  {key: 'result', title: 'Result', value: ({result}) => result},
  {key: 'what', title: 'What', value: words},
  {key: 'id', title: 'Entry', value: ({id}) => id},
]

const entryTableColumns = (words: AuditTelling['words']): readonly Column<DecodedEntry>[] => [
  {key: 'at', title: 'Time (UTC)', value: ({at}) => shortTime(at), weight: 0, min: 16},
  {
    key: 'user',
    title: 'Whom, and by whom',
    value: (entry) => [entry.userPrincipalName ?? entry.user ?? '-', `by ${who(entry)}`],
    min: 20,
  },
  {key: 'what', title: 'What', value: words, weight: 2},
]

const entryJson = (entry: DecodedEntry, words: AuditTelling['words']): Json => {
  const {changes, ...rest} = entry
  return {...rest, kinds: [...new Set(changes.map(({kind}) => kind))], what: words(entry)}
}

const shortTime = (at: string): string => at.slice(0, 16).replace('T', ' ')

const reachLine = (reaches: string | undefined): string =>
  reaches === undefined
    ? 'The audit log is empty.'
    : `The log reaches to ${reaches}; entries of the last hour or so may still be on their way.`

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
      parts: days.map(({day, migrated}) => ({label: day, count: migrated, tone: 'good'})),
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

const MEANING: Readonly<Record<Difference['kind'], string>> = {
  missing: 'a change of ours that the log does not have',
  'not-yet': 'a change of ours that the log does not have yet',
  foreign: 'not ours',
  'in-doubt': 'in doubt in the journal; the log shows it',
}

/** Something differs: exit code 2. */
export const differs = ({differences}: Reconciled): boolean => differences.size > 0

/** `mfa audit reconcile` */
export async function showReconciled(
  reconciled: Reconciled,
  {csv, folder, words}: AuditTelling,
  show: Show,
): Promise<Json> {
  const {run, users, changes, found, notCompared, counts, differences, actors, from, to, reaches} = reconciled
  const {out} = show
  const what = ({change, entry}: Difference): readonly string[] => [
    ...(change === undefined ? [] : [change]),
    ...(entry === undefined ? [] : [`by ${who(entry)}`, ...words(entry)]),
  ]
  const columns: readonly Column<Difference>[] = [
    {key: 'kind', title: 'Kind', value: ({kind}) => kind},
    {key: 'userPrincipalName', title: 'User', value: ({userPrincipalName}) => userPrincipalName},
    {key: 'at', title: 'Time', value: ({at}) => at},
    {key: 'what', title: 'What', value: what},
    {key: 'entry', title: 'Entry', value: ({entry}) => entry?.id},
  ]
  const tableColumns: readonly Column<Difference>[] = [
    {key: 'at', title: 'Time (UTC)', value: ({at}) => shortTime(at), weight: 0, min: 16},
    {key: 'user', title: 'User', value: ({userPrincipalName}) => userPrincipalName, min: 20},
    {
      key: 'what',
      title: 'What differs',
      value: (difference) => [MEANING[difference.kind], ...what(difference)],
      weight: 2,
    },
  ]
  if (differences.size > 0) await out.table(tableColumns, valuesOf(differences), {limit: TABLE_LIMIT})
  await writeCsv(csv, columns, valuesOf(differences), show)
  for (const {name, entries} of actors)
    out.prose(`The log has our changes under "${name}" (${countOf(entries, 'entry', 'entries')}).`)
  if (notCompared > 0)
    out.prose(`${countOf(notCompared, 'change')} of the token inventory: under no user, not compared.`)
  out.prose(reachLine(reaches))
  if (counts['not-yet'] > 0) out.line(`Next: mfa audit reconcile ${run.id}, in an hour`)
  out.line(verdict(reconciled))
  const json = ({entry, ...rest}: Difference): Json => ({
    ...rest,
    entry: entry === undefined ? null : entryJson(entry, words),
  })
  return {
    run: run.id,
    from,
    to,
    reaches: reaches ?? null,
    users,
    changes,
    found,
    notCompared,
    counts,
    actors,
    ...(await listOf(differences, json, 'differences', `${folder}/audit-${run.id}.jsonl`, show)),
  }
}

function verdict({run, changes, found, users, counts}: Reconciled): string {
  const head = `${found === changes ? 'all' : `${found} of`} ${countOf(changes, 'change')} of run ${run.id} are in the log`
  const rest = [
    ...(counts.missing > 0 ? [`${counts.missing} missing`] : []),
    ...(counts['not-yet'] > 0 ? [`${counts['not-yet']} not there yet`] : []),
    ...(counts['in-doubt'] > 0 ? [`${counts['in-doubt']} in doubt`] : []),
    counts.foreign > 0
      ? `${countOf(counts.foreign, 'other change')} of its ${countOf(users, 'user')}`
      : `nothing else happened to its ${countOf(users, 'user')}`,
  ]
  return `${head}; ${rest.join(', ')}`
}

function* valuesOf<T>(bag: Bag<T>): Iterable<T> {
  for (const [, value] of bag.entries()) yield value
}

/** The list in the result; where it is long, the first of it and a file with all. */
async function listOf<T>(
  bag: Bag<T>,
  json: (value: T) => Json,
  name: string,
  file: string,
  {files}: Pick<Show, 'files'>,
): Promise<Json> {
  if (bag.size <= JSON_LIMIT) return {[name]: Array.from(valuesOf(bag), json)}
  const lines = function* (): Iterable<string> {
    for (const value of valuesOf(bag)) yield `${JSON.stringify(json(value))}\n`
  }
  await files.write(file, lines())
  const first = function* (): Iterable<Json> {
    let left = JSON_LIMIT
    for (const value of valuesOf(bag)) {
      if (left-- === 0) return
      yield json(value)
    }
  }
  return {[name]: new LazyList(first), [`${name}File`]: file}
}
