import {z} from 'zod'

import {readBody} from '../body.js'
import type {Answer, Call} from '../call.js'
import {entity, NO_CONTENT, param} from '../call.js'
import {mustOwn, ownerOf} from '../caller.js'
import type {Kept, StoredApplication} from '../directory-store.js'
import {endObject, objectOf, objectsBy, putObject} from '../directory-store.js'
import {badRequest, notFound} from '../graph-fault.js'
import {givenKey, replaceKeys} from '../key-credentials.js'
import {nextId} from '../made-ids.js'
import {MAY} from '../permissions.js'
import {readNothing, readOptions, readSelect} from '../query/options.js'
import {project} from '../query/page.js'
import {listObjects} from './directory-lists.js'
import {APPLICATION_TYPE, toApplication} from './application-type.js'
import {removePrincipal} from './service-principals.js'

const text = z.string().max(1024).nullable()
const uris = z.strictObject({
  redirectUris: z.array(z.string().max(256)).max(256).optional(),
  '@odata.type': z.string().optional(),
})

const fields = {
  displayName: z.string().min(1).max(256),
  signInAudience: z.enum([
    'AzureADMyOrg',
    'AzureADMultipleOrgs',
    'AzureADandPersonalMicrosoftAccount',
    'PersonalMicrosoftAccount',
  ]),
  isFallbackPublicClient: z.boolean().nullable(),
  requiredResourceAccess: z
    .array(
      z.strictObject({
        resourceAppId: z.string().min(1),
        resourceAccess: z.array(z.strictObject({id: z.guid(), type: z.enum(['Role', 'Scope'])})).min(1),
      }),
    )
    .max(50),
  keyCredentials: z.array(givenKey),
  publicClient: uris.nullable(),
  web: uris.nullable(),
  spa: uris.nullable(),
  description: text,
  notes: text,
  serviceManagementReference: text,
  uniqueName: text,
  tags: z.array(z.string().max(256)),
  identifierUris: z.array(z.string()),
}
const changes = z.strictObject(fields).partial().extend({'@odata.type': z.string().optional()})
const createBody = changes.extend({displayName: fields.displayName})
const updateBody = changes.refine((body) => Object.keys(body).length > 0, 'nothing to update')

type Changes = z.infer<typeof changes>

export function listApplications(call: Call): Answer {
  const options = readOptions(call, APPLICATION_TYPE)
  return listObjects(call, options, 'application', 'applications', ({id, body}) =>
    toApplication(id, body, {keys: false}),
  )
}

export function createApplication(call: Call): Answer {
  readNothing(call)
  const body = readBody(call, createBody, badRequest)
  const id = nextId(call.store, 'application')
  const blank = {
    ...blankApplication(nextId(call.store, 'appId'), body.displayName, call.now),
    owner: ownerOf(call.caller),
  }
  const stored = changed(call, {id, body: blank}, body)
  putObject(call.store, 'application', {id, body: stored}, call.moment)
  return entity(call, 'applications', toApplication(id, stored, {keys: false}), 201)
}

/** What an application is that was given nothing but a name. */
export function blankApplication(appId: string, displayName: string, now: Date): StoredApplication {
  return {
    appId,
    displayName,
    createdDateTime: now.toISOString(),
    signInAudience: 'AzureADMyOrg',
    isFallbackPublicClient: null,
    requiredResourceAccess: [],
    keyCredentials: [],
    publicClient: {redirectUris: []},
    web: {redirectUris: []},
    spa: {redirectUris: []},
    description: null,
    notes: null,
    serviceManagementReference: null,
    uniqueName: null,
    tags: [],
    identifierUris: [],
    owner: null,
  }
}

export function getApplication(call: Call): Answer {
  const select = readSelect(call, APPLICATION_TYPE)
  const {id, body} = seenApplication(call)
  // `key` is there only where keyCredentials is asked for by name.
  const keys = select?.includes('keyCredentials') === true
  return entity(call, 'applications', project(toApplication(id, body, {keys}), select))
}

/** PATCH: 204. A list that is sent replaces the whole list. */
export function updateApplication(call: Call): Answer {
  readNothing(call)
  const found = currentApplication(call)
  mustOwn(call.caller, found.body.owner, MAY.writeApplications)
  const body = readBody(call, updateBody, badRequest)
  const stored = changed(call, found, body)
  putObject(call.store, 'application', {id: found.id, body: stored}, call.moment)
  return NO_CONTENT
}

/** DELETE: its service principal in this tenant goes with it. */
export function deleteApplication(call: Call): Answer {
  readNothing(call)
  const {id, body} = currentApplication(call)
  mustOwn(call.caller, body.owner, MAY.writeApplications)
  endObject(call.store, 'application', id, call.moment)
  for (const principal of objectsBy(call.store, 'servicePrincipal', body.appId))
    removePrincipal(call, principal)
  return NO_CONTENT
}

/** The application of the path as the caller may see it by now. Throws GraphFault 404. */
function seenApplication({store, params, seenAt}: Call): Kept<'application'> {
  const {application, appId} = params
  const found =
    appId === undefined
      ? objectOf(store, 'application', application ?? '', seenAt)
      : objectsBy(store, 'application', appId, seenAt)[0]
  if (found === undefined) throw notFound(appId ?? application ?? '')
  return found
}

/** The application of the path as it is, if the caller may see it by now: what is written builds on the newest state. */
export function currentApplication(call: Call): Kept<'application'> {
  const {id} = seenApplication(call)
  const found = objectOf(call.store, 'application', id)
  if (found === undefined) throw notFound(call.params['application'] ?? param(call, 'appId'))
  return found
}

function changed(call: Call, {id, body}: Kept<'application'>, sent: Changes): StoredApplication {
  const {'@odata.type': _type, keyCredentials, publicClient, web, spa, ...plain} = sent
  const given = Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined))
  return {
    ...body,
    ...given,
    publicClient: redirects(publicClient, body.publicClient),
    web: redirects(web, body.web),
    spa: redirects(spa, body.spa),
    keyCredentials:
      keyCredentials === undefined
        ? body.keyCredentials
        : replaceKeys(id, body.keyCredentials, keyCredentials, call.rules),
  }
}

function redirects(
  sent: {redirectUris?: string[] | undefined} | null | undefined,
  before: {readonly redirectUris: readonly string[]},
) {
  if (sent === undefined) return before
  return {redirectUris: sent?.redirectUris ?? (sent === null ? [] : before.redirectUris)}
}
