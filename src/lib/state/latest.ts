import type {ObjectId, RunId} from '../model/brand.js'
import {type LatestResult, RUN_KINDS, type RunScope, type Stands} from '../ports/journal.js'
import type {Row} from './database.js'
import {reader} from './decode.js'
import {groupOf, present} from './records.js'

const STANDS: readonly Stands[] = [
  'migrated',
  'nothing-to-carry',
  'partly',
  'failed',
  'unmatched',
  'disabled',
  'put-back',
  'left',
]

/** A row of `latest`. */
export function latestRecord(row: Row, file: string): LatestResult {
  const read = reader(row, file, 'latest result')
  const run = read.optionalText('run') as RunId | undefined
  const told =
    run === undefined
      ? undefined
      : {
          run,
          ...present('source', read.optionalText('source')),
          outcome: read.text('outcome'),
          findings: read.list('findings'),
          at: read.text('at'),
        }
  const failures = row['failures']
  return {
    user: read.text('user') as ObjectId,
    userPrincipalName: read.text('user_principal_name'),
    group: read.text('scope') as ObjectId,
    ...present('told', told),
    failures: typeof failures === 'number' ? failures : 0,
    stands: read.oneOf('stands', STANDS),
  } as LatestResult
}

/** Rows of `stands` and `users`. */
export function countsByStands(
  rows: readonly Row[],
  file: string,
): Readonly<Partial<Record<Stands, number>>> {
  return Object.fromEntries(
    rows.map((row) => [reader(row, file, 'latest result').oneOf('stands', STANDS), Number(row['users'])]),
  )
}

/** Rows of `tenant_id`, `kind`, `scope` and `newest`, in any order: a group that was renamed counts once, as it is called now. */
export function runScopes(rows: readonly Row[], file: string): readonly RunScope[] {
  const scopes = new Map<string, RunScope>()
  const newestFirst = rows.toSorted((one, other) =>
    String(one['newest']) < String(other['newest']) ? 1 : -1,
  )
  for (const row of newestFirst) {
    const read = reader(row, file, 'run')
    const tenantId = read.text('tenant_id')
    const kind = read.oneOf('kind', RUN_KINDS)
    const group = groupOf(read, file)
    const key = JSON.stringify([tenantId, kind, group?.id])
    if (!scopes.has(key))
      scopes.set(key, {tenantId, kind, ...present('group', group), newest: read.text('newest') as RunId})
  }
  return [...scopes.values()]
}
