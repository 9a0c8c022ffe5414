import type {ActorFilter, AuditActor} from '../ports/audit-log.js'

/** Microsoft's own MFA Server Migration Utility, as the log names it. */
export const INCUMBENT = 'Azure MFA Management'
/** The service that keeps registrations; it has no app id. Writes through Graph may stand under its name. */
export const REGISTRATION_SERVICE = 'Azure MFA StrongAuthenticationService'

/** Who the tool is in this tenant; all of it undefined where that cannot be told. */
export interface OurActor {
  readonly appId?: string | undefined
  readonly appName?: string | undefined
  readonly userPrincipalName?: string | undefined
}

export type ActorClass = 'app' | 'incumbent' | 'service' | 'other'

export function classOf(actor: AuditActor, ours: OurActor): ActorClass {
  if (isOurs(actor, ours)) return 'app'
  if (actor.kind !== 'app') return 'other'
  if (same(actor.name, INCUMBENT)) return 'incumbent'
  return same(actor.name, REGISTRATION_SERVICE) ? 'service' : 'other'
}

function isOurs({kind, id, name}: AuditActor, ours: OurActor): boolean {
  if (kind === 'person') return same(name, ours.userPrincipalName)
  return kind === 'app' && (same(id, ours.appId) || same(name, ours.appName))
}

/** `--actor`: `app`, `incumbent`, `service`, an app id, a user principal name, or the display name of an app. */
export function actorFilter(text: string, ours: OurActor): ActorFilter | undefined {
  switch (text.toLowerCase()) {
    case 'app':
      return oursFilter(ours)
    case 'incumbent':
      return {appName: INCUMBENT}
    case 'service':
      return {appName: REGISTRATION_SERVICE}
    default:
      if (GUID.test(text)) return {appId: text.toLowerCase()}
      return text.includes('@') ? {userPrincipalName: text} : {appName: text}
  }
}

function oursFilter({appId, appName, userPrincipalName}: OurActor): ActorFilter | undefined {
  if (appId !== undefined) return {appId}
  if (appName !== undefined) return {appName}
  return userPrincipalName === undefined ? undefined : {userPrincipalName}
}

/** An app id or an object id. */
export const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

const same = (one: string | undefined, other: string | undefined): boolean =>
  one !== undefined && other !== undefined && one.toLowerCase() === other.toLowerCase()
