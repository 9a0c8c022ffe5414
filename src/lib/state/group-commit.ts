import {MfaError} from '../errors/mfa-error.js'
import type {Database} from './database.js'

interface Pending {
  readonly work: () => unknown
  readonly resolve: (value: never) => void
  readonly reject: (error: unknown) => void
}

/**
 * Puts what many callers write at the same moment into one transaction: a commit waits for the disk, and twenty users whose
 * answers came in one batch need one wait, not twenty. A call resolves when its transaction is on the disk, not before.
 */
export class GroupCommit {
  readonly #db: Database
  #pending: Pending[] = []

  constructor(db: Database) {
    this.#db = db
  }

  /** `work` must not await, and may be run a second time after a rollback. Rejects with what it throws, alone. */
  write<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#pending.push({work, resolve, reject})
      if (this.#pending.length === 1) setImmediate(() => this.flush())
    })
  }

  /** Writes now what waits; at the latest before the file is closed. */
  flush(): void {
    const group = this.#pending
    this.#pending = []
    if (group.length === 0) return
    try {
      const values = this.#db.transaction(() => group.map(({work}) => work()))
      group.forEach(({resolve}, index) => resolve(values[index] as never))
    } catch (error) {
      if (error instanceof MfaError) {
        // The disk or the file: it would meet each of them alike, after waiting as long.
        for (const {reject} of group) reject(error)
        return
      }
      // One of them spoiled it for all; each on its own tells which.
      for (const {work, resolve, reject} of group) {
        try {
          resolve(this.#db.transaction(work) as never)
        } catch (error) {
          reject(error)
        }
      }
    }
  }
}
