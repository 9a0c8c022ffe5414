import type {SQLInputValue} from 'node:sqlite'

import type {Clock} from '../ports/clock.js'
import {COPY_PAGE, type CopiedTable, type CopyEnd} from './copy-tables.js'
import type {Database, Row} from './database.js'
import {SqliteLocks, LOCK_TIMING} from './locks.js'

/** A SQLite state as one side of a copy. */
export function sqliteEnd(db: Database, clock: Clock): CopyEnd {
  const locks = new SqliteLocks(db, clock, LOCK_TIMING)
  const page = ({name, key}: CopiedTable, after: readonly unknown[] | undefined): readonly Row[] => {
    const keys = key.join(', ')
    const behind = after === undefined ? '' : `WHERE (${keys}) > (${key.map(() => '?').join(', ')})`
    const values = (after ?? []) as readonly SQLInputValue[]
    return db.all(`SELECT * FROM ${name} ${behind} ORDER BY ${keys} LIMIT ${COPY_PAGE}`, ...values)
  }
  return {
    label: db.file,
    holders: async () => locks.held().map(({command, host, pid}) => `${command} on ${host} (process ${pid})`),
    page: async (table, after) => page(table, after),
    async fill(work) {
      db.exec('BEGIN IMMEDIATE')
      try {
        await work(async ({name, columns}, rows) => {
          const sql = `INSERT OR REPLACE INTO ${name} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`
          for (const row of rows)
            db.run(sql, ...columns.map((column) => (row[column] ?? null) as SQLInputValue))
        })
        db.exec('COMMIT')
      } catch (error) {
        db.exec('ROLLBACK')
        throw error
      }
    },
    close: async () => db.close(),
  }
}
