import {MfaError} from '../errors/mfa-error.js'
import type {ObjectId} from '../model/brand.js'
import type {EntraIdentity} from '../model/entra-user.js'
import type {MethodsPolicy} from '../model/methods-policy.js'
import type {EntraGroup} from '../ports/directory.js'
import type {Bag} from '../ports/scratch.js'
import {policyGroups} from '../model/allowed-methods.js'
import type {MigrationRequest, PlanningDeps} from './request.js'

export interface Members {
  /** All of the group, whoever was asked for: who else claims a server user must be seen (U3). Key: object id. */
  readonly all: Bag<EntraIdentity>
  /** How many of them are asked for. */
  readonly users: number
  isWanted(member: EntraIdentity): boolean
  /** Members who failed lately and whose next try has not come. */
  readonly leftOut: readonly ObjectId[]
}

/**
 * U1: the users of the group; with `--user` (user principal names or object ids, any case) only those are wanted.
 * Throws MfaError `usage` for somebody who is not in the group.
 */
export async function readMembers(
  request: Pick<MigrationRequest, 'users' | 'everyone' | 'postponed'>,
  group: EntraGroup,
  {directory, scratch, ui}: Pick<PlanningDeps, 'directory' | 'scratch' | 'ui'>,
  signal: AbortSignal,
): Promise<Members> {
  const missing = new Map(request.users.map((name) => [name.toLowerCase(), name]))
  const asked: ReadonlySet<string> = new Set(missing.keys())
  const isWanted = ({userPrincipalName, id}: EntraIdentity): boolean =>
    (asked.size === 0 || asked.has(userPrincipalName.toLowerCase()) || asked.has(id.toLowerCase())) &&
    request.postponed?.has(id) !== true
  const all = scratch.bag<EntraIdentity>('members')
  const wanted = new Set<ObjectId>()
  const leftOut: ObjectId[] = []
  ui.emit({type: 'phase', phase: 'reading the group'})
  const pages = request.everyone === true ? directory.everyone(signal) : directory.members(group.id, signal)
  for await (const page of pages) {
    for (const member of page) {
      if (asked.size === 0 && request.postponed?.has(member.id) === true) leftOut.push(member.id)
      missing.delete(member.userPrincipalName.toLowerCase())
      missing.delete(member.id.toLowerCase())
      if (asked.size > 0 && isWanted(member)) wanted.add(member.id)
      all.set(member.id, member)
    }
    ui.emit({type: 'progress', phase: 'reading the group', done: all.size})
  }
  ui.emit({type: 'phase-end', phase: 'reading the group'})
  if (missing.size > 0) {
    throw new MfaError(
      'USER_NOT_IN_GROUP',
      `not in group "${group.displayName}": ${[...missing.values()].join(', ')}`,
      {
        exit: 'usage',
        fix: 'Check --user, or add the user to the group; nested groups count.',
      },
    )
  }
  if (all.size === 0 && request.everyone !== true) {
    const text = `Group "${group.displayName}" has no users that can be seen. If its membership is hidden, the permission Member.Read.Hidden is needed too.`
    ui.emit({type: 'warning', text})
  }
  return {all, users: asked.size === 0 ? all.size - leftOut.length : wanted.size, isWanted, leftOut}
}

/**
 * M3: who is in the groups that the policy names; nested groups count. A policy may go on naming a group that was deleted:
 * nobody is in it then, and a warning says so.
 */
export async function readPolicyGroups(
  policy: MethodsPolicy,
  {directory, scratch, ui}: Pick<PlanningDeps, 'directory' | 'scratch' | 'ui'>,
  signal: AbortSignal,
): Promise<(group: string, user: ObjectId) => boolean> {
  const bag = scratch.bag<true>('policy-members')
  for (const group of policyGroups(policy)) {
    try {
      for await (const page of directory.members(group as ObjectId, signal)) {
        for (const member of page) bag.set(`${group}/${member.id}`, true)
      }
    } catch (error) {
      if (!(error instanceof MfaError) || error.exit !== 'usage') throw error
      const text = `The authentication methods policy names group ${group}, which is not in the tenant any more; nobody counts as its member.`
      ui.emit({type: 'warning', text})
    }
  }
  return (group, user) => bag.get(`${group}/${user}`).length > 0
}
