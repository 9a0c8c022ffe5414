import {MfaError} from '../errors/mfa-error.js'
import type {ObjectId, SourceKey} from '../model/brand.js'
import type {EntraIdentity, EntraMethods, InventoryToken} from '../model/entra-user.js'
import type {MethodsPolicy} from '../model/methods-policy.js'
import type {ServerUser} from '../model/server-user.js'
import {type EntraGroup, isReadFailure, type ReadFailure} from '../ports/directory.js'
import type {UserMemory} from '../ports/journal.js'
import type {Bag} from '../ports/scratch.js'
import type {SourceProblem} from '../ports/source.js'
import {optionsFingerprint, serverFingerprint} from './fingerprint.js'
import {readIdentities} from './identities.js'
import type {Shown} from './in-place.js'
import {type MatchedMember, matchMembers} from './match-members.js'
import type {Finding, UserPlan} from './plan.js'
import {planUser, preflight, serialsOf} from './plan-user.js'
import {allowedFor, policyGroups} from './policy.js'
import type {MigrationRequest, PlanningDeps} from './request.js'
import {unchangedPlan, unmatchedPlan} from './unplanned.js'
import {type Settled, settleUser, withSmsSignInOff} from './unsettled.js'

/** Users whose details are asked for together. */
const CHUNK = 100

/** All plans of one request, on disk beyond a few megabytes. */
export interface Collected {
  readonly tenantId: string
  readonly group: EntraGroup
  readonly sourceFingerprint: string
  /** Key: `planKey`, so that entries come sorted by user principal name. */
  readonly plans: Bag<UserPlan>
  /** What Graph showed while planning, by object id: the before-image (R3). */
  readonly methods: Bag<EntraMethods>
  readonly users: number
  readonly problems: readonly SourceProblem[]
  /** What was found out about writes of earlier runs; not yet on record. */
  readonly settled: readonly Settled[]
}

export const planKey = (user: {readonly userPrincipalName: string; readonly id: string}): string =>
  `${user.userPrincipalName.toLowerCase()} ${user.id}`

/**
 * Reads source and tenant, matches, and plans every member of the group. Sends no write.
 * The source is read and checked as a whole before the tenant is asked for anything.
 */
export async function collectPlans(
  request: MigrationRequest,
  deps: PlanningDeps,
  signal: AbortSignal,
): Promise<Collected> {
  const {source, directory, ui, scratch} = deps
  await source.describe(signal)
  const servers = await readIdentities(request.match, deps, signal)

  const group = await directory.findGroup(request.group, signal)
  const tenantId = await directory.tenantId(signal)
  const members = await readMembers(request, group, deps, signal)
  const policy = await directory.methodsPolicy(signal)
  const isMember = await readPolicyGroups(policy, deps, signal)

  const plans = scratch.bag<UserPlan>('plans')
  const methods = scratch.bag<EntraMethods>('methods')
  const plan = new Planner(request, deps, tenantId, policy, isMember, methods)
  await plan.prepare()

  const matches = matchMembers({
    members,
    servers,
    mapping: request.mapping,
    options: request.match,
    directory,
    scratch,
    signal,
  })
  let done = 0
  for await (const chunk of inChunks(matches.results, CHUNK)) {
    signal.throwIfAborted()
    for (const userPlan of await plan.chunk(chunk, signal)) plans.add(planKey(userPlan), userPlan)
    done += chunk.length
    ui.emit({type: 'progress', phase: 'planning', done, total: members.size})
  }
  ui.emit({type: 'phase-end', phase: 'planning'})
  for (const problem of matches.problems()) ui.emit({type: 'warning', text: problem})

  return {
    tenantId,
    group,
    sourceFingerprint: await source.fingerprint(signal),
    plans,
    methods,
    users: members.size,
    problems: source.problems(),
    settled: plan.settled,
  }
}

