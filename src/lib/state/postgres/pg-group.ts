import {MfaError} from '../../errors/mfa-error.js'
import type {PgDatabase, Statements} from './pg-database.js'

type Work = (on: Statements) => Promise<void>

interface Pending {
  readonly work: Work
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** Groups under way at once, each on a connection. */
const AT_ONCE = 3
const LARGEST = 100

/**
 * Puts what many callers write at the same moment into one transaction, as in SQLite: a commit waits for the disk, and a hundred
 * users need one wait, not a hundred. A call resolves when its transaction is on the server's disk, not before.
 */
export class PgGroup {
  readonly #db: PgDatabase
  readonly #pending: Pending[] = []
  #underWay = 0

  constructor(db: PgDatabase) {
    this.#db = db
  }

  /** `work` may run more than once. Rejects with what it throws, alone. */
  write(work: Work): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending.push({work, resolve, reject})
      if (this.#pending.length === 1) setImmediate(() => this.#next())
    })
  }

  #next(): void {
    while (this.#underWay < AT_ONCE && this.#pending.length > 0) {
      this.#underWay += 1
      void this.#run(this.#pending.splice(0, LARGEST)).finally(() => {
        this.#underWay -= 1
        this.#next()
      })
    }
  }

  async #run(group: readonly Pending[]): Promise<void> {
    try {
      await this.#db.transaction(async (on) => {
        for (const {work} of group) await work(on)
      })
      for (const {resolve} of group) resolve()
    } catch (error) {
      if (error instanceof MfaError || group.length === 1) {
        // The server or the way to it: it would meet each of them alike, after waiting as long.
        for (const {reject} of group) reject(error)
        return
      }
      // One of them spoiled it for all; each on its own tells which.
      for (const {work, resolve, reject} of group) await this.#db.transaction(work).then(resolve, reject)
    }
  }
}
