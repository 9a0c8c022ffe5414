import type {ObjectId} from '../../src/lib/model/brand.js'
import type {EntraMethods} from '../../src/lib/model/entra-user.js'
import type {MethodsPolicy} from '../../src/lib/model/methods-policy.js'
import type {Outcome} from '../../src/lib/model/outcome.js'
import {MfaError} from '../../src/lib/errors/mfa-error.js'
import type {Directory, EntraGroup, ReadFailure} from '../../src/lib/ports/directory.js'
import type {GroupWriter, NewGroup} from '../../src/lib/ports/group-writer.js'
import {
  MFA_FEATURE,
  type RolloutGroups,
  type RolloutMember,
  type RolloutPolicies,
  type RolloutPolicy,
} from '../../src/lib/ports/rollout.js'

export interface FakeGroup {
  readonly id: ObjectId
  readonly displayName: string
  readonly isDynamic?: boolean
  readonly users: Set<ObjectId>
  readonly groups?: readonly ObjectId[]
  readonly others?: readonly string[]
}

/** `lost-after`: it happens, and nobody knows; `refuse`: the service says no. */
export type RolloutFault = 'lost-before' | 'lost-after' | 'refuse'

const PAGE = 2
const GROUPS_MAX = 10
const REFUSED: Outcome = {status: 'failed', code: 'Request_BadRequest', message: 'no'}
const LOST: Outcome = {status: 'unknown', code: 'LOST', message: 'the answer was lost'}

/**
 * Staged rollout, groups and their members in memory, read and written through the ports. Keeps Graph's rules: ten groups, no
 * dynamic and no nested ones, members all or none. Pages at two.
 */
export class FakeRollout implements RolloutPolicies, RolloutGroups, GroupWriter {
  readonly policies = new Map<string, RolloutPolicy & {readonly groupIds: readonly ObjectId[]}>()
  readonly groups = new Map<string, FakeGroup>()
  readonly users = new Map<ObjectId, RolloutMember>()
  readonly methods = new Map<ObjectId, EntraMethods | ReadFailure>()
  policy: MethodsPolicy = {migrationState: 'migrationComplete', configurations: []}
  /** Every change that happened, in order. */
  readonly changes: string[] = []
  readonly faults: {readonly verb: string; readonly fault: RolloutFault}[] = []
  /** Called before a write is looked at, and after it happened but before anybody knows. */
  onWrite: (verb: string) => void = () => {}
  onRead: () => void = () => {}
  #made = 0

  addUser(user: RolloutMember, methods: EntraMethods | ReadFailure): void {
    this.users.set(user.id, user)
    this.methods.set(user.id, methods)
  }

  addFakeGroup(group: Omit<FakeGroup, 'users'>, users: readonly ObjectId[]): void {
    this.groups.set(group.id, {...group, users: new Set(users)})
  }

  /** Everything that has to be the same in the end, whatever happened on the way. */
  state(): unknown {
    return {
      policies: [...this.policies.values()].map(({id: _id, groups: _groups, groupIds, ...rest}) => ({
        ...rest,
        groups: groupIds.map((id) => this.groups.get(id)?.displayName),
      })),
      groups: [...this.groups.values()].map(({displayName, users}) => [displayName, [...users].sort()]),
    }
  }

  async list(): Promise<readonly RolloutPolicy[]> {
    this.onRead()
    return [...this.policies.values()].map(({groupIds, ...policy}) => ({
      ...policy,
      groups: groupIds.flatMap((id) => {
        const group = this.groups.get(id)
        return group === undefined ? [] : [{id: group.id, displayName: group.displayName}]
      }),
    }))
  }

