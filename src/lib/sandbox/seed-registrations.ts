import {MfaError} from '../errors/mfa-error.js'
import {SIGN_IN_SCOPES} from './data/graph-permissions.js'
import type {StoredApplication, StoredPrincipal} from './directory-store.js'
import {objectOf, objectsBy, putObject} from './directory-store.js'
import type {Moment} from './facts.js'
import {graphPrincipal} from './granted.js'
import {assign} from './resources/app-role-assignments.js'
import {blankApplication} from './resources/applications.js'
import {offerOf} from './resources/graph-principal.js'
import {putGrant} from './resources/permission-grants.js'
import {blankPrincipal} from './resources/service-principals.js'
import type {Store} from './store.js'
import {CURRENT} from './store.js'
import type {TenantFile} from './tenant-file.js'
import type {TenantApplication, TenantPrincipal} from './tenant-file-registrations.js'

/** Throws MfaError `data` for an id that is there twice, a permission that Graph does not have, or a service principal of nothing. */
export function seedRegistrations(store: Store, tenant: TenantFile, now: Date, moment: Moment): void {
  for (const application of tenant.applications ?? []) seedApplication(store, application, now, moment)
  for (const principal of tenant.servicePrincipals ?? []) seedPrincipal(store, principal, now, moment)
}

function seedApplication(store: Store, {id, ...given}: TenantApplication, now: Date, moment: Moment): void {
  const twice = objectOf(store, 'application', id) ?? objectsBy(store, 'application', given.appId).at(0)
  if (twice !== undefined) throw invalid(`application ${given.displayName}: its id or appId is there twice`)
  const blank = blankApplication(given.appId.toLowerCase(), given.displayName, now)
  const body: StoredApplication = {...blank, ...defined(given), appId: blank.appId}
  putObject(store, 'application', {id: id.toLowerCase(), body}, moment)
}

function seedPrincipal(
  store: Store,
  {id, appRoleAssignments = [], oauth2PermissionGrants = [], ...given}: TenantPrincipal,
  now: Date,
  moment: Moment,
): void {
  const says = `service principal ${given.displayName}`
  if (objectsBy(store, 'application', given.appId).length === 0)
    throw invalid(`${says}: there is no application with the appId ${given.appId}`)
  const twice =
    objectOf(store, 'servicePrincipal', id) ?? objectsBy(store, 'servicePrincipal', given.appId).at(0)
  if (twice !== undefined) throw invalid(`${says}: its id or appId is there twice`)
  const own = id.toLowerCase()
  const blank = blankPrincipal(given.appId.toLowerCase(), given.displayName)
  const body: StoredPrincipal = {...blank, ...defined(given), appId: blank.appId}
  putObject(store, 'servicePrincipal', {id: own, body}, moment)
  const graph = graphPrincipal({store, seenAt: CURRENT})
  const {appRoles, scopes} = offerOf(graph.body)
  for (const name of appRoleAssignments) {
    const role = appRoles.find(({value}) => value === name)
    if (role === undefined) throw invalid(`${says}: Microsoft Graph has no application permission "${name}"`)
    assign({store, now, moment}, own, graph.id, role.id)
  }
  for (const {principalId, scope} of oauth2PermissionGrants) {
    const unknown = scope
      .split(' ')
      .find((name) => name !== '' && !SIGN_IN_SCOPES.has(name) && !scopes.some(({value}) => value === name))
    if (unknown !== undefined)
      throw invalid(`${says}: Microsoft Graph has no delegated permission "${unknown}"`)
    putGrant(store, moment, {
      clientId: own,
      consentType: principalId === undefined ? 'AllPrincipals' : 'Principal',
      principalId: principalId?.toLowerCase() ?? null,
      resourceId: graph.id,
      scope,
    })
  }
}

function defined<Given extends object>(
  given: Given,
): {[Name in keyof Given]: Exclude<Given[Name], undefined>} {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Given]: Exclude<Given[Name], undefined>
  }
}

function invalid(message: string): MfaError {
  return new MfaError('TENANT_FILE', `the tenant cannot be built: ${message}`, {
    exit: 'data',
    fix: 'correct the tenant file; nothing was written',
  })
}
