import {MfaError} from '../errors/mfa-error.js'
import type {Clock} from '../ports/clock.js'
import type {Journal, Lock} from '../ports/journal.js'
import type {Ui} from '../ports/ui.js'

export interface LeadDeps {
  readonly journal: Journal
  readonly clock: Clock
  readonly ui: Ui
  /** Told whenever it turns: whether this machine leads now. */
  turned?(leads: boolean): void
}

/** How often those who follow ask for the lead. */
const ASK_MS = 2000

/**
 * Leads as soon as nobody else does, until `signal` is aborted. Meanwhile, and after the lead was lost, it waits: the leader's lock
 * frees itself half a minute after its last sign of life at the latest. What `lead` throws while the lead holds is thrown.
 *
 * @param lead ends by itself only once its signal is aborted
 */
export async function leadInTurn<T>(
  name: string,
  deps: LeadDeps,
  lead: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
): Promise<T | undefined> {
  const {clock, ui} = deps
  let said: string | undefined
  while (!signal.aborted) {
    const got = await asked(name, deps)
    if ('lock' in got) {
      const {lock} = got
      ui.emit({type: 'note', text: 'this machine leads now'})
      deps.turned?.(true)
      try {
        const ended = await lead(AbortSignal.any([signal, lock.lost]))
        if (signal.aborted) return ended
      } catch (error) {
        if (!lock.lost.aborted) throw error
      } finally {
        deps.turned?.(false)
        // Not released it frees itself.
        await lock.release().catch(() => {})
      }
      said = undefined
      if (lock.lost.aborted)
        ui.emit({type: 'note', text: `this machine leads no longer: ${messageOf(lock.lost.reason)}`})
    } else if (said !== got.why) {
      said = got.why
      ui.emit({type: 'note', text: `works along: ${said}`})
    }
    await clock.sleep(ASK_MS, signal).catch(() => {})
  }
  return undefined
}

/** The lock, or why not now; what waiting cannot mend is thrown. */
async function asked(
  name: string,
  {journal}: LeadDeps,
): Promise<{readonly lock: Lock} | {readonly why: string}> {
  try {
    return {lock: await journal.lock(name, 'mfa sync run')}
  } catch (error) {
    if (!(error instanceof MfaError)) throw error
    if (error.exit === 'unavailable') return {why: error.message}
    if (error.exit !== 'locked') throw error
    const holder = (await journal.locks().catch(() => [])).find((one) => one.name === name)
    if (holder === undefined) return {why: 'somebody else leads'}
    return {why: `${holder.host} (process ${holder.pid}) leads since ${holder.since}`}
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