/** Plans chunk after chunk; what one run tells only once is remembered here. */
class Planner {
  readonly #request: MigrationRequest
  readonly #deps: PlanningDeps
  readonly #tenantId: string
  readonly #policy: MethodsPolicy
  readonly #isMember: (group: string, user: ObjectId) => boolean
  readonly #methods: Bag<EntraMethods>
  #hashKey: Uint8Array = new Uint8Array()
  #options = ''
  #orderTold = false
  readonly settled: Settled[] = []

  constructor(
    request: MigrationRequest,
    deps: PlanningDeps,
    tenantId: string,
    policy: MethodsPolicy,
    isMember: (group: string, user: ObjectId) => boolean,
    methods: Bag<EntraMethods>,
  ) {
    this.#request = request
    this.#deps = deps
    this.#tenantId = tenantId
    this.#policy = policy
    this.#isMember = isMember
    this.#methods = methods
  }

  async prepare(): Promise<void> {
    this.#hashKey = await this.#deps.journal.hashKey()
    this.#options = optionsFingerprint(this.#request.options)
  }

  async chunk(chunk: readonly MatchedMember[], signal: AbortSignal): Promise<readonly UserPlan[]> {
    const {source, directory, journal} = this.#deps
    const out: UserPlan[] = []
    const matched = chunk.flatMap(({member, match}) => {
      if (match.kind === 'matched') return [{member, match}]
      out.push(unmatchedPlan(member, match.finding))
      return []
    })
    const records = new Map<SourceKey, ServerUser>()
    const keys = matched.map(({match}) => match.source)
    if (keys.length > 0)
      for await (const record of source.users(signal, keys)) records.set(record.key, record)
    const memories = await journal.memory(
      this.#tenantId,
      matched.map(({member}) => member.id),
    )

    const open: Open[] = []
    for (const {member, match} of matched) {
      const server = records.get(match.source)
      if (server === undefined) {
        out.push(unmatchedPlan(member, gone(match.source)))
        continue
      }
      const memory = memories.get(member.id) ?? EMPTY_MEMORY
      const early =
        preflight(server, member, this.#request.options) ?? this.#unchanged(server, member, memory)
      if (early === undefined) open.push({member, server, memory, rule: match.rule})
      else out.push(early)
    }
    if (open.length > 0) out.push(...(await this.#look(open, directory, signal)))
    return out.map((userPlan) => this.#once(userPlan))
  }

  /** U5: same record, same options, proven at the time, and nothing left in doubt since. */
  #unchanged(server: ServerUser, member: EntraIdentity, memory: UserMemory): UserPlan | undefined {
    if (this.#request.all || memory.unsettled.length > 0 || memory.migrated === undefined) return undefined
    const fingerprint = serverFingerprint(server, this.#hashKey)
    const same =
      memory.migrated.serverFingerprint === fingerprint &&
      memory.migrated.optionsFingerprint === this.#options
    return same ? unchangedPlan(member, server.key, fingerprint, memory.migrated.smsOrVoiceOnly) : undefined
  }

  async #look(
    open: readonly Open[],
    directory: PlanningDeps['directory'],
    signal: AbortSignal,
  ): Promise<UserPlan[]> {
    const {options} = this.#request
    const serials = open.flatMap(({server, memory}) => serialsOf(server, memory, options, this.#hashKey))
    const [methods, inventory] = await Promise.all([
      directory.methods(
        open.map(({member}) => member.id),
        signal,
      ),
      directory.tokens([...new Set(serials)], signal),
    ])
    const known = new Map(methods)
    const stock = new Map(inventory)
    await Promise.all(
      open.map(async ({member, server, memory}) => {
        const settled = await this.#settle(member, server, memory, signal)
        if (settled !== undefined) known.set(member.id, settled.methods)
        for (const [serial, tokens] of settled?.inventory ?? []) stock.set(serial, tokens)
      }),
    )
    return open.map((one) => this.#plan(one, known.get(one.member.id), stock))
  }

  async #settle(
    member: EntraIdentity,
    server: ServerUser,
    {unsettled}: UserMemory,
    signal: AbortSignal,
  ): Promise<Shown | undefined> {
    if (unsettled.length === 0) return undefined
    const {consistencyMs} = this.#request
    const found = await settleUser(
      member.id,
      server,
      unsettled,
      this.#hashKey,
      consistencyMs,
      this.#deps,
      signal,
    )
    this.settled.push(...found.settled)
    return found.shown
  }

  #plan(
    {member, server, memory, rule}: Open,
    shown: EntraMethods | ReadFailure | undefined,
    inventory: ReadonlyMap<string, readonly InventoryToken[]>,
  ): UserPlan {
    if (shown === undefined || isReadFailure(shown)) {
      return unreadablePlan(member, server, shown?.message ?? 'Graph gave no answer for this user')
    }
    this.#methods.set(member.id, shown)
    const {options} = this.#request
    const userPlan = planUser({
      server,
      entra: member,
      methods: shown,
      allowed: allowedFor(this.#policy, (id) => this.#isMember(id, member.id)),
      inventory,
      memory,
      options,
      hashKey: this.#hashKey,
      matchRule: rule,
    })
    return withSmsSignInOff(userPlan, shown, memory, options)
  }

  /** D3: that devices carry no dates is told once a run. */
  #once(userPlan: UserPlan): UserPlan {
    if (!userPlan.findings.some((finding) => finding.code === 'device-order-unknown')) return userPlan
    if (!this.#orderTold) {
      this.#orderTold = true
      return userPlan
    }
    return {
      ...userPlan,
      findings: userPlan.findings.filter((finding) => finding.code !== 'device-order-unknown'),
    }
  }
}

interface Open {
  readonly member: EntraIdentity
  readonly server: ServerUser
  readonly memory: UserMemory
  readonly rule: 'U2'
}

const EMPTY_MEMORY: UserMemory = {numbers: {}, tokens: [], unsettled: []}

async function readMembers(
  request: MigrationRequest,
  group: EntraGroup,
  {directory, scratch, ui}: PlanningDeps,
  signal: AbortSignal,
): Promise<Bag<EntraIdentity>> {
  const wanted = new Set(request.users.map((upn) => upn.toLowerCase()))
  const missing = new Map(request.users.map((upn) => [upn.toLowerCase(), upn]))
  const members = scratch.bag<EntraIdentity>('members')
  for await (const page of directory.members(group.id, signal)) {
    for (const member of page) {
      const name = member.userPrincipalName.toLowerCase()
      missing.delete(name)
      missing.delete(member.id)
      if (wanted.size === 0 || wanted.has(name) || wanted.has(member.id)) members.set(member.id, member)
    }
    ui.emit({type: 'progress', phase: 'reading the group', done: members.size})
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
  return members
}

/** M3: targets and exclusions count nested groups. */
async function readPolicyGroups(
  policy: MethodsPolicy,
  {directory, scratch}: PlanningDeps,
  signal: AbortSignal,
): Promise<(group: string, user: ObjectId) => boolean> {
  const bag = scratch.bag<true>('policy-members')
  for (const group of policyGroups(policy)) {
    for await (const page of directory.members(group as ObjectId, signal)) {
      for (const member of page) bag.set(`${group}/${member.id}`, true)
    }
  }
  return (group, user) => bag.get(`${group}/${user}`).length > 0
}

function unreadablePlan(member: EntraIdentity, server: ServerUser, why: string): UserPlan {
  return {
    ...unmatchedPlan(member, {
      code: 'unreadable',
      rule: 'R2',
      item: 'user',
      detail: `Graph would not show this user's methods (${why}); nothing was written. Run the command again.`,
    }),
    source: server.key,
    outcome: 'failed',
  }
}

const gone = (source: SourceKey): Finding => ({
  code: 'no-server-user',
  rule: 'U3',
  item: 'user',
  detail: `${source} was in the list of the source but is gone now; run the command again.`,
})

async function* inChunks<T>(items: AsyncIterable<T>, size: number): AsyncIterable<readonly T[]> {
  let chunk: T[] = []
  for await (const item of items) {
    chunk.push(item)
    if (chunk.length === size) {
      yield chunk
      chunk = []
    }
  }
  if (chunk.length > 0) yield chunk
}
