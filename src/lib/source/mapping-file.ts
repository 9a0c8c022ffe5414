import type {SourceProblem} from '../ports/source.js'
import {CsvFault, faultsError, type FileFault} from './csv/csv-fault.js'
import {CsvFile} from './csv/csv-file.js'
import {type Header, type HeaderRules, readHeader} from './csv/header.js'
import {RowReader} from './csv/row-reader.js'
import {quote} from './quote.js'

export interface MappingRow {
  readonly userPrincipalName: string
  /** Exactly as the source has it. */
  readonly username: string
  /** 1-based */
  readonly line: number
}

type MappingColumn = 'UserPrincipalName' | 'Username' | 'Reason' | 'Candidates'

const COLUMNS: HeaderRules<MappingColumn> = {
  required: ['UserPrincipalName', 'Username'],
  optional: ['Reason', 'Candidates'],
}

const FIX =
  'Correct the mapping file and run the same command again. Rows that are not decided may leave Username empty.'

/**
 * Reads a hand-edited mapping file (U2 (5)). Rows without both names are not decided yet and are left out.
 * Throws MfaError (exit `data`) that lists every fault: unreadable, header, row of the wrong width, a name given twice.
 */
export async function readMapping(
  path: string,
  signal: AbortSignal = new AbortController().signal,
): Promise<{readonly rows: readonly MappingRow[]; readonly problems: readonly SourceProblem[]}> {
  const faults: FileFault[] = []
  const problems: SourceProblem[] = []
  const rows: MappingRow[] = []
  const fault = (message: string, line?: number): number => faults.push({file: path, line, message})
  try {
    let header: Header<MappingColumn> | undefined
    const csv = await CsvFile.open(path)
    if (!csv) throw new CsvFault('there is no such file')
    for await (const batch of csv.rows(signal)) {
      for (const row of batch) {
        if (!header) {
          header = readHeader(row.cells, COLUMNS)
          for (const message of header.faults) fault(message, row.line)
          for (const {name} of header.unknown) {
            const message = `column ${quote(name)} is not known and is ignored`
            problems.push({code: 'unknown-column', file: path, line: row.line, field: name, message})
          }
          continue
        }
        if (header.faults.length > 0) continue
        const reader = new RowReader(path, row, header)
        if (reader.wholeFault !== undefined) {
          fault(reader.wholeFault, row.line)
          continue
        }
        const userPrincipalName = reader.cell('UserPrincipalName')
        const username = reader.cell('Username')
        if (userPrincipalName === undefined || username === undefined) continue
        rows.push({userPrincipalName, username, line: row.line})
      }
    }
    if (!header) throw new CsvFault('has no header row', 1)
  } catch (error) {
    if (!(error instanceof CsvFault)) throw error
    fault(error.message, error.line)
  }
  // Entra compares names without regard to letter case; the source's names are exact.
  for (const message of twice(
    rows,
    ({userPrincipalName}) => userPrincipalName.toLowerCase(),
    'UserPrincipalName',
  ))
    fault(...message)
  for (const message of twice(rows, ({username}) => username, 'Username')) fault(...message)
  if (faults.length > 0) throw faultsError('MAPPING_INVALID', 'The mapping file', faults, FIX)
  return {rows, problems}
}

function twice(
  rows: readonly MappingRow[],
  nameOf: (row: MappingRow) => string,
  field: 'UserPrincipalName' | 'Username',
): readonly (readonly [message: string, line: number])[] {
  const first = new Map<string, number>()
  const found: (readonly [string, number])[] = []
  for (const row of rows) {
    const name = nameOf(row)
    const line = first.get(name)
    if (line === undefined) first.set(name, row.line)
    else found.push([`its ${field} stands also in line ${line}; one line each is needed`, row.line])
  }
  return found
}
