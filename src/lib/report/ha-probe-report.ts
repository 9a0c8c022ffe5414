import {countOf} from '../model/count-of.js'
import type {Column} from '../ports/output.js'
import type {HaProbe} from '../topology/live/probe.js'
import type {ProbeResult} from '../topology/live/result.js'
import {type Show, writeCsv} from './show.js'

const columns: readonly Column<ProbeResult>[] = [
  {key: 'outcome', title: 'Outcome', value: ({outcome}) => outcome, weight: 0},
  {key: 'probe', title: 'Probe', value: ({probe}) => probe, weight: 0},
  {key: 'rule', title: 'Rule', value: ({rule}) => rule, weight: 0},
  {key: 'target', title: 'Where', value: ({target}) => target, weight: 2},
  {key: 'detail', title: 'What was found', value: ({detail}) => detail, weight: 4},
  {key: 'fix', title: 'What to do', value: ({fix}) => fix, weight: 3},
]

/** Narrow enough for a terminal. */
const shown: readonly Column<ProbeResult>[] = [
  {key: 'outcome', title: 'Outcome', value: ({outcome}) => outcome, weight: 0},
  {key: 'probe', title: 'Probe', value: ({probe}) => probe, weight: 0},
  {key: 'target', title: 'Where', value: ({target}) => target, weight: 2},
  {
    key: 'what',
    title: 'What was found, and what to do',
    value: ({detail, fix}) => (fix === undefined ? detail : [detail, `> ${fix}`]),
    weight: 4,
  },
]

/** `mfa ha probe` */
export async function showHaProbe(
  file: string,
  found: HaProbe,
  show: Show,
  csv: string | undefined,
): Promise<void> {
  const {out} = show
  await out.table(shown, found.results, {empty: 'There was nothing to look at.'})
  await writeCsv(csv, columns, found.results, show)
  out.line(probeVerdict(file, found))
  out.line(`Next: on the other servers, the scripts of mfa ha generate ${file} --format powershell`)
}

/** `topology.yaml: 21 probes, 20 ok, 1 failed`; what cannot be told is counted, not judged. */
export function probeVerdict(file: string, {results, counts}: HaProbe): string {
  const parts = (['ok', 'warning', 'failed', 'unknown'] as const)
    .filter((outcome) => counts[outcome] > 0 || outcome === 'failed')
    .map((outcome) => `${counts[outcome]} ${outcome === 'unknown' ? 'cannot be told' : outcome}`)
  return `${file}: ${countOf(results.length, 'probe')}, ${parts.join(', ')}`
}

export const probeJson = (file: string, found: HaProbe): Readonly<Record<string, unknown>> => ({
  file,
  verdict: probeVerdict(file, found),
  counts: found.counts,
  results: found.results.map((one) => ({...one, rule: one.rule ?? null, fix: one.fix ?? null})),
})
