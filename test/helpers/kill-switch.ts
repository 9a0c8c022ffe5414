import type {Journal} from '../../src/lib/ports/journal.js'
import type {World} from './migration-world.js'

export class Killed extends Error {
  constructor() {
    super('killed')
    this.name = 'Killed'
  }
}

const WRITES: ReadonlySet<string | symbol> = new Set([
  'beginRun',
  'intent',
  'outcome',
  'beforeImage',
  'userResult',
  'migrated',
  'endRun',
])

/**
 * Ends the process of a run at its nth step: before or after an entry into the journal, before or after a change of the
 * tenant. From then on nothing that the dead process tries has any effect. Gives the journal for that run.
 */
export function killAt(at: World, nth: number): {readonly journal: Journal; steps(): number; revive(): void} {
  let steps = 0
  let dead = false
  const alive = (): void => {
    if (dead) throw new Killed()
  }
  const step = (): void => {
    alive()
    steps += 1
    if (steps === nth) dead = true
    alive()
  }
  const journal = new Proxy(at.journal, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      if (!WRITES.has(name)) {
        return (...args: unknown[]): unknown => {
          alive()
          return Reflect.apply(value, target, args)
        }
      }
      return async (...args: unknown[]): Promise<unknown> => {
        step()
        const result: unknown = await Reflect.apply(value, target, args)
        step()
        return result
      }
    },
  })
  at.tenant.onRead = alive
  at.tenant.onWrite = step
  at.source.onUsers = alive
  return {
    journal,
    steps: () => steps,
    revive() {
      at.tenant.onRead = () => {}
      at.tenant.onWrite = () => {}
      at.source.onUsers = () => {}
      // What the next process does with the lock of a dead one.
      at.store.locks.clear()
    },
  }
}
