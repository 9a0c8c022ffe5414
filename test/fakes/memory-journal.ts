import {randomBytes, randomUUID} from 'node:crypto'
import {MfaError} from '../../src/lib/errors/mfa-error.js'
import type {ActionId, ObjectId, RunId} from '../../src/lib/model/brand.js'
import type {EntraMethods} from '../../src/lib/model/entra-user.js'
import type {Clock} from '../../src/lib/ports/clock.js'
import type {
  ActionRecord,
  Journal,
  LatestResult,
  Lock,
  LockHolder,
  PermissionUse,
  RunQuery,
  RunRecord,
  RunScope,
  RunStart,
  RunStatus,
  Stands,
  UserMemory,
  UserResultRecord,
} from '../../src/lib/ports/journal.js'

/** What lasts when a journal is closed: hand it to the next MemoryJournal to open the same state again. */
export interface JournalStore {
  readonly runs: Map<string, RunRecord>
  readonly actions: (ActionRecord & {readonly tenantId: string})[]
  readonly images: Map<string, string>
  readonly results: Map<string, UserResultRecord>
  /** Tenant, group and user, as JSON. */
  readonly latest: Map<string, LatestResult>
  readonly migrated: Map<string, NonNullable<UserMemory['migrated']>>
  readonly remembered: {readonly owner: string; readonly what: Remember}[]
  readonly locks: Map<string, LockHolder & {readonly lost: AbortController; readonly ticket: string}>
  /** Tenant and client → permission → when last. */
  readonly used: Map<string, Map<string, string>>
  hashKey?: Uint8Array
}

type Remember = NonNullable<Parameters<Journal['outcome']>[3]['remember']>

export function journalStore(): JournalStore {
  return {
    runs: new Map(),
    actions: [],
    images: new Map(),
    results: new Map(),
    latest: new Map(),
    migrated: new Map(),
    remembered: [],
    locks: new Map(),
    used: new Map(),
  }
}

/** A journal in Maps; passes the journal contract. */
export class MemoryJournal implements Journal {
  readonly store: JournalStore
  readonly #clock: Clock
  readonly #held = new Set<Lock>()

  constructor(clock: Clock, store: JournalStore = journalStore()) {
    this.#clock = clock
    this.store = store
  }

  async beginRun(start: RunStart): Promise<{readonly run: RunRecord; readonly resumed: boolean}> {
    const old = [...this.store.runs.values()].findLast(
      (run) =>
        run.resumeKey === start.resumeKey &&
        run.kind === start.kind &&
        run.tenantId === start.tenantId &&
        (run.status === 'open' || run.status === 'interrupted'),
    )
    if (old !== undefined) {
      const {endedAt: _endedAt, summary: _summary, ...rest} = old
      const logFile = start.logFile ?? old.logFile
      const run: RunRecord = {...rest, status: 'open', ...(logFile === undefined ? {} : {logFile})}
      this.store.runs.set(run.id, run)
      return {run, resumed: true}
    }
    const id = `01J${String(this.store.runs.size).padStart(23, '0')}` as RunId
    const run = json<RunRecord>({...start, id, status: 'open'})
    this.store.runs.set(id, run)
    return {run, resumed: false}
  }

