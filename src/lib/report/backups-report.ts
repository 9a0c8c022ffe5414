import type {ListedBackup} from '../backup/list-backups.js'
import {countOf} from '../model/count-of.js'
import {shellWord} from '../model/shell-word.js'
import {sizeText} from '../model/size-text.js'
import type {Column} from '../ports/output.js'
import {type Show, TABLE_LIMIT, writeCsv} from './show.js'

const columns: readonly Column<ListedBackup>[] = [
  {key: 'name', title: 'Backup', value: ({name}) => name, min: 27},
  {key: 'good', title: 'Good', value: ({good}) => (good ? 'yes' : 'no'), min: 4},
  {
    key: 'verified',
    title: 'Verified',
    value: ({verified}) =>
      verified === null ? 'never' : [day(verified.at), `${minute(verified.at)} ${verified.mode}`],
    min: 11,
  },
  {
    key: 'server',
    title: 'Server',
    value: ({server, role, serverVersion}) => parts(server, role, serverVersion),
  },
  {
    key: 'size',
    title: 'Size',
    value: ({bytes, encrypted, installer}) =>
      parts(
        bytes === null ? null : sizeText(bytes),
        encrypted === true ? 'encrypted' : null,
        installer === null ? null : '+ installer',
      ),
    min: 11,
  },
]

const parts = (...texts: readonly (string | null)[]): readonly string[] =>
  texts.filter((text) => text !== null)

/** Everything, in units that programs read. */
const csvColumns: readonly Column<ListedBackup>[] = [
  {key: 'name', title: 'name', value: ({name}) => name},
  {key: 'folder', title: 'folder', value: ({folder}) => folder},
  {key: 'good', title: 'good', value: ({good}) => good},
  {key: 'madeAt', title: 'madeAt', value: ({madeAt}) => madeAt ?? ''},
  {key: 'verifiedAt', title: 'verifiedAt', value: ({verifiedAt}) => verifiedAt ?? ''},
  {key: 'verified', title: 'verified', value: ({verified}) => verified?.mode ?? ''},
  {key: 'server', title: 'server', value: ({server}) => server ?? ''},
  {key: 'role', title: 'role', value: ({role}) => role ?? ''},
  {key: 'serverVersion', title: 'serverVersion', value: ({serverVersion}) => serverVersion ?? ''},
  {key: 'encrypted', title: 'encrypted', value: ({encrypted}) => encrypted ?? ''},
  {key: 'installer', title: 'installer', value: ({installer}) => installer ?? ''},
  {key: 'files', title: 'files', value: ({files}) => files ?? ''},
  {key: 'bytes', title: 'bytes', value: ({bytes}) => bytes ?? ''},
  {key: 'faults', title: 'faults', value: ({faults}) => faults},
]

/** `mfa server backups` */
export async function showBackups(
  to: string,
  backups: readonly ListedBackup[],
  show: Show,
  csv: string | undefined,
): Promise<Readonly<Record<string, unknown>>> {
  const {out} = show
  await out.table(columns, backups, {limit: TABLE_LIMIT, empty: 'No backup is here.'})
  for (const {name, faults} of backups) for (const fault of faults) out.line(`${name}: ${fault}`)
  const newest = backups.find(({good}) => good)
  if (newest !== undefined)
    out.line(`newest of ${countOf(backups.filter(({good}) => good).length, 'good backup')}: ${newest.folder}`)
  else if (backups.length > 0) out.line('none of them is good')
  out.line(
    newest === undefined
      ? `Next: mfa server backup --to ${shellWord(to)}`
      : `Next: mfa server verify-backup ${shellWord(newest.folder)}`,
  )
  await writeCsv(csv, csvColumns, backups, show)
  return {backups, newestGood: newest?.name ?? null}
}

const day = (iso: string): string => iso.slice(0, 10)
const minute = (iso: string): string => `${iso.slice(11, 16)}Z`
