import type {DirectoryObject, Group, User} from '@microsoft/microsoft-graph-types'
import {MfaError} from '../errors/mfa-error.js'
import type {ObjectId} from '../model/brand.js'
import type {DirectMembers, RolloutGroup, RolloutGroups, RolloutMember} from '../ports/rollout.js'
import {GraphError} from './transport/graph-error.js'
import {path} from './transport/graph-request.js'
import type {Graph} from './transport/graph.js'
import {identityOf, USER_SELECT} from './users.js'

const SELECT = `${USER_SELECT},onPremisesSyncEnabled`

/** Groups as staged rollout sees them. */
export function createRolloutGroups(graph: Graph): RolloutGroups {
  return {
    directMembers: (group, signal) => found(group, directMembers(graph, group, signal)),
    allMembers: (group, signal) => found(group, allMembers(graph, group, signal)),
    async countMembers(group, signal) {
      const {body} = await graph
        .read(membersOf(group, '1'), signal)
        .catch((error: unknown) => Promise.reject(goneOr(error, group)))
      return Number((body as {readonly '@odata.count'?: unknown})['@odata.count'])
    },
  }
}

/** Throws MfaError `usage` where the group is gone. */
async function* found<T>(group: ObjectId, pages: AsyncIterable<T>): AsyncIterable<T> {
  try {
    yield* pages
  } catch (error) {
    throw goneOr(error, group)
  }
}

const goneOr = (error: unknown, group: ObjectId): unknown =>
  error instanceof GraphError && error.status === 404
    ? new MfaError('GROUP_NOT_FOUND', `there is no group ${group} in this tenant any more`, {
        exit: 'usage',
        fix: 'mfa rollout show lists the groups of the policy and the waves.',
        cause: error,
      })
    : error

async function* directMembers(
  graph: Graph,
  group: ObjectId,
  signal: AbortSignal,
): AsyncIterable<DirectMembers> {
  const request = {
    method: 'GET',
    version: 'v1.0',
    path: path`/groups/${group}/members`,
    query: {$select: SELECT, $top: '999'},
  } as const
  for await (const page of graph.pages(request, signal)) {
    const users: RolloutMember[] = []
    const groups: RolloutGroup[] = []
    const others: string[] = []
    for (const object of page as readonly (DirectoryObject & {readonly '@odata.type'?: string})[]) {
      const {id = ''} = object
      const type = object['@odata.type']
      const user = type === '#microsoft.graph.user' ? memberOf(object) : undefined
      if (user !== undefined) users.push(user)
      else if (type === '#microsoft.graph.group')
        groups.push({id: id as ObjectId, displayName: (object as Group).displayName ?? id})
      else others.push(id)
    }
    yield {users, groups, others}
  }
}

async function* allMembers(
  graph: Graph,
  group: ObjectId,
  signal: AbortSignal,
): AsyncIterable<readonly RolloutMember[]> {
  for await (const page of graph.pages(membersOf(group, '999'), signal))
    yield (page as readonly User[]).flatMap((user) => memberOf(user) ?? [])
}

/** A cast together with other parameters is an advanced query: it wants the header and $count. */
const membersOf = (group: ObjectId, $top: string) =>
  ({
    method: 'GET',
    version: 'v1.0',
    path: path`/groups/${group}/transitiveMembers/microsoft.graph.user`,
    query: {$select: SELECT, $count: 'true', $top},
    headers: {ConsistencyLevel: 'eventual'},
  }) as const

function memberOf(user: User): RolloutMember | undefined {
  const identity = identityOf(user)
  return identity === undefined
    ? undefined
    : {...identity, isSynced: user.onPremisesSyncEnabled === true && !identity.isGuest}
}
