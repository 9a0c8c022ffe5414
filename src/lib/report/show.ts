import type {Files} from '../ports/files.js'
import type {Column, Output} from '../ports/output.js'
import {csvChunks} from './csv.js'
import {LazyList} from './lazy-list.js'

/** What a report needs to reach people: stdout and files. */
export interface Show {
  readonly out: Output
  readonly files: Files
}

/** Rows that a table on a terminal shows at most. */
export const TABLE_LIMIT = 200
/** Above this many users JSON holds only those with a finding or a failure, and a file all of them (CLI.md). */
export const JSON_LIMIT = 1000

/** `--csv`: for people, so formulas are defused; prints where it is. */
export async function writeCsv<Row>(
  path: string | undefined,
  columns: readonly Column<Row>[],
  rows: Iterable<Row> | AsyncIterable<Row>,
  {out, files}: Show,
): Promise<void> {
  if (path === undefined) return
  await files.write(path, csvChunks(columns, rows, {escapeFormulas: true}))
  out.line(`CSV: ${path}`)
}

/** `users` of the JSON result, and `usersFile` where there are too many. */
export async function usersOf<User>(
  all: () => Iterable<User>,
  count: number,
  isNotable: (user: User) => boolean,
  file: string,
  {files}: Pick<Show, 'files'>,
): Promise<{readonly users: Iterable<User>; readonly usersFile?: string}> {
  if (count <= JSON_LIMIT) return {users: [...all()]}
  await files.write(file, jsonLines(all()))
  return {users: new LazyList(() => only(all(), isNotable)), usersFile: file}
}

/** Those of the values that `wanted` takes, one at a time. */
export function* only<T>(values: Iterable<T>, wanted: (value: T) => boolean): Iterable<T> {
  for (const value of values) if (wanted(value)) yield value
}

function* jsonLines(values: Iterable<unknown>): Iterable<string> {
  for (const value of values) yield `${JSON.stringify(value)}\n`
}
