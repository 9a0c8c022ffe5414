import type {ObjectId} from '../model/brand.js'
import type {EntraIdentity, EntraMethods} from '../model/entra-user.js'
import type {AllowedMethods} from '../model/methods-policy.js'
import {describeStanding, methodStanding} from '../model/usable-methods.js'
import {type Directory, isReadFailure, type ReadFailure} from '../ports/directory.js'
import type {Federations} from '../ports/federation.js'
import type {Bag, Scratch} from '../ports/scratch.js'
import type {Ui} from '../ports/ui.js'
import {acceptable, type Blocker} from './blockers.js'

/** Users whose methods are asked for together. */
const CHUNK = 100

export interface UserCheckDeps {
  readonly directory: Directory
  readonly federations: Federations
  readonly scratch: Scratch
  readonly ui: Ui
}

export interface UserCheckRequest {
  /** The domain and those federated with it. */
  readonly domains: readonly string[]
  /** The group that is said to hold everybody; undefined: all users of the domains. */
  readonly group: ObjectId | undefined
}

/** What the policy allows to one user. */
export type Allowed = (user: ObjectId) => AllowedMethods

export interface CheckedUsers {
  readonly checked: number
  readonly outside: number
  /** Everybody who was checked, by object id. */
  readonly users: Bag<EntraIdentity>
}

/**
 * Everybody who signs in through the domains, with what keeps them from answering Entra's MFA. With a group: only its members
 * are looked at, and those of the domains who are not in it are counted. Disabled accounts cannot sign in anyway.
 */
export async function checkUsers(
  request: UserCheckRequest,
  allowed: Allowed,
  report: (blocker: Blocker) => void,
  deps: UserCheckDeps,
  signal: AbortSignal,
): Promise<CheckedUsers> {
  const {directory, federations, scratch, ui} = deps
  const members = scratch.bag<true>('federation-group')
  if (request.group !== undefined) {
    for await (const page of directory.members(request.group, signal))
      for (const {id} of page) members.set(id, true)
  }
  const users = scratch.bag<EntraIdentity>('federation-users')
  let outside = 0
  let chunk: EntraIdentity[] = []
  const flush = async (): Promise<void> => {
    const shown = await directory.methods(
      chunk.map(({id}) => id),
      signal,
    )
    for (const user of chunk) {
      const blocker = judgeUser(user, shown.get(user.id), allowed(user.id))
      if (blocker !== undefined) report(blocker)
    }
    chunk = []
    ui.emit({type: 'progress', phase: 'checking who can sign in', done: users.size})
  }
  for await (const page of federations.users(request.domains, signal)) {
    for (const user of page) {
      if (!user.accountEnabled) continue
      if (request.group !== undefined && members.get(user.id).length === 0) {
        outside += 1
        continue
      }
      users.set(user.id, user)
      if (chunk.push(user) === CHUNK) await flush()
    }
  }
  if (chunk.length > 0) await flush()
  ui.emit({type: 'phase-end', phase: 'checking who can sign in'})
  return {checked: users.size, outside, users}
}

/** Pure: undefined if the user can answer MFA in Entra. */
export function judgeUser(
  {userPrincipalName}: EntraIdentity,
  methods: EntraMethods | ReadFailure | undefined,
  allowed: AllowedMethods,
): Blocker | undefined {
  if (methods === undefined || isReadFailure(methods)) {
    const why = methods?.message ?? 'Graph gave no answer'
    return acceptable('methods-unreadable', `the methods could not be read: ${why}`, userPrincipalName)
  }
  const standing = methodStanding(methods, allowed)
  if (standing === 'usable') return undefined
  const code = standing === 'maybe' ? 'method-uncertain' : 'no-usable-method'
  return acceptable(code, describeStanding(methods, allowed), userPrincipalName)
}
