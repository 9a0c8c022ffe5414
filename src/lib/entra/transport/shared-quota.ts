import {MfaError} from '../../errors/mfa-error.js'
import type {Clock} from '../../ports/clock.js'
import {BUDGET_LEASE_MS, type BudgetLimit, type WriteBudget} from '../../ports/write-budget.js'
import {type Answer, paceOf, type PaceQuota, type QuotaLimit, type Spent} from './quota.js'

/** The budget, and under which name: known only once somebody has signed in. */
export interface SharedBudget {
  readonly budget: WriteBudget
  name(): string
}

/** After the budget could not be asked. */
const PAUSE_MS = 1000

/** A reservation of ours. */
interface Block {
  readonly id: number
  /** Monotonic milliseconds between which it may be used. */
  readonly from: number
  readonly until: number
  left: number
  used: number
  /** Sent and not yet answered. */
  open: number
}

interface SpentOfBlock extends Spent {
  readonly block: Block
}

/**
 * A quota that several machines have in common: small blocks are reserved in the shared budget, one at a time, and used here. The
 * pace and the window are the budget's. Where it cannot be asked nothing is sent; `ask` throws what waiting cannot mend.
 */
export class SharedQuota implements PaceQuota {
  readonly #limit: BudgetLimit
  readonly #fill: number
  readonly #kind: string
  readonly #shared: SharedBudget
  readonly #clock: Clock
  readonly #ready: () => void
  #block: Block | undefined
  #asking = false
  #askAt = 0
  #refused: MfaError | undefined

  /** @param ready told when asking again may have another answer */
  constructor(kind: string, limit: QuotaLimit, shared: SharedBudget, clock: Clock, ready: () => void) {
    const {fill, burst} = paceOf(limit)
    this.#limit = {...limit, burst}
    this.#fill = fill
    this.#kind = kind
    this.#shared = shared
    this.#clock = clock
    this.#ready = ready
  }

  ask(wanted: number, now: number): Answer {
    const block = this.#usable(now)
    if (block === undefined) {
      this.#throwIfRefused()
      if (!this.#asking && now >= this.#askAt) void this.#reserve(Math.min(wanted, this.#fill))
      return {count: 0, waitMs: this.#asking ? Infinity : Math.max(1, this.#askAt - now)}
    }
    if (now < block.from) return {count: 0, waitMs: Math.ceil(block.from - now)}
    return {count: Math.min(wanted, block.left), waitMs: 0}
  }

  take(count: number, now: number): SpentOfBlock {
    const block = this.#block
    if (block === undefined || block.left < count) throw new Error('taken without asking')
    block.left -= count
    block.used += count
    block.open += count
    return {count, at: now, block}
  }

  settle(spent: Spent): void {
    const {block, count} = spent as SpentOfBlock
    block.open -= count
    this.#settleIfOver(block)
  }

  /** The service's word holds for this machine; the others hear it themselves. */
  hold(): void {}

  /** Once; who asks after that has it tried again. */
  #throwIfRefused(): void {
    const refused = this.#refused
    this.#refused = undefined
    if (refused !== undefined) throw refused
  }

  #usable(now: number): Block | undefined {
    const block = this.#block
    if (block === undefined) return undefined
    if (block.left > 0 && now < block.until) return block
    block.left = 0
    this.#block = undefined
    this.#settleIfOver(block)
    return undefined
  }

  #settleIfOver(block: Block): void {
    if (block.open > 0 || block.left > 0) return
    if (this.#block === block) this.#block = undefined
    // Left alone it counts longer than need be, which is safe.
    this.#shared.budget.settle(block.id, block.used, this.#limit).catch(() => {})
  }

  async #reserve(wanted: number): Promise<void> {
    this.#asking = true
    const asked = this.#clock.monotonic()
    try {
      const {budget} = this.#shared
      const name = `${this.#shared.name()} ${this.#kind}`
      const {id, count, waitMs} = await budget.reserve(name, this.#limit, wanted)
      const now = this.#clock.monotonic()
      if (id === undefined || count === 0) this.#askAt = now + waitMs
      // It begins by the budget's clock not before it was given, and ends not before the lease after it was asked for.
      else
        this.#block = {
          id,
          left: count,
          used: 0,
          open: 0,
          from: now + waitMs,
          until: asked + waitMs + BUDGET_LEASE_MS,
        }
    } catch (error) {
      if (error instanceof MfaError && error.exit === 'usage') this.#refused = error
      this.#askAt = this.#clock.monotonic() + PAUSE_MS
    } finally {
      this.#asking = false
    }
    this.#ready()
  }
}
