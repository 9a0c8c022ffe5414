import type {MappingExportRow} from '../migration/export-mapping.js'
import {countOf} from '../model/count-of.js'
import {shellWord} from '../model/shell-word.js'
import type {Column, Output} from '../ports/output.js'
import {csvChunks} from './csv.js'
import {TABLE_LIMIT} from './show.js'

const columns: readonly Column<MappingExportRow>[] = [
  {key: 'UserPrincipalName', title: 'User', value: (row) => row.userPrincipalName, weight: 2},
  {key: 'Username', title: 'Server user', value: (row) => row.username},
  {key: 'Reason', title: 'Reason', value: (row) => row.reason, weight: 0},
  {key: 'Candidates', title: 'Detail', value: (row) => row.detail, weight: 3},
]

/** The file that is edited by hand and read back with `--mapping`, so nothing in it is defused. */
export const mappingText = (rows: readonly MappingExportRow[]): AsyncIterable<string> =>
  csvChunks(columns, rows, {escapeFormulas: false})

export async function showMapping(
  rows: readonly MappingExportRow[],
  file: string,
  out: Output,
  again: string,
): Promise<Readonly<Record<string, unknown>>> {
  await out.table(columns, rows, {limit: TABLE_LIMIT, empty: 'Everybody is matched.'})
  out.line(`${countOf(rows.length, 'user')} could not be matched safely; written to ${file}`)
  if (rows.length > 0) {
    out.line(`Fill in the column Username in ${file}; then`)
    out.line(`Next: mfa migrate${again} --mapping ${shellWord(file)} --dry-run`)
  }
  return {file, users: rows}
}
