import type {SourceKey} from '../../model/brand.js'
import type {AppDevice, ServerOathToken, ServerUser, SourceFault} from '../../model/server-user.js'
import {CsvFault} from '../csv/csv-fault.js'
import {type PlacedCells, RowReader} from '../csv/row-reader.js'
import type {BundleIndex, ItemKind, StoredUser} from './bundle-index.js'
import type {DeviceColumn, TokenColumn, UserColumn} from './columns.js'
import {readDevice, readToken} from './item-rows.js'
import type {BundleFile} from './survey.js'
import {readUser} from './user-row.js'

export interface BundleReader {
  readonly users: BundleFile<UserColumn>
  readonly devices: BundleFile<DeviceColumn> | undefined
  readonly tokens: BundleFile<TokenColumn> | undefined
  readonly index: BundleIndex
}

type Wanted = PlacedCells & Pick<StoredUser, 'key' | 'username' | 'sameName'>

/** Users put together at a time; bounds memory. */
const WINDOW = 128

/** Whole records in the order of users.csv. */
export async function* usersInOrder(reader: BundleReader, signal: AbortSignal): AsyncGenerator<ServerUser> {
  const column = reader.users.header.at.get('Username') ?? -1
  let window: Wanted[] = []
  let header = true
  for await (const rows of reader.users.csv.rows(signal)) {
    for (const row of rows) {
      const username = row.cells[column]
      if (header || !username) {
        header = false
        continue
      }
      const stored = reader.index.userInLine(username, row.line)
      if (!stored) throw changed()
      window.push({...stored, cells: row.cells})
      if (window.length < WINDOW) continue
      yield* build(reader, window, signal)
      window = []
    }
  }
  yield* build(reader, window, signal)
}

/** Whole records of these keys, in this order; a key that is not in the bundle is left out. */
export async function* usersByKey(
  reader: BundleReader,
  keys: readonly SourceKey[],
  signal: AbortSignal,
): AsyncGenerator<ServerUser> {
  for (let from = 0; from < keys.length; from += WINDOW) {
    signal.throwIfAborted()
    const stored = keys.slice(from, from + WINDOW).flatMap((key) => reader.index.user(key) ?? [])
    const rows = await reader.users.csv.read(stored)
    const wanted = stored.map((row, index): Wanted => Object.assign(row, {cells: rows[index] ?? []}))
    yield* build(reader, wanted, signal)
  }
}

async function* build(
  reader: BundleReader,
  window: readonly Wanted[],
  signal: AbortSignal,
): AsyncGenerator<ServerUser> {
  const devices = await readItems(reader.devices, reader.index, 'devices', window, readDevice)
  const tokens = await readItems(reader.tokens, reader.index, 'tokens', window, readToken)
  for (const [index, wanted] of window.entries()) {
    signal.throwIfAborted()
    const row = new RowReader(reader.users.name, wanted, reader.users.header)
    const record = readUser(row, wanted.sameName)
    if (record?.username !== wanted.username) throw changed()
    const faults = [...record.faults, ...(devices[index]?.faults ?? []), ...(tokens[index]?.faults ?? [])]
    const oathTokens: readonly ServerOathToken[] = tokens[index]?.values ?? []
    const own: readonly AppDevice[] = devices[index]?.values ?? []
    yield {key: wanted.key, ...record, devices: own, oathTokens, faults}
  }
}

/** What stands in the rows of each of these users, in the file's order. */
async function readItems<Name extends string, T>(
  file: BundleFile<Name> | undefined,
  index: BundleIndex,
  kind: ItemKind,
  window: readonly Wanted[],
  read: (row: RowReader<Name>, faults: SourceFault[]) => T | undefined,
): Promise<readonly {readonly values: readonly T[]; readonly faults: readonly SourceFault[]}[]> {
  if (!file) return []
  const stored = window.map(({username}) => index.items(kind, username))
  const cells = await file.csv.read(stored.flat())
  let next = 0
  return stored.map((rows) => {
    const faults: SourceFault[] = []
    const values: T[] = []
    for (const row of rows) {
      const value = read(new RowReader(file.name, {...row, cells: cells[next] ?? []}, file.header), faults)
      if (value !== undefined) values.push(value)
      next += 1
    }
    return {values, faults}
  })
}

function changed(): CsvFault {
  return new CsvFault('changed while it was being read; run the command again')
}
