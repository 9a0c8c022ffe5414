import {GraphFault} from './graph-fault.js'
import type {Claims} from './tokens.js'

/** Who asks: what the token says, as far as access depends on it. */
export type Caller =
  | {
      readonly kind: 'app'
      readonly appId: string | undefined
      /** Application permissions. */
      readonly roles: readonly string[]
    }
  | {
      readonly kind: 'person'
      readonly appId: string | undefined
      readonly userPrincipalName: string | undefined
      /** Delegated permissions; `undefined` for a token that is not limited to some. */
      readonly scopes: readonly string[] | undefined
      /** Display names of directory roles. */
      readonly directoryRoles: readonly string[]
    }

/** What a route asks of its caller. Nobody is refused by an empty list. */
export interface Access {
  /** Any one of these application permissions is enough; `none`: Graph does not support applications here. */
  readonly permissions: readonly string[] | 'none'
  /** Any one of these delegated permissions is enough; those of applications if left out. */
  readonly delegated?: readonly string[] | undefined
  /** Any one of these permissions is needed as well, of either kind. */
  readonly besides?: readonly string[] | undefined
  /** A person has to hold any one of these directory roles. Global Administrator always does. */
  readonly directoryRoles?: readonly string[] | undefined
}

const OWNED_ONLY = 'Application.ReadWrite.OwnedBy'
export const GLOBAL_ADMINISTRATOR = 'Global Administrator'
/** Claim of our own: names say what the template ids in `wids` cannot for roles that are not known here. */
export const ROLES_CLAIM = 'sandbox_directory_roles'

export function callerOf(claims: Claims): Caller {
  // A refresh token opens nothing here, and speaks for nobody.
  const appId = claims['use'] === 'refresh' ? undefined : text(claims['appid'])
  if (claims.roles !== undefined || claims.scp === undefined)
    return {kind: 'app', appId, roles: claims.roles ?? []}
  const scopes = claims.scp.split(' ').filter((scope) => scope !== '')
  const held = claims[ROLES_CLAIM]
  return {
    kind: 'person',
    appId,
    userPrincipalName: text(claims['preferred_username']),
    // `.default` means whatever was consented to, which the authority has not spelled out.
    scopes: scopes.some((scope) => scope.endsWith('.default')) ? undefined : scopes,
    directoryRoles: Array.isArray(held) ? held.map(String) : [GLOBAL_ADMINISTRATOR],
  }
}

/** Throws GraphFault 403 as Graph words it. */
export function mustBeAllowed(
  caller: Caller,
  {permissions, delegated, besides, directoryRoles}: Access,
): void {
  const held = caller.kind === 'app' ? caller.roles : caller.scopes
  if (besides !== undefined && held !== undefined && !overlaps(held, besides)) throw denied()
  if (caller.kind === 'app') {
    if (permissions === 'none') throw denied()
    if (permissions.length > 0 && !overlaps(caller.roles, permissions)) throw denied()
    return
  }
  const needed = delegated ?? (permissions === 'none' ? [] : permissions)
  if (caller.scopes !== undefined && needed.length > 0 && !overlaps(caller.scopes, needed)) throw denied()
  const roles = [...(directoryRoles ?? []), GLOBAL_ADMINISTRATOR]
  if (directoryRoles !== undefined && !overlaps(caller.directoryRoles, roles)) throw denied()
}

/** For access that depends on what the request is about. Throws GraphFault 403. */
export function mustHoldRole(caller: Caller, directoryRoles: readonly string[]): void {
  if (caller.kind === 'app') return
  if (!overlaps(caller.directoryRoles, [...directoryRoles, GLOBAL_ADMINISTRATOR])) throw denied()
}

/** Who is noted as the owner of what this caller makes. */
export function ownerOf(caller: Caller): string | null {
  return caller.kind === 'app' ? (caller.appId ?? null) : null
}

/**
 * An application with `Application.ReadWrite.OwnedBy` alone changes only what is its own; any one of `permissions` besides
 * that opens everything. Throws GraphFault 403.
 */
export function mustOwn(caller: Caller, owner: string | null, permissions: readonly string[]): void {
  if (caller.kind !== 'app') return
  const wide = permissions.filter((each) => each !== OWNED_ONLY)
  if (!overlaps(caller.roles, wide) && (owner === null || caller.appId !== owner)) throw denied()
}

const denied = () =>
  new GraphFault(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.')

const overlaps = (some: readonly string[], others: readonly string[]): boolean =>
  some.some((each) => others.includes(each))

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
