import type {Access} from './caller.js'
import type {Handler} from './call.js'
import {HOLDERS, MAY} from './permissions.js'
import * as applications from './resources/applications.js'
import {
  createAssignment,
  deleteAssignment,
  getAssignment,
  listAssignments,
} from './resources/app-role-assignments.js'
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
  ['GET', '/servicePrincipals', principals.listPrincipals, READ],
  ['POST', '/servicePrincipals', principals.createPrincipal, WRITE_PRINCIPAL],
  ...["/servicePrincipals(appId='{appId}')", PRINCIPAL].flatMap((path): Line[] => [
    ['GET', path, principals.getPrincipal, READ],
    ['PATCH', path, principals.updatePrincipal, WRITE_PRINCIPAL],
    ['DELETE', path, principals.deletePrincipal, WRITE_PRINCIPAL],
  ]),
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
]

/** What setting up an app registration needs; the same in v1.0 and beta. */
export const REGISTRATION_ROUTES: readonly Route[] = LINES.map(([method, template, handler, access]) => ({
  method,
  template,
  handler,
  ...access,
}))
