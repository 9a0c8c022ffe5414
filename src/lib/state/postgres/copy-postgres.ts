import type {Clock} from '../../ports/clock.js'
import {COPY_PAGE, type CopiedTable, type CopyEnd} from '../copy-tables.js'
import type {PgDatabase, Statements} from './pg-database.js'
import {PG_LOCK_TIMING, PgLocks} from './pg-locks.js'

type Value = Parameters<Statements['run']>[1]

/** A PostgreSQL state as one side of a copy. */
export function postgresEnd(db: PgDatabase, clock: Clock): CopyEnd {
  const locks = new PgLocks(db, clock, PG_LOCK_TIMING)
  return {
    label: db.label,
    holders: async () =>
      (await locks.held()).map(({command, host, pid}) => `${command} on ${host} (process ${pid})`),
    page: (table, after) => db.all(pageQuery(table, after), ...((after ?? []) as readonly Value[])),
    fill: (work) =>
      db
        .transaction(async (on) => {
          await work(async (table, rows) => {
            for (const row of rows)
              await on.run(insert(table), ...table.columns.map((name) => (row[name] ?? null) as Value))
          })
        })
        .then(() => numberOn(db)),
    close: () => db.close(),
  }
}

/** `user` is a word of SQL. Texts are compared byte by byte, as SQLite does. */
const quoted = (name: string): string => (name === 'user' ? '"user"' : name)

function pageQuery({name, key, numbered}: CopiedTable, after: readonly unknown[] | undefined): string {
  const collated = key.map((column) => (numbered ? column : `${quoted(column)} COLLATE "C"`))
  const marks = key.map((_, index) => (numbered ? `$${index + 1}` : `$${index + 1}::text COLLATE "C"`))
  const behind = after === undefined ? '' : `WHERE (${collated.join(', ')}) > (${marks.join(', ')})`
  return `SELECT * FROM ${name} ${behind} ORDER BY ${collated.join(', ')} LIMIT ${COPY_PAGE}`
}

function insert({name, key, columns, numbered}: CopiedTable): string {
  const names = columns.map(quoted)
  const marks = columns.map((_, index) => `$${index + 1}`)
  const rest = columns.filter((column) => !key.includes(column))
  const set = rest.map((column) => `${quoted(column)} = excluded.${quoted(column)}`).join(', ')
  const keys = key.map(quoted).join(', ')
  return `INSERT INTO ${name} (${names.join(', ')}) ${numbered ? 'OVERRIDING SYSTEM VALUE ' : ''}
    VALUES (${marks.join(', ')}) ON CONFLICT (${keys}) DO UPDATE SET ${set}`
}

/** What is written next is numbered behind what was copied. */
async function numberOn(db: PgDatabase): Promise<void> {
  for (const table of ['actions', 'results', 'numbers', 'tokens'])
    await db.run(
      `SELECT setval(pg_get_serial_sequence('${table}', 'seq'), coalesce((SELECT max(seq) FROM ${table}), 1),
         EXISTS (SELECT 1 FROM ${table}))`,
    )
}
