import type {SQLInputValue} from 'node:sqlite'

import type {Answer, Call} from '../call.js'
import type {DirectoryKind, DirectoryObjects, Kept} from '../directory-store.js'
import {TENANT_OWNER} from '../directory-store.js'
import type {QueryOptions} from '../query/options.js'
import {listTable} from '../query/table.js'

interface Row {
  readonly seq: number
  readonly id: string
  readonly body: string
}

/** A condition besides the caller's own filter. */
export interface Only {
  readonly sql: string
  readonly values: readonly SQLInputValue[]
}

/** One page of the tenant's objects of this kind, as the caller may see them by now. */
export function listObjects<Kind extends DirectoryKind>(
  call: Call,
  options: QueryOptions,
  kind: Kind,
  context: string,
  show: (kept: Kept<Kind>) => object,
  only: Only = {sql: '1', values: []},
): Answer {
  const {sql, values, advanced} = options.condition
  return listTable<Row>(
    call,
    options,
    {
      from: 'facts f',
      columns: 'f.seq, f.id, f.body',
      context,
      item: ({id, body}) => show({id, body: JSON.parse(body) as DirectoryObjects[Kind]}),
    },
    {
      sql: `f.owner = ? AND f.kind = ? AND f.since <= ? AND f.until > ? AND ${only.sql} AND (${sql})`,
      values: [TENANT_OWNER, kind, call.seenAt, call.seenAt, ...only.values, ...values],
      advanced,
    },
  )
}
