import type {ObjectId} from '../model/brand.js'
import type {AllowedMethods} from '../model/methods-policy.js'
import type {Directory} from '../ports/directory.js'
import type {MigrationStandings} from '../ports/migration-standing.js'
import type {DirectMembers, RolloutGroup, RolloutMember} from '../ports/rollout.js'
import type {Bag, Scratch} from '../ports/scratch.js'
import type {Ui} from '../ports/ui.js'
import {BLOCKER_CODES, type Blocker, type BlockerCode} from './blockers.js'
import {groupBlockers, memberBlockers} from './rules.js'

/** A group whose members go over, or have gone. */
export interface CheckSubject {
  readonly group: RolloutGroup
  readonly isDynamic: boolean
  /** It comes under the policy with this change. */
  readonly isNew: boolean
  /** Groups in the policy once it is in; undefined where the policy could not be read. */
  readonly groupsAfter: number | undefined
  readonly members: (signal: AbortSignal) => AsyncIterable<DirectMembers>
}

/** For one check: a second one needs a scratch and standings of its own. */
export interface CheckDeps {
  readonly directory: Pick<Directory, 'methods'>
  readonly standings: MigrationStandings
  /** What the policy allows to each user. */
  readonly allowed: (signal: AbortSignal) => Promise<(user: ObjectId) => AllowedMethods>
  readonly scratch: Scratch
  readonly ui: Ui
}

export interface CheckReport {
  readonly groups: readonly {readonly id: ObjectId; readonly displayName: string; readonly users: number}[]
  /** Different users in them. */
  readonly users: number
  /** Of them: accounts that cannot sign in, of which nothing is said. */
  readonly disabled: number
  /** Groups first, then users by name. */
  readonly blockers: Bag<Blocker>
  readonly counts: Readonly<Partial<Record<BlockerCode, number>>>
  /** Whether the server was read, or earlier runs answered alone. */
  readonly readsServer: boolean
}

/**
 * The lock-out check: who would be stuck if these groups were sent to Microsoft Entra MFA. Reads only; memory flat in the number
 * of users. Throws what its ports throw; an answer that cannot be had about one user is a blocker of that user.
 */
export async function lockOutCheck(
  subjects: readonly CheckSubject[],
  deps: CheckDeps,
  signal: AbortSignal,
): Promise<CheckReport> {
  const {scratch, standings, ui} = deps
  const members = scratch.bag<RolloutMember>('rollout-members')
  const blockers = scratch.bag<Blocker>('rollout-blockers')
  const counts = new Map<BlockerCode, number>()
  const take = (found: readonly Blocker[]): void => {
    for (const blocker of found) {
      counts.set(blocker.code, (counts.get(blocker.code) ?? 0) + 1)
      const rank = Object.keys(BLOCKER_CODES).indexOf(blocker.code)
      const who = blocker.user?.toLowerCase() ?? `\u0000${blocker.group ?? ''}`
      blockers.add(`${blocker.user === null ? 0 : 1} ${who} ${String(rank).padStart(2, '0')}`, blocker)
    }
  }
  const migrationGroups = await standings.groups()
  const groups: {id: ObjectId; displayName: string; users: number}[] = []
  for (const subject of subjects) {
    const seen = await readMembers(subject, members, signal)
    const isMigrationGroup = migrationGroups.has(subject.group.id)
    take(groupBlockers({...subject, ...seen, isMigrationGroup}))
    groups.push({...subject.group, users: seen.users})
  }
  const allowed = await deps.allowed(signal)
  let done = 0
  let disabled = 0
  for await (const chunk of standings.of(members, signal)) {
    const known = chunk.flatMap((standing) => {
      const [member] = members.get(standing.user)
      return member === undefined ? [] : [{member, standing}]
    })
    const enabled = known.filter(({member}) => member.accountEnabled)
    disabled += known.length - enabled.length
    const methods = await deps.directory.methods(
      enabled.map(({member}) => member.id),
      signal,
    )
    for (const {member, standing} of enabled)
      take(memberBlockers({member, standing, methods: methods.get(member.id), allowed: allowed(member.id)}))
    done += chunk.length
    ui.emit({type: 'progress', phase: 'checking members', done, total: members.size})
  }
  ui.emit({type: 'phase-end', phase: 'checking members'})
  return {
    groups,
    users: members.size,
    disabled,
    blockers,
    counts: Object.fromEntries(counts),
    readsServer: standings.readsServer,
  }
}

async function readMembers({members: read}: CheckSubject, members: Bag<RolloutMember>, signal: AbortSignal) {
  const nested: RolloutGroup[] = []
  let users = 0
  let others = 0
  for await (const page of read(signal)) {
    users += page.users.length
    nested.push(...page.groups)
    others += page.others.length
    for (const user of page.users) members.set(user.id, user)
  }
  return {users, nested, others}
}

/** What stands in the way and was not accepted. */
export const remaining = (
  counts: CheckReport['counts'],
  accepted: ReadonlySet<BlockerCode>,
): readonly BlockerCode[] =>
  (Object.keys(BLOCKER_CODES) as BlockerCode[]).filter(
    (code) => (counts[code] ?? 0) > 0 && !accepted.has(code),
  )
