import type {StoredApplication} from '../directory-store.js'
import type {EntityType} from '../query/options.js'

const json = (name: string) => `lower(f.body ->> '$.${name}')`

/** What the sandbox knows of an application; the same in v1.0 and beta. */
export const APPLICATION_TYPE: EntityType = {
  name: 'microsoft.graph.application',
  properties: new Set([
    'id',
    'deletedDateTime',
    'appId',
    'api',
    'appRoles',
    'createdDateTime',
    'description',
    'disabledByMicrosoftStatus',
    'displayName',
    'groupMembershipClaims',
    'identifierUris',
    'isFallbackPublicClient',
    'keyCredentials',
    'notes',
    'passwordCredentials',
    'publicClient',
    'publisherDomain',
    'requiredResourceAccess',
    'serviceManagementReference',
    'signInAudience',
    'spa',
    'tags',
    'uniqueName',
    'web',
  ]),
  filter: {
    id: {column: 'f.id', type: 'text'},
    appId: {column: json('appId'), type: 'text'},
    displayName: {column: json('displayName'), type: 'text'},
    signInAudience: {column: json('signInAudience'), type: 'text'},
    uniqueName: {column: json('uniqueName'), type: 'text'},
  },
}

/** As Graph shows an application; `keys`: with the certificates themselves. */
export function toApplication(
  id: string,
  {owner: _owner, keyCredentials, ...body}: StoredApplication,
  {keys}: {readonly keys: boolean},
): object {
  return {
    id,
    deletedDateTime: null,
    ...body,
    api: {
      acceptMappedClaims: null,
      knownClientApplications: [],
      oauth2PermissionScopes: [],
      preAuthorizedApplications: [],
      requestedAccessTokenVersion: null,
    },
    appRoles: [],
    disabledByMicrosoftStatus: null,
    groupMembershipClaims: null,
    keyCredentials: keyCredentials.map((each) => (keys ? each : {...each, key: null})),
    passwordCredentials: [],
    publisherDomain: null,
  }
}
