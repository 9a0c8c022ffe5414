import type {RunId} from '../model/brand.js'
import type {Database} from './database.js'
import {foldInto} from './latest-sql.js'

const OF_A_RUN = ['actions', 'images', 'results'] as const
const OF_A_USER = ['latest', 'migrated', 'numbers', 'tokens'] as const
const AMONG = 'user IN (SELECT value FROM json_each(?))'
const FOLD = foldInto("json_extract(r.scope, '$.id')", `t.${AMONG} ORDER BY t.seq`)

/** R8: erases a run, a user, or a user of a run, and overwrites what stood there. Answers how many users went. */
export function forgetRecords(db: Database, run: RunId | undefined, user: string | undefined): number {
  db.exec('PRAGMA secure_delete = ON')
  const users = db.transaction(() => {
    const found = usersOf(db, run, user)
    const ids = JSON.stringify(found)
    if (run === undefined) {
      for (const table of [...OF_A_RUN, ...OF_A_USER]) db.run(`DELETE FROM ${table} WHERE ${AMONG}`, ids)
      return found
    }
    for (const table of [...OF_A_RUN, 'migrated']) {
      db.run(`DELETE FROM ${table} WHERE ${AMONG} AND run = ?`, ids, run)
    }
    // What is left of their results tells how they stand.
    db.run(`DELETE FROM latest WHERE ${AMONG}`, ids)
    db.run(FOLD, ids)
    if (user === undefined) db.run('DELETE FROM runs WHERE id = ?', run)
    return found
  })
  // The write-ahead log still has what was there before.
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  return users.length
}

function usersOf(db: Database, run: RunId | undefined, user: string | undefined): readonly string[] {
  const rows = db.all(
    `SELECT DISTINCT user FROM (
       SELECT user, user_principal_name, run FROM actions UNION SELECT user, user_principal_name, run FROM results
     ) WHERE (?1 IS NULL OR run = ?1) AND (?2 IS NULL OR user = ?2 OR lower(user_principal_name) = lower(?2))`,
    run ?? null,
    user ?? null,
  )
  return rows.map((row) => String(row['user']))
}
