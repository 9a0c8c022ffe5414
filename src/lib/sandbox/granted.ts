import {GRAPH_APP_ID, SIGN_IN_SCOPES} from './data/graph-permissions.js'
import type {Kept} from './directory-store.js'
import {objectsBy} from './directory-store.js'
import {offerOf} from './resources/graph-principal.js'
import {scopesOf} from './resources/permission-grants.js'
import type {View} from './sign-in-clients.js'

/** Application permissions for Graph that this service principal has by now, by name. Never one more. */
export function grantedRoles({store, seenAt}: View, {id}: Kept<'servicePrincipal'>): string[] {
  const graph = graphPrincipal({store, seenAt})
  const ids = new Set(
    objectsBy(store, 'appRoleAssignment', id, seenAt)
      .filter(({body}) => body.resourceId === graph.id)
      .map(({body}) => body.appRoleId),
  )
  return offerOf(graph.body)
    .appRoles.filter((role) => ids.has(role.id))
    .map(({value}) => value)
    .sort()
}

/** Delegated permissions for Graph that this person, or everybody, has granted to it by now. */
export function grantedScopes(
  {store, seenAt}: View,
  {id}: Kept<'servicePrincipal'>,
  person: string,
): string[] {
  const graph = graphPrincipal({store, seenAt})
  const scopes = objectsBy(store, 'permissionGrant', id, seenAt)
    .filter(({body}) => body.resourceId === graph.id)
    .filter(({body}) => body.consentType === 'AllPrincipals' || body.principalId === person)
    .flatMap(({body}) => scopesOf(body))
  return [...new Set(scopes)].filter((scope) => !SIGN_IN_SCOPES.has(scope)).sort()
}

export function graphPrincipal({store, seenAt}: View): Kept<'servicePrincipal'> {
  const graph = objectsBy(store, 'servicePrincipal', GRAPH_APP_ID, seenAt)[0]
  if (graph === undefined) throw new Error('the state has no service principal of Microsoft Graph')
  return graph
}
