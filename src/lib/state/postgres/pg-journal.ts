import {randomBytes} from 'node:crypto'

import type {ActionId, ObjectId, RunId} from '../../model/brand.js'
import type {EntraMethods} from '../../model/entra-user.js'
import type {Clock} from '../../ports/clock.js'
import type {ActionRecord, Journal, LatestResult, Lock, LockHolder, PermissionUse, RunQuery, RunRecord, RunScope, RunStart, RunStatus, Stands, UserMemory, UserResultRecord} from '../../ports/journal.js' // prettier-ignore
import type {Row} from '../database.js'
import {isEntraMethods, reader} from '../decode.js'
import {countsByStands, latestRecord, runScopes} from '../latest.js'
import type {LockTiming} from '../locks.js'
import {actionRecord, runRecord, userResultRecord} from '../records.js'
import {nextRunId} from '../run-ids.js'
import {runStatement} from '../run-query.js'
import {stateDamaged} from '../state-fault.js'
import type {PgDatabase, Statements} from './pg-database.js'
import {FOLD_ONE, forgetRecords} from './pg-forget.js'
import {PgGroup} from './pg-group.js'
import {PG_LOCK_TIMING, PgLocks} from './pg-locks.js'
import {readMemory, rememberMigrated, rememberWrite} from './pg-memory.js'

const PAGE = 500
/** Run ids ascend over all machines: one at a time makes one. */
const RUN_IDS = 0x6d_66_61_32

/** The journal in PostgreSQL, shared by several machines. A call that resolves is on the server's disk. */
export class PgJournal implements Journal {
  /** For what is shared besides: the queue, leases, the write budget. */
  readonly db: PgDatabase
  readonly #db: PgDatabase
  readonly #group: PgGroup
  readonly #clock: Clock
  readonly #locks: PgLocks

  constructor(db: PgDatabase, clock: Clock, timing: LockTiming = PG_LOCK_TIMING) {
    this.db = db
    this.#db = db
    this.#group = new PgGroup(db)
    this.#clock = clock
    this.#locks = new PgLocks(db, clock, timing)
  }

