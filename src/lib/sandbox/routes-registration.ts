import type {Access} from './caller.js'
import type {Handler} from './call.js'
import {HOLDERS, MAY, MAY_FOR_PERSON} from './permissions.js'
import * as applications from './resources/applications.js'
import {
  createAssignment,
  deleteAssignment,
  getAssignment,
  listAssignments,
} from './resources/app-role-assignments.js'
import {addKey, removeKey} from './resources/application-keys.js'
import {listRoleMembers, listRoles} from './resources/directory-roles.js'
import {getMe} from './resources/me.js'
import * as grants from './resources/permission-grants.js'
import * as principals from './resources/service-principals.js'
import type {Method, Route} from './router.js'

const READ: Access = {permissions: MAY.readApplications}
const WRITE: Access = {permissions: MAY.writeApplications, directoryRoles: HOLDERS.manageApplications}
const WRITE_PRINCIPAL: Access = {...WRITE, permissions: MAY.writePrincipals}
/** Which directory role it takes depends on the resource: the handlers ask. */
const REVOKE: Access = {permissions: MAY.assignRoles}
const ASSIGN: Access = {...REVOKE, besides: MAY.assignRolesBesides}

const PRINCIPAL = '/servicePrincipals/{principal}'
const GRANT = '/oauth2PermissionGrants/{grant}'

type Line = readonly [method: Method, template: string, handler: Handler, access: Access]

const LINES: readonly Line[] = [
  ['GET', '/applications', applications.listApplications, READ],
  ['POST', '/applications', applications.createApplication, WRITE],
  ...["/applications(appId='{appId}')", '/applications/{application}'].flatMap((path): Line[] => [
    ['GET', path, applications.getApplication, READ],
    ['PATCH', path, applications.updateApplication, WRITE],
  ]),
  ['DELETE', '/applications/{application}', applications.deleteApplication, WRITE],
  // An application may roll its own keys: the handlers ask who it is.
  ['POST', '/applications/{application}/addKey', addKey, {permissions: []}],
  ['POST', '/applications/{application}/removeKey', removeKey, {permissions: []}],
  ['GET', '/servicePrincipals', principals.listPrincipals, READ],
  ['POST', '/servicePrincipals', principals.createPrincipal, WRITE_PRINCIPAL],
  ['GET', "/servicePrincipals(appId='{appId}')", principals.getPrincipal, READ],
  ['GET', PRINCIPAL, principals.getPrincipal, READ],
  ['PATCH', PRINCIPAL, principals.updatePrincipal, WRITE_PRINCIPAL],
  ['DELETE', PRINCIPAL, principals.deletePrincipal, WRITE_PRINCIPAL],
  ...(['appRoleAssignments', 'appRoleAssignedTo'] as const).flatMap((side): Line[] => [
    ['GET', `${PRINCIPAL}/${side}`, listAssignments(side), READ],
    ['POST', `${PRINCIPAL}/${side}`, createAssignment(side), ASSIGN],
    ['GET', `${PRINCIPAL}/${side}/{assignment}`, getAssignment(side), READ],
    ['DELETE', `${PRINCIPAL}/${side}/{assignment}`, deleteAssignment(side), REVOKE],
  ]),
  ['GET', '/oauth2PermissionGrants', grants.listGrants, {permissions: MAY.readGrants}],
  ['POST', '/oauth2PermissionGrants', grants.createGrant, {permissions: MAY.writeGrants}],
  ['GET', GRANT, grants.getGrant, {permissions: MAY.readGrants}],
  ['PATCH', GRANT, grants.updateGrant, {permissions: MAY.writeGrants}],
  ['DELETE', GRANT, grants.deleteGrant, {permissions: MAY.writeGrants}],
  ['GET', '/directoryRoles', listRoles, {permissions: MAY.readRoles}],
  ['GET', '/directoryRoles/{role}/members', listRoleMembers, {permissions: MAY.readRoles}],
  ['GET', '/me', getMe, {permissions: [], delegated: MAY_FOR_PERSON.readMe}],
]

/** What setting up an app registration needs; the same in v1.0 and beta. */
export const REGISTRATION_ROUTES: readonly Route[] = LINES.map(([method, template, handler, access]) => ({
  method,
  template,
  handler,
  ...access,
}))
