import type {
  Application,
  ApplicationChange,
  Grants,
  GraphPermission,
  GraphResource,
  Principal,
  RegisteredKey,
} from '../ports/app-registration.js'
import type {CertificateFacts} from '../ports/certificates.js'
import type {NeededPermission} from './features.js'
import type {Step} from './steps.js'

/** What the tenant shows. */
export interface RegistrationState {
  readonly graph: GraphResource
  readonly application?: Application | undefined
  readonly principal?: Principal | undefined
  readonly grants: Grants
}

export interface WantedCertificate {
  readonly file: string
  /** Absent: to be made. */
  readonly facts?: CertificateFacts | undefined
  readonly commonName: string
  readonly days: number
}

export interface Wanted {
  readonly displayName: string
  /** Object ids of applications with this name, where another is wanted beside them. */
  readonly others?: readonly string[] | undefined
  readonly permissions: readonly NeededPermission[]
  /** Those that are granted now; all unless set. */
  readonly grant?: readonly NeededPermission[] | undefined
  /** Absent: certificates are left alone. */
  readonly certificate?: WantedCertificate | undefined
  /** Consent by hand needs an address that the browser comes back to. */
  readonly replyAddress?: boolean | undefined
  /** Take back what is granted beyond need. */
  readonly prune?: boolean | undefined
}

export interface RegistrationPlan {
  readonly steps: readonly Step[]
  /** Not in this tenant's cloud. */
  readonly unavailable: readonly NeededPermission[]
  /** Granted, and not needed for what was chosen. */
  readonly beyond: readonly Granted[]
}

/** A permission that the application has. */
export interface Granted {
  readonly permission: string
  readonly kind: GraphPermission['kind']
  readonly id: string
  /** Of an application permission. */
  readonly assignmentId?: string | undefined
}

/** Where the browser comes back to after a sign-in, or after consent; any port of this machine. */
export const REPLY_ADDRESS = 'http://localhost'

/**
 * From what the tenant shows to what is wanted: nothing where it is as wanted already. Pure. Nothing that is there is
 * taken away unless `prune` says so.
 */
export function planRegistration(state: RegistrationState, wanted: Wanted): RegistrationPlan {
  const found = (wanted.grant ?? wanted.permissions).map((need) => ({
    need,
    has: permissionOf(state.graph, need),
  }))
  const available = found.flatMap(({need, has}) => (has === undefined ? [] : [{need, has}]))
  const unavailable = found.filter(({has}) => has === undefined).map(({need}) => need)
  const granted = grantedOf(state)
  const beyond = granted.filter(
    ({permission, kind}) =>
      !wanted.permissions.some((need) => need.permission === permission && need.kind === kind),
  )
  const steps = [
    ...applicationSteps(
      state,
      wanted,
      available.map(({has}) => has),
    ),
    ...(state.principal === undefined ? [{kind: 'create-principal'} as const] : []),
    ...certificateSteps(state, wanted.certificate),
    ...grantSteps(state, available, wanted.prune === true ? beyond : []),
  ]
  return {steps, unavailable, beyond}
}

function applicationSteps(
  {application, graph}: RegistrationState,
  {displayName, others, permissions, replyAddress = false, prune = false}: Wanted,
  available: readonly GraphPermission[],
): readonly Step[] {
  const people = permissions.some(({kind}) => kind === 'delegated')
  const asked = available.map(({id, kind}) => ({id, kind}))
  if (application === undefined) {
    const set: ApplicationChange = {
      asksFor: asked,
      ...(people ? {isPublicClient: true} : {}),
      ...(people || replyAddress ? {replyAddresses: [REPLY_ADDRESS]} : {}),
    }
    const names = available.map(({name}) => name)
    return [{kind: 'create-application', displayName, set, permissions: names, others}]
  }
  const missing = asked.filter(({id}) => !application.asksFor.some((has) => has.id === id))
  const spare = prune ? application.asksFor.filter(({id}) => !asked.some((has) => has.id === id)) : []
  const after: ApplicationChange = {
    ...(missing.length + spare.length > 0
      ? {asksFor: [...application.asksFor.filter((has) => !spare.includes(has)), ...missing]}
      : {}),
    ...(people && !application.isPublicClient ? {isPublicClient: true} : {}),
    ...((people || replyAddress) && !application.replyAddresses.includes(REPLY_ADDRESS)
      ? {replyAddresses: [...application.replyAddresses, REPLY_ADDRESS]}
      : {}),
  }
  if (Object.keys(after).length === 0) return []
  const nameOf = ({id}: {readonly id: string}) => graph.permissions.find((each) => each.id === id)?.name ?? id
  const words = [
    ...(missing.length > 0 ? [`let the application ask for ${missing.map(nameOf).join(', ')}`] : []),
    ...(spare.length > 0 ? [`let the application no longer ask for ${spare.map(nameOf).join(', ')}`] : []),
    ...(after.isPublicClient === true ? ['let people sign in through the application'] : []),
    ...(after.replyAddresses === undefined ? [] : [`let browsers come back to ${REPLY_ADDRESS}`]),
  ]
  return [{kind: 'change-application', before: beforeOf(application, after), after, says: words.join('; ')}]
}

