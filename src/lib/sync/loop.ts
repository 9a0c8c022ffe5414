import {MfaError} from '../errors/mfa-error.js'
import type {Clock} from '../ports/clock.js'
import type {Ui} from '../ports/ui.js'
import type {RoundReport} from './round.js'

export interface LoopDeps {
  readonly clock: Clock
  readonly ui: Ui
  /** One round; never two at a time. Throws what ends the round. */
  round(signal: AbortSignal): Promise<RoundReport>
  /** Rounds have gone well before, perhaps on another machine: no error of the first one here is taken for lasting. */
  readonly worked?: boolean | undefined
  /** Told after every round, whatever came of it. */
  told(state: LoopState): void
}

/** How the loop stands, for health checks and metrics. */
export interface LoopState {
  readonly rounds: number
  /** Starts that were left out because a round was still going on. */
  readonly skipped: number
  readonly last?: RoundReport | undefined
  /** Of the last round; undefined where it went well. */
  readonly error?:
    {readonly code: string; readonly message: string; readonly fix?: string | undefined} | undefined
  /** Rounds in a row that ended with an error. */
  readonly errors: number
  /** ISO 8601 */
  readonly lastSuccessAt?: string | undefined
  readonly nextAt: string
}

type Draft = {-readonly [Key in keyof LoopState]: LoopState[Key]}

/** Errors that another round cannot mend: a person has to. */
const LASTING = new Set(['usage', 'data', 'bug'])

/**
 * Rounds at fixed times, `intervalMs` apart, until `signal` is aborted, which is its regular end. A round that takes longer
 * than the interval makes the next start fall out; nothing queues up. A round that fails is said and the next one comes all
 * the same, except where settings or input are wrong at the first round: then nothing has ever worked, and that is thrown.
 */
export async function syncLoop(intervalMs: number, deps: LoopDeps, signal: AbortSignal): Promise<LoopState> {
  const {clock, ui} = deps
  const began = clock.monotonic()
  const state: Draft = {rounds: 0, skipped: 0, errors: 0, nextAt: clock.now().toISOString()}
  let turn = 0
  while (!signal.aborted) {
    try {
      const last = await deps.round(signal)
      const lastSuccessAt = clock.now().toISOString()
      Object.assign(state, {last, error: undefined, errors: 0, lastSuccessAt})
    } catch (error) {
      if (signal.aborted) break
      const foreseen = error instanceof MfaError ? error : undefined
      if (
        foreseen === undefined ||
        (state.rounds === 0 && deps.worked !== true && LASTING.has(foreseen.exit))
      )
        throw error
      const {code, message, fix} = foreseen
      Object.assign(state, {error: {code, message, fix}, errors: state.errors + 1})
      ui.emit({
        type: 'note',
        text: `this round did not succeed: ${message}${fix === undefined ? '' : ` ${fix}`}`,
      })
    }
    const due = Math.floor((clock.monotonic() - began) / intervalMs) + 1
    const left = due - turn - 1
    turn = due
    if (left > 0) ui.emit({type: 'note', text: `the round took longer than the interval; left out: ${left}`})
    const waitMs = began + turn * intervalMs - clock.monotonic()
    const nextAt = new Date(clock.now().getTime() + waitMs).toISOString()
    Object.assign(state, {rounds: state.rounds + 1, skipped: state.skipped + left, nextAt})
    deps.told({...state})
    try {
      await clock.sleep(waitMs, signal)
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }
  return state
}
