/** The service's early warning begins here (x-ms-throttle-limit-percentage). */
const BRAKE_FROM = 0.8
const ON_THROTTLE = 0.5
const ON_WARNING = 0.85

/** One HTTP request that is under way. */
export interface Ticket {
  readonly number: number
  /** Whether the limit was what held back more of them. */
  readonly binding: boolean
}

/**
 * How many HTTP requests may be under way: one more for each round of answers that went well while the limit was what held
 * others back, half after a 429, a little less after an early warning. One decrease a round: answers to what was sent
 * before the last decrease say nothing new.
 */
export class Concurrency {
  readonly #max: number
  #limit: number
  #inFlight = 0
  #sent = 0
  #decreasedAt = 0

  constructor(options: {readonly start: number; readonly max: number}) {
    this.#max = options.max
    this.#limit = Math.min(options.start, options.max)
  }

  get limit(): number {
    return Math.floor(this.#limit)
  }

  get inFlight(): number {
    return this.#inFlight
  }

  get free(): boolean {
    return this.#inFlight < this.limit
  }

  enter(): Ticket {
    this.#inFlight += 1
    this.#sent += 1
    return {number: this.#sent, binding: !this.free}
  }

  /** `warning`: the highest x-ms-throttle-limit-percentage in the answer, as a share. */
  leave(ticket: Ticket, answer: {readonly throttled: boolean; readonly warning: number}): void {
    this.#inFlight -= 1
    if (answer.throttled) this.#decrease(ticket, ON_THROTTLE)
    else if (answer.warning >= BRAKE_FROM) this.#decrease(ticket, ON_WARNING)
    else if (ticket.binding) this.#limit = Math.min(this.#max, this.#limit + 1 / this.#limit)
  }

  #decrease(ticket: Ticket, factor: number): void {
    if (ticket.number <= this.#decreasedAt) return
    this.#limit = Math.max(1, this.#limit * factor)
    this.#decreasedAt = this.#sent
  }
}
