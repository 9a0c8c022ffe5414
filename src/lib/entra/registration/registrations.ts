import type {
  AppRoleAssignment,
  Application as GraphApplication,
  OAuth2PermissionGrant,
  ServicePrincipal,
} from '@microsoft/microsoft-graph-types'
import {MfaError} from '../../errors/mfa-error.js'
import type {
  AppRegistrations,
  Grants,
  GraphResource,
  Principal,
  RoleGrant,
  ScopeGrant,
  Sent,
} from '../../ports/app-registration.js'
import type {Clock} from '../../ports/clock.js'
import {alreadyDone, attempt, attemptOnNew, isConflict, readBack, type Attempt} from '../outcomes.js'
import {GraphError} from '../transport/graph-error.js'
import {path, quoted, type GraphRequest} from '../transport/graph-request.js'
import type {Graph} from '../transport/graph.js'
import {
  applicationIdOf,
  applicationOf,
  applicationsNamed,
  askedOfOthers,
  bodyOf,
  getApplication,
  GRAPH_APP_ID,
  keysThere,
  newKey,
  principalOf,
  readAll,
  readOne,
} from './applications.js'

export interface RegistrationsOptions {
  readonly clock: Clock
  /** Where people sign in, without a trailing slash. */
  readonly authorityUrl: string
}

/** The app registration through Graph. See the port for what it promises. */
export function createRegistrations(
  graph: Graph,
  {clock, authorityUrl}: RegistrationsOptions,
): AppRegistrations {
  let resource: Promise<GraphResource> | undefined
  const application = async (where: string, signal: AbortSignal) => {
    const read = await readOne<GraphApplication>(graph, getApplication(where), signal)
    return read && applicationOf(read)
  }
  const principal = async (appId: string, signal: AbortSignal): Promise<Principal | undefined> => {
    const read = await principalOf(graph, appId, 'id,accountEnabled', signal)
    return read && {id: read.id ?? '', isEnabled: read.accountEnabled !== false}
  }
  const grants = (principalId: string, graphId: string, signal: AbortSignal) =>
    readGrants(graph, principalId, graphId, signal)

  return {
    graph: (signal) => (resource ??= readResource(graph, signal)),
    async byAppId(appId, signal) {
      const found = await application(path`/applications(appId='${appId}')`, signal)
      if (found !== undefined) return found
      const objectId = await applicationIdOf(graph, appId, signal)
      return objectId === undefined ? undefined : application(path`/applications/${objectId}`, signal)
    },
    byObjectId: (objectId, signal) => application(path`/applications/${objectId}`, signal),
    byName: (displayName, signal) => applicationsNamed(graph, displayName, signal),
    principal,
    grants,

    async createApplication({displayName, ...set}, signal) {
      const body = () => ({displayName, signInAudience: 'AzureADMyOrg', ...bodyOf(set)})
      const sent = await attempt(
        graph,
        {method: 'POST', version: 'v1.0', path: '/applications', body},
        signal,
      )
      const {id, appId} = (sent.answer?.body ?? {}) as GraphApplication
      return sentOf(sent, id && appId ? {objectId: id, appId} : undefined)
    },
    async changeApplication(objectId, change, signal) {
      const others = change.asksFor === undefined ? [] : await askedOfOthers(graph, objectId, signal)
      return sentOf(await patch(objectId, () => bodyOf(change, others), signal))
    },
    async deleteApplication(objectId, signal) {
      const request = {method: 'DELETE', version: 'v1.0', path: path`/applications/${objectId}`} as const
      return gone(await attempt(graph, request, signal))
    },
    async createPrincipal(appId, signal) {
      const body = () => ({appId})
      const sent = await settling(
        {method: 'POST', version: 'v1.0', path: '/servicePrincipals', body},
        async () => (await principal(appId, signal))?.id,
        signal,
      )
      const id = sent.made ?? ((sent.answer?.body ?? {}) as ServicePrincipal).id
      return sentOf(sent, id ? {principalId: id} : undefined)
    },
    async deletePrincipal(principalId, signal) {
      const where = path`/servicePrincipals/${principalId}`
      return gone(await attempt(graph, {method: 'DELETE', version: 'v1.0', path: where}, signal))
    },
    async addKey(objectId, certificate, signal) {
      const there = (await keysThere(graph, objectId, signal)) ?? []
      if (there.some(({key}) => key === certificate.der)) return {outcome: {status: 'already-done'}}
      return sentOf(await patch(objectId, () => ({keyCredentials: [...there, newKey(certificate)]}), signal))
    },
    async removeKey(objectId, keyId, signal) {
      const there = await keysThere(graph, objectId, signal)
      const rest = there?.filter((each) => each['keyId'] !== keyId)
      if (rest === undefined || rest.length === there?.length) return {outcome: {status: 'already-done'}}
      return sentOf(await patch(objectId, () => ({keyCredentials: rest}), signal))
    },
    async grantRole(grant, signal) {
      const sent = await settling(roleRequest(grant), () => assignmentOf(grant, signal), signal)
      const id = sent.made ?? ((sent.answer?.body ?? {}) as AppRoleAssignment).id
      return sentOf(sent, id ? {assignmentId: id} : undefined)
    },
    async revokeRole(principalId, assignmentId, signal) {
      const where = path`/servicePrincipals/${principalId}/appRoleAssignments/${assignmentId}`
      return gone(await attempt(graph, {method: 'DELETE', version: 'v1.0', path: where}, signal))
    },
    async grantScopes(grant, signal) {
      return sentOf(await attemptOnNew(graph, scopeRequest(grant), clock, signal))
    },

    clockAheadMs: () => -graph.serviceClock.offsetMs(),
    consentAddress(tenantId, appId) {
      const query = new URLSearchParams({client_id: appId, redirect_uri: 'http://localhost', state: 'mfa'})
      return `${authorityUrl}/${tenantId}/adminconsent?${query.toString()}`
    },
  }

  function patch(objectId: string, body: () => unknown, signal: AbortSignal): Promise<Attempt> {
    const request = {method: 'PATCH', version: 'v1.0', path: path`/applications/${objectId}`, body} as const
    return attemptOnNew(graph, request, clock, signal)
  }

  async function assignmentOf({principalId, graphId, roleId}: RoleGrant, signal: AbortSignal) {
    return (await grants(principalId, graphId, signal)).roles.find((role) => role.roleId === roleId)?.id
  }

  /**
   * A POST on what was made moments ago: Entra refuses with 404 or 400 until it knows it, and with 400 or 409 where it is
   * done already; nothing happened either way.
   */
  async function settling(
    request: GraphRequest,
    there: () => Promise<string | undefined>,
    signal: AbortSignal,
  ): Promise<Attempt & {readonly made?: string | undefined}> {
    for (const wait of [1000, 3000, 6000]) {
      const sent = await attemptOnNew(graph, request, clock, signal)
      if (sent.error === undefined || !isConflict(sent.error)) return sent
      const made = await readBack(there)
      if (made !== undefined) return {...sent, outcome: alreadyDone(sent.error), made}
      await clock.sleep(wait, signal)
    }
    return attemptOnNew(graph, request, clock, signal)
  }
}

