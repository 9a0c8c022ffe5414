import {path, type GraphRequest} from '../transport/graph-request.js'
import type {Graph} from '../transport/graph.js'

type Read = GraphRequest & {readonly method: 'GET'}

const get = (
  to: string,
  query: Readonly<Record<string, string>> = {},
  version: Read['version'] = 'v1.0',
): Read => ({
  method: 'GET',
  version,
  path: to,
  query,
})

/** Reads that a permission opens, also one that lets write: nothing is changed by trying them. */
const CALLS: Readonly<Record<string, Read>> = {
  'User.Read.All': get('/users', {$select: 'id', $top: '1'}),
  'GroupMember.Read.All': get('/groups', {$select: 'id', $top: '1'}),
  'Policy.Read.AuthenticationMethod': get('/policies/authenticationMethodsPolicy', {$select: 'id'}),
  'Policy.ReadWrite.AuthenticationMethod': get('/policies/authenticationMethodsPolicy', {$select: 'id'}),
  'Policy.Read.All': get('/policies/authenticationMethodsPolicy', {$select: 'id'}),
  'Domain.Read.All': get('/domains', {$select: 'id'}),
  'AuditLog.Read.All': get('/auditLogs/directoryAudits', {$top: '1'}),
  'Organization.Read.All': get('/organization', {$select: 'id'}),
  'Application.Read.All': get('/applications', {$select: 'id', $top: '1'}),
  'RoleManagement.Read.Directory': get('/directoryRoles', {$select: 'id'}),
}
const METHODS: Readonly<Record<string, (user: string) => Read>> = {
  'UserAuthenticationMethod.Read.All': (user) => get(path`/users/${user}/authentication/methods`),
  'UserAuthenticationMethod.ReadWrite.All': (user) => get(path`/users/${user}/authentication/methods`),
  'UserAuthMethod-TAP.ReadWrite.All': (user) =>
    get(path`/users/${user}/authentication/temporaryAccessPassMethods`),
  'UserAuthMethod-Phone.ReadWrite.All': (user) => get(path`/users/${user}/authentication/phoneMethods`),
  'UserAuthMethod-HardwareOATH.ReadWrite.All': (user) =>
    get(path`/users/${user}/authentication/hardwareOathMethods`, {}, 'beta'),
}
const FEDERATION = new Set(['Domain-InternalFederation.Read.All', 'Domain-InternalFederation.ReadWrite.All'])

/** The read to try a permission with; undefined where there is none. May look up a user or domain to read of. */
export async function harmlessCall(
  graph: Graph,
  permission: string,
  signal: AbortSignal,
): Promise<Read | undefined> {
  const ofUser = METHODS[permission]
  if (ofUser !== undefined) {
    const user = await firstId(graph, get('/users', {$select: 'id', $top: '1'}), signal)
    return user === undefined ? undefined : ofUser(user)
  }
  if (FEDERATION.has(permission)) {
    const domain = await firstId(graph, get('/domains', {$select: 'id'}), signal)
    return domain === undefined ? undefined : get(path`/domains/${domain}/federationConfiguration`)
  }
  if (permission === 'GroupMember.ReadWrite.All') {
    const group = await firstId(graph, get('/groups', {$select: 'id', $top: '1'}), signal)
    return group === undefined ? undefined : get(path`/groups/${group}/members`, {$select: 'id', $top: '1'})
  }
  return CALLS[permission]
}

async function firstId(graph: Graph, request: Read, signal: AbortSignal): Promise<string | undefined> {
  const {body} = await graph.read(request, signal)
  const [first] = (body as {value?: readonly {id?: string}[]}).value ?? []
  return first?.id
}
