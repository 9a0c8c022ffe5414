import {GRAPH_APP_ID} from './data/graph-permissions.js'
import type {Kept} from './directory-store.js'
import {allObjects, objectsBy} from './directory-store.js'
import {graphPrincipal, grantedRoles} from './granted.js'
import type {Store} from './store.js'
import {CURRENT} from './store.js'
import type {TenantFile} from './tenant-file.js'

/** Applications, service principals and what was granted to them, in the order of their ids; nothing where there are none. */
export function dumpRegistrations(store: Store): Pick<TenantFile, 'applications' | 'servicePrincipals'> {
  const applications = allObjects(store, 'application').map(dumpApplication)
  const principals = allObjects(store, 'servicePrincipal')
    .filter(({body}) => body.appId !== GRAPH_APP_ID)
    .map((kept) => dumpPrincipal(store, kept))
  return {
    ...(applications.length > 0 ? {applications} : {}),
    ...(principals.length > 0 ? {servicePrincipals: principals} : {}),
  } as Pick<TenantFile, 'applications' | 'servicePrincipals'>
}

function dumpApplication({id, body: {createdDateTime: _at, ...body}}: Kept<'application'>): object {
  return withoutEmpty({id, ...body})
}

function dumpPrincipal(store: Store, {id, body}: Kept<'servicePrincipal'>): object {
  const graph = graphPrincipal({store, seenAt: CURRENT})
  return withoutEmpty({
    id,
    ...body,
    appRoleAssignments: grantedRoles({store, seenAt: CURRENT}, {id, body}),
    oauth2PermissionGrants: objectsBy(store, 'permissionGrant', id)
      .filter((grant) => grant.body.resourceId === graph.id)
      .sort((one, other) => (one.id < other.id ? -1 : 1))
      .map((grant) => withoutEmpty({principalId: grant.body.principalId, scope: grant.body.scope})),
  })
}

function withoutEmpty(value: object): object {
  return Object.fromEntries(
    Object.entries(value).filter(([, each]) => each !== undefined && each !== null && !isEmptyList(each)),
  )
}

function isEmptyList(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0
  return (
    typeof value === 'object' && value !== null && 'redirectUris' in value && isEmptyList(value.redirectUris)
  )
}
