import {createHash} from 'node:crypto'

import {MfaError} from '../errors/mfa-error.js'
import type {ActionId, ObjectId, RunId} from '../model/brand.js'
import {underLock} from '../model/under-lock.js'
import type {Clock} from '../ports/clock.js'
import type {Journal, RunRecord, TenantRunKind} from '../ports/journal.js'
import type {AppliedChange, ChangeHandling, SentChange, TenantChange} from './tenant-change.js'

export interface TenantRunStart {
  readonly kind: TenantRunKind
  readonly tenantId: string
  /** As typed: `mfa federation set`; for whoever meets the lock. */
  readonly command: string
  /** What the command was asked to do: the same again takes up an interrupted run. Never a secret. */
  readonly options: Readonly<Record<string, unknown>>
  readonly logFile?: string | undefined
  /** Milliseconds that Entra may take to show what was written (R4). */
  readonly consistencyMs: number
}

export interface TenantRunDeps {
  readonly journal: Journal
  readonly clock: Clock
}

/** One command's changes, journalled: intent before, outcome after (R1). */
export interface TenantRun {
  /** Aborted on Ctrl-C and when the lock was lost (R2). */
  readonly signal: AbortSignal
  /** Undefined until something was changed. */
  id(): RunId | undefined
  /**
   * Writes the intent, sends, finds out what became of a lost answer before anything is sent again, waits until the tenant
   * shows it, writes the outcome. Throws what `send` throws; a refusal comes back as the outcome.
   */
  apply(change: TenantChange, handling: ChangeHandling): Promise<AppliedChange>
  /** As `apply`, but what was refused or stays in doubt is thrown. */
  mustApply(change: TenantChange, handling: ChangeHandling): Promise<AppliedChange>
}

/** After a lost answer that left no trace it is sent again at most so often. */
const RESENDS = 1
const LOOK_EVERY_MS: readonly number[] = [200, 500, 1000, 2000, 3000, 5000]

/**
 * Holds the lock of the tenant's own settings while `work` runs. A run is put on record with its first change, and ended as
 * `work` ends. After a kill, or with a change in doubt, the same command takes the run up: `work` reads what the tenant shows
 * and plans from that. Throws MfaError `locked` where another command holds the tenant.
 */
export async function inTenantRun<T>(
  start: TenantRunStart,
  deps: TenantRunDeps,
  signal: AbortSignal,
  work: (run: TenantRun) => Promise<T>,
): Promise<T> {
  const {journal, clock} = deps
  const lock = await journal.lock(`tenant ${start.tenantId}`, start.command)
  return underLock(lock, async () => {
    const both = AbortSignal.any([signal, lock.lost])
    const run = new Recorder(start, deps, both)
    await run.takeUp()
    const end = async (status: 'finished' | 'interrupted' | 'stopped') => {
      const id = run.id()
      // Whoever has the lock now may have taken this run up: its end is not ours to write.
      if (id !== undefined && !lock.lost.aborted)
        await journal.endRun(id, status, run.counts(), clock.now().toISOString())
    }
    let result: T
    try {
      result = await work(run)
    } catch (error) {
      await end(both.aborted || run.isInDoubt ? 'interrupted' : 'stopped')
      throw error
    }
    await end('finished')
    return result
  })
}

class Recorder implements TenantRun {
  readonly signal: AbortSignal
  readonly #start: TenantRunStart
  readonly #deps: TenantRunDeps
  readonly #resumeKey: string
  /** Ids of changes of which nobody knows whether they happened. */
  readonly #unsettled = new Set<string>()
  readonly #counts = {done: 0, alreadyDone: 0, failed: 0, unknown: 0}
  #run: RunRecord | undefined

  constructor(start: TenantRunStart, deps: TenantRunDeps, signal: AbortSignal) {
    this.#start = start
    this.#deps = deps
    this.signal = signal
    const what = [start.kind, start.tenantId, start.command, start.options]
    this.#resumeKey = createHash('sha256').update(JSON.stringify(what)).digest('hex')
  }

  id(): RunId | undefined {
    return this.#run?.id
  }

  get isInDoubt(): boolean {
    return this.#unsettled.size > 0
  }

