import {happened, pastChanges, type PastChange} from '../changes/past-changes.js'
import type {ObjectId} from '../model/brand.js'
import type {Journal, RunRecord} from '../ports/journal.js'
import type {RolloutGroup} from '../ports/rollout.js'
import type {RolloutChange, WavePlanned} from './changes.js'

export interface Wave {
  readonly wave: number
  /** People it is to have. */
  readonly of: number
  /** People who are on record as put in. */
  readonly placed: number
  /** ISO 8601, by the service's clock. */
  readonly began: string
}

/** Waves out of one group, as our records have them. */
export interface WavePlan extends WavePlanned {
  /** The group that was made for them. */
  readonly group: RolloutGroup
  readonly waves: readonly Wave[]
  /** It is under the policy, as far as this tool knows. */
  readonly isUnderPolicy: boolean
  /** Taken out of the policy again, or the policy deleted: nothing goes on. */
  readonly isEnded: boolean
}

/** Who was put in, or taken out again, by whom. */
export type OnPlaced = (group: ObjectId, member: ObjectId, wave: number | 'removed') => void

/**
 * The waves that were set up in a tenant, oldest first. People whom a run was putting in when it was cut off count as put in: the
 * same command brings that to its end before it does anything else.
 */
export async function wavePlans(
  journal: Journal,
  tenantId: string,
  onPlaced: OnPlaced = () => {},
): Promise<readonly WavePlan[]> {
  const plans = new Map<string, WavePlan>()
  // What was sent twice after a lost answer is on record twice.
  const filled = new Set<string>()
  for await (const past of pastChanges(journal, tenantId, ['rollout'])) {
    const change = past.change as RolloutChange
    if (!happened(past) && !(change.kind === 'fill-wave' && isUnderWay(past))) continue
    if (change.kind === 'create-wave-group') {
      const id = past.made?.['groupId'] as ObjectId | undefined
      if (id === undefined) continue
      const group = {id, displayName: change.after.newGroup.displayName}
      plans.set(id, {...change.after, group, waves: [], isUnderPolicy: false, isEnded: false})
      continue
    }
    if (change.kind === 'delete-rollout-policy')
      for (const [id, plan] of plans) plans.set(id, {...plan, isEnded: true})
    const plan = plans.get(change.target.id)
    if (plan === undefined || filled.has(change.id)) continue
    if (change.kind === 'fill-wave') filled.add(change.id)
    plans.set(change.target.id, after(plan, change, onPlaced))
  }
  return [...plans.values()]
}

const isUnderWay = ({run, outcome}: PastChange): boolean => outcome?.status !== 'failed' && isCutOff(run)

/** The same command takes it up again. */
const isCutOff = ({status}: RunRecord): boolean => status === 'open' || status === 'interrupted'

function after(plan: WavePlan, change: RolloutChange, onPlaced: OnPlaced): WavePlan {
  const {id} = plan.group
  switch (change.kind) {
    case 'add-rollout-group':
      return {...plan, isUnderPolicy: true, isEnded: false}
    case 'remove-rollout-group':
      return {...plan, isUnderPolicy: false, isEnded: true}
    case 'fill-wave': {
      const {wave, of, began, members} = change.after
      for (const member of members) onPlaced(id, member, wave)
      const had = plan.waves.find((each) => each.wave === wave)
      const next = {wave, of, began: had?.began ?? began, placed: (had?.placed ?? 0) + members.length}
      return {...plan, waves: [...plan.waves.filter((each) => each !== had), next]}
    }
    case 'remove-wave-member':
      onPlaced(id, change.after.member, 'removed')
      return plan
    case 'create-rollout-policy':
    case 'set-rollout-enabled':
    case 'delete-rollout-policy':
    case 'create-wave-group':
      return plan
  }
  return change satisfies never
}

/** The wave that a run of `mfa rollout advance` was at when it was cut off; undefined where none was. */
export async function cutOffWave(
  journal: Journal,
  tenantId: string,
  group: ObjectId,
): Promise<number | undefined> {
  let wave: number | undefined
  for await (const {run, change} of pastChanges(journal, tenantId, ['rollout'])) {
    const {kind, target, after} = change as RolloutChange
    const isOurs = kind === 'fill-wave' && target.id === group && run.sourceLabel === ADVANCE
    if (isOurs && isCutOff(run)) wave = after.wave
  }
  return wave
}

/** The command of a run that fills waves, as it is on record. */
export const ADVANCE = 'mfa rollout advance'

/** A wave that was cut off before everybody was put in. */
export const unfinishedWave = ({waves}: Pick<WavePlan, 'waves'>): Wave | undefined =>
  waves.find(({of, placed}) => placed < of)

/** When the next wave may begin; undefined where nobody said how often. */
export function dueAt({waves, everyMs}: WavePlan): Date | undefined {
  const last = waves.at(-1)
  return last === undefined || everyMs === undefined ? undefined : new Date(Date.parse(last.began) + everyMs)
}
