import {inTenantRun, type TenantRun, type TenantRunStart} from '../changes/tenant-run.js'
import {MfaError} from '../errors/mfa-error.js'
import type {RunId} from '../model/brand.js'
import type {Clock} from '../ports/clock.js'
import type {Directory, EntraGroup} from '../ports/directory.js'
import type {Journal} from '../ports/journal.js'
import type {RolloutGroup, RolloutPolicy} from '../ports/rollout.js'
import type {Ui} from '../ports/ui.js'
import {acceptedCodes, onPremMfa, type Blocker, type BlockerCode} from './blockers.js'
import {handlingOf, settleOpen, type ChangePorts} from './handling.js'
import {lockOutCheck, remaining, type CheckDeps, type CheckReport, type CheckSubject} from './check.js'
import {effectOf, wideningOf, type Effect} from './effect.js'
import {allChanges, changed, holds, nextChange, type Goal} from './planner.js'
import {mfaPolicyOf, refuseWholeOrganization} from './policy.js'
import {wavePlans} from './wave-plans.js'

export interface RolloutDeps extends ChangePorts {
  readonly directory: Directory
  readonly journal: Journal
  readonly clock: Clock
  readonly ui: Ui
  /** The service's clock. */
  readonly now: () => Date
  /** What one check works with; each has a scratch of its own. */
  readonly checking: (signal: AbortSignal) => Promise<CheckDeps>
}

/** What every changing command is asked. */
export interface Asked {
  readonly accept: readonly string[]
  readonly yes: boolean
  /** Milliseconds that Entra may take to show what was written (R4). */
  readonly consistencyMs: number
  readonly logFile: string | undefined
  /** Shown before anything is asked or written. */
  readonly preview: (planned: Planned) => void | Promise<void>
}

export type WantedChange =
  | {readonly action: 'create'; readonly isEnabled: boolean}
  | {readonly action: 'add-group' | 'remove-group'; readonly group: string}
  | {readonly action: 'enable' | 'disable' | 'delete'}

export type ChangeRequest = Asked & WantedChange

/** What speaks against a change. */
export interface Objections {
  readonly blockers: () => Iterable<Blocker>
  readonly counts: Readonly<Partial<Record<BlockerCode, number>>>
  readonly total: number
  readonly accepted: readonly BlockerCode[]
  /** Codes that were not accepted: nothing is written. */
  readonly refused: readonly BlockerCode[]
}

export interface Planned {
  readonly action: string
  readonly policy: RolloutPolicy | undefined
  readonly groups: readonly RolloutGroup[]
  /** What is going to be done, in words. */
  readonly says: readonly string[]
  readonly check: CheckReport | undefined
  readonly objections: Objections
}

export interface RolloutReport extends Planned {
  readonly tenantId: string
  /** The policy as it is now. */
  readonly after: RolloutPolicy | undefined
  /** Requests that changed something. */
  readonly writes: number
  readonly run: RunId | undefined
  readonly effect: Effect | undefined
}

/**
 * `mfa rollout create|add-group|remove-group|enable|disable|delete`: checks, shows, asks, writes. What is so already is not
 * written again. A command that was cut off goes on with the same command.
 * Where `objections.refused` is not empty, nothing was written. Throws MfaError `refused` (a policy for the whole organisation),
 * `usage` (no such group or policy), `declined`, `auth`, `locked`.
 */
export async function changeRollout(
  request: ChangeRequest,
  deps: RolloutDeps,
  signal: AbortSignal,
): Promise<RolloutReport> {
  const {policies, directory, journal} = deps
  const accepted = acceptedCodes(request.accept)
  const policy = mfaPolicyOf(await policies.list(signal))
  refuseWholeOrganization(policy)
  const tenantId = await directory.tenantId(signal)
  const asked = 'group' in request ? await directory.findGroup(request.group, signal) : undefined
  const groups = await concerned(request, asked, policy, tenantId, journal)
  const goal = goalOf(request, groups, policy)
  const changes = allChanges(goal, policy)
  const widens = request.action === 'add-group' || request.action === 'enable'
  const subjects = widens && changes.length > 0 ? subjectsOf(request, asked, policy, deps) : []
  const check =
    subjects.length > 0 ? await lockOutCheck(subjects, await deps.checking(signal), signal) : undefined
  const narrows = !widens && request.action !== 'create' && changes.length > 0
  const objections = objectionsOf(check, narrows ? [onPremMfa()] : [], accepted)
  const says = changes.map((change) => change.says)
  const planned: Planned = {action: request.action, policy, groups, says, check, objections}
  await request.preview(planned)
  const untouched = {...planned, tenantId, after: policy, writes: 0, run: undefined, effect: undefined}
  if (objections.refused.length > 0) return untouched
  if (changes.length > 0) await mustBeWanted(request, says, deps)
  const start: TenantRunStart = {
    kind: 'rollout',
    tenantId,
    command: `mfa rollout ${request.action}`,
    options: 'group' in request ? {group: asked?.id ?? request.group} : {},
    logFile: request.logFile,
    consistencyMs: request.consistencyMs,
  }
  return inTenantRun(start, deps, signal, async (run) => {
    const settled = await settleOpen(run, tenantId, journal, deps)
    const {writes, after} = await reach(goal, run, deps)
    const members = check?.groups.map(({users}) => users) ?? []
    const all = settled.length + writes
    const isOn = after?.isEnabled === true || narrows
    const effect =
      all === 0 || !isOn ? undefined : widens ? wideningOf(deps.now(), members) : effectOf(deps.now())
    return {...planned, tenantId, after, writes: all, run: run.id(), effect}
  })
}

