import {duration} from './lib/config/pace-settings.js'
import {MfaError} from './lib/errors/mfa-error.js'
import {parseChangeLimit} from './lib/migration/max-changes.js'
import {migrate, type MigrateInput} from './lib/migration/migrate.js'
import {type Health, parseListen} from './lib/monitor/health-server.js'
import type {SyncNumbers} from './lib/monitor/sync-metrics.js'
import {type LoopState, syncLoop} from './lib/sync/loop.js'
import {type RoundInput, type RoundReport, type Scope, syncRound} from './lib/sync/round.js'
import {syncStatus, type SyncStatus} from './lib/sync/status.js'
import {sentSoFar, paceRates} from './wire-pace.js'
import {openSource} from './wire-source.js'
import type {Wiring} from './wire.js'
import {paceSettings} from './lib/config/pace-settings.js'

type Flags = Readonly<Record<string, unknown>>

const DEFAULT_INTERVAL = '15m'
/** Rounds without success after which the service calls itself not ready. */
const STALE_ROUNDS = 3

/** `mfa sync once` */
export async function syncOnce(wired: Wiring, flags: Flags, signal: AbortSignal): Promise<RoundReport> {
  const {input, round} = await openRounds(wired, flags, signal)
  const {journal, clock, ui} = await roundDeps(wired)
  return syncRound(input, {journal, clock, ui, migrate: round}, signal)
}

/** `mfa sync run`: holds the lock of the tenant's synchronisation, and goes on until `signal` is aborted. */
export async function syncRun(wired: Wiring, flags: Flags, signal: AbortSignal): Promise<LoopState> {
  const at = typeof flags['listen'] === 'string' ? parseListen(flags['listen']) : undefined
  const {input, round} = await openRounds(wired, flags, signal)
  const deps = await roundDeps(wired)
  const lock = await deps.journal.lock(`sync ${input.tenantId}`, 'mfa sync run')
  const both = AbortSignal.any([signal, lock.lost])
  const log = await wired.log()
  let state: LoopState | undefined
  const server = at === undefined ? undefined : await listen(wired, at, () => state, input.intervalMs)
  try {
    const ended = await syncLoop(
      input.intervalMs,
      {
        ...deps,
        round: (stop) => syncRound(input, {...deps, migrate: round}, stop),
        told: (now) => {
          state = now
          const {last, error, ...rest} = now
          const names =
            flags['log-users'] === true ? {failing: last?.failing} : {failing: last?.failing.length}
          log.write(error === undefined ? 'info' : 'warn', 'round', {...rest, error, ...last, ...names})
          wired.out.line(roundLine(now, deps.clock.now()))
        },
      },
      both,
    )
    if (lock.lost.aborted) throw lock.lost.reason
    return ended
  } finally {
    await server?.close()
    await lock.release()
  }
}

/** `mfa sync status`: what the journal knows; nobody is asked. */
export async function readSyncStatus(wired: Wiring, flags: Flags): Promise<SyncStatus> {
  return syncStatus(await wired.journal(), wired.clock.now(), intervalOf(flags))
}

export function intervalOf(flags: Flags): number {
  const text = typeof flags['interval'] === 'string' ? flags['interval'] : DEFAULT_INTERVAL
  const parsed = duration(text)
  if ('value' in parsed) return parsed.value
  throw new MfaError('INTERVAL', `--interval: ${parsed.problem}`, {exit: 'usage', fix: parsed.fix})
}

async function roundDeps(wired: Wiring) {
  return {journal: await wired.journal(), clock: wired.clock, ui: wired.ui}
}

