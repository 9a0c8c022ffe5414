import {z} from 'zod'

import {readBody} from '../body.js'
import type {Answer, Call} from '../call.js'
import {entity, NO_CONTENT, param} from '../call.js'
import {mustHoldRole} from '../caller.js'
import {SIGN_IN_SCOPES} from '../data/graph-permissions.js'
import type {Kept, StoredGrant} from '../directory-store.js'
import {endObject, objectOf, putObject} from '../directory-store.js'
import type {Moment} from '../facts.js'
import {badRequest, GraphFault, notFound} from '../graph-fault.js'
import {linkId} from '../made-ids.js'
import {HOLDERS} from '../permissions.js'
import type {EntityType} from '../query/options.js'
import {readNothing, readOptions, readSelect} from '../query/options.js'
import {project} from '../query/page.js'
import type {Store} from '../store.js'
import {listObjects} from './directory-lists.js'
import {offerOf} from './graph-principal.js'

const scope = z.string().max(3850)
const createBody = z.strictObject({
  clientId: z.guid(),
  consentType: z.enum(['AllPrincipals', 'Principal']),
  principalId: z.guid().nullish(),
  resourceId: z.guid(),
  scope: scope.nullable(),
  '@odata.type': z.string().optional(),
})
/** Only the scope can be changed. */
const updateBody = z.strictObject({scope: scope.nullable(), '@odata.type': z.string().optional()})

const json = (name: string) => `lower(f.body ->> '$.${name}')`
const GRANT_TYPE: EntityType = {
  name: 'microsoft.graph.oAuth2PermissionGrant',
  properties: new Set(['id', 'clientId', 'consentType', 'principalId', 'resourceId', 'scope']),
  filter: {
    clientId: {column: json('clientId'), type: 'text'},
    consentType: {column: json('consentType'), type: 'text'},
    principalId: {column: json('principalId'), type: 'text'},
    resourceId: {column: json('resourceId'), type: 'text'},
  },
}

export function listGrants(call: Call): Answer {
  const options = readOptions(call, GRANT_TYPE)
  return listObjects(call, options, 'permissionGrant', 'oauth2PermissionGrants', toGrant)
}

export function getGrant(call: Call): Answer {
  const select = readSelect(call, GRANT_TYPE)
  return entity(call, 'oauth2PermissionGrants', project(toGrant(seenGrant(call)), select))
}

export function createGrant(call: Call): Answer {
  readNothing(call)
  mustHoldRole(call.caller, HOLDERS.grantGraph)
  const sent = readBody(call, createBody, badRequest)
  const [client, resource] = [sent.clientId, sent.resourceId].map((id) => {
    const found = objectOf(call.store, 'servicePrincipal', id, call.seenAt)
    if (found === undefined) throw notFound(id)
    return found
  })
  if (client === undefined || resource === undefined) throw notFound(sent.clientId)
  if ((sent.consentType === 'Principal') !== ((sent.principalId ?? null) !== null)) {
    throw badRequest('principalId must be given with the consentType Principal, and only with it.')
  }
  const body: StoredGrant = {
    clientId: client.id,
    consentType: sent.consentType,
    principalId: sent.principalId?.toLowerCase() ?? null,
    resourceId: resource.id,
    scope: known(resource, sent.scope),
  }
  if (objectOf(call.store, 'permissionGrant', grantId(body)) !== undefined) {
    throw new GraphFault(409, 'Request_MultipleObjectsWithSameKeyValue', 'Permission entry already exists.')
  }
  const kept = putGrant(call.store, call.moment, body)
  return entity(call, 'oauth2PermissionGrants', toGrant(kept), 201)
}

/** Writes the grant; there is one of each client, resource and person (or everybody). */
export function putGrant(store: Store, moment: Moment, body: StoredGrant): Kept<'permissionGrant'> {
  const kept = {id: grantId(body), body}
  putObject(store, 'permissionGrant', kept, moment)
  return kept
}

export function updateGrant(call: Call): Answer {
  readNothing(call)
  const {id, body} = currentGrant(call)
  const sent = readBody(call, updateBody, badRequest)
  const resource = objectOf(call.store, 'servicePrincipal', body.resourceId)
  if (resource === undefined) throw notFound(body.resourceId)
  const changed = {...body, scope: known(resource, sent.scope)}
  putObject(call.store, 'permissionGrant', {id, body: changed}, call.moment)
  return NO_CONTENT
}

export function deleteGrant(call: Call): Answer {
  readNothing(call)
  const {id} = currentGrant(call)
  endObject(call.store, 'permissionGrant', id, call.moment)
  return NO_CONTENT
}

/** Adds scopes to what all people of the tenant have granted this client. */
export function grantToAll(
  {store, moment}: Pick<Call, 'store' | 'moment'>,
  clientId: string,
  resourceId: string,
  scopes: readonly string[],
): void {
  const blank: StoredGrant = {
    clientId,
    consentType: 'AllPrincipals',
    principalId: null,
    resourceId,
    scope: '',
  }
  const before = objectOf(store, 'permissionGrant', grantId(blank))?.body ?? blank
  const scope = [...new Set([...scopesOf(before), ...scopes])].join(' ')
  putGrant(store, moment, {...before, scope})
}

export function scopesOf({scope}: StoredGrant): string[] {
  return scope.split(' ').filter((each) => each !== '')
}

function seenGrant({store, seenAt, params}: Call): Kept<'permissionGrant'> {
  const found = objectOf(store, 'permissionGrant', params['grant'] ?? '', seenAt)
  if (found === undefined) throw notFound(params['grant'] ?? '')
  return found
}

function currentGrant(call: Call): Kept<'permissionGrant'> {
  mustHoldRole(call.caller, HOLDERS.grantGraph)
  seenGrant(call)
  const found = objectOf(call.store, 'permissionGrant', param(call, 'grant'))
  if (found === undefined) throw notFound(param(call, 'grant'))
  return found
}

/** The scopes, each once. Throws GraphFault 400 for one that the resource does not have. */
function known(resource: Kept<'servicePrincipal'>, scope: string | null): string {
  const offered = new Set(offerOf(resource.body).scopes.map(({value}) => value))
  const names = [...new Set((scope ?? '').split(' ').filter((each) => each !== ''))]
  const unknown = names.find((name) => !offered.has(name) && !SIGN_IN_SCOPES.has(name))
  if (unknown !== undefined) throw badRequest(`The scope '${unknown}' is not one of the resource.`)
  return names.join(' ')
}

function grantId({clientId, consentType, principalId, resourceId}: StoredGrant): string {
  return linkId([clientId, consentType, principalId ?? '', resourceId].join('/'))
}

function toGrant({id, body}: Kept<'permissionGrant'>): object {
  return {id, ...body}
}
