import {randomUUID} from 'node:crypto'

import type {PgBoss as Boss} from 'pg-boss'

import {MfaError} from '../../errors/mfa-error.js'
import type {Package, Standing, WorkQueue} from '../../ports/work-queue.js'
import type {PgDatabase} from './pg-database.js'

/** Whose heartbeat is older than that is dead; pg-boss takes no less. */
const HEARTBEAT_SECONDS = 10
const TOUCH_MS = 3000
/** How often the dead are looked for. */
const SUPERVISE_SECONDS = 3
const TRIES = 20
/** A package under way for that long is stuck, whatever its heartbeat says. */
const LONGEST_SECONDS = 4 * 3600
const AT_ONCE = 200
/** Of the advisory lock; any number that nobody else takes. */
const MAKING = 0x6d_66_61_33

const QUEUE_OPTIONS = {
  retryLimit: TRIES,
  retryDelay: 1,
  retryBackoff: true,
  retryDelayMax: 30,
  heartbeatSeconds: HEARTBEAT_SECONDS,
  expireInSeconds: LONGEST_SECONDS,
  // Never by itself: a lot counts its settled packages until it is forgotten, and may take weeks. The same of what waits.
  deleteAfterSeconds: 0,
  retentionSeconds: 10 * 365 * 24 * 3600,
}

interface JobData {
  readonly lot: string
  readonly work: unknown
}

/** The tables of pg-boss: beside ours. */
const queueSchema = (db: PgDatabase): string => `${db.schema.slice(0, 44)}_jobs`

/**
 * The queue of one tenant in pg-boss, through our own connections. Its tables are made when first needed.
 *
 * @param tenantId names the queue
 * @param troubled told once of each failure of the upkeep that may last; without upkeep packages of the dead stay with them
 */
export async function openPgWorkQueue(
  db: PgDatabase,
  tenantId: string,
  troubled: (why: string) => void = () => {},
): Promise<WorkQueue> {
  const {PgBoss} = await import('pg-boss')
  const schema = queueSchema(db)
  const boss = new PgBoss({
    db: {executeSql: (text, values) => db.raw(text, values)},
    schema,
    schedule: false,
    superviseIntervalSeconds: SUPERVISE_SECONDS,
    monitorIntervalSeconds: SUPERVISE_SECONDS,
    monitorVacuum: false,
    reindex: false,
    registerInstance: false,
  })
  // What fails in the background is tried again there; what is asked for throws by itself.
  const told = new Set<string>()
  boss.on('error', (error: Error) => {
    if ((error instanceof MfaError && error.exit === 'unavailable') || told.has(error.message)) return
    told.add(error.message)
    troubled(error.message)
  })
  const name = `work.${tenantId}`
  // Two that make the tables at the same moment would get into each other's way.
  await db.transaction(async (on) => {
    await on.run('SELECT pg_advisory_xact_lock($1)', MAKING)
    await boss.start()
    await boss.createQueue(name, QUEUE_OPTIONS)
    // One that is there already is left as it was by that.
    await boss.updateQueue(name, QUEUE_OPTIONS)
  })
  return new PgWorkQueue(db, boss, schema, name)
}

class PgWorkQueue implements WorkQueue {
  readonly #db: PgDatabase
  readonly #boss: Boss
  readonly #table: string
  readonly #name: string
  readonly #timers = new Set<NodeJS.Timeout>()

  constructor(db: PgDatabase, boss: Boss, schema: string, name: string) {
    this.#db = db
    this.#boss = boss
    this.#table = `${schema}.job`
    this.#name = name
  }

  async put(lot: string, packages: readonly object[]): Promise<void> {
    for (let at = 0; at < packages.length; at += AT_ONCE) {
      // With names: where the answer is lost, the same is sent again, and must not be there twice.
      const jobs = packages
        .slice(at, at + AT_ONCE)
        .map((work) => ({id: randomUUID(), data: {lot, work} satisfies JobData}))
      await this.#boss.insert(this.#name, jobs)
    }
  }

