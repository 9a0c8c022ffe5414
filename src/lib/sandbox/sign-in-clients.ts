import {AadFault} from './aad-fault.js'
import type {Kept} from './directory-store.js'
import {objectsBy} from './directory-store.js'
import {COMMAND_LINE_CLIENT} from './person.js'
import type {Store} from './store.js'
import type {TenantFile} from './tenant-file.js'

/** The directory as sign-in sees it: what was changed a moment ago may not be there yet. */
export interface View {
  readonly store: Store
  readonly seenAt: number
}

export type SeededClient = NonNullable<TenantFile['clientApplications']>[number]

/** Who signs in, or lets a person sign in. */
export type Client =
  | {readonly kind: 'microsoft'; readonly appId: string}
  /** Named by the tenant file; consent is not asked for. */
  | {readonly kind: 'seeded'; readonly appId: string; readonly client: SeededClient}
  | {
      readonly kind: 'registered'
      readonly appId: string
      readonly application: Kept<'application'>
      readonly principal: Kept<'servicePrincipal'> | undefined
    }

/** Throws AadFault: none given (900144), not known, or not any more, or not yet (700016). */
export function clientOf({store, seenAt}: View, id: string | null): Client {
  if (id === null || id === '')
    throw new AadFault(400, 'invalid_request', 900144, "The request body must contain 'client_id'.")
  const appId = id.toLowerCase()
  const clients = JSON.parse(store.meta('clientApplications') ?? '[]') as SeededClient[]
  const client = clients.find((each) => each.appId.toLowerCase() === appId)
  if (client !== undefined) return {kind: 'seeded', appId, client}
  if (appId === COMMAND_LINE_CLIENT) return {kind: 'microsoft', appId}
  const application = objectsBy(store, 'application', appId, seenAt)[0]
  if (application === undefined) {
    throw new AadFault(
      400,
      'unauthorized_client',
      700016,
      `Application with identifier '${id}' was not found in the directory.`,
    )
  }
  const principal = objectsBy(store, 'servicePrincipal', appId, seenAt)[0]
  return {kind: 'registered', appId, application, principal}
}

/** Throws AadFault: no service principal (7000229), or disabled (7000112). */
export function enabledPrincipal(client: Client & {kind: 'registered'}): Kept<'servicePrincipal'> {
  const {appId, principal, application} = client
  if (principal === undefined) {
    throw new AadFault(
      401,
      'unauthorized_client',
      7000229,
      `The client application ${appId} is missing service principal in the tenant.`,
    )
  }
  if (principal.body.accountEnabled) return principal
  throw new AadFault(
    400,
    'unauthorized_client',
    7000112,
    `Application '${appId}'(${application.body.displayName}) is disabled.`,
  )
}

/**
 * May an answer be sent there? Loopback addresses count whatever their port. Throws AadFault 50011.
 * Only loopback for clients that are not registered here.
 */
export function mustBeRedirect(client: Client, address: string | null, kinds: readonly RedirectKind[]): URL {
  const url = URL.canParse(address ?? '') ? new URL(address ?? '') : undefined
  const known =
    client.kind === 'registered'
      ? kinds.flatMap((kind) => client.application.body[kind].redirectUris)
      : ['http://localhost', 'http://127.0.0.1']
  if (url !== undefined && known.some((each) => URL.canParse(each) && sameRedirect(new URL(each), url)))
    return url
  throw new AadFault(
    400,
    'invalid_request',
    50011,
    `The redirect URI '${address ?? ''}' specified in the request does not match the redirect URIs configured for the application '${client.appId}'.`,
  )
}

export type RedirectKind = 'publicClient' | 'web' | 'spa'

function sameRedirect(known: URL, sent: URL): boolean {
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(known.hostname)
  const samePort = loopback || known.port === sent.port
  return (
    known.protocol === sent.protocol &&
    known.hostname === sent.hostname &&
    samePort &&
    known.pathname === sent.pathname
  )
}
