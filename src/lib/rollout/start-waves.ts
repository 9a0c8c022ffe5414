import {inTenantRun} from '../changes/tenant-run.js'
import {MfaError} from '../errors/mfa-error.js'
import type {ObjectId} from '../model/brand.js'
import type {RolloutGroup} from '../ports/rollout.js'
import {acceptedCodes, type Blocker} from './blockers.js'
import {mustBeWanted, objectionsOf, reach, type Asked} from './change-rollout.js'
import {createWaveGroup, type WavePlanned} from './changes.js'
import {handlingOf, peopleIn, settleOpen} from './handling.js'
import {fill, nextOf, readWavePeople} from './fill-wave.js'
import {allChanges, holds} from './planner.js'
import {mfaPolicyOf, refuseWholeOrganization} from './policy.js'
import {USERS_MAX} from './rules.js'
import {dueAt, unfinishedWave, wavePlans, type WavePlan} from './wave-plans.js'
import {parseWaveSize, peopleInWave} from './waves.js'

import {
  checkWave,
  dueAfter,
  effectOfWave,
  NOTHING,
  saysFill,
  standing,
  waveOf,
  type WaveDeps,
  type WaveReport,
} from './wave-report.js'

export interface StartWaves extends Asked {
  /** The group that people are taken from. */
  readonly group: string
  /** `50` or `10%`. */
  readonly size: string
  readonly everyMs: number | undefined
}

/**
 * `mfa rollout add-group G --wave N`: makes a group for the purpose, puts it under the policy, and puts the first wave in, 200
 * people at most. The same again goes on where it was cut off, and changes nothing once the first wave is in.
 */
export async function startWaves(
  request: StartWaves,
  deps: WaveDeps,
  signal: AbortSignal,
): Promise<WaveReport> {
  const accepted = acceptedCodes(request.accept)
  const size = parseWaveSize(request.size)
  const {directory, journal, policies} = deps
  const policy = mfaPolicyOf(await policies.list(signal))
  refuseWholeOrganization(policy)
  const tenantId = await directory.tenantId(signal)
  const {id, displayName} = await directory.findGroup(request.group, signal)
  const source = {id, displayName}
  const mine = (await wavePlans(journal, tenantId)).filter((plan) => plan.source.id === id)
  const plan = mine.find(({isEnded}) => !isEnded)
  const people = await readWavePeople(source, plan?.group.id, tenantId, deps, await deps.newScratch(), signal)
  const planned: WavePlanned = plan ?? {
    newGroup: newGroupFor(source, mine.length),
    source,
    people: peopleInWave(size, people.source.size),
    size: request.size,
    everyMs: request.everyMs,
    members: people.source.size,
  }
  if (plan !== undefined && plan.size !== request.size) warnOfSize(plan, request.size, deps)
  const waves = plan?.waves ?? []
  const next = nextOf({waves, people: planned.people}, people)
  const waveGroup = plan?.group ?? {id: '' as ObjectId, displayName: planned.newGroup.displayName}
  const base = {
    action: 'add-group',
    policy,
    groups: [waveGroup],
    tenantId,
    source,
    waveGroup: plan?.group,
    people: planned.people,
    ...standing(people),
  }
  const start = {
    kind: 'rollout',
    tenantId,
    command: 'mfa rollout add-group',
    options: {group: id, wave: request.size, everyMs: request.everyMs ?? null},
    logFile: request.logFile,
    consistencyMs: request.consistencyMs,
  } as const
  const isSetUp = plan !== undefined && holds(policy, plan.group.id) && waves.length > 0
  if (isSetUp && unfinishedWave(plan) === undefined) {
    const stands = {
      ...base,
      ...NOTHING,
      says: [],
      check: undefined,
      objections: objectionsOf(undefined, [], accepted),
    }
    await request.preview(stands)
    // A run that was cut off right before its end is brought to it.
    const settled = await inTenantRun(start, deps, signal, (run) => settleOpen(run, tenantId, journal, deps))
    const nextDue = dueAt(plan)?.toISOString()
    return {...stands, status: 'stands', wave: undefined, nextDue, writes: settled.length}
  }
  const check = await checkWave(
    waveGroup,
    !holds(policy, waveGroup.id),
    policy?.groups.length ?? 0,
    people,
    next,
    deps,
    signal,
  )
  const objections = objectionsOf(check, tooMany(source, people.source.size), accepted)
  const goal = {to: 'hold', groups: [waveGroup]} as const
  const says = [
    ...(plan === undefined ? [createWaveGroup(planned).says] : []),
    ...allChanges(goal, policy).map((change) => change.says),
    saysFill(next, waveGroup),
  ]
  const shown = {...base, says, check, objections}
  await request.preview(shown)
  if (objections.refused.length > 0)
    return {...shown, ...NOTHING, status: 'refused', wave: waveOf(next, 0), nextDue: undefined}
  await mustBeWanted(request, says, deps)
  return inTenantRun(start, deps, signal, async (run) => {
    const settled = await settleOpen(run, tenantId, journal, deps)
    let writes = settled.length
    let begun = await currentPlan(source.id, tenantId, deps)
    if (begun === undefined) {
      const change = createWaveGroup(planned)
      await run.mustApply(change, handlingOf(change, deps))
      writes += 1
      begun = await currentPlan(source.id, tenantId, deps)
    }
    if (begun === undefined) throw groupInDoubt(planned)
    const held = await reach({to: 'hold', groups: [begun.group]}, run, deps)
    const filled = await fill(begun, 1, people, run, request.consistencyMs, deps, tenantId)
    return {
      ...shown,
      status: 'filled',
      waveGroup: begun.group,
      wave: waveOf(filled.wave, filled.put),
      placed: people.current.size + peopleIn(settled) + filled.put,
      nextDue: dueAfter(begun, filled.wave, deps),
      unseen: filled.unseen,
      writes: writes + held.writes + Math.ceil(filled.put / 20),
      run: run.id(),
      effect: held.after?.isEnabled === true ? effectOfWave(people, filled.put, deps) : undefined,
    }
  })
}

