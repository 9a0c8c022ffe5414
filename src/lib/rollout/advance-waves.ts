import {inTenantRun} from '../changes/tenant-run.js'
import {acceptedCodes, type BlockerCode} from './blockers.js'
import {mustBeWanted, objectionsOf, type Asked} from './change-rollout.js'
import {peopleIn, settleOpen} from './handling.js'
import {fill, finishedWave, nextOf, readWavePeople, type NextWave, type WavePeople} from './fill-wave.js'
import {isSwitchedOff, rolloutOff} from './switched-off.js'
import {ADVANCE, cutOffWave, dueAt, unfinishedWave, wavePlans, type WavePlan} from './wave-plans.js'

import {
  checkWave,
  dueAfter,
  effectOfWave,
  NOTHING,
  noWaves,
  saysFill,
  standing,
  waveOf,
  type WaveDeps,
  type WaveReport,
} from './wave-report.js'

export interface AdvanceWaves extends Asked {
  /** The group that people are taken from, or the one that was made for the waves; every one unless given. */
  readonly group: string | undefined
  /** Also before it is due. */
  readonly early: boolean
}

/**
 * `mfa rollout advance`: the next wave of each group that is due, while the check holds for everybody who is in and who comes.
 * Works for applications: the policy itself is not touched. Throws MfaError `usage` where no waves are set up.
 */
export async function advanceWaves(
  request: AdvanceWaves,
  deps: WaveDeps,
  signal: AbortSignal,
): Promise<readonly WaveReport[]> {
  const accepted = acceptedCodes(request.accept)
  const tenantId = await deps.directory.tenantId(signal)
  const plans = (await wavePlans(deps.journal, tenantId)).filter(
    ({isEnded, isUnderPolicy}) => isUnderPolicy && !isEnded,
  )
  const asked =
    request.group === undefined ? undefined : await deps.directory.findGroup(request.group, signal)
  const wanted = plans.filter(
    ({source, group}) => asked === undefined || source.id === asked.id || group.id === asked.id,
  )
  if (wanted.length === 0) throw noWaves(asked?.displayName)
  const reports: WaveReport[] = []
  // One that is refused does not hold up the others.
  for (const plan of wanted) reports.push(await advanceOne(plan, tenantId, accepted, request, deps, signal))
  return reports
}

async function advanceOne(
  plan: WavePlan,
  tenantId: string,
  accepted: ReadonlySet<BlockerCode>,
  request: AdvanceWaves,
  deps: WaveDeps,
  signal: AbortSignal,
): Promise<WaveReport> {
  const people = await readWavePeople(
    plan.source,
    plan.group.id,
    tenantId,
    deps,
    await deps.newScratch(),
    signal,
  )
  const next = await nextOrCutOff(plan, people, tenantId, deps)
  const due = unfinishedWave(plan) === undefined ? dueAt(plan) : undefined
  const isDue = request.early || due === undefined || deps.now() >= due
  const base = {
    action: 'advance',
    policy: undefined,
    groups: [plan.group],
    tenantId,
    source: plan.source,
    waveGroup: plan.group,
    people: plan.people,
    ...standing(people),
  }
  if (!next.isCutOff && (next.members.length === 0 || !isDue)) {
    const idle = {...base, says: [], check: undefined, objections: objectionsOf(undefined, [], accepted)}
    await request.preview(idle)
    const status = next.members.length === 0 ? 'complete' : 'not-due'
    const nextDue = status === 'not-due' ? due?.toISOString() : undefined
    return {...idle, ...NOTHING, status, wave: undefined, nextDue}
  }
  // Nobody comes where the wave is only brought to its end.
  const check =
    next.members.length === 0
      ? undefined
      : await checkWave(plan.group, false, undefined, people, next, deps, signal)
  const isOff = next.members.length > 0 && (await isSwitchedOff(deps.journal, tenantId))
  const objections = objectionsOf(check, isOff ? [rolloutOff()] : [], accepted)
  const says = next.members.length === 0 ? [] : [saysFill(next, plan.group)]
  const shown = {...base, says, check, objections}
  await request.preview(shown)
  if (objections.refused.length > 0)
    return {...shown, ...NOTHING, status: 'refused', wave: waveOf(next, 0), nextDue: due?.toISOString()}
  if (says.length > 0) await mustBeWanted(request, says, deps)
  const start = {
    kind: 'rollout',
    tenantId,
    command: ADVANCE,
    options: {group: plan.group.id},
    logFile: request.logFile,
    consistencyMs: request.consistencyMs,
  } as const
  return inTenantRun(start, deps, signal, async (run) => {
    const settled = await settleOpen(run, tenantId, deps.journal, deps)
    const filled = await fill(plan, next.wave, people, run, request.consistencyMs, deps, tenantId)
    return {
      ...shown,
      status: 'filled',
      wave: waveOf(filled.wave, filled.put),
      placed: people.current.size + peopleIn(settled) + filled.put,
      nextDue: dueAfter(plan, filled.wave, deps),
      unseen: filled.unseen,
      writes: settled.length + Math.ceil(filled.put / 20),
      run: run.id(),
      effect: effectOfWave(people, filled.put, deps),
    }
  })
}

/** The next wave; or the one that a run was at when it was cut off, with nobody left to put in if it was right before its end. */
async function nextOrCutOff(
  plan: WavePlan,
  people: WavePeople,
  tenantId: string,
  {journal}: WaveDeps,
): Promise<NextWave & {readonly isCutOff: boolean}> {
  const next = nextOf(plan, people)
  const wave = await cutOffWave(journal, tenantId, plan.group.id)
  if (wave === undefined || wave >= next.wave) return {...next, isCutOff: wave !== undefined}
  return {...finishedWave(plan, wave), isCutOff: true}
}
