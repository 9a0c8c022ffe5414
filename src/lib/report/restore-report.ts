import type {Difference} from '../backup/compare.js'
import type {RestorePlan, RestoreReport} from '../backup/restore.js'
import {countOf} from '../model/count-of.js'
import type {Column, Output} from '../ports/output.js'

const LIMIT = 20
const WHAT = {
  replaced: 'replaced',
  'set-aside': 'set aside',
  'comes-back': 'comes back',
} as const

const columns: readonly Column<Difference>[] = [
  {key: 'path', title: 'File', value: ({path}) => path},
  {key: 'what', title: 'It is', value: ({what}) => WHAT[what], min: 10},
  {
    key: 'modified',
    title: 'Changed last',
    value: ({modified}) => (modified === null ? '' : `${modified.slice(0, 19)}Z`),
    min: 20,
  },
  {key: 'lost', title: 'Since the backup', value: ({lost}) => (lost ? 'yes: lost' : ''), min: 16},
]

/** What a restore would do, before its question. */
export async function showRestorePlan(plan: RestorePlan, out: Output): Promise<void> {
  const {backup, manifest, data, aside, ageMs, differences, same} = plan
  const lost = differences.filter((difference) => difference.lost).length
  out.line(`Backup: ${backup}`)
  out.line(
    `  of ${manifest.data} on ${manifest.server} (${manifest.role}), data of ${manifest.madeAt}, ${ageText(ageMs)} old`,
  )
  out.line(`Folder: ${data}`)
  out.line(aside === null ? '  is not there: nothing is replaced' : `  is kept as ${aside}`)
  await out.table(columns, differences, {limit: LIMIT, empty: 'Every file is as in the backup.'})
  out.line(`${countOf(same, 'file')} the same, ${differences.length} different`)
  out.line(
    lost === 0
      ? 'No file was changed after the backup was made, by its time.'
      : `${countOf(lost, 'file')} changed after the backup was made: those changes are lost from the folder (kept aside).`,
  )
}

/** `mfa server restore` */
export function showRestored(report: RestoreReport, out: Output): Readonly<Record<string, unknown>> {
  const {backup, manifest, data, aside, runbook, differences, same} = report
  out.line()
  out.line('What is left to do:')
  for (const {done, text, command} of runbook) {
    out.prose(`[${done ? 'x' : ' '}] ${text}`, 4)
    if (command !== undefined) out.line(`      ${command}`)
  }
  out.line()
  if (aside !== null) out.line(`What was there is in ${aside}; remove it when you are sure.`)
  out.line(`${countOf(manifest.files.length, 'file')} restored to ${data}; every hash compared`)
  return {
    backup,
    data,
    aside,
    files: manifest.files.length,
    madeAt: manifest.madeAt,
    same,
    replaced: differences.filter(({what}) => what === 'replaced'),
    setAside: differences.filter(({what}) => what === 'set-aside'),
    comesBack: differences.filter(({what}) => what === 'comes-back'),
    lost: differences.filter(({lost}) => lost).map(({path}) => path),
    runbook,
  }
}

function ageText(ms: number): string {
  const hours = Math.floor(ms / 3_600_000)
  if (hours < 1) return countOf(Math.max(0, Math.floor(ms / 60_000)), 'minute')
  return hours < 48 ? countOf(hours, 'hour') : countOf(Math.floor(hours / 24), 'day')
}
