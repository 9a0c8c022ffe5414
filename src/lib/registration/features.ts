import type {PermissionKind} from '../ports/app-registration.js'

/** What people choose from with `--with`. */
export const FEATURES = ['migrate', 'sync', 'federation', 'audit', 'rollout', 'readiness'] as const
export type Feature = (typeof FEATURES)[number]

/** A permission of Microsoft Graph, and what the tool does with it. */
export interface NeededPermission {
  readonly permission: string
  readonly kind: PermissionKind
  readonly why: string
}

const app = (permission: string, why: string): NeededPermission => ({permission, kind: 'application', why})
const person = (permission: string, why: string): NeededPermission => ({permission, kind: 'delegated', why})

const READ_USERS = app('User.Read.All', 'match server users with users of Entra')
const READ_MEMBERS = app('GroupMember.Read.All', 'find the group and its members')
const READ_METHODS = app('UserAuthenticationMethod.Read.All', 'read which methods users have')
const READ_POLICIES = app(
  'Policy.Read.All',
  'read the inventory of OATH tokens and the authentication methods policy',
)
const WRITE_METHODS = app(
  'UserAuthenticationMethod.ReadWrite.All',
  'read methods; write phone numbers, tokens and the default method',
)
const WRITE_TOKENS = app(
  'Policy.ReadWrite.AuthenticationMethod',
  'put OATH tokens into the inventory; read the methods policy',
)
const MIGRATE = [READ_USERS, READ_MEMBERS, WRITE_METHODS, WRITE_TOKENS, READ_POLICIES]

/**
 * The least that each feature works with. Source: Graph's published permission data. Staged rollout knows no application
 * permission, so that a person has to sign in for it; `Policy.ReadWrite.HybridAuthentication` is narrower but cannot be
 * granted in every tenant yet.
 */
export const NEEDS: Readonly<Record<Feature, readonly NeededPermission[]>> = {
  migrate: MIGRATE,
  sync: MIGRATE,
  federation: [
    app('Domain.Read.All', 'list the domains and which are federated'),
    app('Domain-InternalFederation.ReadWrite.All', 'read and set federatedIdpMfaBehavior'),
  ],
  audit: [app('AuditLog.Read.All', "read the directory's audit log")],
  rollout: [
    person('Directory.ReadWrite.All', 'read and change staged rollout; Graph lets only people do this'),
    person('UserAuthenticationMethod.Read.All', 'check who would be locked out before a group is added'),
    app('Group.Create', 'make the group that waves fill'),
    app('GroupMember.ReadWrite.All', 'fill it wave by wave, also while nobody is signed in'),
    READ_USERS,
    READ_MEMBERS,
    READ_METHODS,
    READ_POLICIES,
  ],
  readiness: [READ_USERS, READ_MEMBERS, READ_METHODS, READ_POLICIES],
}

/** Needed by single commands only, so that no feature asks for them: `mfa app grant NAME`. */
export const EXTRAS: readonly NeededPermission[] = [
  app('UserAuthMethod-TAP.ReadWrite.All', 'issue Temporary Access Passes'),
  app('UserAuthMethod-Phone.ReadWrite.All', 'write phone numbers alone'),
  app('UserAuthMethod-HardwareOATH.ReadWrite.All', 'assign and activate OATH tokens alone'),
  app('Policy.Read.AuthenticationMethod', 'read the authentication methods policy alone'),
  app('Domain-InternalFederation.Read.All', 'read federatedIdpMfaBehavior without changing it'),
  app('RoleManagement.Read.Directory', 'tell which users are administrators'),
  app('Organization.Read.All', 'tell which tenant answers'),
  app('Application.Read.All', 'let mfa app show read the registration with the certificate'),
]

/** What the chosen features need, each once; what a wider one covers is left out. In the order of the features. */
export function neededFor(features: readonly Feature[]): readonly NeededPermission[] {
  const all = FEATURES.filter((feature) => features.includes(feature)).flatMap((feature) => NEEDS[feature])
  const seen = new Set<string>()
  return all.filter(({permission, kind}) => {
    const key = `${kind} ${permission}`
    if (seen.has(key)) return false
    seen.add(key)
    return !all.some(
      (other) =>
        other.kind === kind && other.permission !== permission && covers(other.permission, permission),
    )
  })
}

/** Why the tool could want it, whatever was chosen; undefined for a permission that it has no use for. */
export function knownPermission(permission: string, kind?: PermissionKind): NeededPermission | undefined {
  return [...FEATURES.flatMap((feature) => NEEDS[feature]), ...EXTRAS].find(
    (each) =>
      each.permission.toLowerCase() === permission.toLowerCase() &&
      (kind === undefined || each.kind === kind),
  )
}

const DIRECTORY_READS = [
  'User.Read.All',
  'GroupMember.Read.All',
  'Group.Read.All',
  'Organization.Read.All',
  'Domain.Read.All',
  'Application.Read.All',
  'RoleManagement.Read.Directory',
]
/** Wider permissions whose names do not tell what they include. Source: Graph's published permission data. */
const WIDER: Readonly<Record<string, readonly string[]>> = {
  'Directory.ReadWrite.All': [...DIRECTORY_READS, 'Directory.Read.All'],
  'Directory.Read.All': DIRECTORY_READS,
  'Policy.Read.All': ['Policy.Read.AuthenticationMethod'],
  'User.Read.All': ['User.ReadBasic.All', 'Organization.Read.All'],
}

/** Lets write, and read members, but not find a group: against its name it does not include the reading one. */
const WRITES_ONLY: ReadonlySet<string> = new Set(['GroupMember.ReadWrite.All'])

/** Whether who holds `held` may do what `needed` is for. */
export function covers(held: string, needed: string): boolean {
  if (held === needed) return true
  if (WRITES_ONLY.has(held)) return false
  if (held.includes('.ReadWrite.') && held.replace('.ReadWrite.', '.Read.') === needed) return true
  if (WIDER[held]?.includes(needed) === true) return true
  // UserAuthenticationMethod… includes each UserAuthMethod-Phone… and its kin.
  const method = /^UserAuthMethod-\w+\.(Read|ReadWrite)\.All$/.exec(needed)?.[1]
  if (method === undefined) return false
  return (
    held === 'UserAuthenticationMethod.ReadWrite.All' ||
    (held === 'UserAuthenticationMethod.Read.All' && method === 'Read')
  )
}
