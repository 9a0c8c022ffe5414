import {inspect} from 'node:util'

import {countOf} from './lib/model/count-of.js'
import {parseListen} from './lib/monitor/health-server.js'
import {underLock} from './lib/model/under-lock.js'
import {hidePeople} from './lib/model/hide-people.js'
import type {Journal} from './lib/ports/journal.js'
import {inOneLine} from './lib/model/in-one-line.js'
import {leadInTurn} from './lib/sync/lead.js'
import {type LoopState, syncLoop} from './lib/sync/loop.js'
import {differences, lastRound, type RoundInput, type RoundReport, syncRound} from './lib/sync/round.js'
import {nameless} from './lib/sync/nameless.js'
import {syncStatus, type SyncStatus} from './lib/sync/status.js'
import {listen} from './wire-sync-health.js'
import {joinCrew, type Trouble} from './wire-workers.js'
import {intervalOf, openRounds, roundDeps, scopeOf} from './wire-sync-rounds.js'
import type {Wiring} from './wire.js'

type Flags = Readonly<Record<string, unknown>>

/** `mfa sync once` */
export async function syncOnce(wired: Wiring, flags: Flags, signal: AbortSignal): Promise<RoundReport> {
  const {input, round} = await openRounds(wired, flags, signal)
  const {journal, clock, ui} = await roundDeps(wired)
  return syncRound(input, {journal, clock, ui, migrate: round}, signal)
}

/**
 * `mfa sync run`, until `signal` is aborted. Where the state is shared this machine works for whoever leads, and leads when nobody
 * else does; otherwise it is the only one, or is refused.
 */
export async function syncRun(wired: Wiring, flags: Flags, signal: AbortSignal): Promise<LoopState> {
  const at = typeof flags['listen'] === 'string' ? parseListen(flags['listen']) : undefined
  // What is typed wrong is said before anybody is asked.
  scopeOf(flags)
  intervalOf(flags)
  if (flags['log-users'] !== true) wired.tellThrough(nameless)
  const {shared} = await wired.state()
  signal.addEventListener('abort', () => shared?.hurry(HURRY_MS), {once: true})
  let crew: Crew | undefined
  try {
    crew = shared === undefined ? undefined : await joinCrew(wired, 'mfa sync run', signal)
    return await inCrew(wired, flags, signal, at, crew)
  } catch (error) {
    // Being stopped is the regular end, also where something was failing.
    if (!signal.aborted) throw error
    return FOLLOWED
  } finally {
    await crew?.stop().catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
    if (crew !== undefined)
      wired.ui.emit({type: 'note', text: `worked off here: ${countOf(crew.done.users, 'user')}`})
  }
}

type Crew = Awaited<ReturnType<typeof joinCrew>>

