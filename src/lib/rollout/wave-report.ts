import {MfaError} from '../errors/mfa-error.js'
import type {ObjectId, RunId} from '../model/brand.js'
import type {Scratch} from '../ports/scratch.js'
import type {DirectMembers, RolloutGroup, RolloutMember} from '../ports/rollout.js'
import {type Planned, type RolloutDeps} from './change-rollout.js'
import {lockOutCheck, type CheckReport} from './check.js'
import {effectOf, type Effect} from './effect.js'
import {type NextWave, type WavePeople} from './fill-wave.js'
import {FIRST_ADD_MAX} from './rules.js'
import {type WavePlan} from './wave-plans.js'

export interface WaveDeps extends RolloutDeps {
  readonly newScratch: () => Promise<Scratch>
}

/** `complete`: everybody is in. `stands`: the waves were set up before. */
export type WaveStatus = 'filled' | 'refused' | 'not-due' | 'complete' | 'stands'

export interface WaveReport extends Planned {
  readonly tenantId: string
  readonly status: WaveStatus
  readonly source: RolloutGroup
  readonly waveGroup: RolloutGroup | undefined
  readonly people: number
  /** The wave that this was about. */
  readonly wave: {readonly number: number; readonly of: number; readonly put: number} | undefined
  /** Members of the source, and how many of them are in. */
  readonly members: number
  readonly placed: number
  readonly nextDue: string | undefined
  /** In the wave group, but not in the source any more. */
  readonly left: readonly string[]
  /** Put in by a wave, and not in the wave group any more. */
  readonly gone: readonly string[]
  /** Object ids that the group does not show yet. */
  readonly unseen: readonly ObjectId[]
  readonly writes: number
  readonly run: RunId | undefined
  readonly effect: Effect | undefined
}

/** The lock-out check of who is in and who comes. */
export async function checkWave(
  group: RolloutGroup,
  isNew: boolean,
  groupsBefore: number | undefined,
  people: WavePeople,
  next: NextWave,
  deps: WaveDeps,
  signal: AbortSignal,
): Promise<CheckReport> {
  const subject = {
    group,
    isDynamic: false,
    isNew,
    groupsAfter: groupsBefore === undefined ? undefined : groupsBefore + (isNew ? 1 : 0),
    members: () => pagesOf(people, next.members),
  }
  return lockOutCheck([subject], await deps.checking(signal), signal)
}

const PAGE = 500

/** Who is in, and who comes. */
async function* pagesOf(
  {current}: WavePeople,
  next: readonly RolloutMember[],
): AsyncGenerator<DirectMembers> {
  let users: RolloutMember[] = []
  for (const member of both(current.entries(), next)) {
    users.push(member)
    if (users.length < PAGE) continue
    yield {users, groups: [], others: []}
    users = []
  }
  yield {users, groups: [], others: []}
}

function* both(
  current: Iterable<readonly [string, RolloutMember]>,
  next: readonly RolloutMember[],
): Iterable<RolloutMember> {
  for (const [, member] of current) yield member
  yield* next
}

/** Who is named because the source and the wave group do not say the same. */
export function standing({source, current, placed}: WavePeople) {
  const left: string[] = []
  for (const [id, {userPrincipalName}] of current.entries())
    if (source.get(id).length === 0) left.push(userPrincipalName)
  const gone: string[] = []
  for (const [id, wave] of placed.entries())
    if (wave !== 'removed' && current.get(id).length === 0)
      gone.push(source.get(id)[0]?.userPrincipalName ?? id)
  return {members: source.size, placed: current.size, left, gone}
}

export const NOTHING = {unseen: [], writes: 0, run: undefined, effect: undefined} as const

export const waveOf = ({wave, of}: NextWave, put: number) => ({number: wave, of, put})

export const saysFill = ({wave, members}: NextWave, group: RolloutGroup): string =>
  `put ${members.length} ${members.length === 1 ? 'person' : 'people'} into "${group.displayName}" as wave ${wave}`

export const dueAfter = (plan: WavePlan, {began}: NextWave, {now}: WaveDeps): string | undefined =>
  plan.everyMs === undefined
    ? undefined
    : new Date((began === undefined ? now().getTime() : Date.parse(began)) + plan.everyMs).toISOString()

/** The first 200 of the group are covered at once. */
export const effectOfWave = ({current}: WavePeople, put: number, {now}: WaveDeps): Effect | undefined =>
  put === 0
    ? undefined
    : {...effectOf(now()), atOnce: Math.max(0, Math.min(put, FIRST_ADD_MAX - current.size))}

export const noWaves = (group: string | undefined): MfaError =>
  new MfaError(
    'NO_WAVES',
    group === undefined ? 'no waves are set up in this tenant' : `no waves are set up for group "${group}"`,
    {
      exit: 'usage',
      fix: 'mfa rollout add-group GROUP --wave 50 sets them up; which state folder remembers them, --state says.',
    },
  )
