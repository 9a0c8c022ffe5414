import {createHash} from 'node:crypto'
import type {
  Application as GraphApplication,
  KeyCredential,
  ServicePrincipal,
} from '@microsoft/microsoft-graph-types'
import type {Application, ApplicationChange, RegisteredKey} from '../../ports/app-registration.js'
import type {CertificateFacts} from '../../ports/certificates.js'
import {GraphError} from '../transport/graph-error.js'
import {path, quoted, type GraphRequest} from '../transport/graph-request.js'
import type {Graph} from '../transport/graph.js'

/** Microsoft Graph's own application id, the same in every cloud. */
export const GRAPH_APP_ID = '00000003-0000-0000-c000-000000000000'
/** `keyCredentials` carries the certificates themselves only where it is selected for a single object. */
const SELECT =
  'id,appId,displayName,createdDateTime,keyCredentials,requiredResourceAccess,isFallbackPublicClient,publicClient'

export type Json = Readonly<Record<string, unknown>>

export function getApplication(where: string): GraphRequest & {readonly method: 'GET'} {
  return {method: 'GET', version: 'v1.0', path: where, query: {$select: SELECT}}
}

/** Undefined where there is none. */
export async function readOne<T>(
  graph: Graph,
  request: GraphRequest & {readonly method: 'GET'},
  signal: AbortSignal,
): Promise<T | undefined> {
  try {
    return (await graph.read(request, signal)).body as T
  } catch (error) {
    if (error instanceof GraphError && error.status === 404) return undefined
    throw error
  }
}

export async function readAll<T>(
  graph: Graph,
  request: GraphRequest & {readonly method: 'GET'},
  signal: AbortSignal,
): Promise<readonly T[]> {
  const all: T[] = []
  for await (const page of graph.pages(request, signal)) all.push(...(page as readonly T[]))
  return all
}

/**
 * Looked up by its application id. Not every service takes that as a key in the address: one that answers 404 is asked for
 * a list.
 */
export async function principalOf(
  graph: Graph,
  appId: string,
  $select: string,
  signal: AbortSignal,
): Promise<ServicePrincipal | undefined> {
  const where = path`/servicePrincipals(appId='${appId}')`
  const keyed = {method: 'GET', version: 'v1.0', path: where, query: {$select}} as const
  const found = await readOne<ServicePrincipal>(graph, keyed, signal)
  if (found !== undefined) return found
  const query = {$filter: `appId eq ${quoted(appId)}`, $select: `appId,${$select}`}
  const request = {method: 'GET', version: 'v1.0', path: '/servicePrincipals', query} as const
  return (await readAll<ServicePrincipal>(graph, request, signal)).find((each) => isNamed(each, appId))
}

/** The object id of an application, where its application id is no key. */
export async function applicationIdOf(
  graph: Graph,
  appId: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const query = {$filter: `appId eq ${quoted(appId)}`, $select: 'id,appId'}
  const request = {method: 'GET', version: 'v1.0', path: '/applications', query} as const
  const all = await readAll<GraphApplication>(graph, request, signal)
  return all.find((each) => isNamed(each, appId))?.id
}

const isNamed = (read: {readonly appId?: string | null}, appId: string): boolean =>
  read.appId?.toLowerCase() === appId.toLowerCase()

/** Graph compares names without regard to case; the tool does not. */
export async function applicationsNamed(
  graph: Graph,
  displayName: string,
  signal: AbortSignal,
): Promise<readonly Application[]> {
  const query = {$filter: `displayName eq ${quoted(displayName)}`, $select: SELECT}
  const request = {method: 'GET', version: 'v1.0', path: '/applications', query} as const
  const found = await readAll<GraphApplication>(graph, request, signal)
  return found.filter((each) => each.displayName === displayName).map(applicationOf)
}

export function applicationOf(read: GraphApplication): Application {
  const access = (read.requiredResourceAccess ?? []).filter(
    ({resourceAppId}) => resourceAppId === GRAPH_APP_ID,
  )
  return {
    objectId: read.id ?? '',
    appId: read.appId ?? '',
    displayName: read.displayName ?? '',
    createdAt: read.createdDateTime ?? undefined,
    keys: (read.keyCredentials ?? []).map(keyOf),
    asksFor: access.flatMap(({resourceAccess}) =>
      (resourceAccess ?? []).flatMap(({id, type}) =>
        typeof id === 'string'
          ? [{id, kind: type === 'Role' ? ('application' as const) : ('delegated' as const)}]
          : [],
      ),
    ),
    isPublicClient: read.isFallbackPublicClient === true,
    replyAddresses: read.publicClient?.redirectUris ?? [],
  }
}