  counts(): Readonly<Record<string, unknown>> {
    return {actions: {...this.#counts}}
  }

  /** A run of the same command that was cut off is gone on with, even if nothing is left to do. */
  async takeUp(): Promise<void> {
    const cutOff = {resumeKey: this.#resumeKey, statuses: ['open', 'interrupted'], limit: 1} as const
    if ((await this.#deps.journal.runs(cutOff)).length > 0) await this.#begin()
  }

  async #begin(): Promise<RunRecord> {
    if (this.#run !== undefined) return this.#run
    const {journal, clock} = this.#deps
    const {kind, tenantId, options, logFile, command} = this.#start
    const {run, resumed} = await journal.beginRun({
      kind,
      tenantId,
      sourceLabel: command,
      sourceFingerprint: '',
      options,
      resumeKey: this.#resumeKey,
      startedAt: clock.now().toISOString(),
      logFile,
    })
    if (resumed)
      for await (const record of journal.actions(run.id)) {
        const open = record.outcome === undefined || record.outcome.status === 'unknown'
        if (open) this.#unsettled.add(record.action)
        else this.#unsettled.delete(record.action)
      }
    this.#run = run
    return run
  }

  async apply(change: TenantChange, handling: ChangeHandling): Promise<AppliedChange> {
    this.signal.throwIfAborted()
    const run = await this.#begin()
    // An earlier attempt may have landed: look before anything is sent again (R1).
    let mayHaveLanded = this.#unsettled.has(change.id)
    if (mayHaveLanded) {
      const shown = await this.#look(handling, this.#start.consistencyMs)
      if (shown !== undefined) return this.#done(change, {outcome: {status: 'done'}, ...shown}, true)
      const message = 'the tenant does not show it; it is sent again'
      await this.#record(change, {outcome: {status: 'unknown', code: 'NOT_SEEN', message}})
    }
    const {journal, clock} = this.#deps
    for (let resends = 0; ; resends++) {
      await journal.intent({
        run: run.id,
        user: change.target.id as ObjectId,
        userPrincipalName: change.target.name,
        action: change.id as ActionId,
        intent: {...change},
        intentAt: clock.now().toISOString(),
      })
      this.#unsettled.add(change.id)
      const sent = await this.#send(change, handling)
      // Refused because the first attempt did the work? Then the tenant shows it.
      if (sent.outcome.status === 'failed' && !mayHaveLanded) return this.#done(change, sent, false)
      const shown = await this.#look(handling, this.#start.consistencyMs)
      if (sent.outcome.status === 'done' || sent.outcome.status === 'already-done')
        return this.#done(change, {...shown, ...sent}, shown !== undefined)
      if (shown !== undefined) return this.#done(change, {outcome: {status: 'done'}, ...shown}, true)
      if (sent.outcome.status === 'failed' || resends >= RESENDS) return this.#done(change, sent, false)
      mayHaveLanded = true
      await this.#record(change, sent)
    }
  }

  async mustApply(change: TenantChange, handling: ChangeHandling): Promise<AppliedChange> {
    const applied = await this.apply(change, handling)
    const {outcome} = applied
    if (outcome.status === 'done' || outcome.status === 'already-done') return applied
    const doubt = outcome.status === 'unknown'
    throw new MfaError(
      doubt ? 'CHANGE_IN_DOUBT' : 'CHANGE_REFUSED',
      `${doubt ? 'it is not known whether this happened' : 'Microsoft Entra refused this'}: ${change.says}: ${outcome.message}`,
      {
        exit: 'partial',
        fix: doubt
          ? 'Run the same command again: it looks first and goes on.'
          : 'What was done before it is on record: mfa runs show last.',
        requestId: 'requestId' in outcome ? outcome.requestId : undefined,
      },
    )
  }

  /** Signed out or forbidden: nothing happened, and that goes on record before it is thrown. */
  async #send(change: TenantChange, handling: ChangeHandling): Promise<SentChange> {
    try {
      return await handling.send(this.signal)
    } catch (error) {
      if (error instanceof MfaError && error.exit === 'auth') {
        const {code, message, requestId} = error
        await this.#record(change, {outcome: {status: 'failed', code, message, requestId}})
        this.#unsettled.delete(change.id)
      }
      throw error
    }
  }

  /** Looks until the tenant shows it or `ms` are over. */
  async #look(handling: ChangeHandling, ms: number) {
    const {clock} = this.#deps
    const until = clock.monotonic() + ms
    for (let turn = 0; ; turn++) {
      const shown = await handling.shows(this.signal)
      const wait = LOOK_EVERY_MS[Math.min(turn, LOOK_EVERY_MS.length - 1)] ?? 0
      if (shown !== undefined || clock.monotonic() + wait > until) return shown
      await clock.sleep(wait, this.signal)
    }
  }

  async #done(change: TenantChange, sent: SentChange, visible: boolean): Promise<AppliedChange> {
    await this.#record(change, sent)
    const {status} = sent.outcome
    if (status !== 'unknown') this.#unsettled.delete(change.id)
    this.#counts[status === 'already-done' ? 'alreadyDone' : status] += 1
    return {...sent, visible}
  }

  async #record(change: TenantChange, {outcome, made}: SentChange): Promise<void> {
    const {journal, clock} = this.#deps
    const run = await this.#begin()
    const at = clock.now().toISOString()
    await journal.outcome(
      run.id,
      change.target.id as ObjectId,
      change.id as ActionId,
      made === undefined ? {outcome} : {outcome, made},
      at,
    )
  }
}
