import {countOf} from '../model/count-of.js'
import {htmlPage, type Part, section} from './html.js'
import {actionColumns, changesTenant, failedColumns, newsOf, type ShownRun} from './runs-report.js'

const TONES: Readonly<Record<string, Part['tone']>> = {
  migrated: 'good',
  undone: 'good',
  unchanged: 'fine',
  partly: 'warning',
  failed: 'bad',
  unmatched: 'warning',
  disabled: 'quiet',
}
const WRITES: Readonly<Record<string, readonly [string, Part['tone']]>> = {
  done: ['done', 'good'],
  'already-done': ['was there already', 'fine'],
  failed: ['failed', 'bad'],
  unknown: ['in doubt', 'warning'],
}

/** `mfa runs show --report FILE.html`: the proof of one run. */
export function runPage({run, users, actions}: ShownRun, at: string): Iterable<string> {
  const ofTenant = changesTenant(run)
  const counted = newsOf(run)
  const writes = tally(actions, ({outcome}) => outcome?.status ?? 'unknown')
  const outcomes = tally(users, ({outcome}) => outcome)
  return htmlPage({
    title: ofTenant ? `Run: ${run.sourceLabel}` : `Run: ${run.kind} of "${run.group?.displayName ?? ''}"`,
    facts: [
      ['Run', run.id],
      ['Tenant', run.tenantId],
      ['Status', run.status],
      ['Started', run.startedAt],
      ['Ended', run.endedAt ?? 'not yet'],
      ...(ofTenant ? [] : [['Source', run.sourceLabel] as const]),
      ...(counted === undefined ? [] : [['Round', counted] as const]),
      ...(run.logFile === undefined ? [] : [['Log', run.logFile] as const]),
      ['Page made', at],
    ],
    verdict: [
      run.status,
      ...(ofTenant ? [] : [countOf(sum(outcomes), 'user')]),
      countOf(sum(writes), 'write'),
      ...['failed', 'unknown'].flatMap((status) => {
        const count = writes.get(status) ?? 0
        return count === 0 ? [] : [`${count} ${WRITES[status]?.[0]}`]
      }),
    ].join(', '),
    bar: {
      title: 'Users',
      parts: inOrder(outcomes),
    },
    counts: {
      title: 'Writes by outcome',
      parts: [...writes].map(([status, count]) => {
        const [label, tone] = WRITES[status] ?? [status, 'quiet']
        return {label, count, tone}
      }),
    },
    sections: [
      ...(ofTenant ? [] : [section({title: 'Each user', columns: failedColumns, rows: () => users})]),
      section({title: 'Writes', columns: actionColumns, rows: () => actions}),
    ],
  })
}

/** The good ones first, whatever came first in the run. */
function inOrder(counts: ReadonlyMap<string, number>): readonly Part[] {
  const labels = new Set([...Object.keys(TONES), ...counts.keys()])
  return [...labels].map((label) => ({label, count: counts.get(label) ?? 0, tone: TONES[label] ?? 'quiet'}))
}

function tally<T>(values: Iterable<T>, nameOf: (value: T) => string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(nameOf(value), (counts.get(nameOf(value)) ?? 0) + 1)
  return counts
}

const sum = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((all, count) => all + count, 0)
