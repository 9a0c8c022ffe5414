import type {ObjectId, RunId, SourceKey} from '../model/brand.js'
import type {EntraIdentity, EntraMethods, InventoryToken} from '../model/entra-user.js'
import type {MethodsPolicy} from '../model/methods-policy.js'
import type {ServerUser} from '../model/server-user.js'
import {isReadFailure, type ReadFailure} from '../ports/directory.js'
import type {UserMemory} from '../ports/journal.js'
import type {Bag} from '../ports/scratch.js'
import {unseenWrites} from './earlier-writes.js'
import {optionsFingerprint, serverFingerprint} from './fingerprint.js'
import type {MatchedMember} from './match-members.js'
import type {RuleId, UserPlan} from './plan.js'
import {planUser, type PlanUserInput, preflight, serialsOf} from './plan-user.js'
import {allowedFor} from '../model/allowed-methods.js'
import type {MigrationRequest, PlanningDeps} from './request.js'
import {withSmsSignInOff} from './sms-sign-in.js'
import {gonePlan, unchangedPlan, unmatchedPlan, unreadablePlan} from './unplanned.js'
import {type Settled, settleUser, withSettled} from './unsettled.js'

/** What is the same for every user of a run. */
export interface Tenant {
  readonly id: string
  readonly policy: MethodsPolicy
  readonly isMember: (group: string, user: ObjectId) => boolean
  /** Runs that were cut off (R4). */
  readonly cutOff: readonly RunId[]
}

/** A matched user who has to be looked at. */
interface Open {
  readonly member: EntraIdentity
  readonly server: ServerUser
  readonly memory: UserMemory
  readonly rule: RuleId
}

/** What Graph shows of one user, and what that says about writes that were in doubt. */
interface Looked {
  readonly methods: EntraMethods | ReadFailure | undefined
  readonly inventory: ReadonlyMap<string, readonly InventoryToken[]>
  readonly settled: readonly Settled[]
}

const EMPTY_MEMORY: UserMemory = {numbers: {}, tokens: [], unsettled: []}

/** Plans chunk after chunk; what one run tells only once is remembered here. Has no port that can write. */
export class Planner {
  readonly #request: MigrationRequest
  readonly #deps: PlanningDeps
  readonly #tenant: Tenant
  readonly #methods: Bag<EntraMethods>
  readonly #hashKey: Uint8Array
  readonly #options: string
  #orderToldOf: ObjectId | undefined
  readonly #settled = new Map<ObjectId, readonly Settled[]>()

  /** @param methods takes what Graph showed of each user, by object id */
  constructor(
    request: MigrationRequest,
    deps: PlanningDeps,
    tenant: Tenant,
    hashKey: Uint8Array,
    methods: Bag<EntraMethods>,
  ) {
    this.#request = request
    this.#deps = deps
    this.#tenant = tenant
    this.#hashKey = hashKey
    this.#methods = methods
    this.#options = optionsFingerprint(request.options)
  }

