import type {GraphRequest} from './graph-request.js'

interface Need {
  readonly permission: string
  /** The administrator's role that delegated sign-in needs besides the permission. */
  readonly role: string
}

const METHODS_ROLE =
  'Authentication Administrator (Privileged Authentication Administrator for users who are administrators)'
const POLICY_ROLE = 'Authentication Policy Administrator'
const READER_ROLE = 'Global Reader'

/** Least permission of each operation that the tool uses, first match wins. Source: Graph permissions reference. */
export const NEEDS: readonly (readonly [method: 'GET' | 'write', path: RegExp, need: Need])[] = [
  [
    'write',
    /^\/users\/[^/]+\/authentication\/phoneMethods/,
    {permission: 'UserAuthMethod-Phone.ReadWrite.All', role: METHODS_ROLE},
  ],
  [
    'write',
    /^\/users\/[^/]+\/authentication\/hardwareOathMethods/,
    {permission: 'UserAuthMethod-HardwareOATH.ReadWrite.All', role: METHODS_ROLE},
  ],
  [
    'write',
    /^\/users\/[^/]+\/authentication\/temporaryAccessPassMethods/,
    {permission: 'UserAuthMethod-TAP.ReadWrite.All', role: METHODS_ROLE},
  ],
  [
    'write',
    /^\/users\/[^/]+\/authentication/,
    {permission: 'UserAuthenticationMethod.ReadWrite.All', role: METHODS_ROLE},
  ],
  [
    'GET',
    /^\/users\/[^/]+\/authentication/,
    {permission: 'UserAuthenticationMethod.Read.All', role: METHODS_ROLE},
  ],
  [
    'write',
    /^\/directory\/authenticationMethodDevices/,
    {permission: 'Policy.ReadWrite.AuthenticationMethod', role: POLICY_ROLE},
  ],
  ['GET', /^\/directory\/authenticationMethodDevices/, {permission: 'Policy.Read.All', role: POLICY_ROLE}],
  [
    'write',
    /^\/policies\/authenticationMethodsPolicy/,
    {permission: 'Policy.ReadWrite.AuthenticationMethod', role: POLICY_ROLE},
  ],
  [
    'GET',
    /^\/policies\/authenticationMethodsPolicy/,
    {permission: 'Policy.Read.AuthenticationMethod', role: READER_ROLE},
  ],
  [
    'GET',
    /^\/policies\/featureRolloutPolicies/,
    {permission: 'Directory.ReadWrite.All (delegated only)', role: 'Hybrid Identity Administrator'},
  ],
  [
    'write',
    /^\/policies\/featureRolloutPolicies/,
    {permission: 'Directory.ReadWrite.All (delegated only)', role: 'Hybrid Identity Administrator'},
  ],
  [
    'write',
    /^\/domains\/[^/]+\/federationConfiguration/,
    {permission: 'Domain-InternalFederation.ReadWrite.All', role: 'Hybrid Identity Administrator'},
  ],
  [
    'GET',
    /^\/domains\/[^/]+\/federationConfiguration/,
    {permission: 'Domain-InternalFederation.Read.All', role: READER_ROLE},
  ],
  ['GET', /^\/domains/, {permission: 'Domain.Read.All', role: READER_ROLE}],
  ['write', /^\/groups$/, {permission: 'Group.Create', role: 'Groups Administrator'}],
  ['write', /^\/groups/, {permission: 'GroupMember.ReadWrite.All', role: 'Groups Administrator'}],
  ['GET', /^\/groups/, {permission: 'GroupMember.Read.All', role: READER_ROLE}],
  ['GET', /^\/users/, {permission: 'User.Read.All', role: READER_ROLE}],
  ['GET', /^\/organization/, {permission: 'Organization.Read.All', role: READER_ROLE}],
  ['GET', /^\/(auditLogs|reports)/, {permission: 'AuditLog.Read.All', role: READER_ROLE}],
  ['GET', /^\/(applications|servicePrincipals)/, {permission: 'Application.Read.All', role: READER_ROLE}],
  [
    'write',
    /^\/servicePrincipals\/[^/]+\/appRole/,
    {permission: 'AppRoleAssignment.ReadWrite.All', role: 'Privileged Role Administrator'},
  ],
  [
    'write',
    /^\/(applications|servicePrincipals)/,
    {permission: 'Application.ReadWrite.All', role: 'Application Administrator'},
  ],
]

/** What a refused request would have needed; undefined for an operation that is not in the table. */
export function needOf(request: Pick<GraphRequest, 'method' | 'path'>): Need | undefined {
  const group = request.method === 'GET' ? 'GET' : 'write'
  return NEEDS.find(([method, path]) => method === group && path.test(request.path))?.[2]
}

/** Every permission that a request makes use of: members are read with their properties as users. */
export function usedBy(request: Pick<GraphRequest, 'method' | 'path'>): readonly string[] {
  const need = needOf(request)
  if (need === undefined) return []
  return /^\/groups\/.*\/microsoft\.graph\.user$/.test(request.path)
    ? [need.permission, 'User.Read.All']
    : [need.permission]
}
