import type {Group} from '@microsoft/microsoft-graph-types'
import {MfaError} from '../errors/mfa-error.js'
import type {ObjectId} from '../model/brand.js'
import type {Outcome} from '../model/outcome.js'
import type {Clock} from '../ports/clock.js'
import type {GroupWriter} from '../ports/group-writer.js'
import {alreadyDone, attempt, attemptOnNew, isConflict, readBack} from './outcomes.js'
import {objectUrl} from './references.js'
import {path, quoted} from './transport/graph-request.js'
import type {Graph} from './transport/graph.js'

/** Groups over Graph v1.0. */
export function createGroupWriter(graph: Graph, clock: Clock): GroupWriter {
  return {
    async create({displayName, description, mailNickname}, signal) {
      const request = {
        method: 'POST',
        version: 'v1.0',
        path: '/groups',
        body: () => ({displayName, description, mailNickname, mailEnabled: false, securityEnabled: true}),
      } as const
      const sent = await attempt(graph, request, signal)
      const id = (sent.answer?.body as Group | undefined)?.id
      return id === undefined ? sent.outcome : {...sent.outcome, groupId: id}
    },
    find: (displayName, signal) => find(graph, displayName, signal),
    addMembers: (group, users, signal) => addMembers(graph, clock, group, users, signal),
    async removeMember(group, user, signal) {
      const at = `${path`/groups/${group}/members/${user}`}/$ref`
      const sent = await attempt(graph, {method: 'DELETE', version: 'v1.0', path: at}, signal)
      return sent.error?.status === 404 && sent.error.kind === 'refused'
        ? alreadyDone(sent.error)
        : sent.outcome
    },
  }
}

async function find(graph: Graph, displayName: string, signal: AbortSignal): Promise<ObjectId | undefined> {
  const request = {
    method: 'GET',
    version: 'v1.0',
    path: '/groups',
    query: {$filter: `displayName eq ${quoted(displayName)}`, $select: 'id,displayName'},
  } as const
  const ids: string[] = []
  for await (const page of graph.pages(request, signal))
    for (const group of page as readonly Group[])
      if (group.id && group.displayName === displayName) ids.push(group.id)
  const [only] = ids
  if (ids.length > 1)
    throw new MfaError(
      'GROUP_AMBIGUOUS',
      `${ids.length} groups are named "${displayName}": ${ids.join(', ')}`,
      {
        exit: 'usage',
        fix: 'Rename or delete those that are not meant, then run the same command again.',
      },
    )
  return only as ObjectId | undefined
}

/** All of them in one request; where somebody is a member already, the others one by one. */
async function addMembers(
  graph: Graph,
  clock: Clock,
  group: ObjectId,
  users: readonly ObjectId[],
  signal: AbortSignal,
): Promise<Outcome> {
  const all = await attemptOnNew(
    graph,
    {
      method: 'PATCH',
      version: 'v1.0',
      path: path`/groups/${group}`,
      body: () => ({'members@odata.bind': users.map((user) => objectUrl(graph, user))}),
    },
    clock,
    signal,
  )
  // All or nothing, and no code tells which conflict it is: the members are looked at.
  if (!isConflict(all.error) || all.error === undefined) return all.outcome
  const members = await readBack(() => membersAmong(graph, group, users, signal))
  if (members === undefined || members.size === 0) return all.outcome
  const missing = users.filter((user) => !members.has(user))
  if (missing.length === 0) return alreadyDone(all.error)
  for (const user of missing) {
    const request = {
      method: 'POST',
      version: 'v1.0',
      path: `${path`/groups/${group}`}/members/$ref`,
      body: () => ({'@odata.id': objectUrl(graph, user)}),
    } as const
    const one = await attempt(graph, request, signal)
    if (one.outcome.status !== 'done') return one.outcome
  }
  return {status: 'done'}
}

async function membersAmong(
  graph: Graph,
  group: ObjectId,
  users: readonly ObjectId[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const wanted = new Set<string>(users)
  const found = new Set<string>()
  const request = {
    method: 'GET',
    version: 'v1.0',
    path: path`/groups/${group}/members`,
    query: {$select: 'id', $top: '999'},
  } as const
  for await (const page of graph.pages(request, signal)) {
    for (const {id} of page as readonly {readonly id?: string}[])
      if (id !== undefined && wanted.has(id)) found.add(id)
    if (found.size === wanted.size) break
  }
  return found
}
