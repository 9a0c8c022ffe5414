import type {Difference, Reconciled} from '../audit/reconcile.js'
import {countOf} from '../model/count-of.js'
import type {Column} from '../ports/output.js'
import {type AuditTelling, entryJson, listOf, reachLine, who} from './audit-report.js'
import {valuesOf} from './lazy-list.js'
import {type Show, TABLE_LIMIT, writeCsv} from './show.js'
import {minute} from './utc.js'

type Json = Readonly<Record<string, unknown>>

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
  const {run, users, changes, found, notCompared, counts, differences, actors, otherRuns, from, to, reaches} =
    reconciled
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
    {key: 'at', title: 'Time (UTC)', value: ({at}) => minute(at), weight: 0, min: 16},
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
  for (const {run: id, kind, entries} of otherRuns)
    out.prose(
      `${countOf(entries, 'entry', 'entries')} about its users: changes of another run of ours, ${id} (${kind}).`,
    )
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
    otherRuns,
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
