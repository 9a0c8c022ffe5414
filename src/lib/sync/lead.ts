import {MfaError} from '../errors/mfa-error.js'
import type {Clock} from '../ports/clock.js'
import type {Journal, Lock} from '../ports/journal.js'
import type {Ui} from '../ports/ui.js'

export interface LeadDeps {
  readonly journal: Journal
  readonly clock: Clock
  readonly ui: Ui
  /** How long the lead is left to others after `lead` ended by itself, in milliseconds. */
  readonly asideMs?: number | undefined
  /** Told whenever it turns: whether this machine leads now. */
  turned?(leads: boolean): void
  /** Told each time that somebody else was found to lead. */
  follows?(): Promise<void>
}

/** How often those who follow ask for the lead. */
const ASK_MS = 2000

/**
 * Leads as soon as nobody else does, until `signal` is aborted. Meanwhile, and after the lead was lost, it waits: the leader's lock
 * frees itself half a minute after its last sign of life at the latest. What `lead` throws while the lead holds is thrown.
 *
 * @param lead ends by itself where its signal is aborted, or where others had better lead for a while
 */
export async function leadInTurn<T>(
  name: string,
  deps: LeadDeps,
  lead: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
): Promise<T | undefined> {
  const {clock, ui} = deps
  let said: string | undefined
  let asked = false
  while (!signal.aborted) {
    let aside = false
    const got = await ask(name, deps, asked)
    asked = true
    if ('lock' in got) {
      const {lock} = got
      ui.emit({type: 'note', text: 'this machine leads now'})
      deps.turned?.(true)
      try {
        const ended = await lead(AbortSignal.any([signal, lock.lost]))
        if (signal.aborted) return ended
        aside = !lock.lost.aborted
      } catch (error) {
        if (!lock.lost.aborted) throw error
      } finally {
        deps.turned?.(false)
        // Not released it frees itself.
        await lock.release().catch(() => {})
      }
      said = undefined
      if (aside)
        ui.emit({
          type: 'note',
          text: 'this machine leads no longer: its rounds fail, and another may do better',
        })
      if (lock.lost.aborted)
        ui.emit({type: 'note', text: `this machine leads no longer: ${messageOf(lock.lost.reason)}`})
    } else {
      if (said !== got.why) ui.emit({type: 'note', text: `works along: ${got.why}`})
      said = got.why
      if (got.led) await deps.follows?.()
    }
    await clock.sleep(aside ? (deps.asideMs ?? ASK_MS) : ASK_MS, signal).catch(() => {})
  }
  return undefined
}

/** The lock, or why not now; what waiting cannot mend is thrown. */
async function ask(
  name: string,
  {journal}: LeadDeps,
  before: boolean,
): Promise<{readonly lock: Lock} | {readonly why: string; readonly led: boolean}> {
  try {
    return {lock: await journal.lock(name, 'mfa sync run')}
  } catch (error) {
    // What nobody foresaw, such as a database server that is being moved, may pass where it went well before.
    const passes = error instanceof MfaError ? error.exit === 'unavailable' : before
    if (passes) return {why: messageOf(error), led: false}
    if (!(error instanceof MfaError) || error.exit !== 'locked') throw error
    const holder = (await journal.locks().catch(() => [])).find((one) => one.name === name)
    if (holder === undefined) return {why: 'somebody else leads', led: true}
    return {why: `${holder.host} (process ${holder.pid}) leads since ${holder.since}`, led: true}
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
