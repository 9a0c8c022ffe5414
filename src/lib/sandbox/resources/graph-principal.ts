import {GRAPH_APP_ID, GRAPH_PERMISSIONS} from '../data/graph-permissions.js'
import type {StoredPrincipal} from '../directory-store.js'
import {objectsBy, putObject} from '../directory-store.js'
import {guidOf} from '../made-ids.js'
import type {Store} from '../store.js'

const MICROSOFT_TENANT = 'f8cdef31-a31e-4b4a-93e4-5f571e91255a'

/** Every tenant has Microsoft Graph's service principal; a state from before this was so gets it now. */
export function ensureGraphPrincipal(store: Store): void {
  if (objectsBy(store, 'servicePrincipal', GRAPH_APP_ID).length > 0) return
  const body: StoredPrincipal = {
    appId: GRAPH_APP_ID,
    displayName: 'Microsoft Graph',
    accountEnabled: true,
    description: null,
    notes: null,
    tags: [],
    appRoleAssignmentRequired: false,
    owner: null,
  }
  const id = guidOf(`${store.meta('tenantId') ?? ''}/servicePrincipal/${GRAPH_APP_ID}`)
  putObject(store, 'servicePrincipal', {id, body}, {at: 0, keep: 0})
}

/** What a service principal offers to others: only Graph's offers anything here. */
export function offerOf({appId}: StoredPrincipal) {
  if (appId !== GRAPH_APP_ID) return {appRoles: [], scopes: [], owner: undefined}
  return {appRoles: APP_ROLES, scopes: SCOPES, owner: MICROSOFT_TENANT}
}

const APP_ROLES = GRAPH_PERMISSIONS.flatMap(({value, application: id}) =>
  id === undefined
    ? []
    : [
        {
          allowedMemberTypes: ['Application'],
          description: `${value}, as an application`,
          displayName: value,
          id,
          isEnabled: true,
          origin: 'Application',
          value,
        },
      ],
)

const SCOPES = GRAPH_PERMISSIONS.flatMap(({value, delegated: id}) =>
  id === undefined
    ? []
    : [
        {
          adminConsentDescription: `${value}, for the person who signed in`,
          adminConsentDisplayName: value,
          id,
          isEnabled: true,
          type: 'Admin',
          userConsentDescription: null,
          userConsentDisplayName: null,
          value,
        },
      ],
)
