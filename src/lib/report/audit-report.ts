import type {DecodedEntry} from '../audit/decode.js'
import type {Listed} from '../audit/list.js'
import {countOf} from '../model/count-of.js'
import type {Column} from '../ports/output.js'
import type {Bag} from '../ports/scratch.js'
import {LazyList, valuesOf} from './lazy-list.js'
import {JSON_LIMIT, type Show, TABLE_LIMIT, writeCsv} from './show.js'
import {minute} from './utc.js'

type Json = Readonly<Record<string, unknown>>

/** How entries are told, and where long lists go. */
export interface AuditTelling {
  readonly csv: string | undefined
  readonly folder: string
  /** With numbers as they are to be shown. */
  readonly words: (entry: DecodedEntry) => readonly string[]
}

/** `mfa audit list` */
export async function showEntries(
  {entries, others, reaches}: Listed,
  {csv, folder, words}: AuditTelling,
  show: Show,
): Promise<Json> {
  const {out} = show
  await out.table(entryTableColumns(words), valuesOf(entries), {
    limit: TABLE_LIMIT,
    empty: 'No entry about MFA.',
  })
  await writeCsv(csv, entryColumns(words), valuesOf(entries), show)
  out.line(
    `${countOf(entries.size, 'entry', 'entries')} about MFA${others > 0 ? `, ${others} about other things` : ''}`,
  )
  out.prose(reachLine(reaches))
  const json = (entry: DecodedEntry): Json => entryJson(entry, words)
  return {
    reaches: reaches ?? null,
    count: entries.size,
    others,
    ...(await listOf(entries, json, 'entries', `${folder}/audit-entries.jsonl`, show)),
  }
}

/** Who did it, for people. */
export const who = ({actor}: DecodedEntry): string => actor.name ?? actor.id ?? 'unknown'

const entryColumns = (words: AuditTelling['words']): readonly Column<DecodedEntry>[] => [
  {key: 'at', title: 'Time', value: ({at}) => at},
  {key: 'userPrincipalName', title: 'User', value: (entry) => entry.userPrincipalName ?? entry.user},
  {key: 'user', title: 'Object id', value: ({user}) => user},
  {key: 'actor', title: 'By', value: who},
  {key: 'actorKind', title: 'Kind', value: ({actor}) => actor.kind},
  {key: 'activity', title: 'Activity', value: ({activity}) => activity},
  {key: 'result', title: 'Result', value: ({result}) => result},
  {key: 'what', title: 'What', value: words},
  {key: 'id', title: 'Entry', value: ({id}) => id},
]

const entryTableColumns = (words: AuditTelling['words']): readonly Column<DecodedEntry>[] => [
  {key: 'at', title: 'Time (UTC)', value: ({at}) => minute(at), weight: 0, min: 16},
  {
    key: 'user',
    title: 'Whom, and by whom',
    value: (entry) => [entry.userPrincipalName ?? entry.user ?? '-', `by ${who(entry)}`],
    min: 20,
  },
  {key: 'what', title: 'What', value: words, weight: 2},
]

export const entryJson = (entry: DecodedEntry, words: AuditTelling['words']): Json => {
  const {changes, ...rest} = entry
  return {...rest, kinds: [...new Set(changes.map(({kind}) => kind))], what: words(entry)}
}

export const reachLine = (reaches: string | undefined): string =>
  reaches === undefined
    ? 'The audit log is empty.'
    : `The log reaches to ${reaches}; entries of the last hour or so may still be on their way.`

/** The list in the result; where it is long, the first of it and a file with all. */
export async function listOf<T>(
  bag: Bag<T>,
  json: (value: T) => Json,
  name: string,
  file: string,
  {files}: Pick<Show, 'files'>,
): Promise<Json> {
  if (bag.size <= JSON_LIMIT) return {[name]: Array.from(valuesOf(bag), json)}
  const lines = function* (): Iterable<string> {
    for (const value of valuesOf(bag)) yield `${JSON.stringify(json(value))}\n`
  }
  await files.write(file, lines())
  const first = function* (): Iterable<Json> {
    let left = JSON_LIMIT
    for (const value of valuesOf(bag)) {
      if (left-- === 0) return
      yield json(value)
    }
  }
  return {[name]: new LazyList(first), [`${name}File`]: file}
}
