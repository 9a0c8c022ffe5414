import type {Call, GraphVersion} from '../call.js'
import type {Kept} from '../directory-store.js'
import {objectsBy} from '../directory-store.js'
import type {EntityType} from '../query/options.js'
import {offerOf} from './graph-principal.js'

const json = (name: string) => `lower(f.body ->> '$.${name}')`

/** beta has another name for what v1.0 calls oauth2PermissionScopes. */
const scopesName = (version: GraphVersion) =>
  version === 'beta' ? 'publishedPermissionScopes' : 'oauth2PermissionScopes'

const COMMON = [
  'id',
  'deletedDateTime',
  'accountEnabled',
  'alternativeNames',
  'appDisplayName',
  'appId',
  'appOwnerOrganizationId',
  'appRoleAssignmentRequired',
  'appRoles',
  'description',
  'disabledByMicrosoftStatus',
  'displayName',
  'keyCredentials',
  'notes',
  'passwordCredentials',
  'replyUrls',
  'servicePrincipalNames',
  'servicePrincipalType',
  'signInAudience',
  'tags',
] as const

export function principalType(version: GraphVersion): EntityType {
  return {
    name: 'microsoft.graph.servicePrincipal',
    properties: new Set([...COMMON, scopesName(version)]),
    filter: {
      id: {column: 'f.id', type: 'text'},
      appId: {column: json('appId'), type: 'text'},
      displayName: {column: json('displayName'), type: 'text'},
      accountEnabled: {column: "(f.body ->> '$.accountEnabled')", type: 'boolean'},
    },
  }
}

/** As Graph shows a service principal. Its certificates are those of the application, which it does not repeat. */
export function toPrincipal(
  {store, version, seenAt}: Pick<Call, 'store' | 'version' | 'seenAt'>,
  {id, body: {owner: _owner, ...body}}: Kept<'servicePrincipal'>,
): object {
  const application = objectsBy(store, 'application', body.appId, seenAt)[0]?.body
  const offer = offerOf({...body, owner: null})
  return {
    id,
    deletedDateTime: null,
    ...body,
    alternativeNames: [],
    appDisplayName: application?.displayName ?? body.displayName,
    appOwnerOrganizationId: offer.owner ?? store.meta('tenantId') ?? null,
    appRoles: offer.appRoles,
    disabledByMicrosoftStatus: null,
    keyCredentials: [],
    passwordCredentials: [],
    replyUrls: application?.web.redirectUris ?? [],
    servicePrincipalNames: [body.appId],
    servicePrincipalType: 'Application',
    signInAudience: application?.signInAudience ?? 'AzureADMultipleOrgs',
    [scopesName(version)]: offer.scopes,
  }
}
