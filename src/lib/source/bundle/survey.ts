import {stat} from 'node:fs/promises'
import {join} from 'node:path'
import type {SourceProblem} from '../../ports/source.js'
import {CsvFault, type FileFault} from '../csv/csv-fault.js'
import {CsvFile, type CsvRow} from '../csv/csv-file.js'
import {type Header, type HeaderRules, readHeader} from '../csv/header.js'
import {
  type BundleFileName,
  DEVICE_COLUMNS,
  type DeviceColumn,
  DEVICES_FILE,
  TOKEN_COLUMNS,
  type TokenColumn,
  TOKENS_FILE,
  USER_COLUMNS,
  type UserColumn,
  USERS_FILE,
} from './columns.js'
import {quote} from '../quote.js'

export interface BundleFile<Name extends string> {
  readonly name: BundleFileName
  readonly csv: CsvFile
  readonly header: Header<Name>
}

export interface BundleSurvey {
  /** Undefined only if there is a fault. */
  readonly users: BundleFile<UserColumn> | undefined
  readonly devices: BundleFile<DeviceColumn> | undefined
  readonly tokens: BundleFile<TokenColumn> | undefined
  readonly faults: readonly FileFault[]
  /** Unknown columns. */
  readonly problems: readonly SourceProblem[]
}

/** Looks at the folder and at each header row; what cannot be read is collected in `faults`. */
export async function surveyBundle(folder: string, signal: AbortSignal): Promise<BundleSurvey> {
  const faults: FileFault[] = []
  const problems: SourceProblem[] = []
  const wrong = await folderFault(folder)
  if (wrong !== undefined) {
    return {
      users: undefined,
      devices: undefined,
      tokens: undefined,
      faults: [{file: folder, message: wrong}],
      problems,
    }
  }
  const look = async <Name extends string>(
    name: BundleFileName,
    rules: HeaderRules<Name>,
  ): Promise<BundleFile<Name> | undefined> => {
    try {
      const csv = await CsvFile.open(join(folder, name))
      if (!csv) {
        if (name === USERS_FILE) faults.push({file: name, message: `is missing in the folder ${folder}`})
        return undefined
      }
      const first = await firstRow(csv, signal)
      if (!first) throw new CsvFault('has no header row', 1)
      const header = readHeader(first.cells, rules)
      for (const message of header.faults) faults.push({file: name, line: first.line, message})
      problems.push(...unknownColumns(name, first.line, header))
      return {name, csv, header}
    } catch (error) {
      if (!(error instanceof CsvFault)) throw error
      faults.push({file: name, line: error.line, message: error.message})
      return undefined
    }
  }
  const users = await look(USERS_FILE, USER_COLUMNS)
  const devices = await look(DEVICES_FILE, DEVICE_COLUMNS)
  const tokens = await look(TOKENS_FILE, TOKEN_COLUMNS)
  return {users, devices, tokens, faults, problems}
}

export function unknownColumns<Name extends string>(
  file: string,
  line: number,
  header: Header<Name>,
): readonly SourceProblem[] {
  return header.unknown.map(({name, column, hint}) => ({
    code: 'unknown-column',
    file,
    line,
    field: name,
    message:
      name === ''
        ? `column ${column} has no name; it is ignored`
        : `column ${quote(name)} is not known and is ignored${hint === undefined ? '' : `; if ${hint} is meant, write exactly that`}`,
  }))
}

async function firstRow(csv: CsvFile, signal: AbortSignal): Promise<CsvRow | undefined> {
  for await (const [row] of csv.rows(signal)) {
    if (row) return row
  }
  return undefined
}

async function folderFault(folder: string): Promise<string | undefined> {
  try {
    return (await stat(folder)).isDirectory()
      ? undefined
      : 'is a file; a bundle is a folder with users.csv in it'
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    return code === 'ENOENT' ? 'there is no such folder' : `the folder cannot be opened (${code})`
  }
}
