import {z} from 'zod'

import {readBody} from '../body.js'
import type {Answer, Call, GraphVersion, Handler} from '../call.js'
import {entity, NO_CONTENT, param} from '../call.js'
import {mustHoldRole} from '../caller.js'
import {GRAPH_APP_ID} from '../data/graph-permissions.js'
import type {Kept, StoredAssignment} from '../directory-store.js'
import {endObject, objectOf, putObject} from '../directory-store.js'
import {badRequest, notFound} from '../graph-fault.js'
import {linkId} from '../made-ids.js'
import {HOLDERS} from '../permissions.js'
import type {EntityType} from '../query/options.js'
import {readNothing, readOptions, readSelect} from '../query/options.js'
import {project} from '../query/page.js'
import {listObjects} from './directory-lists.js'
import {offerOf} from './graph-principal.js'
import {seenPrincipal} from './service-principals.js'

/** The same assignment seen from the one that has the role, and from the one that offers it. */
export type Side = 'appRoleAssignments' | 'appRoleAssignedTo'

const OWN = {appRoleAssignments: 'principalId', appRoleAssignedTo: 'resourceId'} as const

const createBody = z.strictObject({
  principalId: z.guid(),
  resourceId: z.guid(),
  appRoleId: z.guid(),
  '@odata.type': z.string().optional(),
})

/** beta has another name for the time when it was made. */
const madeName = (version: GraphVersion) => (version === 'beta' ? 'creationTimestamp' : 'createdDateTime')

const json = (name: string) => `(f.body ->> '$.${name}')`
const assignmentType = (version: GraphVersion): EntityType => ({
  name: 'microsoft.graph.appRoleAssignment',
  properties: new Set([
    'id',
    'deletedDateTime',
    'appRoleId',
    madeName(version),
    'principalDisplayName',
    'principalId',
    'principalType',
    'resourceDisplayName',
    'resourceId',
  ]),
  filter: {
    principalId: {column: json('principalId'), type: 'guid'},
    resourceId: {column: json('resourceId'), type: 'guid'},
    appRoleId: {column: json('appRoleId'), type: 'guid'},
  },
})

export function listAssignments(side: Side): Handler {
  return (call) => {
    const options = readOptions(call, assignmentType(call.version))
    const {id} = seenPrincipal(call)
    const only = {sql: `${json(OWN[side])} = ?`, values: [id]}
    const context = `servicePrincipals('${id}')/${side}`
    return listObjects(call, options, 'appRoleAssignment', context, (kept) => toAssignment(call, kept), only)
  }
}

export function getAssignment(side: Side): Handler {
  return (call) => {
    const select = readSelect(call, assignmentType(call.version))
    const kept = seenAssignment(call, side)
    const context = `servicePrincipals('${kept.body[OWN[side]]}')/${side}`
    return entity(call, context, project(toAssignment(call, kept), select))
  }
}

/** POST: a service principal gets a role that the resource has. Throws GraphFault 404 for what is not seen yet. */
export function createAssignment(side: Side): Handler {
  return (call) => {
    readNothing(call)
    const own = seenPrincipal(call)
    const sent = readBody(call, createBody, badRequest)
    if (sent[OWN[side]].toLowerCase() !== own.id)
      throw badRequest(`The ${OWN[side]} must be the id in the path.`)
    const principal = mustSee(call, sent.principalId)
    const resource = mustSee(call, sent.resourceId)
    const isGraph = resource.body.appId === GRAPH_APP_ID
    mustHoldRole(call.caller, isGraph ? HOLDERS.grantGraph : HOLDERS.manageApplications)
    const role = offerOf(resource.body).appRoles.find(({id}) => id === sent.appRoleId.toLowerCase())
    if (role === undefined) throw badRequest('Permission being assigned was not found on application.')
    const kept = assign(call, principal.id, resource.id, role.id)
    if (kept === undefined) throw badRequest('Permission being assigned already exists on the object.')
    return entity(call, `servicePrincipals('${own.id}')/${side}`, toAssignment(call, kept), 201)
  }
}

/** Undefined where it is there already. */
export function assign(
  {store, now, moment}: Pick<Call, 'store' | 'now' | 'moment'>,
  principalId: string,
  resourceId: string,
  appRoleId: string,
): Kept<'appRoleAssignment'> | undefined {
  const id = linkId(`${principalId}/${resourceId}/${appRoleId}`)
  if (objectOf(store, 'appRoleAssignment', id) !== undefined) return undefined
  const body: StoredAssignment = {principalId, resourceId, appRoleId, createdDateTime: now.toISOString()}
  putObject(store, 'appRoleAssignment', {id, body}, moment)
  return {id, body}
}

export function deleteAssignment(side: Side): Handler {
  return (call): Answer => {
    readNothing(call)
    const {id, body} = seenAssignment(call, side)
    if (objectOf(call.store, 'appRoleAssignment', id) === undefined) throw notFound(id)
    const resource = objectOf(call.store, 'servicePrincipal', body.resourceId)
    const isGraph = resource?.body.appId === GRAPH_APP_ID
    mustHoldRole(call.caller, isGraph ? HOLDERS.grantGraph : HOLDERS.manageApplications)
    endObject(call.store, 'appRoleAssignment', id, call.moment)
    return NO_CONTENT
  }
}

function seenAssignment(call: Call, side: Side): Kept<'appRoleAssignment'> {
  const {id: own} = seenPrincipal(call)
  const id = param(call, 'assignment')
  const found = objectOf(call.store, 'appRoleAssignment', id, call.seenAt)
  if (found?.body[OWN[side]] !== own) throw notFound(id)
  return found
}

function mustSee({store, seenAt}: Call, id: string): Kept<'servicePrincipal'> {
  const found = objectOf(store, 'servicePrincipal', id, seenAt)
  if (found === undefined) throw notFound(id)
  return found
}

function toAssignment(
  {store, version}: Pick<Call, 'store' | 'version'>,
  {id, body: {createdDateTime, ...body}}: Kept<'appRoleAssignment'>,
): object {
  const nameOf = (principal: string) =>
    objectOf(store, 'servicePrincipal', principal)?.body.displayName ?? null
  return {
    id,
    deletedDateTime: null,
    ...body,
    [madeName(version)]: createdDateTime,
    principalDisplayName: nameOf(body.principalId),
    principalType: 'ServicePrincipal',
    resourceDisplayName: nameOf(body.resourceId),
  }
}
