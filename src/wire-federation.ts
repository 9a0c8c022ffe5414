import {duration} from './lib/config/pace-settings.js'
import {MfaError} from './lib/errors/mfa-error.js'
import {createFederations} from './lib/entra/federation.js'
import type {PlannedStanding} from './lib/federation/check-migration.js'
import type {OpenDependency} from './lib/federation/guard.js'
import type {SetDeps, SetPlanned, SetRequest} from './lib/federation/set-federation.js'
import {
  type DomainStanding,
  domainStandings,
  type StandingDeps,
  watchFederation,
} from './lib/federation/standing.js'
import {watchLines} from './lib/report/federation-report.js'
import {collectPlans} from './lib/migration/collect.js'
import type {ObjectId} from './lib/model/brand.js'
import type {EntraIdentity} from './lib/model/entra-user.js'
import {BEHAVIOR_OF, type BehaviorWord} from './lib/model/mfa-behavior.js'
import type {Clock} from './lib/ports/clock.js'
import type {Bag} from './lib/ports/scratch.js'
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
  const deps = {...(await standingDeps(wired)), scratch: await wired.scratch(), ui: wired.ui}
  if (wired.settings.source === undefined) return deps
  return {...deps, planned: (users) => plannedStandings(wired, flags, users as Bag<EntraIdentity>, signal)}
}

/** Everybody of the domain as if they were one group, planned against the source: what is left to carry over (U5). */
async function* plannedStandings(
  wired: Wiring,
  flags: Flags,
  users: Bag<EntraIdentity>,
  signal: AbortSignal,
): AsyncGenerator<PlannedStanding> {
  const planning = await wired.planning()
  const request = {...(await wired.request({...flags, group: 'the domain'})), users: []}
  const directory = {
    ...planning.directory,
    findGroup: () => Promise.resolve({id: 'domain' as ObjectId, displayName: 'the domain', isDynamic: false}),
    members: (group: ObjectId, aborted: AbortSignal) =>
      group === 'domain' ? pagesOf(users) : planning.directory.members(group, aborted),
  }
  const {plans} = await collectPlans(request, {...planning, directory}, signal)
  for (const [, {id, userPrincipalName, outcome, findings, actions}] of plans.entries()) {
    const codes = new Set(findings.map(({code}) => code as string))
    yield {
      id,
      userPrincipalName,
      outcome,
      ambiguous: AMBIGUOUS.some((code) => codes.has(code)),
      detail: findings[0]?.detail ?? `${actions.length} changes to make`,
    }
  }
}

const AMBIGUOUS = ['ambiguous-match', 'sid-mismatch', 'domain-needed']
const PAGE = 500

async function* pagesOf(users: Bag<EntraIdentity>): AsyncGenerator<readonly EntraIdentity[]> {
  let page: EntraIdentity[] = []
  for (const [, user] of users.entries()) {
    if (page.push(user) < PAGE) continue
    yield page
    page = []
  }
  if (page.length > 0) yield page
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
  return undefined
}
