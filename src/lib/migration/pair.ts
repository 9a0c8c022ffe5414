import {MfaError} from '../errors/mfa-error.js'
import type {SourceKey} from '../model/brand.js'
import type {EntraIdentity, EntraMethods} from '../model/entra-user.js'
import type {ServerIdentity, ServerUser} from '../model/server-user.js'
import {type EntraGroup, isReadFailure} from '../ports/directory.js'
import type {Bag} from '../ports/scratch.js'
import {type DirectorySummary, tellDirectory} from './directory-sids.js'
import {readIdentities} from './identities.js'
import {matchMembers, type MatchedMember} from './match-members.js'
import type {Finding} from './plan.js'
import type {MigrationRequest, PlanningDeps} from './request.js'

/** One person on both sides; nothing planned. */
export interface UserPair {
  readonly entra: EntraIdentity
  readonly server?: ServerUser | undefined
  /** Why there is no server user. */
  readonly finding?: Finding | undefined
  /** Absent where Graph was not asked. */
  readonly methods?: EntraMethods | undefined
}

const CHUNK = 100

export type PairDeps = Omit<PlanningDeps, 'journal' | 'source'> & {
  readonly source: PlanningDeps['source'] | undefined
}

/**
 * Both sides of every member of a group, sorted by user principal name. Without a source only the Entra side; Graph's
 * method calls are made only if `withMethods`.
 */
export async function* groupPairs(
  request: Pick<MigrationRequest, 'group' | 'match' | 'mapping'>,
  withMethods: boolean,
  deps: PairDeps,
  signal: AbortSignal,
): AsyncIterable<{readonly group: EntraGroup; readonly pairs: readonly UserPair[]}> {
  const group = await deps.directory.findGroup(request.group, signal)
  const members = deps.scratch.bag<EntraIdentity>('members')
  for await (const page of deps.directory.members(group.id, signal)) {
    for (const member of page) members.set(member.id, member)
  }
  const tell = (summary: DirectorySummary): void => tellDirectory(summary, deps.ui)
  for await (const pairs of pairUp(members, request, withMethods, deps, signal, tell)) yield {group, pairs}
}

/**
 * Both sides of one user, for display only: without a group nobody can see who else claims the server user, so a match
 * shown here may be ambiguous in a migration (U3). Throws MfaError `usage` if the tenant has no such user.
 */
export async function onePair(
  user: string,
  request: Pick<MigrationRequest, 'match' | 'mapping'>,
  deps: PairDeps,
  signal: AbortSignal,
): Promise<UserPair> {
  const entra = await deps.directory.findUser(user, signal)
  if (entra === undefined) {
    throw new MfaError('USER_NOT_FOUND', `no user ${user} in the tenant`, {
      exit: 'usage',
      fix: 'Give a user principal name or an object id.',
    })
  }
  const members = deps.scratch.bag<EntraIdentity>('members')
  members.set(entra.id, entra)
  for await (const [pair] of pairUp(members, request, true, deps, signal)) if (pair !== undefined) return pair
  return {entra}
}

async function* pairUp(
  members: Bag<EntraIdentity>,
  request: Pick<MigrationRequest, 'match' | 'mapping'>,
  withMethods: boolean,
  deps: PairDeps,
  signal: AbortSignal,
  /** Takes what is known of the group as a whole. */
  tell: (summary: DirectorySummary) => void = () => {},
): AsyncIterable<readonly UserPair[]> {
  const {directory, scratch, source} = deps
  const {servers, answers} =
    source === undefined
      ? {servers: scratch.bag<ServerIdentity>('no-servers'), answers: undefined}
      : await readIdentities(request.match, {...deps, source}, signal)
  const matched = matchMembers({
    members,
    servers,
    mapping: source === undefined ? [] : request.mapping,
    options: request.match,
    directory,
    lookup: source === undefined ? undefined : deps.lookup,
    answers,
    scratch,
    signal,
  })
  let chunk: MatchedMember[] = []
  for await (const one of matched.results) {
    chunk.push(one)
    if (chunk.length < CHUNK) continue
    yield await withDetails(chunk, withMethods, deps, signal)
    chunk = []
  }
  if (chunk.length > 0) yield await withDetails(chunk, withMethods, deps, signal)
  tell(matched.directory())
}

async function withDetails(
  chunk: readonly MatchedMember[],
  withMethods: boolean,
  {directory, source}: PairDeps,
  signal: AbortSignal,
): Promise<readonly UserPair[]> {
  const keys = chunk.flatMap(({match}) => (match.kind === 'matched' ? [match.source] : []))
  const servers = new Map<SourceKey, ServerUser>()
  if (source !== undefined && keys.length > 0) {
    for await (const server of source.users(signal, keys)) servers.set(server.key, server)
  }
  const ids = chunk.map(({member}) => member.id)
  const methods = withMethods ? await directory.methods(ids, signal) : undefined
  return chunk.map(({member, match}) => {
    const shown = methods?.get(member.id)
    return {
      entra: member,
      server: match.kind === 'matched' ? servers.get(match.source) : undefined,
      finding: match.kind === 'none' && source !== undefined ? match.finding : undefined,
      methods: shown === undefined || isReadFailure(shown) ? undefined : shown,
    }
  })
}