  // `create` of both ports: a policy has a switch, a group has a nickname.
  async create(asked: Pick<RolloutPolicy, 'displayName' | 'description' | 'isEnabled'> | NewGroup) {
    const id = `made-${this.#made + 1}`
    if ('mailNickname' in asked)
      return this.#write('create-group', {groupId: id}, () => {
        this.groups.set(id, {id: id as ObjectId, displayName: asked.displayName, users: new Set()})
      })
    if ([...this.policies.values()].some(({feature}) => feature === MFA_FEATURE)) return REFUSED
    return this.#write('create-policy', {policyId: id}, () => {
      const policy = {
        ...asked,
        id,
        feature: MFA_FEATURE,
        isAppliedToOrganization: false,
        groups: [],
        groupIds: [],
      }
      this.policies.set(id, policy)
    })
  }

  async setEnabled(policy: string, isEnabled: boolean): Promise<Outcome> {
    const had = this.policies.get(policy)
    if (had === undefined) return REFUSED
    return this.#write(isEnabled ? 'enable' : 'disable', {}, () =>
      this.policies.set(policy, {...had, isEnabled}),
    )
  }

  async addGroup(policy: string, group: ObjectId): Promise<Outcome> {
    const had = this.policies.get(policy)
    const found = this.groups.get(group)
    if (had === undefined || found === undefined) return REFUSED
    if (had.groupIds.includes(group)) return {status: 'already-done'}
    if (found.isDynamic === true || (found.groups ?? []).length > 0 || had.groupIds.length >= GROUPS_MAX)
      return REFUSED
    return this.#write('add-group', {}, () =>
      this.policies.set(policy, {...had, groupIds: [...had.groupIds, group]}),
    )
  }

  async removeGroup(policy: string, group: ObjectId): Promise<Outcome> {
    const had = this.policies.get(policy)
    if (had === undefined || !had.groupIds.includes(group)) return {status: 'already-done'}
    return this.#write('remove-group', {}, () =>
      this.policies.set(policy, {...had, groupIds: had.groupIds.filter((each) => each !== group)}),
    )
  }

  async remove(policy: string): Promise<Outcome> {
    if (!this.policies.has(policy)) return {status: 'already-done'}
    return this.#write('delete', {}, () => this.policies.delete(policy))
  }

  async *directMembers(id: ObjectId) {
    const group = this.#group(id)
    const users = [...group.users].flatMap((each) => this.users.get(each) ?? [])
    for (let at = 0; at < users.length; at += PAGE) {
      this.onRead()
      yield {users: users.slice(at, at + PAGE), groups: [], others: []}
    }
    this.onRead()
    const groups = (group.groups ?? []).map((each) => this.#group(each))
    yield {users: [], groups, others: group.others ?? []}
  }

  async countMembers(id: ObjectId) {
    let count = 0
    for await (const page of this.allMembers(id)) count += page.length
    return count
  }

  async *allMembers(id: ObjectId) {
    const seen = new Set<ObjectId>()
    const visit = (at: ObjectId): void => {
      const group = this.#group(at)
      for (const user of group.users) seen.add(user)
      for (const inner of group.groups ?? []) visit(inner)
    }
    visit(id)
    const users = [...seen].flatMap((each) => this.users.get(each) ?? [])
    for (let at = 0; at < users.length; at += PAGE) {
      this.onRead()
      yield users.slice(at, at + PAGE)
    }
  }

  async find(displayName: string): Promise<ObjectId | undefined> {
    this.onRead()
    return [...this.groups.values()].find((group) => group.displayName === displayName)?.id
  }

  async addMembers(id: ObjectId, users: readonly ObjectId[]): Promise<Outcome> {
    const group = this.groups.get(id)
    if (group === undefined || users.some((user) => !this.users.has(user))) return REFUSED
    const fresh = users.filter((user) => !group.users.has(user))
    if (fresh.length === 0) return {status: 'already-done'}
    return this.#write(`add-members ${fresh.length}`, {}, () => {
      for (const user of fresh) group.users.add(user)
    })
  }

  async removeMember(id: ObjectId, user: ObjectId): Promise<Outcome> {
    const group = this.groups.get(id)
    if (group === undefined || !group.users.has(user)) return {status: 'already-done'}
    return this.#write('remove-member', {}, () => group.users.delete(user))
  }

  /** Reads only what the rollout reads. */
  directory(tenantId = 'tenant-1'): Directory {
    const never = (): never => {
      throw new Error('the rollout does not ask for this')
    }
    return {
      tenantId: async () => tenantId,
      findGroup: async (name) => {
        this.onRead()
        const found = [...this.groups.values()].find(
          (group) => group.id === name || group.displayName === name,
        )
        if (found === undefined)
          throw new MfaError('GROUP_NOT_FOUND', `--group: there is no group "${name}"`, {exit: 'usage'})
        return {
          id: found.id,
          displayName: found.displayName,
          isDynamic: found.isDynamic === true,
        } satisfies EntraGroup
      },
      findUser: async (name) =>
        [...this.users.values()].find(({id, userPrincipalName}) => id === name || userPrincipalName === name),
      methods: async (users) => {
        this.onRead()
        return new Map(
          users.flatMap((user) => {
            const found = this.methods.get(user)
            return found === undefined ? [] : [[user, found] as const]
          }),
        )
      },
      methodsPolicy: async () => this.policy,
      members: never,
      everyone: never,
      usersBySamAccountName: never,
      tokens: never,
    }
  }

  #group(id: ObjectId): FakeGroup {
    const found = this.groups.get(id)
    if (found === undefined) throw new MfaError('GROUP_NOT_FOUND', `there is no group ${id}`, {exit: 'usage'})
    return found
  }

  #write<Ids extends Readonly<Record<string, string>>>(
    verb: string,
    made: Ids,
    happen: () => void,
  ): Outcome & Partial<Ids> {
    const at = this.faults.findIndex((each) => verb.startsWith(each.verb))
    const fault = at < 0 ? undefined : this.faults.splice(at, 1)[0]?.fault
    this.onWrite(verb)
    if (fault === 'refuse') return REFUSED as Outcome & Partial<Ids>
    if (fault === 'lost-before') return LOST as Outcome & Partial<Ids>
    this.#made += 1
    happen()
    this.changes.push(verb)
    this.onWrite(verb)
    if (fault === 'lost-after') return LOST as Outcome & Partial<Ids>
    return {status: 'done', ...made}
  }
}
