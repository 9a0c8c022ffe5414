import type {Group, User} from '@microsoft/microsoft-graph-types'
import {MfaError} from '../errors/mfa-error.js'
import type {ObjectId} from '../model/brand.js'
import type {EntraIdentity} from '../model/entra-user.js'
import type {EntraGroup} from '../ports/directory.js'
import {GraphError} from './transport/graph-error.js'
import {path, quoted} from './transport/graph-request.js'
import type {Graph} from './transport/graph.js'
import {identityOf, USER_SELECT} from './users.js'

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const GROUP_SELECT = 'id,displayName,groupTypes'

/**
 * U1: by object id, else by exact display name. Graph compares names without regard to case: if several come back, one
 * that is the same to the letter wins. Throws MfaError `usage` for none and for several (listed).
 */
export async function findGroup(graph: Graph, nameOrId: string, signal: AbortSignal): Promise<EntraGroup> {
  const byId = GUID.test(nameOrId) ? await groupById(graph, nameOrId, signal) : undefined
  if (byId !== undefined) return byId
  const found = nameOrId === '' ? [] : await groupsByName(graph, nameOrId, signal)
  const exact = found.filter((group) => group.displayName === nameOrId)
  const candidates = exact.length > 0 ? exact : found
  const [only] = candidates
  if (only === undefined) throw noGroup(nameOrId)
  if (candidates.length > 1) throw severalGroups(nameOrId, candidates)
  return only
}

/** Users of the group and of the groups inside it, page by page, each once. Throws MfaError `usage` if there is no such group. */
export async function* members(
  graph: Graph,
  group: ObjectId,
  signal: AbortSignal,
): AsyncIterable<readonly EntraIdentity[]> {
  try {
    yield* transitiveUsers(graph, group, signal)
  } catch (error) {
    if (error instanceof GraphError && error.status === 404) throw noGroup(group)
    throw error
  }
}

/** All users of the tenant, page by page, each once. */
export async function* everyone(graph: Graph, signal: AbortSignal): AsyncIterable<readonly EntraIdentity[]> {
  yield* identities(
    graph.pages(
      {method: 'GET', version: 'v1.0', path: '/users', query: {$select: USER_SELECT, $top: '999'}},
      signal,
    ),
  )
}

async function* transitiveUsers(
  graph: Graph,
  group: ObjectId,
  signal: AbortSignal,
): AsyncIterable<readonly EntraIdentity[]> {
  // A cast together with other parameters is an advanced query: it wants the header and $count.
  const pages = graph.pages(
    {
      method: 'GET',
      version: 'v1.0',
      path: path`/groups/${group}/transitiveMembers/microsoft.graph.user`,
      query: {$select: USER_SELECT, $count: 'true', $top: '999'},
      headers: {ConsistencyLevel: 'eventual'},
    },
    signal,
  )
  yield* identities(pages)
}

async function* identities(
  pages: AsyncIterable<readonly unknown[]>,
): AsyncIterable<readonly EntraIdentity[]> {
  const seen = new Set<ObjectId>()
  for await (const page of pages) {
    const fresh: EntraIdentity[] = []
    for (const user of page as readonly User[]) {
      const identity = identityOf(user)
      if (identity === undefined || seen.has(identity.id)) continue
      seen.add(identity.id)
      fresh.push(identity)
    }
    if (fresh.length > 0) yield fresh
  }
}

async function groupById(graph: Graph, id: string, signal: AbortSignal): Promise<EntraGroup | undefined> {
  try {
    const answer = await graph.read(
      {method: 'GET', version: 'v1.0', path: path`/groups/${id}`, query: {$select: GROUP_SELECT}},
      signal,
    )
    return groupOf(answer.body as Group)
  } catch (error) {
    if (error instanceof GraphError && error.status === 404) return undefined
    throw error
  }
}

async function groupsByName(graph: Graph, name: string, signal: AbortSignal): Promise<readonly EntraGroup[]> {
  const found: EntraGroup[] = []
  const pages = graph.pages(
    {
      method: 'GET',
      version: 'v1.0',
      path: '/groups',
      query: {$filter: `displayName eq ${quoted(name)}`, $select: GROUP_SELECT},
    },
    signal,
  )
  for await (const page of pages) {
    for (const group of page as readonly Group[]) {
      const read = groupOf(group)
      if (read !== undefined) found.push(read)
    }
  }
  return found
}

function groupOf(group: Group): EntraGroup | undefined {
  if (!group.id) return undefined
  return {
    id: group.id as ObjectId,
    displayName: group.displayName ?? group.id,
    isDynamic: (group.groupTypes ?? []).includes('DynamicMembership'),
  }
}

function noGroup(nameOrId: string): MfaError {
  return new MfaError('GROUP_NOT_FOUND', `--group: there is no group "${nameOrId}" in this tenant`, {
    exit: 'usage',
    fix: "Give the group's exact display name or its object id, as the Entra admin center shows them; and check --tenant.",
  })
}

function severalGroups(name: string, groups: readonly EntraGroup[]): MfaError {
  const list = groups
    .map((group) => `${group.id} (${group.displayName}${group.isDynamic ? ', dynamic' : ''})`)
    .join(', ')
  return new MfaError('GROUP_AMBIGUOUS', `--group: ${groups.length} groups are named "${name}": ${list}`, {
    exit: 'usage',
    fix: 'Give --group the object id of the one that is meant.',
  })
}