/** Whatever goes wrong here, the crew is left in order. */
async function inCrew(
  wired: Wiring,
  flags: Flags,
  signal: AbortSignal,
  at: ReturnType<typeof parseListen> | undefined,
  crew: Crew | undefined,
): Promise<LoopState> {
  const workers = crew === undefined ? undefined : {queue: crew.queue, seeds: crew.seeds}
  const {input, round} = await openRounds(wired, flags, signal, workers)
  const deps = await roundDeps(wired)
  const log = await wired.log()
  const worded = (text: string) => (flags['log-users'] === true ? text : hidePeople(text))
  const finished = () => lastRound(input, deps.journal, 'finished')
  const before = await finished()
  let state: LoopState | undefined
  let leads = crew === undefined
  let aside: Trouble | undefined
  const stands = () => ({state, leads, before: before?.endedAt, trouble: crew?.trouble() ?? aside})
  const server = at === undefined ? undefined : await listen(wired, at, stands, input.intervalMs)
  const told = (now: LoopState): void => {
    state = now
    const {last, error, ...rest} = now
    const names = flags['log-users'] === true ? {failing: last?.failing} : {failing: last?.failing.length}
    log.write(error === undefined ? 'info' : 'warn', 'round', {...rest, error, ...last, ...names})
    wired.out.line(roundLine(now, deps.clock.now()))
  }
  const loop = async (until: AbortSignal): Promise<LoopState> =>
    syncLoop(
      input.intervalMs,
      {
        ...deps,
        worked: (await finished()) !== undefined,
        giveUpAfter: crew === undefined ? undefined : FAILED_ROUNDS,
        round: (stop) =>
          wired.traces.around('sync round', {'mfa.run.kind': 'sync', 'mfa.tenant.id': input.tenantId}, () =>
            syncRound(input, {...deps, migrate: round}, stop),
          ),
        worded,
        unforeseen: (error) => log.write('error', 'unforeseen', {error: worded(inspect(error))}),
        told,
      },
      until,
    )
  try {
    const name = `sync ${input.tenantId}`
    if (crew === undefined) return await alone(name, deps.journal, loop, signal)
    const turned = (now: boolean) => {
      leads = now
      aside = undefined
      if (now) return
      if (state?.error !== undefined) aside = {code: state.error.code, at: deps.clock.now().getTime()}
      // What the rounds of an earlier lead came to is old news.
      state = undefined
    }
    const asideMs = input.intervalMs
    const ended = await leadInTurn(
      name,
      {...deps, asideMs, turned, follows: comparing(input, deps)},
      loop,
      signal,
    )
    return ended ?? state ?? FOLLOWED
  } finally {
    await server?.close()
  }
}

/** A clean end takes ten seconds at most. */
const HURRY_MS = 3000
/** Rounds in a row that a leader may fail before others get the lead. */
const FAILED_ROUNDS = 2

/** Once an interval: whether the leader's options are those of this machine, which would plan everybody anew (U5). */
function comparing(
  input: RoundInput,
  {journal, clock, ui}: Awaited<ReturnType<typeof roundDeps>>,
): () => Promise<void> {
  let next = -Infinity
  let said: string | undefined
  return async () => {
    if (clock.monotonic() < next) return
    next = clock.monotonic() + input.intervalMs
    const newest = await lastRound(input, journal).catch(() => undefined)
    if (newest === undefined) return
    const text = differences(input.options, newest.options).join(', ')
    if (text !== '' && text !== said)
      ui.emit({
        type: 'warning',
        text: `The leader has other migration options than this machine (here ${text}): when this one leads, everybody is planned again. Give every machine the same flags.`,
      })
    said = text
  }
}

/** Ended without a round of its own. */
const FOLLOWED: LoopState = {rounds: 0, skipped: 0, errors: 0, failed: 0, nextAt: ''}

/** On one machine: who is not alone is told so. */
async function alone(
  name: string,
  journal: Journal,
  loop: (signal: AbortSignal) => Promise<LoopState>,
  signal: AbortSignal,
): Promise<LoopState> {
  const lock = await journal.lock(name, 'mfa sync run')
  return underLock(lock, async () => {
    const ended = await loop(AbortSignal.any([signal, lock.lost]))
    if (!signal.aborted) lock.lost.throwIfAborted()
    return ended
  })
}

/** `mfa sync status`: what the journal knows; nobody is asked. */
export async function readSyncStatus(wired: Wiring): Promise<SyncStatus> {
  const {journal, shared} = await wired.state()
  const pending = async (tenantId: string) => (await shared?.pending(tenantId))?.users ?? 0
  return syncStatus(journal, wired.clock.now(), intervalOf({}), pending)
}

function roundLine({rounds, last, error}: LoopState, now: Date): string {
  const head = `${now.toISOString()} round ${rounds}`
  if (error !== undefined) return `${head}: ${error.code}: ${inOneLine(error.message)}`
  if (last === undefined) return head
  const {summary, seconds, failing, postponed} = last
  const waiting = postponed > 0 ? `, ${postponed} of them left out for now` : ''
  const unmatched = summary.unmatched > 0 ? `, ${summary.unmatched} without a server user` : ''
  return `${head}: ${summary.users} users, ${summary.migrated} changed, ${summary.unchanged} unchanged${unmatched}, ${failing.length} failing${waiting}; ${seconds} s`
}
