import type {Domain, InternalDomainFederation, User} from '@microsoft/microsoft-graph-types'
import type {EntraIdentity} from '../model/entra-user.js'
import {MFA_BEHAVIORS, type ShownBehavior} from '../model/mfa-behavior.js'
import type {Account, DomainFederation, Federations} from '../ports/federation.js'
import {attempt} from './outcomes.js'
import {GraphError} from './transport/graph-error.js'
import {path} from './transport/graph-request.js'
import type {Graph} from './transport/graph.js'
import {identityOf, USER_SELECT} from './users.js'

const FEDERATED = 'Federated'
const FEDERATION_SELECT = 'id,displayName,issuerUri,federatedIdpMfaBehavior'

/** Domain federation through Graph v1.0. */
export function createFederations(graph: Graph): Federations {
  return {
    async domains(signal) {
      const domains: Domain[] = []
      const request = {
        method: 'GET',
        version: 'v1.0',
        path: '/domains',
        query: {$select: 'id,authenticationType,isVerified'},
      } as const
      for await (const page of graph.pages(request, signal)) domains.push(...(page as readonly Domain[]))
      const verified = domains.filter(({isVerified}) => isVerified !== false)
      return Promise.all(verified.map((domain) => withFederation(graph, domain, signal)))
    },
    async domain(name, signal) {
      const found = await domainByName(graph, name, signal)
      return found === undefined ? undefined : withFederation(graph, found, signal)
    },
    async setBehavior({domain, federationId = ''}, behavior, signal) {
      const {outcome} = await attempt(
        graph,
        {
          method: 'PATCH',
          version: 'v1.0',
          path: path`/domains/${domain}/federationConfiguration/${federationId}`,
          body: () => ({federatedIdpMfaBehavior: behavior}),
        },
        signal,
      )
      return outcome
    },
    users: (domains, signal) => usersOf(graph, domains, signal),
    account: (name, signal) => accountOf(graph, name, signal),
    now: () => graph.serviceClock.now(),
  }
}

async function domainByName(graph: Graph, name: string, signal: AbortSignal): Promise<Domain | undefined> {
  try {
    const answer = await graph.read(
      {
        method: 'GET',
        version: 'v1.0',
        path: path`/domains/${name}`,
        query: {$select: 'id,authenticationType'},
      },
      signal,
    )
    return answer.body as Domain
  } catch (error) {
    if (error instanceof GraphError && (error.status === 404 || error.status === 400)) return undefined
    throw error
  }
}

async function withFederation(graph: Graph, domain: Domain, signal: AbortSignal): Promise<DomainFederation> {
  const {id = '', authenticationType = ''} = domain
  const base = {domain: id, authenticationType}
  if (authenticationType !== FEDERATED) return {...base, behavior: null}
  const request = {
    method: 'GET',
    version: 'v1.0',
    path: path`/domains/${id}/federationConfiguration`,
    query: {$select: FEDERATION_SELECT},
  } as const
  for await (const page of graph.pages(request, signal)) {
    const [found] = page as readonly InternalDomainFederation[]
    if (found?.id === undefined) continue
    return {
      ...base,
      federationId: found.id,
      displayName: found.displayName ?? undefined,
      issuerUri: found.issuerUri ?? undefined,
      behavior: behaviorOf(found.federatedIdpMfaBehavior),
    }
  }
  return {...base, behavior: null}
}

/** Values that a later service may add are not taken for "never set". */
function behaviorOf(value: string | null | undefined): ShownBehavior {
  if (value === null || value === undefined || value === '') return null
  return MFA_BEHAVIORS.find((known) => known === value) ?? 'unknownFutureValue'
}

/**
 * Goes through all users and compares the names here: a filter on the end of a name is an advanced query, whose index may
 * lag behind, and whoever is missing from it would not be checked.
 */
async function* usersOf(
  graph: Graph,
  domains: readonly string[],
  signal: AbortSignal,
): AsyncIterable<readonly EntraIdentity[]> {
  const wanted = new Set(domains.map((domain) => domain.toLowerCase()))
  const request = {
    method: 'GET',
    version: 'v1.0',
    path: '/users',
    query: {$select: USER_SELECT, $top: '999'},
  } as const
  for await (const page of graph.pages(request, signal)) {
    const found = (page as readonly User[])
      .map(identityOf)
      .filter((user) => user !== undefined)
      .filter(({userPrincipalName}) => wanted.has(suffixOf(userPrincipalName)))
    if (found.length > 0) yield found
  }
}

const suffixOf = (userPrincipalName: string): string =>
  userPrincipalName.slice(userPrincipalName.lastIndexOf('@') + 1).toLowerCase()

async function accountOf(graph: Graph, name: string, signal: AbortSignal): Promise<Account | undefined> {
  if (name.trim() === '') return undefined
  try {
    const query = {$select: `${USER_SELECT},onPremisesSyncEnabled`}
    const answer = await graph.read(
      {method: 'GET', version: 'v1.0', path: path`/users/${name}`, query},
      signal,
    )
    const user = answer.body as User
    const identity = identityOf(user)
    return identity === undefined ? undefined : {...identity, isSynced: user.onPremisesSyncEnabled === true}
  } catch (error) {
    if (error instanceof GraphError && (error.status === 404 || error.status === 400)) return undefined
    throw error
  }
}