/** What stood in the place of each property that changes. */
export function beforeOf(application: Application, change: ApplicationChange): ApplicationChange {
  return {
    ...(change.asksFor === undefined ? {} : {asksFor: application.asksFor}),
    ...(change.isPublicClient === undefined ? {} : {isPublicClient: application.isPublicClient}),
    ...(change.replyAddresses === undefined ? {} : {replyAddresses: application.replyAddresses}),
  }
}

function certificateSteps(
  {application}: RegistrationState,
  certificate: WantedCertificate | undefined,
): readonly Step[] {
  if (certificate === undefined) return []
  const {file, facts, commonName, days} = certificate
  if (facts === undefined)
    return [
      {kind: 'make-certificate', file, commonName, days},
      {kind: 'add-key', file},
    ]
  if (application !== undefined && registeredKey(application, facts) !== undefined) return []
  return [{kind: 'add-key', file, certificate: facts}]
}

/** The entry of this certificate among those of the application. */
export const registeredKey = ({keys}: Application, facts: CertificateFacts) =>
  keys.find((key) => isKeyOf(key, facts))

/**
 * Whether this entry is that certificate. A service that shows neither certificate nor thumbprint still shows its name, and
 * from when until when it is good, to the second.
 */
export function isKeyOf(
  {thumbprintSha256, thumbprintSha1, name, notBefore, notAfter}: RegisteredKey,
  facts: CertificateFacts,
): boolean {
  if (thumbprintSha256 !== undefined) return thumbprintSha256 === facts.thumbprintSha256
  if (thumbprintSha1 !== undefined) return thumbprintSha1 === facts.thumbprintSha1
  return name === facts.subject && isSame(notBefore, facts.notBefore) && isSame(notAfter, facts.notAfter)
}

const isSame = (shown: string | undefined, time: Date): boolean =>
  shown !== undefined && Math.floor(Date.parse(shown) / 1000) === Math.floor(time.getTime() / 1000)

function grantSteps(
  {grants}: RegistrationState,
  available: readonly {readonly need: NeededPermission; readonly has: GraphPermission}[],
  revoked: readonly Granted[],
): readonly Step[] {
  const roles = available.filter(
    ({has}) => has.kind === 'application' && !grants.roles.some(({roleId}) => roleId === has.id),
  )
  const before = grants.scopes[0]?.names ?? []
  const wantedScopes = available.filter(({has}) => has.kind === 'delegated').map(({has}) => has.name)
  const gone = new Set(revoked.flatMap(({kind, permission}) => (kind === 'delegated' ? [permission] : [])))
  const after = [...new Set([...before, ...wantedScopes])].filter((scope) => !gone.has(scope))
  const same = after.length === before.length && after.every((scope) => before.includes(scope))
  return [
    ...roles.map(({has}): Step => ({kind: 'grant-role', permission: has.name, roleId: has.id})),
    ...(same ? [] : [{kind: 'grant-scopes' as const, grantId: grants.scopes[0]?.id, before, after}]),
    ...revoked.flatMap(({permission, id, assignmentId}): readonly Step[] =>
      assignmentId === undefined ? [] : [{kind: 'revoke-role', permission, roleId: id, assignmentId}],
    ),
  ]
}

export function permissionOf(
  {permissions}: GraphResource,
  {permission, kind}: Pick<NeededPermission, 'permission' | 'kind'>,
): GraphPermission | undefined {
  return permissions.find((each) => each.name === permission && each.kind === kind)
}

/** Everything of Microsoft Graph that the application has been granted for everybody. */
export function grantedOf({graph, grants}: Pick<RegistrationState, 'graph' | 'grants'>): readonly Granted[] {
  return [
    ...grants.roles.map(({id, roleId}): Granted => ({
      permission:
        graph.permissions.find((each) => each.id === roleId && each.kind === 'application')?.name ?? roleId,
      kind: 'application',
      id: roleId,
      assignmentId: id,
    })),
    ...[...new Set(grants.scopes.flatMap(({names}) => names))]
      .filter((name) => !ALWAYS.has(name))
      .map((name): Granted => ({
        permission: name,
        kind: 'delegated',
        id: permissionOf(graph, {permission: name, kind: 'delegated'})?.id ?? name,
      })),
  ]
}

/** What any sign-in of a person may ask for. */
const ALWAYS = new Set(['openid', 'profile', 'email', 'offline_access'])