  async beginRun(start: RunStart): Promise<{readonly run: RunRecord; readonly resumed: boolean}> {
    return this.#db.transaction(async (on) => {
      const row = await on.get(
        `UPDATE runs SET status = 'open', ended_at = NULL, summary = NULL, log_file = coalesce($1, log_file)
         WHERE id = (SELECT max(id) FROM runs WHERE resume_key = $2 AND status IN ('open', 'interrupted')
                     AND kind = $3 AND tenant_id = $4)
         RETURNING *`,
        start.logFile ?? null, start.resumeKey, start.kind, start.tenantId,
      ) // prettier-ignore
      if (row !== undefined) return {run: runRecord(row, this.#db.label), resumed: true}
      return {run: await this.#newRun(start, on), resumed: false}
    })
  }

  async #newRun(start: RunStart, on: Statements): Promise<RunRecord> {
    await on.run('SELECT pg_advisory_xact_lock($1)', RUN_IDS)
    const last = (await on.get('SELECT max(id) AS id FROM runs'))?.['id']
    const id = nextRunId(this.#clock.now(), typeof last === 'string' ? last : undefined)
    const row = await on.get(
      `INSERT INTO runs (id, kind, tenant_id, scope, source_label, source_fingerprint, options, resume_key, started_at,
                         log_file, status)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'open') RETURNING *`,
      id, start.kind, start.tenantId, start.group === undefined ? null : JSON.stringify(start.group),
      start.sourceLabel, start.sourceFingerprint, JSON.stringify(start.options), start.resumeKey, start.startedAt,
      start.logFile ?? null,
    ) // prettier-ignore
    return runRecord(row ?? {}, this.#db.label)
  }

  async endRun(
    run: RunId,
    status: Exclude<RunStatus, 'open'>,
    summary: Readonly<Record<string, unknown>>,
    at: string,
  ): Promise<void> {
    const sql = 'UPDATE runs SET status = $1, summary = $2, ended_at = $3 WHERE id = $4'
    if ((await this.#db.run(sql, status, JSON.stringify(summary), at, run)) === 0)
      throw new Error(`No run ${run}`)
  }

  async runs(query: RunQuery = {}): Promise<readonly RunRecord[]> {
    const {sql, values} = runStatement(query, (nth) => `$${nth}`, "(scope::json ->> 'id')")
    const rows = await this.#db.all(sql, ...values)
    return rows.map((row) => runRecord(row, this.#db.label))
  }

  async runScopes(): Promise<readonly RunScope[]> {
    const sql = 'SELECT tenant_id, kind, scope, max(id) AS newest FROM runs GROUP BY tenant_id, kind, scope'
    return runScopes(await this.#db.all(sql), this.#db.label)
  }

  async run(id: string): Promise<RunRecord | undefined> {
    const row = await this.#db.get('SELECT * FROM runs WHERE id = $1', id)
    return row && runRecord(row, this.#db.label)
  }

  async intent(record: Omit<ActionRecord, 'outcome' | 'outcomeAt' | 'made'>): Promise<void> {
    await this.#group.write(async (on) => {
      const changed = await on.run(
        `INSERT INTO actions (run, tenant_id, "user", user_principal_name, action, intent, intent_at)
         SELECT id, tenant_id, $1::text, $2::text, $3::text, $4::text, $5::text FROM runs WHERE id = $6`,
        record.user, record.userPrincipalName, record.action, JSON.stringify(record.intent), record.intentAt, record.run,
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
    const made = result.made === undefined ? null : JSON.stringify(result.made)
    const written = result.outcome.status === 'done' || result.outcome.status === 'already-done'
    await this.#group.write(async (on) => {
      const row = await on.get(
        `UPDATE actions SET status = $1, outcome = $2, made = coalesce($3, made), outcome_at = $4
         WHERE seq = (SELECT max(seq) FROM actions WHERE "user" = $5 AND action = $6 AND run = $7) RETURNING tenant_id`,
        result.outcome.status, JSON.stringify(result.outcome), made, at, user, action, run,
      ) // prettier-ignore
      if (row === undefined) throw new Error(`No intent of action ${action} in run ${run}`)
      if (written && result.remember !== undefined)
        await rememberWrite(on, String(row['tenant_id']), user, result.remember)
    })
  }

  async *actions(run: RunId, user?: ObjectId): AsyncGenerator<ActionRecord> {
    const sql =
      user === undefined
        ? 'SELECT * FROM actions WHERE run = $1 AND seq > $2 ORDER BY seq LIMIT $3'
        : 'SELECT * FROM actions WHERE run = $1 AND seq > $2 AND "user" = $4 ORDER BY seq LIMIT $3'
    const more = user === undefined ? [] : [user]
    for await (const row of this.#pages((after) => this.#db.all(sql, run, after, PAGE, ...more)))
      yield actionRecord(row, this.#db.label)
  }

  async writesTo(tenantId: string, user: ObjectId, since = '' as RunId): Promise<readonly ActionRecord[]> {
    const sql = 'SELECT * FROM actions WHERE "user" = $1 AND tenant_id = $2 AND run >= $3 ORDER BY run, seq'
    return (await this.#db.all(sql, user, tenantId, since)).map((row) => actionRecord(row, this.#db.label))
  }

  async beforeImage(run: RunId, user: ObjectId, image: EntraMethods, at: string): Promise<void> {
    const sql = 'INSERT INTO images (run, "user", image, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING'
    await this.#group.write(async (on) => {
      await on.run(sql, run, user, JSON.stringify(image), at)
    })
  }

  async beforeImageOf(run: RunId, user: ObjectId): Promise<EntraMethods | undefined> {
    const row = await this.#db.get('SELECT image FROM images WHERE run = $1 AND "user" = $2', run, user)
    if (row === undefined) return undefined
    const image = reader(row, this.#db.label, `before-image of ${user}`).record('image')
    if (!isEntraMethods(image))
      throw stateDamaged(this.#db.label, `the before-image of ${user} in run ${run} is damaged`)
    return image
  }

  /** A user whose result is told again comes last, as in SQLite. */
  async userResult(record: UserResultRecord): Promise<void> {
    const {run, user, userPrincipalName, source, outcome, at} = record
    const findings = JSON.stringify(record.findings)
    await this.#group.write(async (on) => {
      await on.run(
        `INSERT INTO results (run, "user", user_principal_name, source, outcome, findings, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (run, "user") DO UPDATE SET seq = DEFAULT, user_principal_name = excluded.user_principal_name,
           source = excluded.source, outcome = excluded.outcome, findings = excluded.findings, at = excluded.at`,
        run, user, userPrincipalName, source ?? null, outcome, findings, at,
      ) // prettier-ignore
      await on.run(FOLD_ONE, run, user)
    })
  }

  async *userResults(run: RunId, users?: readonly ObjectId[]): AsyncGenerator<UserResultRecord> {
    const some = users === undefined ? '' : 'AND "user" = ANY($4::text[])'
    const sql = `SELECT * FROM results WHERE run = $1 AND seq > $2 ${some} ORDER BY seq LIMIT $3`
    const names = users === undefined ? [] : [users]
    for await (const row of this.#pages((after) => this.#db.all(sql, run, after, PAGE, ...names)))
      yield userResultRecord(row, this.#db.label)
  }

  async latestOf(
    tenantId: string,
    users: readonly ObjectId[],
    group?: ObjectId,
  ): Promise<readonly LatestResult[]> {
    const only = group === undefined ? '' : 'AND scope = $3'
    const sql = `SELECT * FROM latest WHERE tenant_id = $1 AND "user" = ANY($2::text[]) ${only}`
    const rows = await this.#db.all(sql, tenantId, users, ...(group === undefined ? [] : [group]))
    return rows.map((row) => latestRecord(row, this.#db.label))
  }

  async *latestIn(tenantId: string, group: ObjectId, only?: 'failing'): AsyncGenerator<LatestResult> {
    const failing = only === undefined ? '' : 'AND failures > 0'
    const sql = `SELECT * FROM latest WHERE tenant_id = $1 AND scope = $2 AND "user" > $3 ${failing} ORDER BY "user" LIMIT $4`
    for (let after = ''; ;) {
      const rows = await this.#db.all(sql, tenantId, group, after, PAGE)
      for (const row of rows) yield latestRecord(row, this.#db.label)
      const last = rows.at(-1)
      if (last === undefined || rows.length < PAGE) return
      after = String(last['user'])
    }
  }

  async latestCounts(tenantId: string, group: ObjectId): Promise<Readonly<Partial<Record<Stands, number>>>> {
    const sql =
      'SELECT stands, count(*) AS users FROM latest WHERE tenant_id = $1 AND scope = $2 GROUP BY stands'
    return countsByStands(await this.#db.all(sql, tenantId, group), this.#db.label)
  }

  migrated(user: ObjectId, tenantId: string, memory: NonNullable<UserMemory['migrated']>): Promise<void> {
    return this.#group.write((on) => rememberMigrated(on, tenantId, user, memory))
  }

  memory(tenantId: string, users: readonly ObjectId[]): Promise<ReadonlyMap<ObjectId, UserMemory>> {
    return readMemory(this.#db, tenantId, users)
  }

  async forgetMigrated(tenantId: string, user: ObjectId): Promise<void> {
    await this.#db.run('DELETE FROM migrated WHERE tenant_id = $1 AND "user" = $2', tenantId, user)
  }

  forget({run, user}: {run?: RunId | undefined; user?: string | undefined}): Promise<number> {
    return forgetRecords(this.#db, run, user)
  }

  async forgetTenant(tenantId: string): Promise<void> {
    await this.#db.transaction(async (on) => {
      for (const table of ['actions', 'latest', 'migrated', 'numbers', 'tokens', 'permission_use', 'runs'])
        await on.run(`DELETE FROM ${table} WHERE tenant_id = $1`, tenantId)
    })
  }

  async permissionsUsed(
    tenantId: string,
    clientId: string,
    permissions: readonly string[],
    at: string,
  ): Promise<void> {
    await this.#db.run(
      `INSERT INTO permission_use (tenant_id, client_id, permission, last_used)
       SELECT $1::text, $2::text, name, $4::text FROM unnest($3::text[]) AS name
       ON CONFLICT (tenant_id, client_id, permission)
         DO UPDATE SET last_used = greatest(permission_use.last_used, excluded.last_used)`,
      tenantId, clientId, [...new Set(permissions)], at,
    ) // prettier-ignore
  }

  async permissionUse(tenantId: string, clientId: string): Promise<readonly PermissionUse[]> {
    const sql = 'SELECT * FROM permission_use WHERE tenant_id = $1 AND client_id = $2 ORDER BY permission'
    return (await this.#db.all(sql, tenantId, clientId)).map((row) => {
      const read = reader(row, this.#db.label, 'use of a permission')
      return {permission: read.text('permission'), lastUsed: read.text('last_used')}
    })
  }

  async hashKey(): Promise<Uint8Array> {
    await this.#db.run(
      `INSERT INTO meta (name, value) VALUES ('hash-key', $1) ON CONFLICT DO NOTHING`,
      randomBytes(32),
    )
    const value: unknown = (await this.#db.get(`SELECT value FROM meta WHERE name = 'hash-key'`))?.['value']
    if (!(value instanceof Uint8Array) || value.length !== 32)
      throw stateDamaged(this.#db.label, 'its hash key is damaged')
    return new Uint8Array(value)
  }

  lock(name: string, command: string): Promise<Lock> {
    return this.#locks.take(name, command)
  }

  breakLock(name: string): Promise<boolean> {
    return this.#locks.break(name)
  }

  locks(): Promise<readonly LockHolder[]> {
    return this.#locks.list()
  }

  /** Releases what is still locked. */
  async close(): Promise<void> {
    try {
      await this.#locks.releaseAll()
    } finally {
      await this.#db.close()
    }
  }

  /** Page by page, so that memory stays flat and no cursor is open while the caller writes. */
  async *#pages(read: (after: number) => Promise<readonly Row[]>): AsyncGenerator<Row> {
    for (let after = 0; ;) {
      const rows = await read(after)
      yield* rows
      const last = rows.at(-1)
      if (last === undefined || rows.length < PAGE) return
      after = Number(last['seq'])
    }
  }
}
