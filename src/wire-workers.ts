import {randomBytes} from 'node:crypto'
import {hostname} from 'node:os'

import {MfaError} from './lib/errors/mfa-error.js'
import {work, type Worked} from './lib/migration/work.js'
import {lockName, type MigrateDeps} from './lib/migration/migrate.js'
import type {Lock} from './lib/ports/journal.js'
import type {WorkQueue} from './lib/ports/work-queue.js'
import {openScratch} from './lib/state/scratch.js'
import {openSource} from './wire-source.js'
import type {Wiring} from './wire.js'

/** The queue of the tenant, and this machine as one of its workers until the command ends. */
export interface Crew {
  readonly queue: WorkQueue
  readonly seeds: boolean
  /** What this machine has worked off. */
  readonly done: Worked
  /** What last kept this machine from working, and when (Unix milliseconds); undefined once something went well again. */
  trouble(): Trouble | undefined
  stop(): Promise<void>
}

export interface Trouble {
  /** Of an error; its text may name somebody. */
  readonly code: string
  readonly at: number
}

/** Throws MfaError `usage` where the state is not shared. */
export async function joinCrew(wired: Wiring, command: string, signal?: AbortSignal): Promise<Crew> {
  const {settings, clock, ui} = wired
  const {shared, journal} = await wired.state()
  if (shared === undefined)
    throw new MfaError('NOT_SHARED', 'workers need a state that machines share', {
      exit: 'usage',
      fix: 'Give --state postgres://… (docs/postgres.md), or leave out --workers shared.',
    })
  const tenant = await wired.tenant()
  const end = new AbortController()
  const tenantId = await tenant.directory.tenantId(signal ?? end.signal)
  const queue = await shared.queue(tenantId, (why) =>
    ui.emit({type: 'warning', text: `the queue of the workers is not kept up: ${why}`}),
  )
  const seeds = settings.seedFiles.value.length > 0
  const done = {users: 0, failures: 0}
  let trouble: Trouble | undefined
  const working = work(
    {
      queue,
      leases: shared.leases,
      lock: lockName(tenantId),
      journal,
      directory: tenant.directory,
      writer: () => tenant.writer(),
      openSource: (scratch) => openSource(settings, {clock, ui, scratch, ratePerSecond: wired.sourceRate}),
      openScratch,
      seeds,
      clock,
      ui,
      around: (run, job) =>
        wired.traces.around('package of users', {'mfa.run.id': run, 'mfa.tenant.id': tenantId}, job),
      told: ({users, failures}) => {
        done.users += users
        done.failures += failures
        trouble = undefined
      },
      troubled: (error) => {
        trouble = {code: error instanceof MfaError ? error.code : 'BUG', at: clock.now().getTime()}
      },
    },
    end.signal,
  )
  // Said once it ends with the command; until then nothing may come of it unheard.
  working.catch(() => {})
  const sign = signOfLife(
    wired,
    `worker ${tenantId} ${hostname()} ${randomBytes(4).toString('hex')}`,
    command,
    end.signal,
  )
  const stop = async (): Promise<void> => {
    end.abort(new MfaError('INTERRUPTED', 'this worker was stopped', {exit: 'interrupted'}))
    try {
      await working
    } finally {
      await sign
      await queue.close()
    }
  }
  let stopped: Promise<void> | undefined
  const once = (): Promise<void> => (stopped ??= stop())
  wired.onClose(once)
  return {queue, seeds, done, trouble: () => trouble, stop: once}
}

/** A lock that nobody else wants: its heartbeat tells that this worker lives. */
async function signOfLife(wired: Wiring, name: string, command: string, end: AbortSignal): Promise<void> {
  const {clock} = wired
  const journal = await wired.journal()
  while (!end.aborted) {
    let lock: Lock | undefined
    try {
      const taken = await journal.lock(name, command)
      lock = taken
      await new Promise<void>((resolve) => {
        for (const signal of [end, taken.lost])
          signal.addEventListener('abort', () => resolve(), {once: true})
        if (end.aborted || taken.lost.aborted) resolve()
      })
    } catch {
      // Only looks are lost.
    }
    await lock?.release().catch(() => {})
    await clock.sleep(3000, end).catch(() => {})
  }
}

/** `mfa migrate --workers shared` */
export async function withCrew(wired: Wiring, deps: MigrateDeps): Promise<MigrateDeps> {
  const {queue, seeds} = await joinCrew(wired, 'mfa migrate')
  return {...deps, workers: {queue, seeds}}
}
