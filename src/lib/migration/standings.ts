import type {ObjectId, SourceKey} from '../model/brand.js'
import type {EntraIdentity} from '../model/entra-user.js'
import type {ServerUser} from '../model/server-user.js'
import {DEVICES_MAX} from '../model/usable-methods.js'
import type {LatestResult, UserMemory} from '../ports/journal.js'
import type {MigrationState, MigrationStandings, UserStanding} from '../ports/migration-standing.js'
import type {Bag} from '../ports/scratch.js'
import type {Source} from '../ports/source.js'
import {serverFingerprint} from './fingerprint.js'
import {readIdentities} from './identities.js'
import {matchMembers, type MatchedMember} from './match-members.js'
import type {Finding} from './plan.js'
import type {MigrationRequest, PlanningDeps} from './request.js'

/** Users whose details are asked for together. */
const CHUNK = 100

/** The last result of a user that says anything; `unchanged` says only that nothing was to be done. */
interface LastResult {
  readonly outcome: string
  readonly at: string
  readonly findings: readonly Pick<Finding, 'code' | 'detail'>[]
}

type StandingDeps = Pick<PlanningDeps, 'directory' | 'journal' | 'scratch' | 'ui'> & {
  /** Active Directory, where it is configured (U2 (4)). */
  readonly lookup?: PlanningDeps['lookup']
  /** Without it the memory of earlier runs answers alone. */
  readonly source: Source | undefined
}

/** Matched on the server, or why not; `undefined` where the server is not read. */
type OnServer = {readonly record: ServerUser} | {readonly none: Finding} | undefined

/** How far the migration of the members of a group has come: U5's memory, and fingerprints where there is a source. */
export function migrationStandings(
  request: Pick<MigrationRequest, 'match' | 'mapping'>,
  tenantId: string,
  deps: StandingDeps,
): MigrationStandings {
  const {journal} = deps
  return {
    readsServer: deps.source !== undefined,
    async groups() {
      const ours = (await journal.runScopes()).filter(
        ({tenantId: of, kind}) => of === tenantId && (kind === 'migrate' || kind === 'sync'),
      )
      return new Set(ours.flatMap(({group}) => (group === undefined ? [] : [String(group.id)])))
    },
    async *of(members, signal) {
      const hashKey = await journal.hashKey()
      for await (const chunk of chunksOf(members, request, deps, signal)) {
        signal.throwIfAborted()
        const users = chunk.map(({member}) => member.id)
        const memory = await journal.memory(tenantId, users)
        const last = lastResults(await journal.latestOf(tenantId, users))
        yield chunk.map(({member, server}) =>
          standingOf(member.id, server, memory.get(member.id), last.get(member.id), hashKey),
        )
      }
    },
  }
}

/** Of each user, whichever group's run told it: the newest run's. */
function lastResults(latest: readonly LatestResult[]): ReadonlyMap<ObjectId, LastResult> {
  const last = new Map<ObjectId, LastResult & {readonly run: string}>()
  for (const {user, told} of latest) {
    if (told === undefined || told.run < (last.get(user)?.run ?? '')) continue
    const findings = (told.findings as readonly Finding[]).map(({code, detail}) => ({code, detail}))
    last.set(user, {run: told.run, outcome: told.outcome, at: told.at, findings})
  }
  return last
}

async function* chunksOf(
  members: Bag<EntraIdentity>,
  request: Pick<MigrationRequest, 'match' | 'mapping'>,
  deps: StandingDeps,
  signal: AbortSignal,
): AsyncIterable<readonly {readonly member: EntraIdentity; readonly server: OnServer}[]> {
  const {source, directory, lookup, scratch} = deps
  if (source === undefined) {
    for (const chunk of inChunks(members.entries()))
      yield chunk.map(([, member]) => ({member, server: undefined}))
    return
  }
  await source.describe(signal)
  const {servers, answers} = await readIdentities(request.match, {...deps, source, lookup}, signal)
  const matched = matchMembers({
    members,
    servers,
    mapping: request.mapping,
    options: request.match,
    directory,
    lookup,
    answers,
    scratch,
    signal,
  })
  let held: MatchedMember[] = []
  for await (const one of matched.results) {
    held.push(one)
    if (held.length < CHUNK) continue
    yield await withRecords(held, source, signal)
    held = []
  }
  if (held.length > 0) yield await withRecords(held, source, signal)
}

