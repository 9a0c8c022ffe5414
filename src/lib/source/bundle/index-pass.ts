import type {ServerIdentity} from '../../model/server-user.js'
import type {CsvRow} from '../csv/csv-file.js'
import {RowReader} from '../csv/row-reader.js'
import type {Header} from '../csv/header.js'
import type {ProblemList} from '../problem-list.js'
import type {BundleIndex, ItemKind} from './bundle-index.js'
import type {UserColumn} from './columns.js'
import type {BundleFile} from './survey.js'
import {readIdentity} from './user-row.js'
import {quote} from '../quote.js'

/** Reads users.csv to its end, notes where each row stands and gives the names. */
export async function* indexIdentities(
  file: BundleFile<UserColumn>,
  index: BundleIndex,
  problems: ProblemList,
  signal: AbortSignal,
): AsyncGenerator<ServerIdentity> {
  for await (const row of dataRows(file, signal)) {
    const identity = readIdentity(new RowReader(file.name, row, file.header))
    if (identity) yield {key: index.addUser(identity.username, row), ...identity}
    else {
      problems.add({
        code: 'row-without-user',
        file: file.name,
        line: row.line,
        field: 'Username',
        message: 'the row has no Username; it is left out',
      })
    }
  }
}

/** Reads devices.csv or oath-tokens.csv to its end and notes where each row stands. Without `problems` only the file is checked. */
export async function* indexItems<Name extends string>(
  kind: ItemKind,
  file: BundleFile<Name>,
  index: BundleIndex,
  problems: ProblemList | undefined,
  signal: AbortSignal,
): AsyncGenerator<void> {
  const column = usernameColumn(file.header)
  const nobodys = new Map<string, number[]>()
  for await (const row of dataRows(file, signal)) {
    yield
    if (!problems) continue
    const username = row.cells[column]
    const place = {file: file.name, line: row.line, field: 'Username'}
    if (!username) {
      problems.add({...place, code: 'row-without-user', message: 'the row has no Username; it is left out'})
    } else if (index.isUser(username)) {
      index.addItem(kind, username, row)
    } else if (nobodys.has(username) || nobodys.size < MAX_HINTS) {
      nobodys.set(username, [...(nobodys.get(username) ?? []), row.line])
    } else {
      problems.add({...place, code: 'user-unknown', message: unknownText(username, undefined)})
    }
  }
  const hints = nobodys.size > 0 ? nearNames(index, nobodys.keys()) : undefined
  for (const [username, lines] of nobodys) {
    const message = unknownText(username, hints?.get(loose(username)))
    for (const line of lines)
      problems?.add({code: 'user-unknown', file: file.name, line, field: 'Username', message})
  }
}

function usernameColumn(header: Header<string>): number {
  return header.at.get('Username') ?? -1
}

/** Names that are searched for near misses. */
const MAX_HINTS = 1000

async function* dataRows<Name extends string>(
  file: BundleFile<Name>,
  signal: AbortSignal,
): AsyncGenerator<CsvRow> {
  let header = true
  for await (const rows of file.csv.rows(signal)) {
    signal.throwIfAborted()
    yield* header ? rows.slice(1) : rows
    header &&= rows.length === 0
  }
}

function unknownText(username: string, near: string | undefined): string {
  const hint =
    near === undefined
      ? ''
      : `; ${quote(near)} differs only in letter case, spaces at the ends or Unicode form, write it exactly so`
  return `no row of users.csv has the Username ${quote(username)}${hint}; the row is left out`
}

function nearNames(index: BundleIndex, wanted: Iterable<string>): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  const wantedNames = new Set([...wanted].map(loose))
  for (const username of index.usernames()) {
    const name = loose(username)
    if (wantedNames.has(name) && !found.has(name)) found.set(name, username)
  }
  return found
}

function loose(name: string): string {
  return name.trim().normalize('NFKC').toLowerCase()
}
