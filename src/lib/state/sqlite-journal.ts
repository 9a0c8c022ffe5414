import {randomBytes} from 'node:crypto'
import type {ActionId, ObjectId, RunId} from '../model/brand.js'
import type {EntraMethods} from '../model/entra-user.js'
import type {Clock} from '../ports/clock.js'
import type {ActionRecord, Journal, LatestResult, Lock, LockHolder, PermissionUse, RunQuery, RunRecord, RunScope, RunStart, RunStatus, Stands, UserMemory, UserResultRecord} from '../ports/journal.js' // prettier-ignore
import type {Database, Row} from './database.js'
import {isEntraMethods, reader} from './decode.js'
import {GroupCommit} from './group-commit.js'
import {forgetRecords} from './forget.js'
import {countsByStands, latestRecord, runScopes} from './latest.js'
import {foldInto} from './latest-sql.js'
import {LOCK_TIMING, type LockTiming, SqliteLocks} from './locks.js'
import {actionRecord, runRecord, userResultRecord} from './records.js'
import {nextRunId} from './run-ids.js'
import {runStatement} from './run-query.js'
import {readMemory, rememberMigrated, rememberWrite} from './user-memory.js'
import {stateDamaged} from './state-fault.js'

const PAGE = 500
const GROUP_ID = "json_extract(scope, '$.id')"
const FOLD_ONE = foldInto("json_extract(r.scope, '$.id')", 't.run = ? AND t.user = ?')

/**
 * The journal in one SQLite file. A call that resolves is on the disk. Every attempt is a row of its own: an action that
 * was tried again appears again in `actions`, the last one tells how it stands.
 */
export class SqliteJournal implements Journal {
  readonly #db: Database
  readonly #clock: Clock
  readonly #locks: SqliteLocks
  readonly #group: GroupCommit

  constructor(db: Database, clock: Clock, timing: LockTiming = LOCK_TIMING) {
    this.#db = db
    this.#clock = clock
    this.#locks = new SqliteLocks(db, clock, timing)
    this.#group = new GroupCommit(db)
  }

  async beginRun(start: RunStart): Promise<{readonly run: RunRecord; readonly resumed: boolean}> {
    return this.#db.transaction(() => {
      const row = this.#db.get(
        `UPDATE runs SET status = 'open', ended_at = NULL, summary = NULL, log_file = coalesce(?, log_file)
         WHERE id = (SELECT max(id) FROM runs WHERE resume_key = ? AND status IN ('open', 'interrupted')
                     AND kind = ? AND tenant_id = ?)
         RETURNING *`,
        start.logFile ?? null, start.resumeKey, start.kind, start.tenantId,
      ) // prettier-ignore
      if (row !== undefined) return {run: runRecord(row, this.#db.file), resumed: true}
      return {run: this.#newRun(start), resumed: false}
    })
  }

  #newRun(start: RunStart): RunRecord {
    const last = this.#db.get('SELECT max(id) AS id FROM runs')?.['id']
    const id = nextRunId(this.#clock.now(), typeof last === 'string' ? last : undefined)
    const row = this.#db.get(
      `INSERT INTO runs (id, kind, tenant_id, scope, source_label, source_fingerprint, options, resume_key, started_at,
                         log_file, status)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open') RETURNING *`,
      id, start.kind, start.tenantId, start.group === undefined ? null : JSON.stringify(start.group),
      start.sourceLabel, start.sourceFingerprint, JSON.stringify(start.options), start.resumeKey, start.startedAt,
      start.logFile ?? null,
    ) // prettier-ignore
    return runRecord(row ?? {}, this.#db.file)
  }

  async endRun(
    run: RunId,
    status: Exclude<RunStatus, 'open'>,
    summary: Readonly<Record<string, unknown>>,
    at: string,
  ): Promise<void> {
    const sql = 'UPDATE runs SET status = ?, summary = ?, ended_at = ? WHERE id = ?'
    if (this.#db.run(sql, status, JSON.stringify(summary), at, run) === 0) throw new Error(`No run ${run}`)
  }

  async runs(query: RunQuery = {}): Promise<readonly RunRecord[]> {
    const {sql, values} = runStatement(query, (nth) => `?${nth}`, GROUP_ID)
    return this.#db.all(sql, ...values).map((row) => runRecord(row, this.#db.file))
  }

  async runScopes(): Promise<readonly RunScope[]> {
    const sql = 'SELECT tenant_id, kind, scope, max(id) AS newest FROM runs GROUP BY tenant_id, kind, scope'
    return runScopes(this.#db.all(sql), this.#db.file)
  }

  async run(id: string): Promise<RunRecord | undefined> {
    const row = this.#db.get('SELECT * FROM runs WHERE id = ?', id)
    return row && runRecord(row, this.#db.file)
  }

  async intent(record: Omit<ActionRecord, 'outcome' | 'outcomeAt' | 'made'>): Promise<void> {
    await this.#group.write(() => {
      const changed = this.#db.run(
        `INSERT INTO actions (run, tenant_id, user, user_principal_name, action, intent, intent_at)
         SELECT id, tenant_id, ?, ?, ?, ?, ? FROM runs WHERE id = ?`,
        record.user, record.userPrincipalName, record.action, JSON.stringify(record.intent), record.intentAt,
        record.run,
      ) // prettier-ignore
      if (changed === 0) throw new Error(`No run ${record.run}`)
    })
  }

