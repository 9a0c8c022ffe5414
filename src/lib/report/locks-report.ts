import type {LockHolder} from '../ports/journal.js'
import type {Column} from '../ports/output.js'
import {type Show, TABLE_LIMIT, writeCsv} from './show.js'

const columns: readonly Column<LockHolder>[] = [
  {key: 'name', title: 'Lock', value: ({name}) => name},
  {key: 'command', title: 'Command', value: ({command}) => command},
  {key: 'who', title: 'Who', value: ({user, host, pid}) => `${user} on ${host}, process ${pid}`},
  {key: 'since', title: 'Since', value: ({since}) => since},
  {key: 'heartbeat', title: 'Last sign of life', value: ({heartbeat}) => heartbeat},
]

/** `mfa locks list` */
export async function showLocks(
  locks: readonly LockHolder[],
  show: Show,
  csv: string | undefined,
): Promise<Readonly<Record<string, unknown>>> {
  await show.out.table(columns, locks, {limit: TABLE_LIMIT, empty: 'Nobody holds a lock.'})
  await writeCsv(csv, columns, locks, show)
  return {locks}
}
