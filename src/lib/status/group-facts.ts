import type {ObjectId} from '../model/brand.js'
import type {Journal, RunRecord} from '../ports/journal.js'
import type {GroupFact} from './facts.js'

type Outcome = 'migrated' | 'partly' | 'failed' | 'unmatched' | 'disabled' | 'put-back'

/**
 * How the users of each migrated group stand: the last run over the whole group, corrected by what later runs over some of its
 * users (--user, --retry, undo) left behind. Newest group first. Memory grows with the users of those later runs only.
 */
export async function groupFacts(journal: Journal, tenantId: string): Promise<readonly GroupFact[]> {
  const runs = (await journal.runs())
    .filter((run) => run.tenantId === tenantId && run.group !== undefined)
    .filter(({kind}) => kind === 'migrate' || kind === 'undo' || kind === 'sync')
    .sort((one, other) => (one.id < other.id ? 1 : -1))
  const byGroup = Map.groupBy(runs, (run) => run.group?.id ?? ('' as ObjectId))
  const facts: GroupFact[] = []
  for (const [id, ofGroup] of byGroup) {
    const fact = await oneGroup(id, ofGroup, journal)
    if (fact !== undefined) facts.push(fact)
  }
  return facts
}

async function oneGroup(
  id: ObjectId,
  newestFirst: readonly RunRecord[],
  journal: Journal,
): Promise<GroupFact | undefined> {
  const migrations = newestFirst.filter(({kind}) => kind !== 'undo')
  const base = migrations.find(isWhole) ?? migrations[0]
  const [newest] = newestFirst
  const [newestMigration] = migrations
  if (base === undefined || newest === undefined || newestMigration === undefined) return undefined
  const later = new Map<ObjectId, Outcome>()
  for (const run of newestFirst) {
    if (run.id === base.id) break
    for await (const result of journal.userResults(run.id)) {
      const outcome = outcomeOf(result.outcome, run.kind === 'undo')
      if (!later.has(result.user) && outcome !== undefined) later.set(result.user, outcome)
    }
  }
  const counts = {migrated: 0, partly: 0, failed: 0, unmatched: 0, disabled: 0, 'put-back': 0}
  let users = 0
  const add = (outcome: Outcome) => {
    users += 1
    counts[outcome] += 1
  }
  for await (const result of journal.userResults(base.id)) {
    add(later.get(result.user) ?? outcomeOf(result.outcome, false) ?? 'failed')
    later.delete(result.user)
  }
  for (const outcome of later.values()) add(outcome)
  const {migrated, partly, failed, unmatched, disabled, 'put-back': putBack} = counts
  return {
    id,
    displayName: base.group?.displayName ?? id,
    users,
    migrated,
    partly,
    failed,
    unmatched,
    disabled,
    putBack,
    smsOrVoiceOnly: count(base.summary?.['smsOrVoiceOnly']),
    run: newestMigration.id,
    finished: newest.status === 'finished',
    at: newest.endedAt ?? newest.startedAt,
  }
}

/** Over the whole group, not over some of its users. */
const isWhole = ({options}: RunRecord): boolean => {
  const users = options['users']
  return !Array.isArray(users) || users.length === 0
}

function outcomeOf(outcome: string, isUndo: boolean): Outcome | undefined {
  switch (outcome) {
    case 'migrated':
    case 'unchanged':
      return isUndo ? 'put-back' : 'migrated'
    case 'partly':
    case 'failed':
    case 'unmatched':
    case 'disabled':
      return outcome
    default:
      return undefined
  }
}

const count = (value: unknown): number => (typeof value === 'number' ? value : 0)