/** Applies what is still to be done, from what the tenant shows once the lock is held. */
export async function reach(
  goal: Goal,
  run: TenantRun,
  ports: ChangePorts,
): Promise<{readonly writes: number; readonly after: RolloutPolicy | undefined}> {
  let now = mfaPolicyOf(await ports.policies.list(run.signal))
  let writes = 0
  for (let next = nextChange(goal, now); next !== undefined; next = nextChange(goal, now)) {
    const {outcome, made} = await run.mustApply(next, handlingOf(next, ports))
    if (outcome.status === 'done') writes += 1
    now = changed(now, next, made)
  }
  return {writes, after: now}
}

/** What the goal is about: for a group that waves were made out of, the group that was made. */
async function concerned(
  request: ChangeRequest,
  asked: EntraGroup | undefined,
  policy: RolloutPolicy | undefined,
  tenantId: string,
  journal: Journal,
): Promise<readonly RolloutGroup[]> {
  if (asked === undefined) return request.action === 'create' ? [] : (policy?.groups ?? [])
  const own = {id: asked.id, displayName: asked.displayName}
  if (request.action !== 'remove-group') return [own]
  const waves = (await wavePlans(journal, tenantId)).filter(
    ({source, group}) => source.id === asked.id && holds(policy, group.id),
  )
  return [own, ...waves.map(({group}) => group)].filter(({id}) => holds(policy, id))
}

function goalOf(
  request: ChangeRequest,
  groups: readonly RolloutGroup[],
  policy: RolloutPolicy | undefined,
): Goal {
  switch (request.action) {
    case 'create':
      return {to: 'exist', isEnabled: request.isEnabled}
    case 'add-group':
      return {to: 'hold', groups}
    case 'remove-group':
      return {to: 'not-hold', groups}
    case 'enable':
      if (policy === undefined) throw noPolicy()
      return {to: 'be', isEnabled: true}
    case 'disable':
      return {to: 'be', isEnabled: false}
    case 'delete':
      return {to: 'be-gone'}
  }
  return request satisfies never
}

/** Whose members go over: of the group that is added, or of all groups of a policy that is switched on. */
function subjectsOf(
  request: ChangeRequest,
  asked: EntraGroup | undefined,
  policy: RolloutPolicy | undefined,
  deps: RolloutDeps,
): readonly CheckSubject[] {
  if (request.action === 'enable')
    return (policy?.groups ?? []).map((group) => subjectOf({...group, isDynamic: false}, policy, deps))
  return asked === undefined ? [] : [subjectOf(asked, policy, deps)]
}

export function subjectOf(
  group: EntraGroup,
  policy: RolloutPolicy | undefined,
  {groups}: Pick<RolloutDeps, 'groups'>,
): CheckSubject {
  const isNew = !holds(policy, group.id)
  return {
    group: {id: group.id, displayName: group.displayName},
    isDynamic: group.isDynamic,
    isNew,
    groupsAfter: (policy?.groups.length ?? 0) + (isNew ? 1 : 0),
    members: (signal) => groups.directMembers(group.id, signal),
  }
}

export function objectionsOf(
  check: CheckReport | undefined,
  others: readonly Blocker[],
  accepted: ReadonlySet<BlockerCode>,
): Objections {
  const counts: Partial<Record<BlockerCode, number>> = {...check?.counts}
  for (const {code} of others) counts[code] = (counts[code] ?? 0) + 1
  return {
    *blockers() {
      yield* others
      for (const [, blocker] of check?.blockers.entries() ?? []) yield blocker
    },
    counts,
    total: Object.values(counts).reduce((sum, each) => sum + each, 0),
    accepted: (Object.keys(counts) as BlockerCode[]).filter((code) => accepted.has(code)),
    refused: remaining(counts, accepted),
  }
}

/** Throws MfaError `declined`. */
export async function mustBeWanted(
  {yes}: Pick<Asked, 'yes'>,
  says: readonly string[],
  {ui}: Pick<RolloutDeps, 'ui'>,
): Promise<void> {
  const question = says.length === 1 ? `${capital(says[0] ?? '')}?` : `Make these ${says.length} changes?`
  if (yes || (await ui.confirm(question, '--yes'))) return
  throw new MfaError('DECLINED', 'nothing was changed', {exit: 'declined'})
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1)

const noPolicy = (): MfaError =>
  new MfaError('NO_POLICY', 'the tenant has no staged rollout policy for MFA', {
    exit: 'usage',
    fix: 'mfa rollout create makes one; mfa rollout add-group makes one too.',
  })
