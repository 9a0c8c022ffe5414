import type {ObjectId} from '../model/brand.js'
import type {EntraIdentity} from '../model/entra-user.js'
import type {Journal} from '../ports/journal.js'
import type {Bag, Scratch} from '../ports/scratch.js'
import {acceptable, type Blocker} from './blockers.js'

/** Users whose memory is asked for together. */
const CHUNK = 500

/** Nothing of these is left on the server that could be carried over. */
const NOTHING_LEFT: ReadonlySet<string> = new Set(['migrated', 'unchanged', 'unmatched', 'disabled'])

/**
 * Whether the server records of these users are carried over, as far as the journal tells: proven by a migration and not undone
 * since, or looked at by one and without a record. Without a source nobody knows of records that no run has seen.
 */
export async function checkMigrated(
  tenantId: string,
  users: Bag<EntraIdentity>,
  report: (blocker: Blocker) => void,
  {journal, scratch}: {readonly journal: Journal; readonly scratch: Scratch},
): Promise<void> {
  const latest = await latestOutcomes(tenantId, journal, scratch)
  const judge = async (chunk: readonly EntraIdentity[]): Promise<void> => {
    const memories = await journal.memory(
      tenantId,
      chunk.map(({id}) => id),
    )
    for (const user of chunk) {
      const memory = memories.get(user.id)
      const [outcome] = latest.get(user.id)
      const blocker = judgeMigrated(user, memory?.migrated !== undefined, outcome)
      if (blocker !== undefined) report(blocker)
    }
  }
  let chunk: EntraIdentity[] = []
  for (const [, user] of users.entries()) {
    if (chunk.push(user) < CHUNK) continue
    await judge(chunk)
    chunk = []
  }
  if (chunk.length > 0) await judge(chunk)
}

/** Pure; `outcome` is that of the newest run that looked at the user. */
export function judgeMigrated(
  {userPrincipalName: name}: EntraIdentity,
  proven: boolean,
  outcome: string | undefined,
): Blocker | undefined {
  if (proven && outcome !== 'partly' && outcome !== 'failed') return undefined
  if (outcome === undefined)
    return acceptable('migration-unknown', 'no run on record has looked at this user; give --source', name)
  if (outcome === UNDONE) return acceptable('not-migrated', 'the migration of this user was undone', name)
  if (NOTHING_LEFT.has(outcome)) return undefined
  return acceptable('not-migrated', `the newest migration of this user ended as ${outcome}`, name)
}

const UNDONE = 'undone'

async function latestOutcomes(tenantId: string, journal: Journal, scratch: Scratch): Promise<Bag<string>> {
  const bag = scratch.bag<string>('federation-outcomes')
  const runs = (await journal.runs())
    .filter((run) => run.tenantId === tenantId && (KINDS as readonly string[]).includes(run.kind))
    .sort((one, other) => (one.id < other.id ? -1 : 1))
  for (const run of runs) {
    for await (const {user, outcome} of journal.userResults(run.id)) {
      // Of an undo only who was put back counts: the others are as before it.
      if (run.kind !== 'undo') bag.set(user, outcome)
      else if (outcome === 'migrated' || outcome === 'partly') bag.set(user, UNDONE)
    }
  }
  return bag
}

const KINDS = ['migrate', 'sync', 'undo'] as const satisfies readonly string[]

/** What a plan against the source says of one user; see the wiring. */
export interface PlannedStanding {
  readonly id: ObjectId
  readonly userPrincipalName: string
  readonly outcome: 'migrate' | 'unchanged' | 'unmatched' | 'disabled' | 'failed'
  /** Why nobody could tell which server record is the user's. */
  readonly ambiguous: boolean
  readonly detail: string
}

/** Pure: the same question, answered by comparing with the source (U5). */
export function judgePlanned(plan: PlannedStanding): Blocker | undefined {
  const {userPrincipalName: name, outcome} = plan
  if (outcome === 'migrate')
    return acceptable('not-migrated', `not everything is carried over: ${plan.detail}`, name)
  if (outcome === 'failed') return acceptable('not-migrated', `cannot be carried over: ${plan.detail}`, name)
  if (outcome === 'unmatched' && plan.ambiguous) return acceptable('not-migrated', plan.detail, name)
  return undefined
}