/** What all rounds share; each opens the source anew, so that what changed there is seen. */
async function openRounds(wired: Wiring, flags: Flags, signal: AbortSignal) {
  const {settings, clock, ui, files} = wired
  const scope = scopeOf(flags)
  const intervalMs = intervalOf(flags)
  const {source, maxChanges, errorsMax} = settings
  if (source === undefined)
    throw new MfaError('MISSING_FLAG', '--source is missing (or set MFA_SOURCE)', {
      exit: 'usage',
      fix: 'See --help for examples.',
    })
  const request = await wired.request(flags)
  const tenant = await wired.tenant()
  const journal = await wired.journal()
  const tenantId = await tenant.directory.tenantId(signal)
  const logFile = (await wired.log()).file
  const input: RoundInput = {
    tenantId,
    scope,
    sourceLabel: source.value.label,
    options: {...request.options},
    intervalMs,
  }
  const base: Omit<MigrateInput, 'request'> = {
    kind: 'sync',
    dryRun: false,
    yes: true,
    maxChanges: maxChanges === undefined ? undefined : parseChangeLimit(maxChanges.value),
    // A record that always fails must not stop the rest.
    errorsMax: errorsMax?.value ?? Number.MAX_SAFE_INTEGER,
    rates: paceRates(paceSettings(flags), settings),
    sourceLabel: source.value.label,
    logFile,
    preview: () => Promise.resolve(),
  }
  const round: Parameters<typeof syncRound>[1]['migrate'] = async (postponed, stop) => {
    const {openScratch} = await import('./lib/state/scratch.js')
    const {openLookup} = await import('./wire-active-directory.js')
    const scratch = openScratch()
    // Of this round alone: a controller may be gone by the next one.
    const lookup = await openLookup(settings, {clock, ui, signal: stop})
    try {
      const opened = await openSource(settings, {clock, ui, scratch})
      try {
        const deps = {source: opened, directory: tenant.directory, lookup, journal, scratch, clock, ui, files}
        const writer = () => Promise.resolve(tenant.writer())
        const report = await migrate(
          {...base, request: {...request, everyone: scope.kind === 'everyone', postponed}},
          {...deps, writer, pace: () => sentSoFar(tenant.pace())},
          stop,
        )
        return {run: report.run, summary: report.results.summary, stop: report.stop}
      } finally {
        await opened.close()
      }
    } finally {
      await lookup?.close()
      scratch.close()
    }
  }
  return {input, round}
}

/** Exactly one of --group and --all-users. */
function scopeOf(flags: Flags): Scope {
  const group = flags['group']
  if (flags['all-users'] === true && group === undefined) return {kind: 'everyone'}
  if (typeof group === 'string' && flags['all-users'] !== true) return {kind: 'group', nameOrId: group}
  throw new MfaError('SCOPE', 'give either --group or --all-users', {
    exit: 'usage',
    fix: 'See --help for examples.',
  })
}

async function listen(
  wired: Wiring,
  at: ReturnType<typeof parseListen>,
  state: () => LoopState | undefined,
  intervalMs: number,
) {
  const {isPrivate, startHealthServer} = await import('./lib/monitor/health-server.js')
  const {createMetrics} = await import('./lib/monitor/sync-metrics.js')
  if (!isPrivate(at))
    wired.ui.emit({
      type: 'warning',
      text: `--listen ${at.host}: other machines can ask; nothing secret is answered, but put a firewall in front`,
    })
  const {traffic} = await wired.tenant()
  const seconds = (iso: string | undefined) => (iso === undefined ? undefined : Date.parse(iso) / 1000)
  const numbers = (): SyncNumbers => {
    const now = state()
    const summary = now?.last?.summary
    const lastSuccess = seconds(now?.lastSuccessAt)
    return {
      rounds: now?.rounds ?? 0,
      skipped: now?.skipped ?? 0,
      errors: now?.errors ?? 0,
      lastSeconds: now?.last?.seconds ?? 0,
      lastSuccess,
      lagSeconds:
        lastSuccess === undefined ? undefined : Math.max(0, wired.clock.now().getTime() / 1000 - lastSuccess),
      users: {
        in_sync: (summary?.migrated ?? 0) + (summary?.unchanged ?? 0),
        pending: now?.last?.postponed ?? 0,
        failed: now?.last?.failing.length ?? 0,
        unmatched: summary?.unmatched ?? 0,
        disabled: summary?.disabled ?? 0,
      },
      requests: traffic.byResult,
      throttledSeconds: traffic.throttledMs / 1000,
      certificateDays: undefined,
    }
  }
  const health: Health = {
    notReady: () => {
      const now = state()
      if (now?.lastSuccessAt === undefined) return now?.error?.message ?? 'no round has ended yet'
      const age = wired.clock.now().getTime() - Date.parse(now.lastSuccessAt)
      return age > STALE_ROUNDS * intervalMs ? `no round went well since ${now.lastSuccessAt}` : undefined
    },
    metrics: await createMetrics(numbers),
  }
  const server = await startHealthServer(at, health)
  wired.ui.emit({type: 'note', text: `health and metrics: ${server.url}/live, /ready, /metrics`})
  return server
}

function roundLine({rounds, last, error}: LoopState, now: Date): string {
  const head = `${now.toISOString()} round ${rounds}`
  if (error !== undefined) return `${head}: ${error.code}: ${error.message}`
  if (last === undefined) return head
  const {summary, seconds, failing, postponed} = last
  const waiting = postponed > 0 ? `, ${postponed} of them left out for now` : ''
  return `${head}: ${summary.users} users, ${summary.migrated} changed, ${summary.unchanged} unchanged, ${failing.length} failing${waiting}; ${seconds} s`
}
