import type {SourceCheck} from '../migration/check-source.js'
import {countOf} from '../model/count-of.js'
import type {Column} from '../ports/output.js'
import {describeProblem} from './problems.js'
import {type Show, TABLE_LIMIT, writeCsv} from './show.js'

type Problem = SourceCheck['problems'][number]

const problemColumns: readonly Column<Problem>[] = [
  {key: 'code', title: 'Problem', value: (problem) => problem.code, weight: 0},
  {key: 'user', title: 'Server user', value: (problem) => problem.user},
  {key: 'detail', title: 'Detail', value: describeProblem, weight: 4},
]

const factColumns: readonly Column<{readonly name: string; readonly value: string}>[] = [
  {key: 'name', title: 'What', value: ({name}) => name},
  {key: 'value', title: 'Found', value: ({value}) => value, weight: 3},
]

/** `mfa source check` */
export async function showSource(
  found: SourceCheck,
  show: Show,
  csv: string | undefined,
  again: string,
): Promise<void> {
  const {out} = show
  const modes = Object.entries(found.modes).filter(([, count]) => count > 0)
  const sample = found.sampled < found.users ? ` (of ${countOf(found.sampled, 'user')} read as a sample)` : ''
  out.line(`${found.source}: ${found.kind}`)
  await out.table(factColumns, [
    ...found.facts,
    {name: 'users', value: String(found.users)},
    {name: 'default methods', value: modes.map(([mode, count]) => `${mode} ${count}`).join(', ') + sample},
    {name: 'disabled', value: `${found.disabled}${sample}`},
    {name: 'app devices', value: `${found.devices}${sample}`},
    {name: 'OATH tokens', value: `${found.oathTokens}, ${found.withoutSecret} without a secret${sample}`},
    {name: 'a full read takes', value: duration(found.fullReadSeconds)},
  ])
  if (found.problems.length > 0) await out.table(problemColumns, found.problems, {limit: TABLE_LIMIT})
  await writeCsv(csv, problemColumns, found.problems, show)
  out.line(`${countOf(found.users, 'user')} can be read; ${countOf(found.problems.length, 'problem')}`)
  out.line(`Next: mfa migrate --group NAME${again} --dry-run`)
}

const duration = (seconds: number): string =>
  seconds < 90 ? `about ${seconds} s` : `about ${Math.ceil(seconds / 60)} min`
