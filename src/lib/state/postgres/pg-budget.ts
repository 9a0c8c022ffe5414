import {
  BUDGET_LEASE_MS,
  type BudgetLimit,
  type Reservation,
  type WriteBudget,
} from '../../ports/write-budget.js'
import type {PgDatabase} from './pg-database.js'

/** A request sent at the end of its reservation is over by then: an attempt is given up after 100 seconds. */
const LONGEST_MS = BUDGET_LEASE_MS + 100_000
/** Nobody queues up further ahead: what others settle meanwhile may make room sooner. */
const AHEAD_MS = 5000
/** Part of the rate that is handed out, so that the window itself seldom has to say no. */
const HEADROOM = 0.985

/**
 * The budget in the database. A reservation counts from its start until `windowMs` after it was settled, and starts never go
 * back, so what is out at any moment bounds every stretch of `windowMs` that ends there. Starts lie at even distances in the
 * order of asking: that is the pace, and that nobody starves.
 */
export class PgBudget implements WriteBudget {
  readonly #db: PgDatabase

  constructor(db: PgDatabase) {
    this.#db = db
  }

  reserve(name: string, limit: BudgetLimit, wanted: number): Promise<Reservation> {
    const count = Math.max(1, Math.min(wanted, limit.count))
    const each = limit.windowMs / (HEADROOM * limit.count)
    return this.#db.transaction(async (on) => {
      await on.run(
        `INSERT INTO budgets (name, next_at, last_start) VALUES ($1, clock_timestamp(), clock_timestamp())
         ON CONFLICT DO NOTHING`,
        name,
      )
      // Whoever comes at the same moment waits here. Milliseconds as numbers: text of a time would lose digits.
      await on.get('SELECT 1 FROM budgets WHERE name = $1 FOR UPDATE', name)
      const row = await on.get(
        `SELECT extract(epoch FROM next_at) * 1000 AS next_at, extract(epoch FROM last_start) * 1000 AS last_start,
                extract(epoch FROM clock_timestamp()) * 1000 AS now FROM budgets WHERE name = $1`,
        name,
      )
      const [next, last, now] = [Number(row?.['next_at']), Number(row?.['last_start']), Number(row?.['now'])]
      await on.run('DELETE FROM budget_blocks WHERE name = $1 AND ends <= to_timestamp($2)', name, now / 1000)
      const tat = Math.max(next, now - Math.max(0, limit.burst - count) * each)
      const start = await this.#room(name, limit, count, Math.max(now, tat, last), on)
      if (start - now > AHEAD_MS) return {count: 0, waitMs: Math.min(1000, start - now - AHEAD_MS + 1)}
      const made = await on.get(
        `INSERT INTO budget_blocks (name, count, starts, ends) VALUES ($1, $2, to_timestamp($3), to_timestamp($4))
         RETURNING id`,
        name, count, start / 1000, (start + LONGEST_MS + limit.windowMs) / 1000,
      ) // prettier-ignore
      await on.run(
        'UPDATE budgets SET next_at = to_timestamp($2), last_start = to_timestamp($3) WHERE name = $1',
        name, (Math.max(tat, start - limit.burst * each) + count * each) / 1000, start / 1000,
      ) // prettier-ignore
      return {id: Number(made?.['id']), count, waitMs: Math.max(0, start - now)}
    })
  }

  /** The first moment from `from` on at which `count` more fit in, by what is known now. */
  async #room(
    name: string,
    limit: BudgetLimit,
    count: number,
    from: number,
    on: Parameters<Parameters<PgDatabase['transaction']>[0]>[0],
  ): Promise<number> {
    const out = await on.get(
      'SELECT coalesce(sum(count), 0) AS out FROM budget_blocks WHERE name = $1 AND ends > to_timestamp($2)',
      name, from / 1000,
    ) // prettier-ignore
    const excess = Number(out?.['out']) + count - limit.count
    if (excess <= 0) return from
    const row = await on.get(
      `SELECT extract(epoch FROM ends) * 1000 AS ends FROM (
         SELECT ends, sum(count) OVER (ORDER BY ends) AS freed FROM budget_blocks
         WHERE name = $1 AND ends > to_timestamp($2)
       ) AS running WHERE freed >= $3 ORDER BY ends LIMIT 1`,
      name, from / 1000, excess,
    ) // prettier-ignore
    // A millisecond for what the numbers lose in rounding.
    return Number(row?.['ends']) + 1
  }

  async settle(id: number, used: number, limit: BudgetLimit): Promise<void> {
    if (used === 0) {
      await this.#db.run('DELETE FROM budget_blocks WHERE id = $1', id)
      return
    }
    await this.#db.run(
      `UPDATE budget_blocks SET count = $2, ends = least(ends, clock_timestamp() + $3 * interval '1 millisecond')
       WHERE id = $1`,
      id, used, limit.windowMs,
    ) // prettier-ignore
  }
}
