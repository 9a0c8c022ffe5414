import {MfaError} from './lib/errors/mfa-error.js'
import {createGroupWriter} from './lib/entra/group-writer.js'
import {createRolloutGroups} from './lib/entra/rollout-groups.js'
import {createRolloutPolicies, refuseWithoutRollout} from './lib/entra/rollout.js'
import {readPolicyGroups} from './lib/migration/members.js'
import {migrationStandings} from './lib/migration/standings.js'
import {allowedFor} from './lib/model/allowed-methods.js'
import type {RolloutPolicies} from './lib/ports/rollout.js'
import {duration} from './lib/config/pace-settings.js'
import type {Asked, WantedChange} from './lib/rollout/change-rollout.js'
import type {CheckDeps} from './lib/rollout/check.js'
import type {WaveDeps} from './lib/rollout/wave-report.js'
import type {Telling} from './lib/report/rollout-objections.js'
import {BLOCKER_CODES} from './lib/rollout/blockers.js'
import type {Wiring} from './wire.js'

type Flags = Readonly<Record<string, unknown>>

/** Everything that `mfa rollout` works with. Throws MfaError `refused` in a cloud without staged rollout; nothing is asked. */
export async function rolloutDeps(wired: Wiring, flags: Flags): Promise<WaveDeps> {
  refuseWithoutRollout(wired.settings.cloud.value)
  const {graph, directory} = await wired.tenant()
  const journal = await wired.journal()
  const {clock, ui} = wired
  return {
    policies: asPerson(wired),
    groups: createRolloutGroups(graph),
    writer: createGroupWriter(graph, clock),
    directory,
    journal,
    clock,
    ui,
    now: () => graph.serviceClock.now(),
    newScratch: () => wired.scratch(),
    checking: (signal) => checking(wired, flags, signal),
  }
}

/** What one check works with: the server's data where there is some, else the memory of earlier runs. */
async function checking(wired: Wiring, flags: Flags, signal: AbortSignal): Promise<CheckDeps> {
  const {ui} = wired
  const directory = await wired.directory()
  const scratch = await wired.scratch()
  const source = wired.settings.source === undefined ? undefined : await wired.source()
  const tenantId = await directory.tenantId(signal)
  const lookup = source === undefined ? undefined : await wired.lookup()
  const deps = {directory, journal: await wired.journal(), scratch, ui, source, lookup}
  return {
    directory,
    scratch,
    ui,
    standings: migrationStandings(await wired.request(flags), tenantId, deps),
    async allowed() {
      const policy = await directory.methodsPolicy(signal)
      const isMember = await readPolicyGroups(policy, {directory, scratch, ui}, signal)
      return (user) => allowedFor(policy, (group) => isMember(group, user))
    },
  }
}

/** The policy, signed in as a person; whoever is not hears why one is needed. */
function asPerson(wired: Wiring): RolloutPolicies {
  const policies = async () => createRolloutPolicies((await wired.personTenant()).graph)
  const calling = async <T>(call: (policies: RolloutPolicies) => Promise<T>): Promise<T> => {
    try {
      return await call(await policies())
    } catch (error) {
      if (!(error instanceof MfaError) || error.exit !== 'auth' || error.code === 'GRAPH_FORBIDDEN')
        throw error
      throw new MfaError(
        'PERSON_NEEDED',
        `Microsoft Graph lets only people change staged rollout: mfa auth login. ${error.message.replace(/ ?Microsoft Graph lets only people do this\.$/, '')}`,
        {
          exit: 'auth',
          fix: 'Sign in as a Hybrid Identity Administrator: mfa auth login. Unset MFA_ACCESS_TOKEN where it belongs to an application; a certificate may stay, and goes on filling waves.',
          requestId: error.requestId,
          cause: error,
        },
      )
    }
  }
  return {
    list: (signal) => calling((each) => each.list(signal)),
    create: (policy, signal) => calling((each) => each.create(policy, signal)),
    setEnabled: (policy, isEnabled, signal) => calling((each) => each.setEnabled(policy, isEnabled, signal)),
    addGroup: (policy, group, signal) => calling((each) => each.addGroup(policy, group, signal)),
    removeGroup: (policy, group, signal) => calling((each) => each.removeGroup(policy, group, signal)),
    remove: (policy, signal) => calling((each) => each.remove(policy, signal)),
  }
}

/** What every changing command is asked. */
export async function askedOf(wired: Wiring, flags: Flags, preview: Asked['preview']): Promise<Asked> {
  return {
    accept: [flags['accept'] ?? []].flat().map(String),
    yes: flags['yes'] === true,
    consistencyMs: Number(flags['consistency'] ?? 60) * 1000,
    logFile: (await wired.log()).file,
    preview,
  }
}

/** One change of the policy, from flags to what is shown. */
export async function changeAndShow(wired: Wiring, flags: Flags, change: WantedChange, signal: AbortSignal) {
  const {changeRollout} = await import('./lib/rollout/change-rollout.js')
  const {showChanged, showPlanned} = await import('./lib/report/rollout-report.js')
  const deps = await rolloutDeps(wired, flags)
  const asked = await askedOf(wired, flags, showPlanned(wired.show))
  const report = await changeRollout({...asked, ...change}, deps, signal)
  return showChanged(report, tellingOf(wired, flags), wired.show)
}

/** The group as argument or as `--group`. Throws MfaError `usage` for none, and for two that differ. */
export function groupOf(argument: string | undefined, flag: string | undefined): string {
  if (argument !== undefined && flag !== undefined && argument !== flag)
    throw new MfaError('TWO_GROUPS', `the command names group "${argument}", --group says "${flag}"`, {
      exit: 'usage',
      fix: 'Give the group once.',
    })
  const group = argument ?? flag
  if (group === undefined || group === '')
    throw new MfaError('MISSING_GROUP', 'the group is missing', {
      exit: 'usage',
      fix: 'Give its display name or object id, as argument or with --group.',
    })
  return group
}

/** `--every 1d` in milliseconds. Throws MfaError `usage`. */
export function everyMs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const parsed = duration(text)
  if ('problem' in parsed)
    throw new MfaError('BAD_TIME', `--every: ${parsed.problem}`, {exit: 'usage', fix: parsed.fix})
  return parsed.value
}

/** Where a refusal's list goes, and what its codes mean. */
export const tellingOf = (wired: Wiring, flags: Flags): Telling => ({
  csv: typeof flags['csv'] === 'string' ? flags['csv'] : undefined,
  folder: wired.resultsFolder,
  again: wired.again,
  codes: BLOCKER_CODES,
})
