import type {Journal, LockHolder, RunRecord} from '../ports/journal.js'
import {type Failing, failingUsers} from './postpone.js'

export interface RoundRow {
  readonly run: string
  readonly startedAt: string
  readonly endedAt?: string | undefined
  readonly status: RunRecord['status']
  readonly users: number
  readonly migrated: number
  readonly unchanged: number
  readonly failed: number
}

/** One scope that is kept in sync: a tenant, and a group or everybody. */
export interface ScopeStatus {
  readonly tenantId: string
  readonly scope: string
  /** Of the newest round. */
  readonly source: string
  readonly rounds: readonly RoundRow[]
  /** Seconds since a round last went through; null where none ever did. */
  readonly lagSeconds: number | null
  readonly failing: readonly Failing[]
}

/** Somebody whose sign of life is not older than that of a lock may be. */
export interface Alive {
  readonly tenantId: string
  readonly host: string
  readonly pid: number
  readonly command: string
  readonly since: string
  /** ISO 8601 */
  readonly lastSign: string
}

export interface SyncStatus {
  readonly scopes: readonly ScopeStatus[]
  /** Who synchronises now, or whose last sign of life is not old. */
  readonly leader: LockHolder | null
  /** Machines that write, the leader's among them. Where the state is not shared the leader works alone. */
  readonly workers: readonly Alive[]
  /** Users in packages that nobody has settled yet. */
  readonly pending: number
}

const ROUNDS_SHOWN = 10

/**
 * `mfa sync status`, from the journal alone.
 *
 * @param otherwiseMs the interval of rounds that do not say theirs
 */
export async function syncStatus(
  journal: Journal,
  now: Date,
  otherwiseMs: number,
  pending: (tenantId: string) => Promise<number> = () => Promise.resolve(0),
): Promise<SyncStatus> {
  // Not by source: machines that share the work may each have their own.
  const synced = (await journal.runScopes()).filter(({kind}) => kind === 'sync')
  const scopes: ScopeStatus[] = []
  for (const {tenantId, group} of synced) {
    const which = {tenantId, kinds: ['sync'], group: group?.id} as const
    const rounds = await journal.runs({...which, limit: ROUNDS_SHOWN})
    const [newest] = rounds
    if (newest === undefined || group === undefined) continue
    const [through] = await journal.runs({...which, statuses: ['finished'], limit: 1})
    const at = through?.endedAt ?? through?.startedAt
    scopes.push({
      tenantId,
      scope: group.displayName,
      source: newest.sourceLabel,
      rounds: rounds.map(rowOf),
      lagSeconds: at === undefined ? null : Math.max(0, Math.round((now.getTime() - Date.parse(at)) / 1000)),
      failing: [
        ...(await failingUsers(tenantId, group.id, journal, intervalOf(newest) ?? otherwiseMs)).values(),
      ],
    })
  }
  const locks = (await journal.locks()).filter(({expires}) => expires > now.toISOString())
  const leader = locks.find(({name}) => name.startsWith('sync ')) ?? null
  const workers = locks.flatMap(({name, host, pid, command, since, heartbeat}) => {
    const [, tenantId] = /^worker (\S+) /.exec(name) ?? []
    return tenantId === undefined ? [] : [{tenantId, host, pid, command, since, lastSign: heartbeat}]
  })
  const tenants = new Set([...scopes, ...workers].map(({tenantId}) => tenantId))
  let waiting = 0
  for (const tenantId of tenants) waiting += await pending(tenantId)
  return {scopes, leader, workers, pending: waiting}
}

function intervalOf({options}: RunRecord): number | undefined {
  const {intervalMs} = options
  return typeof intervalMs === 'number' ? intervalMs : undefined
}

function rowOf(run: RunRecord): RoundRow {
  const count = (name: string) => {
    const value = run.summary?.[name]
    return typeof value === 'number' ? value : 0
  }
  return {
    run: run.id,
    startedAt: run.startedAt,
    endedAt: run.endedAt,
    status: run.status,
    users: count('users'),
    migrated: count('migrated'),
    unchanged: count('unchanged'),
    failed: count('failed') + count('partly'),
  }
}