function keyOf(read: KeyCredential): RegisteredKey {
  const key: unknown = read.key
  const der = typeof key === 'string' && key !== '' ? Buffer.from(key, 'base64') : undefined
  const digest = (name: string) =>
    der === undefined ? undefined : createHash(name).update(der).digest('hex').toUpperCase()
  return {
    keyId: read.keyId ?? '',
    name: read.displayName ?? '',
    thumbprintSha1: digest('sha1') ?? thumbprintOf(read.customKeyIdentifier, 20),
    thumbprintSha256: digest('sha256') ?? thumbprintOf(read.customKeyIdentifier, 32),
    notBefore: read.startDateTime ?? undefined,
    notAfter: read.endDateTime ?? undefined,
  }
}

/** Graph shows the thumbprint as base64 of its bytes, or as hex. */
function thumbprintOf(identifier: unknown, length: 20 | 32): string | undefined {
  if (typeof identifier !== 'string') return undefined
  if (identifier.length === length * 2 && /^[0-9a-f]+$/i.test(identifier)) return identifier.toUpperCase()
  const bytes = Buffer.from(identifier, 'base64')
  return bytes.length === length ? bytes.toString('hex').toUpperCase() : undefined
}

/** The body of a creation or change; what is asked of other resources than Graph comes from `others`. */
export function bodyOf(
  {asksFor, isPublicClient, replyAddresses}: ApplicationChange,
  others: readonly Json[] = [],
): Json {
  const graph = {
    resourceAppId: GRAPH_APP_ID,
    resourceAccess: asksFor?.map(({id, kind}) => ({id, type: kind === 'application' ? 'Role' : 'Scope'})),
  }
  return {
    ...(asksFor === undefined
      ? {}
      : {requiredResourceAccess: asksFor.length === 0 ? others : [...others, graph]}),
    ...(isPublicClient === undefined ? {} : {isFallbackPublicClient: isPublicClient}),
    ...(replyAddresses === undefined ? {} : {publicClient: {redirectUris: replyAddresses}}),
  }
}

/** What the application asks of other resources, as Graph takes it back. */
export async function askedOfOthers(
  graph: Graph,
  objectId: string,
  signal: AbortSignal,
): Promise<readonly Json[]> {
  const read = await readOne<GraphApplication>(graph, getApplication(path`/applications/${objectId}`), signal)
  return (read?.requiredResourceAccess ?? [])
    .filter(({resourceAppId}) => resourceAppId !== GRAPH_APP_ID)
    .map(({resourceAppId, resourceAccess}) => ({
      resourceAppId,
      resourceAccess: (resourceAccess ?? []).map(({id, type}) => ({id, type})),
    }))
}

const KEY_FIELDS = [
  'customKeyIdentifier',
  'displayName',
  'endDateTime',
  'key',
  'keyId',
  'startDateTime',
  'type',
  'usage',
] as const

/** The certificates that are there, as Graph takes them back: a change replaces the whole list. */
export async function keysThere(
  graph: Graph,
  objectId: string,
  signal: AbortSignal,
): Promise<readonly Json[] | undefined> {
  const read = await readOne<GraphApplication>(graph, getApplication(path`/applications/${objectId}`), signal)
  if (read === undefined) return undefined
  return (read.keyCredentials ?? []).map((each) => {
    const all: Json = {...each}
    return Object.fromEntries(
      KEY_FIELDS.flatMap((name) =>
        all[name] === null || all[name] === undefined ? [] : [[name, all[name]]],
      ),
    )
  })
}

/** The public certificate as a new entry. */
export function newKey({der, subject, notBefore, notAfter}: CertificateFacts): Json {
  return {
    type: 'AsymmetricX509Cert',
    usage: 'Verify',
    key: der,
    displayName: subject,
    startDateTime: notBefore.toISOString(),
    endDateTime: notAfter.toISOString(),
  }
}
