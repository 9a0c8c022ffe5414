import type {RunId} from '../../model/brand.js'
import {foldInto} from '../latest-sql.js'
import type {PgDatabase} from './pg-database.js'

/** Of a run and a user. */
export const FOLD_ONE = foldInto("r.scope::json ->> 'id'", 't.run = $1 AND t."user" = $2')

const OF_A_RUN = ['actions', 'images', 'results'] as const
const OF_A_USER = ['latest', 'migrated', 'numbers', 'tokens'] as const

/**
 * R8: erases a run, a user, or a user of a run. Answers how many users went. What stood there is gone from the tables; when the
 * server's files, its log and its backups forget it is the server's affair (VACUUM, retention).
 */
export function forgetRecords(
  db: PgDatabase,
  run: RunId | undefined,
  user: string | undefined,
): Promise<number> {
  return db.transaction(async (on) => {
    const rows = await on.all(
      `SELECT DISTINCT "user" FROM (
         SELECT "user", user_principal_name, run FROM actions
         UNION SELECT "user", user_principal_name, run FROM results
       ) AS known
       WHERE ($1::text IS NULL OR run = $1)
         AND ($2::text IS NULL OR "user" = $2 OR lower(user_principal_name) = lower($2))`,
      run ?? null,
      user ?? null,
    )
    const users = rows.map((row) => String(row['user']))
    if (run === undefined) {
      for (const table of [...OF_A_RUN, ...OF_A_USER])
        await on.run(`DELETE FROM ${table} WHERE "user" = ANY($1::text[])`, users)
      return users.length
    }
    for (const table of [...OF_A_RUN, 'migrated'])
      await on.run(`DELETE FROM ${table} WHERE "user" = ANY($1::text[]) AND run = $2`, users, run)
    // What is left of their results tells how they stand; one after the other, a statement may change a row only once.
    await on.run('DELETE FROM latest WHERE "user" = ANY($1::text[])', users)
    const left = await on.all(
      'SELECT run, "user" FROM results WHERE "user" = ANY($1::text[]) ORDER BY seq',
      users,
    )
    for (const row of left) await on.run(FOLD_ONE, String(row['run']), String(row['user']))
    if (user === undefined) await on.run('DELETE FROM runs WHERE id = $1', run)
    return users.length
  })
}
