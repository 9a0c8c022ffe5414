import type {Bag} from '../../ports/scratch.js'
import type {UserRow} from './calls.js'

/** One user as found; `times` above 1 means that one and the same answer had the name more than once. */
export interface Registered extends UserRow {
  readonly answer: number
  readonly seen: number
  readonly times: number
}

/** Everybody found so far, by name exactly as it stands. Lies in the scratch bag: memory stays flat. */
export class NameRegister {
  readonly #bag: Bag<Registered>
  #answers = 0
  #fresh = 0
  #nameless = 0

  constructor(bag: Bag<Registered>) {
    this.#bag = bag
  }

  get size(): number {
    return this.#bag.size
  }

  /** Names added since the beginning; grows when a search brings somebody new. */
  get fresh(): number {
    return this.#fresh
  }

  /** Rows without a name in the answer that had most of them. */
  get nameless(): number {
    return this.#nameless
  }

  /** Begins an answer; the rows of answers must not mix. Gives true where the name was not known. */
  answer(): (row: UserRow) => boolean {
    const answer = ++this.#answers
    let nameless = 0
    return (row) => {
      if (row.username === '') {
        nameless += 1
        this.#nameless = Math.max(this.#nameless, nameless)
        return false
      }
      const before = this.#bag.get(row.username)[0]
      if (before === undefined) {
        this.#bag.add(row.username, {...row, answer, seen: 1, times: 1})
        this.#fresh += 1
        return true
      }
      const seen = before.answer === answer ? before.seen + 1 : 1
      this.#bag.set(row.username, {...before, ...row, answer, seen, times: Math.max(before.times, seen)})
      return false
    }
  }

  has(username: string): boolean {
    return this.#bag.get(username).length > 0
  }

  get(username: string): Registered | undefined {
    return this.#bag.get(username)[0]
  }

  /** In the order of the names' UTF-8 bytes. */
  *entries(): Iterable<Registered> {
    for (const [, value] of this.#bag.entries()) yield value
  }
}
