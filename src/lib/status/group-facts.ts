import type {ObjectId, RunId} from '../model/brand.js'
import {type Journal, type RunRecord, USER_RUN_KINDS} from '../ports/journal.js'
import type {GroupFact} from './facts.js'

const MIGRATIONS = ['migrate', 'sync'] as const

/** How the users of each migrated group stand, by all runs over the group or some of its users. Newest group first. */
export async function groupFacts(journal: Journal, tenantId: string): Promise<readonly GroupFact[]> {
  const scopes = (await journal.runScopes()).filter(
    (scope) => scope.tenantId === tenantId && USER_RUN_KINDS.some((kind) => kind === scope.kind),
  )
  const groups = new Set(scopes.flatMap(({group}) => (group === undefined ? [] : [group.id])))
  const facts: GroupFact[] = []
  for (const id of groups) {
    const fact = await oneGroup(id, tenantId, journal)
    if (fact !== undefined) facts.push(fact)
  }
  return facts
}

async function oneGroup(id: ObjectId, tenantId: string, journal: Journal): Promise<GroupFact | undefined> {
  const which = {tenantId, group: id}
  const [newest] = await journal.runs({...which, kinds: USER_RUN_KINDS, limit: 1})
  const [newestMigration] = await journal.runs({...which, kinds: MIGRATIONS, limit: 1})
  if (newest === undefined || newestMigration === undefined) return undefined
  const base = (await newestWhole(which, journal)) ?? newestMigration
  const counts = await journal.latestCounts(tenantId, id)
  const {migrated = 0, partly = 0, failed = 0, unmatched = 0, disabled = 0} = counts
  const {'put-back': putBack = 0, 'nothing-to-carry': nothingToCarry = 0} = counts
  return {
    id,
    displayName: base.group?.displayName ?? id,
    users: migrated + partly + failed + unmatched + disabled + putBack + nothingToCarry,
    migrated,
    partly,
    failed,
    unmatched,
    disabled,
    putBack,
    nothingToCarry,
    smsOrVoiceOnly: count(base.summary?.['smsOrVoiceOnly']),
    run: newestMigration.id,
    finished: newest.status === 'finished',
    at: newest.endedAt ?? newest.startedAt,
  }
}

/** Runs looked at together. */
const PAGE = 20

/** The newest migration over the whole group, not over some of its users. */
async function newestWhole(
  which: {readonly tenantId: string; readonly group: ObjectId},
  journal: Journal,
): Promise<RunRecord | undefined> {
  for (let before: RunId | undefined; ;) {
    const runs = await journal.runs({...which, kinds: MIGRATIONS, before, limit: PAGE})
    const found = runs.find(isWhole)
    before = runs.at(-1)?.id
    if (found !== undefined || before === undefined || runs.length < PAGE) return found
  }
}

const isWhole = ({options}: RunRecord): boolean => {
  const users = options['users']
  return !Array.isArray(users) || users.length === 0
}

const count = (value: unknown): number => (typeof value === 'number' ? value : 0)
