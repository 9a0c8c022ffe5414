import {MfaError} from '../errors/mfa-error.js'
import type {ObjectId} from '../model/brand.js'
import type {EntraMethods} from '../model/entra-user.js'
import type {EntraGroup} from '../ports/directory.js'
import type {Bag} from '../ports/scratch.js'
import type {SourceProblem} from '../ports/source.js'
import {tellDirectory} from './directory-sids.js'
import {runsCutOff} from './earlier-writes.js'
import {readIdentities} from './identities.js'
import {type MatchedMember, matchMembers} from './match-members.js'
import {readMembers, readPolicyGroups} from './members.js'
import type {UserPlan} from './plan.js'
import {Planner} from './planner.js'
import type {MigrationRequest, PlanningDeps} from './request.js'
import {TokenClaims} from './token-claims.js'
import type {Settled} from './unsettled.js'

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
  /** When planning began, by `Clock.monotonic`: what Graph showed is as old as that at most. */
  readonly readAt: number
  /** Looks at a user once more and plans anew; `methods` then has what Graph shows now. */
  readonly again: (plan: UserPlan, signal: AbortSignal) => Promise<UserPlan>
  /** Users who have something to be written, by object id. */
  readonly matched: Bag<MatchedMember>
  /** O1: serial numbers that several users claim, with the names of all of them. */
  readonly shared: ReadonlyMap<string, readonly string[]>
  /** Members who were not planned, because they failed lately. */
  readonly leftOut: readonly ObjectId[]
}

/** Stands for a group where all users of the tenant are meant. */
export const EVERYONE: EntraGroup = {
  id: 'all-users' as ObjectId,
  displayName: 'all users',
  isDynamic: false,
}

export const planKey = (user: {readonly userPrincipalName: string; readonly id: string}): string =>
  `${user.userPrincipalName.toLowerCase()} ${user.id}`

const nobodyThere = () =>
  new MfaError('SOURCE_EMPTY', 'the source can be read, and no user is in it', {
    exit: 'data',
    fix: 'An export that is being written, or that failed? Nothing was sent.',
  })

/**
 * Reads source and tenant, matches, and plans every member of the group. Sends no write.
 * The source is read and checked as a whole before the tenant is asked for anything.
 */
export async function collectPlans(
  request: MigrationRequest,
  deps: PlanningDeps,
  signal: AbortSignal,
): Promise<Collected> {
  const {source, directory, journal, ui, scratch, clock} = deps
  await source.describe(signal)
  const {found, servers, answers} = await readIdentities(request.match, deps, signal)
  if (found === 0 && request.needsUsers === true) throw nobodyThere()

  const group = request.everyone === true ? EVERYONE : await directory.findGroup(request.group, signal)
  const tenantId = await directory.tenantId(signal)
  const members = await readMembers(request, group, deps, signal)
  const policy = await directory.methodsPolicy(signal)
  const isMember = await readPolicyGroups(policy, deps, signal)

  const plans = scratch.bag<UserPlan>('plans')
  const methods = scratch.bag<EntraMethods>('methods')
  const cutOff = await runsCutOff(journal, tenantId, clock.now())
  const tenant = {id: tenantId, policy, isMember, cutOff}
  const readAt = clock.monotonic()
  const matched = scratch.bag<MatchedMember>('matched')
  const planner = new Planner(request, deps, tenant, await journal.hashKey(), methods)

  const matches = matchMembers({
    members: members.all,
    servers,
    mapping: request.mapping,
    options: request.match,
    directory,
    lookup: deps.lookup,
    answers,
    scratch,
    signal,
  })
  // Of all users of a tenant, those concern us whom the server knows; a member of a group concerns us in any case (U3).
  const unknown = ({match}: MatchedMember): boolean =>
    match.kind === 'none' && match.finding.code === 'no-server-user'
  const wanted = only(
    matches.results,
    (one) => members.isWanted(one.member) && !(request.everyone === true && unknown(one)),
  )
  const claims = new TokenClaims(scratch)
  const planChunk = async (chunk: readonly MatchedMember[]): Promise<void> => {
    signal.throwIfAborted()
    const byId = new Map(chunk.map((one) => [one.member.id, one]))
    for (const userPlan of await planner.chunk(chunk, claims.shared, signal)) {
      plans.set(planKey(userPlan), userPlan)
      const one = byId.get(userPlan.id)
      if (one === undefined) continue
      claims.add(one, userPlan)
      if (userPlan.actions.length > 0) matched.set(userPlan.id, one)
    }
  }
  let done = 0
  ui.emit({type: 'phase', phase: 'planning'})
  for await (const chunk of inChunks(wanted, CHUNK)) {
    await planChunk(chunk)
    done += chunk.length
    ui.emit({type: 'progress', phase: 'planning', done, total: members.users})
  }
  for (let again = claims.newlyShared(); again.length > 0; again = claims.newlyShared()) {
    for await (const chunk of inChunks(again, CHUNK)) await planChunk(chunk)
  }
  ui.emit({type: 'phase-end', phase: 'planning'})
  for (const problem of matches.problems()) ui.emit({type: 'warning', text: problem, quotes: 'people'})
  tellDirectory(matches.directory(), ui)

  return {
    tenantId,
    group,
    sourceFingerprint: await source.fingerprint(signal),
    plans,
    methods,
    users: request.everyone === true ? done : members.users,
    problems: source.problems(),
    settled: planner.settled,
    readAt,
    again: async (plan, again) => {
      const [one] = matched.get(plan.id)
      const [fresh] = one === undefined ? [] : await planner.chunk([one], claims.shared, again)
      return fresh ?? plan
    },
    matched,
    shared: claims.shared,
    leftOut: members.leftOut,
  }
}

async function* only<T>(items: AsyncIterable<T>, isWanted: (item: T) => boolean): AsyncIterable<T> {
  for await (const item of items) if (isWanted(item)) yield item
}

async function* inChunks<T>(
  items: AsyncIterable<T> | Iterable<T>,
  size: number,
): AsyncIterable<readonly T[]> {
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