async function withRecords(chunk: readonly MatchedMember[], source: Source, signal: AbortSignal) {
  const keys = chunk.flatMap(({match}) => (match.kind === 'matched' ? [match.source] : []))
  const records = new Map<SourceKey, ServerUser>()
  if (keys.length > 0) for await (const record of source.users(signal, keys)) records.set(record.key, record)
  return chunk.map(({member, match}) => {
    if (match.kind === 'none') return {member, server: {none: match.finding}}
    const record = records.get(match.source)
    return {member, server: record === undefined ? {none: GONE} : {record}}
  })
}

const GONE: Finding = {code: 'no-server-user', rule: 'U3', item: 'user', detail: 'gone from the source'}

/** Pure: what is known of one user. */
export function standingOf(
  user: ObjectId,
  server: OnServer,
  memory: UserMemory | undefined,
  last: LastResult | undefined,
  hashKey: Uint8Array,
): UserStanding {
  const overLimit = limitOf(server, last)
  const state = stateOf(server, memory, last, hashKey)
  return overLimit === undefined ? {user, state} : {user, state, overLimit}
}

function stateOf(
  server: OnServer,
  memory: UserMemory | undefined,
  last: LastResult | undefined,
  hashKey: Uint8Array,
): MigrationState {
  if (server !== undefined && 'none' in server) return unmatched(server.none)
  const migrated = memory?.migrated
  if (migrated === undefined) return unmigrated(server !== undefined, memory, last)
  if (memory !== undefined && memory.unsettled.length > 0)
    return {is: 'partly', detail: 'it is not known whether the last writes to the user have happened'}
  const later = last !== undefined && last.at > migrated.at && last.outcome !== 'migrated'
  if (memory?.writtenSince === true || later)
    return {is: 'partly', detail: 'a run after the last migration of the user did not finish the user'}
  if (server === undefined) return {is: 'migrated'}
  const same = serverFingerprint(server.record, hashKey) === migrated.serverFingerprint
  if (same && server.record.key === migrated.source) return {is: 'migrated'}
  const detail = `the record on MFA Server is not the one that was migrated on ${migrated.at.slice(0, 10)} (or --seed-file is another)`
  return {is: 'changed', detail}
}

function unmatched(finding: Pick<Finding, 'code' | 'detail'>): MigrationState {
  return finding.code === 'no-server-user'
    ? {is: 'no-record'}
    : {is: 'never', detail: `no safe match with a user of MFA Server: ${finding.detail}`}
}

function unmigrated(
  hasRecord: boolean,
  memory: UserMemory | undefined,
  last: LastResult | undefined,
): MigrationState {
  if (last?.outcome === 'partly' || (memory !== undefined && memory.unsettled.length > 0))
    return {is: 'partly', detail: 'the last migration of the user was not finished'}
  if (last === undefined)
    return {
      is: 'never',
      detail: hasRecord
        ? 'no run has migrated the record on MFA Server'
        : 'no run that is on record here has migrated the user; --source tells whether MFA Server knows the user at all',
    }
  // Nothing of the record can be carried, so nothing of it is missing in Entra.
  if (last.findings.some(({code}) => code === 'nothing-to-carry')) return {is: 'no-record'}
  const [finding] = last.findings
  if (last.outcome === 'unmatched')
    return finding === undefined || hasRecord
      ? {is: 'never', detail: 'the last migration found no safe match on MFA Server'}
      : unmatched(finding)
  if (last.outcome === 'migrated') return {is: 'never', detail: 'the migration of the user was undone'}
  return {
    is: 'never',
    detail: `the last migration ended with "${last.outcome}"${finding === undefined ? '' : `: ${finding.detail}`}`,
  }
}

/** D7, O3: what did not fit. */
function limitOf(server: OnServer, last: LastResult | undefined): string | undefined {
  const count =
    server !== undefined && 'record' in server
      ? server.record.devices.length + server.record.oathTokens.length
      : 0
  if (count > DEVICES_MAX) return `MFA Server has ${count} devices and tokens of the user`
  const skipped = (last?.findings ?? []).filter(({code}) => code === 'device-limit' || code === 'token-limit')
  const [first] = skipped
  return first === undefined ? undefined : `${skipped.length} of the user's devices or tokens were left out`
}

function* inChunks<T>(items: Iterable<T>): Iterable<readonly T[]> {
  let chunk: T[] = []
  for (const item of items) {
    chunk.push(item)
    if (chunk.length < CHUNK) continue
    yield chunk
    chunk = []
  }
  if (chunk.length > 0) yield chunk
}