  async endRun(
    run: RunId,
    status: Exclude<RunStatus, 'open'>,
    summary: Readonly<Record<string, unknown>>,
    at: string,
  ): Promise<void> {
    this.store.runs.set(run, json<RunRecord>({...this.#run(run), status, summary, endedAt: at}))
  }

  async runs(query: RunQuery = {}): Promise<readonly RunRecord[]> {
    const {tenantId, kinds, statuses, group, resumeKey, idPrefix, before, endedSince, limit} = query
    return [...this.store.runs.values()]
      .toReversed()
      .filter((run) => tenantId === undefined || run.tenantId === tenantId)
      .filter((run) => kinds?.includes(run.kind) !== false && statuses?.includes(run.status) !== false)
      .filter((run) => group === undefined || run.group?.id === group)
      .filter((run) => resumeKey === undefined || run.resumeKey === resumeKey)
      .filter((run) => idPrefix === undefined || run.id.startsWith(idPrefix))
      .filter((run) => before === undefined || run.id < before)
      .filter(({endedAt}) => endedSince === undefined || endedAt === undefined || endedAt >= endedSince)
      .slice(0, limit)
  }

  async runScopes(): Promise<readonly RunScope[]> {
    const scopes = new Map<string, RunScope>()
    for (const {tenantId, kind, group, id} of await this.runs()) {
      const key = JSON.stringify([tenantId, kind, group?.id])
      if (!scopes.has(key))
        scopes.set(key, {tenantId, kind, ...(group === undefined ? {} : {group}), newest: id})
    }
    return [...scopes.values()]
  }

  async run(id: string): Promise<RunRecord | undefined> {
    return this.store.runs.get(id)
  }

  async intent(record: Omit<ActionRecord, 'outcome' | 'outcomeAt' | 'made'>): Promise<void> {
    const {tenantId} = this.#run(record.run)
    this.store.actions.push({...json<ActionRecord>(record), tenantId})
  }

  async outcome(
    run: RunId,
    user: ObjectId,
    action: ActionId,
    result: Parameters<Journal['outcome']>[3],
    at: string,
  ): Promise<void> {
    const {actions} = this.store
    const index = actions.findLastIndex(
      (one) => one.run === run && one.user === user && one.action === action,
    )
    const intent = actions[index]
    if (intent === undefined) throw new Error(`No intent of action ${action} in run ${run}`)
    const {outcome, remember} = result
    const made = result.made ?? intent.made
    actions[index] = {
      ...intent,
      outcome: json(outcome),
      outcomeAt: at,
      ...(made === undefined ? {} : {made: {...made}}),
    }
    if (remember === undefined || (outcome.status !== 'done' && outcome.status !== 'already-done')) return
    const entry = json({owner: owner(intent.tenantId, user), what: remember})
    if (!this.store.remembered.some((one) => JSON.stringify(one) === JSON.stringify(entry)))
      this.store.remembered.push(entry)
  }

  async *actions(run: RunId, user?: ObjectId): AsyncGenerator<ActionRecord> {
    for (const {tenantId: _tenantId, ...record} of this.store.actions)
      if (record.run === run && (user === undefined || record.user === user)) yield record
  }

  async writesTo(tenantId: string, user: ObjectId, since?: RunId): Promise<readonly ActionRecord[]> {
    return this.store.actions
      .filter((one) => one.tenantId === tenantId && one.user === user)
      .filter(({run}) => since === undefined || run >= since)
      .toSorted((one, other) => (one.run < other.run ? -1 : one.run > other.run ? 1 : 0))
      .map(({tenantId: _tenantId, ...record}) => record)
  }

  async beforeImage(run: RunId, user: ObjectId, image: EntraMethods): Promise<void> {
    this.#run(run)
    const key = owner(run, user)
    if (!this.store.images.has(key)) this.store.images.set(key, JSON.stringify(image))
  }

  async beforeImageOf(run: RunId, user: ObjectId): Promise<EntraMethods | undefined> {
    const text = this.store.images.get(owner(run, user))
    return text === undefined ? undefined : (JSON.parse(text) as EntraMethods)
  }

  async userResult(record: UserResultRecord): Promise<void> {
    this.#run(record.run)
    const key = owner(record.run, record.user)
    this.store.results.delete(key)
    this.store.results.set(key, json(record))
    this.#fold(json(record))
  }

  #fold(record: UserResultRecord): void {
    const {kind, tenantId, group} = this.#run(record.run)
    const key = JSON.stringify([tenantId, group?.id ?? '', record.user])
    const latest = folded(this.store.latest.get(key), record, kind, group?.id ?? ('' as ObjectId))
    this.store.latest.set(key, latest)
  }

  async latestOf(
    tenantId: string,
    users: readonly ObjectId[],
    group?: ObjectId,
  ): Promise<readonly LatestResult[]> {
    return this.#latest(tenantId).filter(
      (one) => users.includes(one.user) && (group === undefined || one.group === group),
    )
  }

  async *latestIn(tenantId: string, group: ObjectId, only?: 'failing'): AsyncGenerator<LatestResult> {
    for (const one of this.#latest(tenantId).toSorted((a, b) => (a.user < b.user ? -1 : 1)))
      if (one.group === group && (only === undefined || one.failures > 0)) yield one
  }

  async latestCounts(tenantId: string, group: ObjectId): Promise<Partial<Record<Stands, number>>> {
    const counts: Partial<Record<Stands, number>> = {}
    for await (const {stands} of this.latestIn(tenantId, group)) counts[stands] = (counts[stands] ?? 0) + 1
    return counts
  }

  #latest(tenantId: string): readonly LatestResult[] {
    return [...this.store.latest].flatMap(([key, one]) =>
      (JSON.parse(key) as readonly string[])[0] === tenantId ? [one] : [],
    )
  }

  async *userResults(run: RunId, users?: readonly ObjectId[]): AsyncGenerator<UserResultRecord> {
    for (const record of this.store.results.values())
      if (record.run === run && users?.includes(record.user) !== false) yield record
  }

  async migrated(
    user: ObjectId,
    tenantId: string,
    memory: NonNullable<UserMemory['migrated']>,
  ): Promise<void> {
    this.store.migrated.set(owner(tenantId, user), json(memory))
  }

  async memory(tenantId: string, users: readonly ObjectId[]): Promise<ReadonlyMap<ObjectId, UserMemory>> {
    return new Map(users.map((user) => [user, this.#memoryOf(tenantId, user)]))
  }

  #memoryOf(tenantId: string, user: ObjectId): UserMemory {
    const migrated = this.store.migrated.get(owner(tenantId, user))
    const numbers: Partial<Record<'mobile' | 'alternateMobile' | 'office', string[]>> = {}
    const tokens: {secretHash: string; serialNumber: string}[] = []
    for (const {owner: whose, what} of this.store.remembered) {
      if (whose !== owner(tenantId, user)) continue
      if ('number' in what) (numbers[what.number.slot] ??= []).push(what.number.value)
      else tokens.push(what.token)
    }
    const mine = this.store.actions.filter((one) => one.tenantId === tenantId && one.user === user)
    const unsettled = mine.filter((one, at) => isOpen(one) && !isSettledLater(mine, at))
    const writtenSince =
      migrated !== undefined &&
      mine.some((one) => one.run > migrated.run || (one.run === migrated.run && one.intentAt > migrated.at))
    return {
      ...(migrated === undefined ? {} : {migrated}),
      ...(writtenSince ? {writtenSince} : {}),
      numbers,
      tokens,
      unsettled: unsettled.map(({tenantId: _tenantId, ...record}) => record),
    }
  }

  async forgetMigrated(tenantId: string, user: ObjectId): Promise<void> {
    this.store.migrated.delete(owner(tenantId, user))
  }

  async forget({run, user}: {run?: RunId | undefined; user?: string | undefined}): Promise<number> {
    const {actions, images, migrated, results, remembered, runs} = this.store
    const name = user?.toLowerCase()
    const isMeant = (record: Pick<ActionRecord, 'run' | 'user' | 'userPrincipalName'>): boolean =>
      (run === undefined || record.run === run) &&
      (user === undefined || record.user === user || record.userPrincipalName.toLowerCase() === name)
    const users = new Set([...actions, ...results.values()].filter(isMeant).map((record) => record.user))
    const isGone = (of: string, whose: string): boolean =>
      users.has(whose as ObjectId) && (run === undefined || of === run)
    actions.splice(0, Infinity, ...actions.filter((record) => !isGone(record.run, record.user)))
    for (const map of [images, results]) {
      for (const key of map.keys()) {
        const [of = '', whose = ''] = key.split(' ')
        if (isGone(of, whose)) map.delete(key)
      }
    }
    for (const [key, memory] of migrated) {
      if (isGone(memory.run, key.split(' ')[1] ?? '')) migrated.delete(key)
    }
    for (const [key, {user: whose}] of this.store.latest) if (users.has(whose)) this.store.latest.delete(key)
    for (const record of results.values()) if (users.has(record.user)) this.#fold(record)
    if (run === undefined) {
      const rest = remembered.filter((one) => !users.has(one.owner.split(' ')[1] as ObjectId))
      remembered.splice(0, Infinity, ...rest)
    } else if (user === undefined) runs.delete(run)
    return users.size
  }

  async forgetTenant(tenantId: string): Promise<void> {
    const {actions, images, migrated, remembered, results, runs, used} = this.store
    for (const [id, run] of runs) {
      if (run.tenantId !== tenantId) continue
      runs.delete(id)
      for (const map of [images, results])
        for (const key of map.keys()) if (key.startsWith(owner(id, ''))) map.delete(key)
    }
    const mine = owner(tenantId, '')
    for (const key of this.store.latest.keys())
      if ((JSON.parse(key) as readonly string[])[0] === tenantId) this.store.latest.delete(key)
    for (const map of [migrated, used])
      for (const key of map.keys()) if (key.startsWith(mine)) map.delete(key)
    actions.splice(0, Infinity, ...actions.filter((one) => one.tenantId !== tenantId))
    remembered.splice(0, Infinity, ...remembered.filter(({owner: whose}) => !whose.startsWith(mine)))
  }

  async permissionsUsed(
    tenantId: string,
    clientId: string,
    permissions: readonly string[],
    at: string,
  ): Promise<void> {
    const key = owner(tenantId, clientId)
    const used = this.store.used.get(key) ?? new Map<string, string>()
    this.store.used.set(key, used)
    for (const permission of permissions) {
      const before = used.get(permission)
      used.set(permission, before === undefined || at > before ? at : before)
    }
  }

  async permissionUse(tenantId: string, clientId: string): Promise<readonly PermissionUse[]> {
    return [...(this.store.used.get(owner(tenantId, clientId)) ?? [])]
      .map(([permission, lastUsed]) => ({permission, lastUsed}))
      .toSorted((one, other) => (one.permission < other.permission ? -1 : 1))
  }

  async hashKey(): Promise<Uint8Array> {
    return (this.store.hashKey ??= new Uint8Array(randomBytes(32)))
  }

  async lock(name: string, command: string): Promise<Lock> {
    const holder = this.store.locks.get(name)
    if (holder !== undefined)
      throw new MfaError(
        'LOCKED',
        `The lock ${name} is held by ${holder.command} of ${holder.user} on ${holder.host} (process ${holder.pid}) since ${holder.since}.`,
        {exit: 'locked', fix: 'Wait for it to end.'},
      )
    const lost = new AbortController()
    const now = this.#clock.now()
    const expires = new Date(now.getTime() + 60_000).toISOString()
    const since = now.toISOString()
    const mine = {
      name,
      host: 'fake',
      user: 'fake',
      pid: process.pid,
      command,
      since,
      heartbeat: since,
      expires,
      lost,
      ticket: randomUUID(),
    }
    this.store.locks.set(name, mine)
    const lock: Lock = {
      ticket: mine.ticket,
      lost: lost.signal,
      release: async () => {
        this.#held.delete(lock)
        if (this.store.locks.get(name) === mine) this.store.locks.delete(name)
      },
    }
    this.#held.add(lock)
    return lock
  }

  /** For tests: the lock goes to somebody else. */
  lose(name: string): void {
    const holder = this.store.locks.get(name)
    this.store.locks.delete(name)
    holder?.lost.abort(new MfaError('LOCK_LOST', `The lock ${name} was lost.`, {exit: 'locked'}))
  }

  async breakLock(name: string): Promise<boolean> {
    this.store.locks.get(name)?.lost.abort(new Error('released by hand'))
    return this.store.locks.delete(name)
  }

  async locks(): Promise<readonly LockHolder[]> {
    return [...this.store.locks.values()]
      .map(({lost: _lost, ticket: _ticket, ...holder}) => holder)

      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
  }

  async close(): Promise<void> {
    for (const lock of this.#held) await lock.release()
  }

  #run(id: RunId): RunRecord {
    const run = this.store.runs.get(id)
    if (run === undefined) throw new Error(`No run ${id}`)
    return run
  }
}

const carriesNothing = (findings: readonly unknown[]): boolean =>
  JSON.stringify(findings).includes('"nothing-to-carry"')

/** An `unchanged` that says nothing leaves it at that there was nothing to carry. */
function standsGood(
  old: LatestResult | undefined,
  {outcome, findings}: Pick<UserResultRecord, 'outcome' | 'findings'>,
): Stands {
  if (outcome !== 'unchanged') return 'migrated'
  if (findings.length === 0) return old?.stands === 'nothing-to-carry' ? old.stands : 'migrated'
  return carriesNothing(findings) ? 'nothing-to-carry' : 'migrated'
}

/** What one more result makes of what a user's results came to so far. */
function folded(
  old: LatestResult | undefined,
  {run, user, userPrincipalName, source, outcome, findings, at}: UserResultRecord,
  kind: RunRecord['kind'],
  group: ObjectId,
): LatestResult {
  const isUndo = kind === 'undo'
  const tells = !isUndo && outcome !== 'left' && !(outcome === 'unchanged' && findings.length === 0)
  const told = tells ? {run, ...(source === undefined ? {} : {source}), outcome, findings, at} : old?.told
  const before = old?.failures ?? 0
  const bad = outcome === 'failed' || outcome === 'partly'
  let failures = before
  if (!isUndo && !bad) failures = 0
  if (kind === 'sync' && bad) failures = before > 0 && old?.told?.run === run ? before : before + 1
  const good = outcome === 'migrated' || outcome === 'unchanged'
  const same = ['partly', 'unmatched', 'disabled', 'left'] as const
  const stands: Stands = good
    ? isUndo
      ? 'put-back'
      : standsGood(old, {outcome, findings})
    : (same.find((one) => one === outcome) ?? 'failed')
  return {user, userPrincipalName, group, ...(told === undefined ? {} : {told}), failures, stands}
}

function isOpen(record: ActionRecord): boolean {
  return record.outcome === undefined || record.outcome.status === 'unknown'
}

function isSettledLater(records: readonly ActionRecord[], at: number): boolean {
  return records.slice(at + 1).some((one) => one.action === records[at]?.action && !isOpen(one))
}

function owner(scope: string, user: string): string {
  return `${scope} ${user}`
}

/** Through JSON, as on disk: no secret and no undefined survives. */
function json<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T
}
