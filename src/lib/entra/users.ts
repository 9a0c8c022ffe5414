import type {User} from '@microsoft/microsoft-graph-types'
import type {ObjectId} from '../model/brand.js'
import type {EntraIdentity} from '../model/entra-user.js'
import {GraphError} from './transport/graph-error.js'
import {path, quoted} from './transport/graph-request.js'
import type {Graph} from './transport/graph.js'

export const USER_SELECT =
  'id,userPrincipalName,displayName,accountEnabled,userType,onPremisesSecurityIdentifier,onPremisesSamAccountName,onPremisesDomainName'

/** Graph takes at most 15 values in one `in`. */
const NAMES_PER_FILTER = 15

/** What matching needs of a user; undefined for an entry without id or name. */
export function identityOf(user: User): EntraIdentity | undefined {
  const {id, userPrincipalName} = user
  if (!id || !userPrincipalName) return undefined
  return {
    id: id as ObjectId,
    userPrincipalName,
    displayName: user.displayName ?? undefined,
    accountEnabled: user.accountEnabled !== false,
    isGuest: user.userType === 'Guest' || /#EXT#/i.test(userPrincipalName),
    onPremisesSecurityIdentifier: user.onPremisesSecurityIdentifier || undefined,
    onPremisesSamAccountName: user.onPremisesSamAccountName || undefined,
    onPremisesDomainName: user.onPremisesDomainName || undefined,
  }
}

/** By user principal name or object id; undefined if there is none, or if no user could have such a name. */
export async function findUser(
  graph: Graph,
  upnOrId: string,
  signal: AbortSignal,
): Promise<EntraIdentity | undefined> {
  if (upnOrId.trim() === '') return undefined
  try {
    const answer = await graph.read(
      {method: 'GET', version: 'v1.0', path: path`/users/${upnOrId}`, query: {$select: USER_SELECT}},
      signal,
    )
    return identityOf(answer.body as User)
  } catch (error) {
    if (error instanceof GraphError && (error.status === 404 || error.status === 400)) return undefined
    throw error
  }
}

/** U2 (3): everybody with one of these names, keys in lower case; a name that nobody has is left out. */
export async function usersBySamAccountName(
  graph: Graph,
  names: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly EntraIdentity[]>> {
  const wanted = [...new Set(names.map((name) => name.toLowerCase()))].filter((name) => name !== '')
  const chunks = Array.from({length: Math.ceil(wanted.length / NAMES_PER_FILTER)}, (_, index) =>
    wanted.slice(index * NAMES_PER_FILTER, (index + 1) * NAMES_PER_FILTER),
  )
  const found = new Map<string, Map<ObjectId, EntraIdentity>>()
  await Promise.all(
    chunks.map(async (chunk) => {
      for await (const page of graph.pages(samQuery(chunk), signal)) {
        for (const user of page as readonly User[]) {
          const identity = identityOf(user)
          const key = identity?.onPremisesSamAccountName?.toLowerCase()
          if (identity === undefined || key === undefined) continue
          const same = found.get(key) ?? new Map<ObjectId, EntraIdentity>()
          found.set(key, same.set(identity.id, identity))
        }
      }
    }),
  )
  return new Map([...found].map(([key, users]) => [key, [...users.values()]]))
}

/** An advanced query: the directory indexes this property for `ConsistencyLevel: eventual` only. */
function samQuery(names: readonly string[]) {
  const [only] = names
  const filter =
    names.length === 1 && only !== undefined
      ? `onPremisesSamAccountName eq ${quoted(only)}`
      : `onPremisesSamAccountName in (${names.map(quoted).join(',')})`
  return {
    method: 'GET',
    version: 'v1.0',
    path: '/users',
    query: {$filter: filter, $select: USER_SELECT, $count: 'true', $top: '999'},
    headers: {ConsistencyLevel: 'eventual'},
  } as const
}
