import {createHash} from 'node:crypto'

import type {Collected} from './collect.js'
import type {MigrateDeps, MigrateInput} from './migrate.js'
import type {PlanHeader} from './plan.js'

/** What makes two requests the same for those who work: whoever leads, and from whichever source. */
export function lotKey({kind, request, maxChanges}: MigrateInput): string {
  const {group, everyone, users, options, match, mapping, all} = request
  // A package says with whom a user was matched, and that is written: only the same mapping has the same matches.
  const what = [
    kind ?? 'migrate',
    group,
    everyone ?? false,
    users,
    options,
    match,
    mapping,
    all,
    maxChanges ?? null,
  ]
  return createHash('sha256').update(JSON.stringify(what)).digest('hex')
}

/** The same command on the same tenant and source; not the fingerprint of the source, which may move on meanwhile. */
export function keyOf(
  {request, sourceLabel}: MigrateInput,
  {tenantId, group}: Collected,
  saved: PlanHeader | undefined,
  {workers}: Pick<MigrateDeps, 'workers'>,
): string {
  const {users, options, match, mapping, all} = request
  const what = [
    tenantId,
    // Machines that share the work may each have a source near by, and take up each other's runs.
    workers === undefined ? sourceLabel : null,
    group.id,
    users.map((name) => name.toLowerCase()).toSorted(),
    options,
    match,
    mapping,
    all,
    // Which plan, wherever its file is kept.
    saved?.createdAt ?? null,
  ]
  return createHash('sha256').update(JSON.stringify(what)).digest('hex')
}
