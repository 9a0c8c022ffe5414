import type {TenantRun} from '../changes/tenant-run.js'
import type {ObjectId} from '../model/brand.js'
import {MEMBERS_AT_ONCE} from '../ports/group-writer.js'
import type {RolloutGroup, RolloutMember} from '../ports/rollout.js'
import type {Bag, Scratch} from '../ports/scratch.js'
import type {RolloutDeps} from './change-rollout.js'
import {fillWave} from './changes.js'
import {handlingOf, missingOf} from './handling.js'
import {roomInWave, nextWave} from './waves.js'
import {wavePlans, unfinishedWave, type WavePlan} from './wave-plans.js'

/** Everybody of the group that waves are made out of, and who is placed already. */
export interface WavePeople {
  /** Members of the source, groups inside it followed; key: object id. */
  readonly source: Bag<RolloutMember>
  /** Direct members of the wave group; key: object id. */
  readonly current: Bag<RolloutMember>
  /** On record as put in, or as taken out again by an operator; key: object id. */
  readonly placed: Bag<number | 'removed'>
}

/** One wave: who is still to be put in. */
export interface NextWave {
  readonly wave: number
  /** People of the whole wave, those who are in already too. */
  readonly of: number
  readonly began: string | undefined
  readonly members: readonly RolloutMember[]
}

/** Reads who is where. Without a wave group yet nobody is placed. */
export async function readWavePeople(
  source: RolloutGroup,
  waveGroup: ObjectId | undefined,
  tenantId: string,
  {groups, journal}: Pick<RolloutDeps, 'groups' | 'journal'>,
  scratch: Scratch,
  signal: AbortSignal,
): Promise<WavePeople> {
  const people: WavePeople = {
    source: scratch.bag('wave-source'),
    current: scratch.bag('wave-current'),
    placed: scratch.bag('wave-placed'),
  }
  for await (const page of groups.allMembers(source.id, signal))
    for (const member of page) people.source.set(member.id, member)
  if (waveGroup === undefined) return people
  for await (const page of groups.directMembers(waveGroup, signal))
    for (const member of page.users) people.current.set(member.id, member)
  await wavePlans(journal, tenantId, (group, member, wave) => {
    if (group === waveGroup) people.placed.set(member, wave)
  })
  return people
}

/** Who comes next. A wave that was cut off goes on before another begins; no members: everybody is placed. */
export function nextOf(
  plan: Pick<WavePlan, 'waves' | 'people'>,
  {source, current, placed}: WavePeople,
): NextWave {
  const unfinished = unfinishedWave(plan)
  const wave = unfinished?.wave ?? plan.waves.length + 1
  const room =
    unfinished === undefined ? roomInWave(wave, plan.people, current.size) : unfinished.of - unfinished.placed
  const isPlaced = (id: string): boolean => placed.get(id).length > 0 || current.get(id).length > 0
  const members = [...nextWave(source.entries(), isPlaced, room)]
  return {wave, of: unfinished?.of ?? members.length, began: unfinished?.began, members}
}

/**
 * Puts a wave into its group, twenty at a time, each request on record before it is sent and after it was answered. Members are
 * worked out here, after what was cut off has been settled; if that has finished the wave, nobody else is put in. Answers how many
 * were put in, and who does not show yet.
 */
export async function fill(
  plan: WavePlan,
  only: number,
  people: WavePeople,
  run: TenantRun,
  consistencyMs: number,
  deps: RolloutDeps,
  tenantId: string,
): Promise<{readonly put: number; readonly wave: NextWave; readonly unseen: readonly ObjectId[]}> {
  const {journal, ui} = deps
  const fresh = (
    await wavePlans(journal, tenantId, (group, member, wave) => {
      if (group === plan.group.id) people.placed.set(member, wave)
    })
  ).find(({group}) => group.id === plan.group.id)
  const next = nextOf(fresh ?? plan, people)
  const wave = next.wave === only ? next : finishedWave(fresh ?? plan, only)
  const began = wave.began ?? deps.now().toISOString()
  const ids = wave.members.map(({id}) => id)
  for (let at = 0; at < ids.length; at += MEMBERS_AT_ONCE) {
    const members = ids.slice(at, at + MEMBERS_AT_ONCE)
    const change = fillWave(plan.group, {wave: wave.wave, of: wave.of, began, members})
    await run.mustApply(change, handlingOf(change, deps))
    ui.emit({type: 'progress', phase: `wave ${wave.wave}`, done: at + members.length, total: ids.length})
  }
  ui.emit({type: 'phase-end', phase: `wave ${wave.wave}`})
  return {put: ids.length, wave, unseen: await unseenOf(plan.group.id, ids, consistencyMs, deps, run.signal)}
}

/** A wave that everybody of is in. */
export function finishedWave({waves}: Pick<WavePlan, 'waves'>, number: number): NextWave {
  const found = waves.find(({wave}) => wave === number)
  return {wave: number, of: found?.of ?? 0, began: found?.began, members: []}
}

const LOOK_EVERY_MS = 2000

/** R4: until the group shows everybody, or the time that Entra may take is over. */
async function unseenOf(
  group: ObjectId,
  ids: readonly ObjectId[],
  consistencyMs: number,
  {groups, clock}: RolloutDeps,
  signal: AbortSignal,
): Promise<readonly ObjectId[]> {
  const until = clock.monotonic() + consistencyMs
  for (;;) {
    const missing = ids.length === 0 ? [] : await missingOf(group, ids, {groups}, signal)
    if (missing.length === 0 || clock.monotonic() + LOOK_EVERY_MS > until) return missing
    await clock.sleep(LOOK_EVERY_MS, signal)
  }
}
