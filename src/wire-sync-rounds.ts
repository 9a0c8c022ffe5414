import {duration, paceSettings} from './lib/config/pace-settings.js'
import {MfaError} from './lib/errors/mfa-error.js'
import {parseChangeLimit} from './lib/migration/max-changes.js'
import {migrate, type MigrateDeps, type MigrateInput} from './lib/migration/migrate.js'
import type {RoundInput, Scope, syncRound} from './lib/sync/round.js'
import {paceRates, sentSoFar} from './wire-pace.js'
import {openSource} from './wire-source.js'
import type {Wiring} from './wire.js'

type Flags = Readonly<Record<string, unknown>>

const DEFAULT_INTERVAL = '15m'
/** Timers of Node's go up to 24 days, and fire at once beyond. */
const LONGEST_INTERVAL_MS = 7 * 86_400_000

/** Milliseconds. Throws MfaError `usage`. */
export function intervalOf(flags: Flags): number {
  const text = typeof flags['interval'] === 'string' ? flags['interval'] : DEFAULT_INTERVAL
  const parsed = duration(text)
  if ('problem' in parsed)
    throw new MfaError('INTERVAL', `--interval: ${parsed.problem}`, {exit: 'usage', fix: parsed.fix})
  if (parsed.value > LONGEST_INTERVAL_MS)
    throw new MfaError('INTERVAL', `--interval: ${text} is more than a week`, {
      exit: 'usage',
      fix: 'For so few rounds let a scheduler start mfa sync once.',
    })
  return parsed.value
}

/** Exactly one of --group and --all-users. Throws MfaError `usage`. */
export function scopeOf(flags: Flags): Scope {
  const group = flags['group']
  if (flags['all-users'] === true && group === undefined) return {kind: 'everyone'}
  if (typeof group === 'string' && flags['all-users'] !== true) return {kind: 'group', nameOrId: group}
  throw new MfaError('SCOPE', 'give either --group or --all-users', {
    exit: 'usage',
    fix: 'See --help for examples.',
  })
}

export async function roundDeps(wired: Wiring) {
  return {journal: await wired.journal(), clock: wired.clock, ui: wired.ui}
}

/** What all rounds share; each opens the source anew, so that what changed there is seen. */
export async function openRounds(
  wired: Wiring,
  flags: Flags,
  signal: AbortSignal,
  workers?: MigrateDeps['workers'],
) {
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
  const lookup = await wired.lookup()
  const journal = await wired.journal()
  const tenantId = await tenant.directory.tenantId(signal)
  const logFile = (await wired.log()).file
  const input: RoundInput = {
    tenantId,
    scope,
    sourceLabel: source.value.label,
    anySource: workers !== undefined,
    options: {...request.options},
    intervalMs,
  }
  const base: Omit<MigrateInput, 'request'> = {
    kind: 'sync',
    intervalMs,
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
    const scratch = openScratch()
    try {
      const opened = await openSource(settings, {clock, ui, scratch, ratePerSecond: wired.sourceRate})
      try {
        const deps = {source: opened, directory: tenant.directory, lookup, journal, scratch, clock, ui, files}
        const writer = () => Promise.resolve(tenant.writer())
        const report = await migrate(
          {...base, request: {...request, everyone: scope.kind === 'everyone', postponed, needsUsers: true}},
          {...deps, writer, workers, pace: () => sentSoFar(tenant.pace())},
          stop,
        )
        const {run, results, stop: ended} = report
        wired.traces.describe({run, kind: 'sync', tenantId: input.tenantId, summary: results.summary})
        return {run, summary: results.summary, stop: ended}
      } finally {
        await opened.close()
      }
    } finally {
      scratch.close()
    }
  }
  return {input, round}
}
