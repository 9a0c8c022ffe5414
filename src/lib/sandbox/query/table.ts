import type {Answer, Call} from '../call.js'
import type {Condition} from './filter-sql.js'
import type {QueryOptions} from './options.js'
import {page} from './page.js'

/** What has a table of its own: where it stands, and as what Graph shows a row. */
export interface Table<Row> {
  /** Table and alias: `users u`. */
  readonly from: `${string} ${string}`
  readonly columns: string
  readonly context: string
  readonly item: (row: Row) => object
}

/** One page of the rows that meet the condition, in the order of `seq`. */
export function listTable<Row extends {readonly seq: number}>(
  call: Call,
  options: QueryOptions,
  table: Table<Row>,
  condition: Condition = options.condition,
): Answer {
  const {from, columns, context, item} = table
  const alias = from.split(' ')[1] ?? ''
  return page(call, options, {
    context,
    fetch: (after, limit) =>
      call.store
        .all<Row>(
          `SELECT ${columns} FROM ${from} WHERE ${condition.sql} AND ${alias}.seq > ? ORDER BY ${alias}.seq LIMIT ?`,
          ...condition.values,
          after,
          limit,
        )
        .map((row) => ({position: row.seq, item: item(row)})),
    count: () => count(call, from, condition),
  })
}

/** GET …/$count as plain text. */
export function countTable(call: Call, from: string, condition: Condition): Answer {
  return {status: 200, contentType: 'text/plain', body: String(count(call, from, condition))}
}

function count({store}: Call, from: string, {sql, values}: Condition): number {
  return store.get<{n: number}>(`SELECT count(*) AS n FROM ${from} WHERE ${sql}`, ...values)?.n ?? 0
}
