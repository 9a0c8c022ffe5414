import {z} from 'zod'

import {readBody} from '../body.js'
import type {Answer, Call} from '../call.js'
import {entity, NO_CONTENT} from '../call.js'
import {mustOwn, ownerOf} from '../caller.js'
import {GRAPH_APP_ID} from '../data/graph-permissions.js'
import type {Kept, StoredApplication, StoredPrincipal} from '../directory-store.js'
import {allObjects, endObject, objectOf, objectsBy, putObject} from '../directory-store.js'
import {badRequest, GraphFault, notFound} from '../graph-fault.js'
import {nextId} from '../made-ids.js'
import {MAY} from '../permissions.js'
import {readNothing, readOptions, readSelect} from '../query/options.js'
import {project} from '../query/page.js'
import {listObjects} from './directory-lists.js'
import {principalType, toPrincipal} from './principal-type.js'

const text = z.string().max(1024).nullable()
const changes = z.strictObject({
  accountEnabled: z.boolean().optional(),
  displayName: z.string().min(1).max(256).optional(),
  description: text.optional(),
  notes: text.optional(),
  tags: z.array(z.string().max(256)).optional(),
  appRoleAssignmentRequired: z.boolean().optional(),
  '@odata.type': z.string().optional(),
})
const createBody = changes.extend({appId: z.string().min(1)})
const updateBody = changes.refine((body) => Object.keys(body).length > 0, 'nothing to update')

export function listPrincipals(call: Call): Answer {
  const options = readOptions(call, principalType(call.version))
  return listObjects(call, options, 'servicePrincipal', 'servicePrincipals', (kept) =>
    toPrincipal(call, kept),
  )
}

/** POST: of an application of this tenant that the directory knows by now; one for each. */
export function createPrincipal(call: Call): Answer {
  readNothing(call)
  const {appId, ...body} = readBody(call, createBody, badRequest)
  const application = objectsBy(call.store, 'application', appId, call.seenAt)[0]
  if (application === undefined) {
    throw badRequest(
      `The appId '${appId}' of the service principal does not reference a valid application object.`,
    )
  }
  if (objectsBy(call.store, 'servicePrincipal', appId).length > 0) {
    throw new GraphFault(
      409,
      'Request_MultipleObjectsWithSameKeyValue',
      `The service principal cannot be created, updated, or restored because the service principal name ${appId} is already in use.`,
    )
  }
  const kept = makePrincipal(call, application.body, body)
  return entity(call, 'servicePrincipals', toPrincipal(call, kept), 201)
}

/** Writes the service principal of an application. */
export function makePrincipal(
  call: Pick<Call, 'store' | 'moment' | 'caller'>,
  {appId, displayName}: StoredApplication,
  sent: z.infer<typeof changes> = {},
): Kept<'servicePrincipal'> {
  const blank = {...blankPrincipal(appId, displayName), owner: ownerOf(call.caller)}
  const kept = {id: nextId(call.store, 'servicePrincipal'), body: merged(blank, sent)}
  putObject(call.store, 'servicePrincipal', kept, call.moment)
  return kept
}

export function blankPrincipal(appId: string, displayName: string): StoredPrincipal {
  return {
    appId,
    displayName,
    accountEnabled: true,
    description: null,
    notes: null,
    tags: [],
    appRoleAssignmentRequired: false,
    owner: null,
  }
}

export function getPrincipal(call: Call): Answer {
  const select = readSelect(call, principalType(call.version))
  return entity(call, 'servicePrincipals', project(toPrincipal(call, seenPrincipal(call)), select))
}

export function updatePrincipal(call: Call): Answer {
  readNothing(call)
  const {id, body} = writablePrincipal(call)
  const sent = readBody(call, updateBody, badRequest)
  putObject(call.store, 'servicePrincipal', {id, body: merged(body, sent)}, call.moment)
  return NO_CONTENT
}

/** DELETE: what was granted to it goes with it. */
export function deletePrincipal(call: Call): Answer {
  readNothing(call)
  removePrincipal(call, writablePrincipal(call))
  return NO_CONTENT
}

export function removePrincipal(call: Call, {id}: Kept<'servicePrincipal'>): void {
  const {store, moment} = call
  endObject(store, 'servicePrincipal', id, moment)
  for (const {id: link, body} of allObjects(store, 'appRoleAssignment'))
    if (body.principalId === id || body.resourceId === id) endObject(store, 'appRoleAssignment', link, moment)
  for (const {id: link, body} of allObjects(store, 'permissionGrant'))
    if (body.clientId === id || body.resourceId === id) endObject(store, 'permissionGrant', link, moment)
}

/** The service principal of the path as the caller may see it by now. Throws GraphFault 404. */
export function seenPrincipal({store, params, seenAt}: Call): Kept<'servicePrincipal'> {
  const {principal, appId} = params
  const found =
    appId === undefined
      ? objectOf(store, 'servicePrincipal', principal ?? '', seenAt)
      : objectsBy(store, 'servicePrincipal', appId, seenAt)[0]
  if (found === undefined) throw notFound(appId ?? principal ?? '')
  return found
}

function writablePrincipal(call: Call): Kept<'servicePrincipal'> {
  const {id} = seenPrincipal(call)
  const found = objectOf(call.store, 'servicePrincipal', id)
  if (found === undefined) throw notFound(id)
  mustOwn(call.caller, found.body.owner, MAY.writePrincipals)
  if (found.body.appId === GRAPH_APP_ID) {
    throw new GraphFault(
      403,
      'Authorization_RequestDenied',
      'Insufficient privileges to complete the operation.',
    )
  }
  return found
}

function merged(
  body: StoredPrincipal,
  {'@odata.type': _type, ...sent}: z.infer<typeof changes>,
): StoredPrincipal {
  const given = Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== undefined))
  return {...body, ...given}
}