  /** What was found out about writes of earlier runs. */
  get settled(): readonly Settled[] {
    return [...this.#settled.values()].flat()
  }

  /**
   * One plan for each member, in no certain order. Planning a member again takes the place of what was found before.
   *
   * @param shared serial numbers that several users of the run claim, with the names of all of them
   */
  async chunk(
    chunk: readonly MatchedMember[],
    shared: PlanUserInput['shared'],
    signal: AbortSignal,
  ): Promise<readonly UserPlan[]> {
    const {source, journal} = this.#deps
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
    const ids = matched.map(({member}) => member.id)
    const memories = await journal.memory(this.#tenant.id, ids)

    const open: Open[] = []
    for (const {member, match} of matched) {
      const server = records.get(match.source)
      const memory = memories.get(member.id) ?? EMPTY_MEMORY
      const early =
        server === undefined
          ? gonePlan(member, match.source)
          : (preflight(server, member, this.#request.options) ?? this.#unchanged(server, member, memory))
      if (early !== undefined) out.push(early)
      else if (server !== undefined) open.push({member, server, memory, rule: match.rule})
    }
    if (open.length > 0) out.push(...(await this.#look(open, shared, signal)))
    return out.map((userPlan) => this.#once(userPlan))
  }

  /** U5: same record, same options, proven at the time, and nothing written since: that may have failed half-way. */
  #unchanged(server: ServerUser, member: EntraIdentity, memory: UserMemory): UserPlan | undefined {
    if (this.#request.all || memory.migrated === undefined) return undefined
    if (memory.writtenSince === true || memory.unsettled.length > 0) return undefined
    const fingerprint = serverFingerprint(server, this.#hashKey)
    const same =
      memory.migrated.serverFingerprint === fingerprint &&
      memory.migrated.optionsFingerprint === this.#options
    return same ? unchangedPlan(member, server.key, fingerprint, memory.migrated.smsOrVoiceOnly) : undefined
  }

  async #look(
    open: readonly Open[],
    shared: PlanUserInput['shared'],
    signal: AbortSignal,
  ): Promise<readonly UserPlan[]> {
    const {directory} = this.#deps
    const {options} = this.#request
    const serials = open.flatMap(({server, memory}) => serialsOf(server, memory, options, this.#hashKey))
    const ids = open.map(({member}) => member.id)
    const [methods, inventory] = await Promise.all([
      directory.methods(ids, signal),
      directory.tokens([...new Set(serials)], signal),
    ])
    return Promise.all(
      open.map(async (one) => {
        const first = {methods: methods.get(one.member.id), inventory, settled: []}
        return this.#plan(one, await this.#settle(one, first, signal), shared)
      }),
    )
  }

  /**
   * R1: writes whose outcome nobody knows are read back before anything is planned on top of them; R4: so are those that
   * a run was cut off from seeing in place.
   */
  async #settle({member, server, memory}: Open, first: Looked, signal: AbortSignal): Promise<Looked> {
    const {consistencyMs} = this.#request
    const {journal, clock} = this.#deps
    const since = new Date(clock.now().getTime() - consistencyMs).toISOString()
    const unseen = await unseenWrites(journal, this.#tenant.id, this.#tenant.cutOff, member.id, since)
    if (memory.unsettled.length + unseen.length === 0) return first
    const {shown, settled} = await settleUser(
      member.id,
      server,
      memory.unsettled,
      unseen,
      this.#hashKey,
      consistencyMs,
      this.#deps,
      signal,
    )
    this.#settled.set(member.id, settled)
    if (shown === undefined) {
      const {methods} = first
      return {...first, methods: methods !== undefined && isReadFailure(methods) ? methods : undefined}
    }
    return {methods: shown.methods, inventory: new Map([...first.inventory, ...shown.inventory]), settled}
  }

  async #plan(
    {member, server, memory, rule}: Open,
    {methods, inventory, settled}: Looked,
    shared: PlanUserInput['shared'],
  ): Promise<UserPlan> {
    if (methods === undefined || isReadFailure(methods)) {
      return unreadablePlan(member, server.key, methods?.message ?? 'Graph gave no answer for this user')
    }
    this.#methods.set(member.id, methods)
    const {options} = this.#request
    const {id: tenantId, policy, isMember} = this.#tenant
    const known = withSettled(memory, settled)
    const userPlan = planUser({
      server,
      entra: member,
      methods,
      allowed: allowedFor(policy, (id) => isMember(id, member.id)),
      inventory,
      memory: known,
      options,
      hashKey: this.#hashKey,
      matchRule: rule,
      shared,
    })
    const {journal} = this.#deps
    return withSmsSignInOff(userPlan, methods, known, settled, {options, tenantId, journal})
  }

  /** D3: that devices carry no dates is told once a run. */
  #once(userPlan: UserPlan): UserPlan {
    const told = ({code}: {readonly code: string}) => code === 'device-order-unknown'
    if (!userPlan.findings.some(told)) return userPlan
    this.#orderToldOf ??= userPlan.id
    if (this.#orderToldOf === userPlan.id) return userPlan
    return {...userPlan, findings: userPlan.findings.filter((one) => !told(one))}
  }
}