  async take(): Promise<Package | undefined> {
    const [job] = await this.#boss.fetch<JobData>(this.#name)
    if (job === undefined) return undefined
    // The attempt fences what we say of it: once somebody else has the job, our word counts nothing.
    const claim = {id: job.id, retryCount: (job as {readonly retryCount?: number}).retryCount ?? 0}
    const lost = new AbortController()
    const touch = async (): Promise<void> => {
      try {
        const answer = (await this.#boss.touch(this.#name, claim)) as {readonly affected?: number}
        if (answer.affected === 0) lost.abort(taken())
      } catch {
        // The next one may get through.
      }
    }
    const timer = setInterval(() => void touch(), TOUCH_MS).unref()
    this.#timers.add(timer)
    const settled = async (settle: () => Promise<unknown>): Promise<void> => {
      clearInterval(timer)
      this.#timers.delete(timer)
      await settle()
    }
    return {
      id: job.id,
      lot: job.data.lot,
      data: job.data.work,
      lost: lost.signal,
      done: (counts) => settled(() => this.#boss.complete(this.#name, claim, counts)),
      giveBack: (reason) => settled(() => this.#boss.fail(this.#name, claim, reason)),
    }
  }

  async standing(lot: string): Promise<Standing> {
    const rows = await this.#db.all(
      `SELECT state::text AS state, count(*)::int AS jobs, coalesce(sum((output->>'users')::int), 0)::int AS users,
              coalesce(sum((output->>'failures')::int), 0)::int AS failures,
              max(output::text) FILTER (WHERE state = 'failed') AS reason
       FROM ${this.#table} WHERE name = $1 AND data->>'lot' = $2 GROUP BY state`,
      this.#name, lot,
    ) // prettier-ignore
    const sum = (states: readonly string[], field: 'jobs' | 'users' | 'failures'): number =>
      rows
        .filter(({state}) => states.includes(String(state)))
        .reduce((all, row) => all + Number(row[field]), 0)
    const reason = rows.find(({state}) => state === ('failed' as never))?.['reason']
    return {
      waiting: sum(['created', 'retry'], 'jobs'),
      working: sum(['active'], 'jobs'),
      done: sum(['completed'], 'jobs'),
      failed: sum(['failed', 'cancelled'], 'jobs'),
      users: sum(['completed'], 'users'),
      failures: sum(['completed'], 'failures'),
      ...(typeof reason === 'string' ? {reason: JSON.parse(reason) as unknown} : {}),
    }
  }

  async open(): ReturnType<WorkQueue['open']> {
    return openJobs(this.#db, this.#name)
  }

  async adopt(key: string, lot: string): Promise<number> {
    return this.#db.run(
      `UPDATE ${this.#table} SET data = jsonb_set(data, '{lot}', to_jsonb($3::text))
       WHERE name = $1 AND state IN ('created', 'retry') AND data->'work'->>'key' = $2 AND data->>'lot' <> $3`,
      this.#name, key, lot,
    ) // prettier-ignore
  }

  async withdraw(which: {readonly lot: string} | {readonly allBut: string}): Promise<void> {
    const [of, lot] =
      'lot' in which
        ? [`state IN ('created', 'retry') AND data->>'lot' =`, which.lot]
        : [`state <> 'active' AND data->>'lot' <>`, which.allBut]
    await this.#db.run(`DELETE FROM ${this.#table} WHERE name = $1 AND ${of} $2`, this.#name, lot)
  }

  async forget(lot: string): Promise<void> {
    await this.#db.run(
      `DELETE FROM ${this.#table} WHERE name = $1 AND state <> 'active' AND data->>'lot' = $2`,
      this.#name, lot,
    ) // prettier-ignore
  }

  /** What was taken and not settled comes back to others, as after a death. */
  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    await this.#boss.stop({graceful: false, close: false})
  }
}

/** What waits and what is worked on, without opening a queue: for looking. Nothing where there never was one. */
export async function openJobs(db: PgDatabase, name: string): ReturnType<WorkQueue['open']> {
  const table = `${queueSchema(db)}.job`
  const there = await db.get('SELECT to_regclass($1) IS NOT NULL AS there', table)
  if (there?.['there'] !== (true as never)) return {waiting: 0, working: 0, users: 0}
  const row = await db.get(
    `SELECT count(*) FILTER (WHERE state <> 'active')::int AS waiting,
            count(*) FILTER (WHERE state = 'active')::int AS working,
            coalesce(sum(jsonb_array_length(data->'work'->'users')), 0)::int AS users
     FROM ${table} WHERE name = $1 AND state IN ('created', 'retry', 'active')`,
    name,
  )
  return {waiting: Number(row?.['waiting']), working: Number(row?.['working']), users: Number(row?.['users'])}
}

const taken = (): MfaError =>
  new MfaError('PACKAGE_LOST', 'the package went to another worker', {exit: 'locked'})
