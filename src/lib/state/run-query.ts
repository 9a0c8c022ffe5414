import type {RunQuery} from '../ports/journal.js'

export interface RunStatement {
  readonly sql: string
  readonly values: readonly (string | number)[]
}

/**
 * The runs that were asked for, newest first, in the words of either database.
 *
 * @param mark stands for the nth value, counted from 1
 * @param group the id of a run's group
 */
export function runStatement(query: RunQuery, mark: (nth: number) => string, group: string): RunStatement {
  const values: (string | number)[] = []
  const value = (one: string | number): string => mark(values.push(one))
  const among = (column: string, list: readonly string[]): string =>
    list.length === 0 ? 'false' : `${column} IN (${list.map(value).join(', ')})`
  const {tenantId, kinds, statuses, resumeKey, idPrefix, before, endedSince, limit} = query
  const wanted = [
    tenantId === undefined ? undefined : `tenant_id = ${value(tenantId)}`,
    kinds === undefined ? undefined : among('kind', kinds),
    statuses === undefined ? undefined : among('status', statuses),
    // Lets the databases use the index of the few that are not.
    statuses === undefined || statuses.includes('finished') ? undefined : "status <> 'finished'",
    query.group === undefined ? undefined : `${group} = ${value(query.group)}`,
    resumeKey === undefined ? undefined : `resume_key = ${value(resumeKey)}`,
    // Ids are digits and capital letters: nothing sorts behind them but what begins with them.
    idPrefix === undefined ? undefined : `id >= ${value(idPrefix)} AND id < ${value(`${idPrefix}~`)}`,
    before === undefined ? undefined : `id < ${value(before)}`,
    endedSince === undefined ? undefined : `(ended_at IS NULL OR ended_at >= ${value(endedSince)})`,
  ].filter((one) => one !== undefined)
  const where = wanted.length === 0 ? '' : `WHERE ${wanted.join(' AND ')}`
  const end = limit === undefined ? '' : `LIMIT ${value(limit)}`
  return {sql: `SELECT * FROM runs ${where} ORDER BY id DESC ${end}`, values}
}
