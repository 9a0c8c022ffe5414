import type {Directory} from '../ports/directory.js'
import type {Journal} from '../ports/journal.js'
import {MFA_FEATURE, type RolloutPolicies, type RolloutPolicy} from '../ports/rollout.js'
import {dueAt, unfinishedWave, wavePlans} from './wave-plans.js'

/** Waves as the records of this state folder have them. */
export interface ShownWaves {
  readonly source: string
  readonly group: string
  readonly groupId: string
  readonly size: string
  readonly everyMs?: number | undefined
  readonly waves: number
  readonly placed: number
  readonly members: number
  readonly isEnded: boolean
  readonly isUnfinished: boolean
  readonly nextDue?: string | undefined
}

export interface ShownRollout {
  readonly policies: readonly RolloutPolicy[]
  readonly waves: readonly ShownWaves[]
}

interface ShowDeps {
  readonly policies: RolloutPolicies
  readonly directory: Pick<Directory, 'tenantId'>
  readonly journal: Journal
}

/** Every feature's policy. */
export const listRollout = ({policies}: Pick<ShowDeps, 'policies'>, signal: AbortSignal) =>
  policies.list(signal)

/** The policy for MFA with its groups, and the waves that this tool has set up. */
export async function showRollout(
  {policies, directory, journal}: ShowDeps,
  signal: AbortSignal,
): Promise<ShownRollout> {
  const found = (await policies.list(signal)).filter(({feature}) => feature === MFA_FEATURE)
  const plans = await wavePlans(journal, await directory.tenantId(signal))
  return {
    policies: found,
    waves: plans.map((plan) => ({
      source: plan.source.displayName,
      group: plan.group.displayName,
      groupId: plan.group.id,
      size: plan.size,
      everyMs: plan.everyMs,
      waves: plan.waves.length,
      placed: plan.waves.reduce((sum, {placed}) => sum + placed, 0),
      members: plan.members,
      isEnded: plan.isEnded,
      isUnfinished: unfinishedWave(plan) !== undefined,
      nextDue: plan.isEnded ? undefined : dueAt(plan)?.toISOString(),
    })),
  }
}
