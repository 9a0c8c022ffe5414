import type {Clock} from '../../src/lib/ports/clock.js'
import {
  BUDGET_LEASE_MS,
  type BudgetLimit,
  type Reservation,
  type WriteBudget,
} from '../../src/lib/ports/write-budget.js'

interface Block {
  count: number
  readonly starts: number
  ends: number
}

const LONGEST_MS = BUDGET_LEASE_MS + 100_000

/** Passes the contract of budgets: what is out counts from its start to a window after it was settled. */
export class MemoryBudget implements WriteBudget {
  readonly #clock: Clock
  readonly #blocks = new Map<string, Block[]>()
  readonly #next = new Map<string, number>()
  readonly #byId: Block[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async reserve(name: string, limit: BudgetLimit, wanted: number): Promise<Reservation> {
    const now = this.#clock.monotonic()
    const each = limit.windowMs / limit.count
    const count = Math.min(wanted, limit.count)
    const blocks = (this.#blocks.get(name) ?? []).filter(({ends}) => ends > now)
    this.#blocks.set(name, blocks)
    const last = Math.max(0, ...blocks.map(({starts}) => starts))
    const tat = Math.max(this.#next.get(name) ?? 0, now - Math.max(0, limit.burst - count) * each)
    let starts = Math.max(now, tat, last)
    for (;;) {
      const out = blocks.filter(({ends}) => ends > starts)
      if (out.reduce((sum, block) => sum + block.count, 0) + count <= limit.count) break
      starts = Math.min(...out.map(({ends}) => ends))
    }
    if (starts - now > 5000) return {count: 0, waitMs: 1000}
    const block = {count, starts, ends: starts + LONGEST_MS + limit.windowMs}
    blocks.push(block)
    this.#next.set(name, Math.max(tat, starts - limit.burst * each) + count * each)
    return {id: this.#byId.push(block) - 1, count, waitMs: starts - now}
  }

  async settle(id: number, used: number, limit: BudgetLimit): Promise<void> {
    const block = this.#byId[id]
    if (block === undefined) return
    block.count = used
    block.ends = Math.min(block.ends, this.#clock.monotonic() + limit.windowMs)
  }
}