  async outcome(
    run: RunId,
    user: ObjectId,
    action: ActionId,
    result: Parameters<Journal['outcome']>[3],
    at: string,
  ): Promise<void> {
    await this.#group.write(() => {
      const made = result.made === undefined ? null : JSON.stringify(result.made)
      const row = this.#db.get(
        `UPDATE actions SET status = ?, outcome = ?, made = coalesce(?, made), outcome_at = ?
         WHERE seq = (SELECT max(seq) FROM actions WHERE user = ? AND action = ? AND run = ?) RETURNING tenant_id`,
        result.outcome.status, JSON.stringify(result.outcome), made, at, user, action, run,
      ) // prettier-ignore
      if (row === undefined) throw new Error(`No intent of action ${action} in run ${run}`)
      const written = result.outcome.status === 'done' || result.outcome.status === 'already-done'
      if (written && result.remember !== undefined)
        rememberWrite(this.#db, String(row['tenant_id']), user, result.remember)
    })
  }

  async *actions(run: RunId, user?: ObjectId): AsyncGenerator<ActionRecord> {
    const sql =
      user === undefined
        ? 'SELECT * FROM actions WHERE run = ? AND seq > ? ORDER BY seq LIMIT ?'
        : 'SELECT * FROM actions WHERE run = ? AND seq > ? AND user = ? ORDER BY seq LIMIT ?'
    const more = user === undefined ? [] : [user]
    for (const row of this.#pages((after) => this.#db.all(sql, run, after, ...more, PAGE)))
      yield actionRecord(row, this.#db.file)
  }

  async writesTo(tenantId: string, user: ObjectId, since = '' as RunId): Promise<readonly ActionRecord[]> {
    const sql = 'SELECT * FROM actions WHERE user = ? AND tenant_id = ? AND run >= ? ORDER BY run, seq'
    return this.#db.all(sql, user, tenantId, since).map((row) => actionRecord(row, this.#db.file))
  }

  async beforeImage(run: RunId, user: ObjectId, image: EntraMethods, at: string): Promise<void> {
    const sql = 'INSERT INTO images (run, user, image, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING'
    await this.#group.write(() => this.#db.run(sql, run, user, JSON.stringify(image), at))
  }

  async beforeImageOf(run: RunId, user: ObjectId): Promise<EntraMethods | undefined> {
    const row = this.#db.get('SELECT image FROM images WHERE run = ? AND user = ?', run, user)
    if (row === undefined) return undefined
    const image = reader(row, this.#db.file, `before-image of ${user}`).record('image')
    if (!isEntraMethods(image))
      throw stateDamaged(this.#db.file, `the before-image of ${user} in run ${run} is damaged`)
    return image
  }

  async userResult(record: UserResultRecord): Promise<void> {
    const sql = `INSERT OR REPLACE INTO results (run, user, user_principal_name, source, outcome, findings, at)
       VALUES (?, ?, ?, ?, ?, ?, ?)`
    const {run, user, userPrincipalName, source, outcome, at} = record
    const findings = JSON.stringify(record.findings)
    await this.#group.write(() => {
      this.#db.run(sql, run, user, userPrincipalName, source ?? null, outcome, findings, at)
      this.#db.run(FOLD_ONE, run, user)
    })
  }

  async *userResults(run: RunId, users?: readonly ObjectId[]): AsyncGenerator<UserResultRecord> {
    const some = users === undefined ? '' : 'AND user IN (SELECT value FROM json_each(?))'
    const sql = `SELECT * FROM results WHERE run = ? AND seq > ? ${some} ORDER BY seq LIMIT ?`
    const names = users === undefined ? [] : [JSON.stringify(users)]
    for (const row of this.#pages((after) => this.#db.all(sql, run, after, ...names, PAGE)))
      yield userResultRecord(row, this.#db.file)
  }

  async latestOf(
    tenantId: string,
    users: readonly ObjectId[],
    group?: ObjectId,
  ): Promise<readonly LatestResult[]> {
    const only = group === undefined ? '' : 'AND scope = ?'
    const sql = `SELECT * FROM latest WHERE tenant_id = ? AND user IN (SELECT value FROM json_each(?)) ${only}`
    const rows = this.#db.all(sql, tenantId, JSON.stringify(users), ...(group === undefined ? [] : [group]))
    return rows.map((row) => latestRecord(row, this.#db.file))
  }

  async *latestIn(tenantId: string, group: ObjectId, only?: 'failing'): AsyncGenerator<LatestResult> {
    // Else SQLite would look at everybody.
    const from = only === undefined ? 'latest' : 'latest INDEXED BY latest_failing'
    const failing = only === undefined ? '' : 'AND failures > 0'
    const sql = `SELECT * FROM ${from} WHERE tenant_id = ? AND scope = ? AND user > ? ${failing} ORDER BY user LIMIT ?`
    for (let after = ''; ;) {
      const rows = this.#db.all(sql, tenantId, group, after, PAGE)
      for (const row of rows) yield latestRecord(row, this.#db.file)
      const last = rows.at(-1)
      if (last === undefined || rows.length < PAGE) return
      after = String(last['user'])
    }
  }

  async latestCounts(tenantId: string, group: ObjectId): Promise<Readonly<Partial<Record<Stands, number>>>> {
    const sql =
      'SELECT stands, count(*) AS users FROM latest WHERE tenant_id = ? AND scope = ? GROUP BY stands'
    return countsByStands(this.#db.all(sql, tenantId, group), this.#db.file)
  }

  async migrated(
    user: ObjectId,
    tenantId: string,
    memory: NonNullable<UserMemory['migrated']>,
  ): Promise<void> {
    await this.#group.write(() => rememberMigrated(this.#db, tenantId, user, memory))
  }

  async memory(tenantId: string, users: readonly ObjectId[]): Promise<ReadonlyMap<ObjectId, UserMemory>> {
    return readMemory(this.#db, tenantId, users)
  }

  async forgetMigrated(tenantId: string, user: ObjectId): Promise<void> {
    this.#db.run('DELETE FROM migrated WHERE tenant_id = ? AND user = ?', tenantId, user)
  }

  async forget({run, user}: {run?: RunId | undefined; user?: string | undefined}): Promise<number> {
    return forgetRecords(this.#db, run, user)
  }

  async forgetTenant(tenantId: string): Promise<void> {
    this.#db.transaction(() => {
      for (const table of ['actions', 'latest', 'migrated', 'numbers', 'tokens', 'permission_use', 'runs']) {
        this.#db.run(`DELETE FROM ${table} WHERE tenant_id = ?`, tenantId)
      }
    })
  }

  async permissionsUsed(
    tenantId: string,
    clientId: string,
    permissions: readonly string[],
    at: string,
  ): Promise<void> {
    this.#db.transaction(() => {
      for (const permission of permissions)
        this.#db.run(
          `INSERT INTO permission_use (tenant_id, client_id, permission, last_used) VALUES (?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET last_used = max(last_used, excluded.last_used)`,
          tenantId, clientId, permission, at,
        ) // prettier-ignore
    })
  }

  async permissionUse(tenantId: string, clientId: string): Promise<readonly PermissionUse[]> {
    const sql = 'SELECT * FROM permission_use WHERE tenant_id = ? AND client_id = ? ORDER BY permission'
    return this.#db.all(sql, tenantId, clientId).map((row) => {
      const read = reader(row, this.#db.file, 'use of a permission')
      return {permission: read.text('permission'), lastUsed: read.text('last_used')}
    })
  }

  async hashKey(): Promise<Uint8Array> {
    const value = this.#db.transaction(() => {
      this.#db.run(
        `INSERT INTO meta (name, value) VALUES ('hash-key', ?) ON CONFLICT DO NOTHING`,
        randomBytes(32),
      )
      return this.#db.get(`SELECT value FROM meta WHERE name = 'hash-key'`)?.['value']
    })
    if (!(value instanceof Uint8Array) || value.length !== 32)
      throw stateDamaged(this.#db.file, 'its hash key is damaged')
    return value
  }

  async lock(name: string, command: string): Promise<Lock> {
    return this.#locks.take(name, command)
  }

  async breakLock(name: string): Promise<boolean> {
    return this.#locks.break(name)
  }

  async locks(): Promise<readonly LockHolder[]> {
    return this.#locks.list()
  }

  /** Releases what is still locked. */
  async close(): Promise<void> {
    try {
      this.#group.flush()
      await this.#locks.releaseAll()
    } finally {
      this.#db.close()
    }
  }

  /** Page by page, so that memory stays flat and no cursor is open while the caller writes. */
  *#pages(read: (after: number) => readonly Row[]): Generator<Row> {
    for (let after = 0; ;) {
      const rows = read(after)
      yield* rows
      const last = rows.at(-1)
      if (last === undefined || rows.length < PAGE) return
      after = Number(last['seq'])
    }
  }
}
