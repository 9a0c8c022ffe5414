import {MfaError} from '../errors/mfa-error.js'
import {inOneLine} from '../model/in-one-line.js'
import {redact} from '../model/redact.js'
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
  /** Ends after so many rounds in a row that failed where another machine may do better. Never unless set. */
  readonly giveUpAfter?: number | undefined
  /** What is said of an error's text; all of it unless set. */
  worded?(text: string): string
  /** Told of an error that nobody foresaw, for the log. */
  unforeseen?(error: unknown): void
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
  /** All rounds that ended with an error. */
  readonly failed: number
  /** ISO 8601 */
  readonly lastSuccessAt?: string | undefined
  readonly nextAt: string
}

type Draft = {-readonly [Key in keyof LoopState]: LoopState[Key]}

/** What another machine would meet as well: a manual migration at work, more changes than are allowed. */
const EVERYWHERE: ReadonlySet<string> = new Set(['locked', 'refused'])
/** The longest pause between rounds that fail in a way that nobody foresaw, unless the interval is longer. */
const LONGEST_MS = 3_600_000

/**
 * Rounds at fixed times, `intervalMs` apart, until `signal` is aborted, which is its regular end. A round that takes longer
 * than the interval makes the next start fall out; nothing queues up. A round that fails is said and the next one comes all the
 * same; after errors that nobody foresaw with pauses that double. Only wrong settings (exit code `usage`) at the first round,
 * where nothing has ever worked, are thrown.
 */
export async function syncLoop(intervalMs: number, deps: LoopDeps, signal: AbortSignal): Promise<LoopState> {
  const {clock, ui} = deps
  const began = clock.monotonic()
  const state: Draft = {rounds: 0, skipped: 0, errors: 0, failed: 0, nextAt: clock.now().toISOString()}
  let turn = 0
  let unforeseen = 0
  let elsewhere = 0
  while (!signal.aborted) {
    try {
      const last = await deps.round(signal)
      const lastSuccessAt = clock.now().toISOString()
      Object.assign(state, {last, error: undefined, errors: 0, lastSuccessAt})
      unforeseen = 0
      elsewhere = 0
    } catch (error) {
      if (signal.aborted) break
      const foreseen = error instanceof MfaError ? error : undefined
      if (state.rounds === 0 && deps.worked !== true && foreseen?.exit === 'usage') throw error
      unforeseen = foreseen === undefined ? unforeseen + 1 : 0
      if (foreseen === undefined || !EVERYWHERE.has(foreseen.exit)) elsewhere += 1
      if (foreseen === undefined) deps.unforeseen?.(error)
      const {code, message: whole, fix} = foreseen ?? bug(error)
      const message = deps.worded?.(whole) ?? whole
      Object.assign(state, {error: {code, message, fix}, errors: state.errors + 1, failed: state.failed + 1})
      ui.emit({type: 'note', text: `this round did not succeed: ${sentences(inOneLine(message), fix)}`})
    }
    const due = Math.floor((clock.monotonic() - began) / intervalMs) + 1
    const left = due - turn - 1
    turn = due + pause(unforeseen, intervalMs) - 1
    if (left > 0) ui.emit({type: 'note', text: `the round took longer than the interval; left out: ${left}`})
    const waitMs = began + turn * intervalMs - clock.monotonic()
    const nextAt = new Date(clock.now().getTime() + waitMs).toISOString()
    Object.assign(state, {rounds: state.rounds + 1, skipped: state.skipped + left, nextAt})
    deps.told({...state})
    if (elsewhere >= (deps.giveUpAfter ?? Infinity)) break
    try {
      await clock.sleep(waitMs, signal)
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }
  return state
}

/** In intervals: one, and twice as many after each further round in a row. */
function pause(unforeseen: number, intervalMs: number): number {
  const most = Math.max(1, Math.floor(LONGEST_MS / intervalMs))
  return Math.min(most, 2 ** Math.min(30, Math.max(0, unforeseen - 1)))
}

const bug = (error: unknown) => ({
  code: 'BUG',
  message: `unforeseen: ${redact(error instanceof Error ? error.message : String(error))}`,
  fix: 'This is a fault of mfa. Please report it with the log; nothing secret is in it.',
})

const sentences = (message: string, fix: string | undefined): string =>
  fix === undefined ? message : `${message.replace(/\.?$/, '.')} ${fix}`
