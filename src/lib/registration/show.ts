import {MfaError} from '../errors/mfa-error.js'
import type {RegisteredKey} from '../ports/app-registration.js'
import type {Secret} from '../model/secret.js'
import {readIfThere} from './apply-steps.js'
import type {RegistrationDeps} from './configure-request.js'
import {daysLeft} from './own-certificate.js'
import {neededFor, type Feature} from './features.js'
import {permissionRows, useOf, type PermissionRow} from './granted.js'
import {isKeyOf} from './plan.js'
import {locate, noApplication, stateOf, type Which} from './locate.js'

export interface ShowRequest {
  readonly which: Which
  readonly features: readonly Feature[]
  /** Of this machine. */
  readonly certificate?: {readonly file: string; readonly password?: Secret | undefined} | undefined
}

export interface CertificateRow extends Partial<RegisteredKey> {
  readonly name: string
  readonly daysLeft?: number | undefined
  /** The file on this machine that holds its key. */
  readonly file?: string | undefined
}

export interface AppView {
  readonly tenantId: string
  readonly appId: string
  readonly displayName?: string | undefined
  readonly features: readonly Feature[]
  readonly permissions: readonly PermissionRow[]
  readonly certificates: readonly CertificateRow[]
  /** Only what the application's own sign-in tells: it may not read the registration. */
  readonly limited: boolean
}

/** Granted against needed and used, and certificates with the days they have left. */
export async function showRegistration(
  request: ShowRequest,
  deps: RegistrationDeps,
  signal: AbortSignal,
): Promise<AppView> {
  try {
    return await whole(request, deps, signal)
  } catch (error) {
    const {appId} = request.which
    const {caller} = deps
    const forbidden = error instanceof MfaError && error.code === 'GRAPH_FORBIDDEN'
    if (
      !forbidden ||
      caller.kind !== 'application' ||
      caller.permissions === undefined ||
      appId === undefined
    )
      throw error
    return limitedView(request, deps, appId, caller.permissions)
  }
}

async function whole(request: ShowRequest, deps: RegistrationDeps, signal: AbortSignal): Promise<AppView> {
  const {tenantId, clock, registrations} = deps
  const found = await locate(request.which, tenantId, deps, signal)
  if (found === undefined) throw noApplication(request.which.displayName, tenantId)
  const state = await stateOf(found, registrations, signal)
  const own = await ownFacts(request, deps)
  const file = request.certificate?.file
  return {
    tenantId,
    appId: found.appId,
    displayName: found.displayName,
    features: request.features,
    permissions: permissionRows(state, neededFor(request.features), await useOf(deps, found.appId)),
    certificates: found.keys.map((key) => ({
      ...key,
      daysLeft: key.notAfter === undefined ? undefined : daysLeft(new Date(key.notAfter), clock.now()),
      file: own !== undefined && isKeyOf(key, own) ? file : undefined,
    })),
    limited: false,
  }
}

/** The token tells what is granted to the application. */
async function limitedView(
  request: ShowRequest,
  deps: RegistrationDeps,
  appId: string,
  granted: readonly string[],
): Promise<AppView> {
  const {tenantId, clock} = deps
  const permissions = [
    ...new Set([...granted, ...neededFor(request.features).map(({permission}) => permission)]),
  ]
  const state = {
    graph: {id: '', permissions: permissions.map((name) => ({id: name, name, kind: 'application' as const}))},
    grants: {roles: granted.map((name) => ({id: name, roleId: name})), scopes: []},
  }
  const needed = neededFor(request.features).filter(({kind}) => kind === 'application')
  const own = await ownFacts(request, deps)
  return {
    tenantId,
    appId,
    features: request.features,
    permissions: permissionRows(state, needed, await useOf(deps, appId)),
    certificates:
      own === undefined
        ? []
        : [
            {
              name: own.subject,
              thumbprintSha1: own.thumbprintSha1,
              thumbprintSha256: own.thumbprintSha256,
              notBefore: own.notBefore.toISOString(),
              notAfter: own.notAfter.toISOString(),
              daysLeft: daysLeft(own.notAfter, clock.now()),
              file: request.certificate?.file,
            },
          ],
    limited: true,
  }
}

async function ownFacts({certificate}: ShowRequest, {certificates}: RegistrationDeps) {
  if (certificate === undefined) return undefined
  try {
    return (await readIfThere(certificates, certificate.file, certificate.password))?.facts
  } catch (error) {
    // Looking at the registration does not need the key.
    if (error instanceof MfaError) return undefined
    throw error
  }
}