const roleRequest = ({principalId, graphId, roleId}: RoleGrant): GraphRequest => ({
  method: 'POST',
  version: 'v1.0',
  path: path`/servicePrincipals/${graphId}/appRoleAssignedTo`,
  body: () => ({principalId, resourceId: graphId, appRoleId: roleId}),
})

function scopeRequest({principalId, graphId, grantId, scopes}: ScopeGrant): GraphRequest {
  const scope = scopes.join(' ')
  const consent = {clientId: principalId, consentType: 'AllPrincipals', resourceId: graphId, scope}
  if (grantId === undefined)
    return {method: 'POST', version: 'v1.0', path: '/oauth2PermissionGrants', body: () => consent}
  const where = path`/oauth2PermissionGrants/${grantId}`
  return scopes.length === 0
    ? {method: 'DELETE', version: 'v1.0', path: where}
    : {method: 'PATCH', version: 'v1.0', path: where, body: () => ({scope})}
}

async function readResource(graph: Graph, signal: AbortSignal): Promise<GraphResource> {
  const read = await principalOf(graph, GRAPH_APP_ID, 'id,appRoles,oauth2PermissionScopes', signal)
  if (!read?.id)
    throw new MfaError('GRAPH_UNKNOWN', 'this tenant does not know Microsoft Graph', {
      exit: 'unavailable',
      fix: 'Check --tenant and --cloud; sign in to the tenant once with any tool of Microsoft’s, then run the same command again.',
    })
  const named = <Kind extends 'application' | 'delegated'>(
    kind: Kind,
    all: readonly {readonly id?: string; readonly value?: string | null; readonly isEnabled?: boolean}[],
  ) =>
    all.flatMap(({id, value, isEnabled}) =>
      id && value && isEnabled !== false ? [{id, name: value, kind}] : [],
    )
  return {
    id: read.id,
    permissions: [
      ...named('application', read.appRoles ?? []),
      ...named('delegated', read.oauth2PermissionScopes ?? []),
    ],
  }
}

async function readGrants(
  graph: Graph,
  principalId: string,
  graphId: string,
  signal: AbortSignal,
): Promise<Grants> {
  const where = path`/servicePrincipals/${principalId}/appRoleAssignments`
  const [assignments, delegated] = await Promise.all([
    readAll<AppRoleAssignment>(graph, {method: 'GET', version: 'v1.0', path: where}, signal),
    delegatedGrants(graph, principalId, signal),
  ])
  return {
    roles: assignments.flatMap(({id, resourceId, appRoleId}) =>
      resourceId === graphId && id && appRoleId ? [{id, roleId: appRoleId}] : [],
    ),
    scopes: delegated.flatMap(({id, resourceId, consentType, scope}) =>
      resourceId === graphId && consentType === 'AllPrincipals' && id
        ? [{id, names: (scope ?? '').split(' ').filter((name) => name !== '')}]
        : [],
    ),
  }
}

/**
 * Reading them asks for a permission of its own; who lacks it sees none, and learns of it when one is to be granted. So does
 * who meets a service without them.
 */
async function delegatedGrants(
  graph: Graph,
  principalId: string,
  signal: AbortSignal,
): Promise<readonly OAuth2PermissionGrant[]> {
  const query = {$filter: `clientId eq ${quoted(principalId)}`}
  const request = {method: 'GET', version: 'v1.0', path: '/oauth2PermissionGrants', query} as const
  try {
    return await readAll<OAuth2PermissionGrant>(graph, request, signal)
  } catch (error) {
    if (error instanceof MfaError && error.code === 'GRAPH_FORBIDDEN') return []
    if (error instanceof GraphError && error.status === 404) return []
    throw error
  }
}

function sentOf({outcome}: Attempt, made?: Readonly<Record<string, string>>): Sent {
  return made === undefined ? {outcome} : {outcome, made}
}

function gone(sent: Attempt): Sent {
  return sent.error?.status === 404 ? {outcome: alreadyDone(sent.error)} : sentOf(sent)
}