const tooMany = (source: RolloutGroup, members: number): readonly Blocker[] =>
  members <= USERS_MAX
    ? []
    : [
        {
          code: 'user-limit',
          user: null,
          group: source.displayName,
          detail: `${members} users, and the group that is made for the waves takes ${USERS_MAX}: the others never come in.`,
        },
      ]

async function currentPlan(
  source: ObjectId,
  tenantId: string,
  {journal}: WaveDeps,
): Promise<WavePlan | undefined> {
  return (await wavePlans(journal, tenantId)).find((plan) => plan.source.id === source && !plan.isEnded)
}

/** The same names for the same group, so that a lost answer is recognised; another one once the first was taken back. */
function newGroupFor(source: RolloutGroup, earlier: number) {
  const number = earlier === 0 ? '' : ` ${earlier + 1}`
  const short = source.id.replaceAll('-', '').slice(0, 12)
  return {
    displayName: `MFA rollout of ${source.displayName.slice(0, 180)}${number} (${short})`,
    description: `Waves out of group ${source.id} into the staged rollout of MFA; filled by mfa rollout advance`,
    mailNickname: `mfa-rollout-${short}${earlier === 0 ? '' : `-${earlier + 1}`}`,
  }
}

function warnOfSize(plan: WavePlan, asked: string, {ui}: WaveDeps): void {
  const text = `the waves of "${plan.source.displayName}" were set up as ${plan.size} and stay so; --wave ${asked} is not looked at`
  ui.emit({type: 'warning', text})
}

const groupInDoubt = ({newGroup}: WavePlanned): MfaError =>
  new MfaError(
    'CHANGE_IN_DOUBT',
    `Microsoft Graph did not say which group it made for "${newGroup.displayName}"`,
    {
      exit: 'partial',
      fix: 'Run the same command again: it looks first and goes on.',
    },
  )
