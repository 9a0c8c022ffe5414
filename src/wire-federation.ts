import {duration} from './lib/config/pace-settings.js'
import {MfaError} from './lib/errors/mfa-error.js'
import {createFederations} from './lib/entra/federation.js'
import type {OpenDependency} from './lib/federation/guard.js'
import type {SetDeps, SetPlanned, SetRequest} from './lib/federation/set-federation.js'
import {
  type DomainStanding,
  domainStandings,
  type StandingDeps,
  watchFederation,
} from './lib/federation/standing.js'
import {watchLines} from './lib/report/federation-report.js'
import {readPolicyGroups} from './lib/migration/members.js'
import {migrationStandings} from './lib/migration/standings.js'
import {allowedFor} from './lib/model/allowed-methods.js'
import {BEHAVIOR_OF, type BehaviorWord} from './lib/model/mfa-behavior.js'
import type {Clock} from './lib/ports/clock.js'
import type {Wiring} from './wire.js'

type Flags = Readonly<Record<string, unknown>>

export async function standingDeps(wired: Wiring): Promise<StandingDeps & {readonly clock: Clock}> {
  const {graph, directory} = await wired.tenant()
  return {
    federations: createFederations(graph),
    directory,
    journal: await wired.journal(),
    clock: wired.clock,
  }
}

/** `mfa federation show`: one look, or with --watch one after the other. Managed domains only where they are named. */
export async function standings(
  wired: Wiring,
  flags: Flags,
  signal: AbortSignal,
): Promise<readonly DomainStanding[]> {
  const deps = await standingDeps(wired)
  const domain = typeof flags['domain'] === 'string' ? flags['domain'] : undefined
  const until = flags['until']
  const look = (): Promise<readonly DomainStanding[]> => {
    if (flags['watch'] !== true) return domainStandings(domain, deps, signal)
    const interval = duration(String(flags['interval']))
    if ('problem' in interval)
      throw new MfaError('BAD_TIME', `--interval: ${interval.problem}`, {exit: 'usage', fix: interval.fix})
    return watchFederation(
      {
        domain,
        until: typeof until === 'string' ? BEHAVIOR_OF[until as BehaviorWord] : undefined,
        intervalMs: interval.value,
        seen: (found, at) => {
          for (const text of watchLines(found, at)) wired.ui.emit({type: 'note', text})
        },
      },
      deps,
      signal,
    )
  }
  return (await look()).filter(({federationId}) => domain !== undefined || federationId !== null)
}

export async function setDeps(wired: Wiring, flags: Flags, signal: AbortSignal): Promise<SetDeps> {
  const deps = await standingDeps(wired)
  const scratch = await wired.scratch()
  return {
    ...deps,
    scratch,
    ui: wired.ui,
    async allowed(aborted) {
      const policy = await deps.directory.methodsPolicy(aborted)
      const isMember = await readPolicyGroups(policy, {...deps, scratch, ui: wired.ui}, aborted)
      return (user) => allowedFor(policy, (group) => isMember(group, user))
    },
    async standings() {
      const {match, mapping} = await wired.request(flags)
      const source = wired.settings.source === undefined ? undefined : await wired.source()
      const tenantId = await deps.directory.tenantId(signal)
      const lookup = source === undefined ? undefined : await wired.lookup()
      return migrationStandings({match, mapping}, tenantId, {...deps, source, lookup, scratch, ui: wired.ui})
    },
  }
}

/** Flags of `mfa federation set` as the library wants them. */
export async function setRequest(
  word: string,
  flags: Flags,
  wired: Wiring,
  preview: (planned: SetPlanned) => void,
): Promise<SetRequest> {
  const text = (name: string) => (typeof flags[name] === 'string' ? flags[name] : undefined)
  const supportsMfa = text('supports-mfa')
  if (text('group') !== undefined && flags['all-users'] === true)
    throw new MfaError('GROUP_AND_ALL', '--group and --all-users exclude each other', {
      exit: 'usage',
      fix: '--all-users checks everybody of the domain.',
    })
  return {
    domain: text('domain') ?? '',
    to: BEHAVIOR_OF[word as BehaviorWord],
    group: text('group'),
    allUsers: flags['all-users'] === true,
    emergencyAccount: text('emergency-account'),
    dependencies: await dependencies(text('answers')),
    accept: [flags['accept'] ?? []].flat().map(String),
    confirm: text('confirm'),
    yes: flags['yes'] === true,
    dryRun: flags['dry-run'] === true,
    supportsMfa: supportsMfa === undefined ? undefined : supportsMfa === 'yes',
    consistencyMs: Number(flags['consistency'] ?? 60) * 1000,
    logFile: (await wired.log()).file,
    preview,
  }
}

/** Open dependencies C1–C6 of the answers file; undefined without one. */
async function dependencies(file: string | undefined): Promise<readonly OpenDependency[] | undefined> {
  if (file === undefined) return undefined
  const {readAnswers} = await import('./wire-assess.js')
  const {openDependencies} = await import('./lib/assessment/answers.js')
  return openDependencies(await readAnswers(file)).map(({id, title, action, state, items}) => {
    const which = items.length === 0 ? '' : ` (${items.join(', ')})`
    const why = state === 'unanswered' ? 'not answered' : `still open${which}`
    return {id, detail: `${title}: ${why}; ${action}`}
  })
}
