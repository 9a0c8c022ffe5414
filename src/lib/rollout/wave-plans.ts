import {happened, pastChanges} from '../changes/past-changes.js'
import type {ObjectId} from '../model/brand.js'
import type {Journal} from '../ports/journal.js'
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

/** The waves that were set up in a tenant, oldest first. A change of which nobody knows counts as not happened. */
export async function wavePlans(
  journal: Journal,
  tenantId: string,
  onPlaced: OnPlaced = () => {},
): Promise<readonly WavePlan[]> {
  const plans = new Map<string, WavePlan>()
  for await (const past of pastChanges(journal, tenantId, ['rollout'])) {
    if (!happened(past)) continue
    const change = past.change as RolloutChange
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
    if (plan === undefined) continue
    plans.set(change.target.id, after(plan, change, onPlaced))
  }
  return [...plans.values()]
}

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

/** A wave that was cut off before everybody was put in. */
export const unfinishedWave = ({waves}: Pick<WavePlan, 'waves'>): Wave | undefined =>
  waves.find(({of, placed}) => placed < of)

/** When the next wave may begin; undefined where nobody said how often. */
export function dueAt({waves, everyMs}: WavePlan): Date | undefined {
  const last = waves.at(-1)
  return last === undefined || everyMs === undefined ? undefined : new Date(Date.parse(last.began) + everyMs)
}
