import {AadFault} from './aad-fault.js'
import type {AuthorityParts} from './authority.js'
import {GLOBAL_ADMINISTRATOR} from './caller.js'
import {GRAPH_APP_ID} from './data/graph-permissions.js'
import {objectsBy} from './directory-store.js'
import type {Moment} from './facts.js'
import type {HttpAnswer} from './graph-endpoint.js'
import {graphPrincipal} from './granted.js'
import {HOLDERS} from './permissions.js'
import type {Codes} from './person-sign-in.js'
import {consented, newAuthorizationCode} from './person-sign-in.js'
import {assign} from './resources/app-role-assignments.js'
import {offerOf} from './resources/graph-principal.js'
import {grantToAll} from './resources/permission-grants.js'
import {makePrincipal} from './resources/service-principals.js'
import type {View} from './sign-in-clients.js'
import {clientOf, mustBeRedirect} from './sign-in-clients.js'

type Fields = Readonly<Record<string, string>>

/**
 * GET /authorize: the person signs in at once and the browser goes back with a code. Throws AadFault where Entra shows an
 * error page instead of going back: unknown client, unknown address.
 */
export function authorize(
  codes: Codes,
  view: View,
  query: URLSearchParams,
  parts: AuthorityParts,
): HttpAnswer {
  const client = clientOf(view, query.get('client_id'))
  const redirectUri = query.get('redirect_uri')
  const url = mustBeRedirect(client, redirectUri, ['publicClient', 'web', 'spa'])
  const state = query.get('state')
  const back = (fields: Fields) =>
    goBack(url, query.get('response_mode') ?? 'query', state === null ? fields : {...fields, state})
  if (query.get('response_type') !== 'code')
    return back({error: 'unsupported_response_type', error_description: 'The response_type must be code.'})
  if (query.get('code_challenge') !== null && query.get('code_challenge_method') !== 'S256')
    return back({error: 'invalid_request', error_description: 'The code_challenge_method must be S256.'})
  const scope = query.get('scope') ?? ''
  const refused = attempt(() => consented(client, view, scope))
  if (refused !== undefined)
    return back({
      error: 'consent_required',
      error_description: `AADSTS${refused.number}: ${refused.message}`,
    })
  const code = newAuthorizationCode(
    codes,
    {
      appId: client.appId,
      redirectUri: redirectUri ?? '',
      scope,
      challenge: query.get('code_challenge') ?? undefined,
      nonce: query.get('nonce') ?? undefined,
      publicClient:
        client.kind !== 'registered' ||
        attempt(() => mustBeRedirect(client, redirectUri, ['publicClient'])) === undefined,
    },
    parts.now(),
  )
  return back({code})
}

/**
 * GET /adminconsent: what the application asks for (requiredResourceAccess) is granted by the person who signs in at once.
 * Throws AadFault: unknown client (700016), unknown address (50011).
 */
export function adminConsent(
  view: View,
  query: URLSearchParams,
  parts: AuthorityParts,
  moment: Moment,
): HttpAnswer {
  const client = clientOf(view, query.get('client_id'))
  const address = query.get('redirect_uri')
  const url = address === null ? undefined : mustBeRedirect(client, address, ['publicClient', 'web', 'spa'])
  const state = query.get('state')
  const back = (status: number, fields: Fields, says: string): HttpAnswer =>
    url === undefined
      ? page(status, says)
      : goBack(url, 'query', state === null ? fields : {...fields, state})
  const allowed = new Set<string>([...HOLDERS.grantGraph, GLOBAL_ADMINISTRATOR])
  if (!parts.consentRoles.some((role) => allowed.has(role))) {
    const says = 'AADSTS90094: An administrator must grant these permissions.'
    return back(403, {error: 'access_denied', error_description: says}, says)
  }
  if (client.kind === 'registered') {
    parts.store.transaction(() => {
      grantAll(view, client.application.body, parts, moment)
    })
  }
  const tenant = parts.store.meta('tenantId') ?? ''
  return back(200, {admin_consent: 'True', tenant}, 'The permissions are granted. You can close this window.')
}

function grantAll(
  view: View,
  application: Parameters<typeof makePrincipal>[1],
  parts: AuthorityParts,
  moment: Moment,
): void {
  const {store, now} = parts
  const caller = {
    kind: 'person',
    appId: undefined,
    userPrincipalName: undefined,
    scopes: undefined,
    directoryRoles: [],
  } as const
  const principal =
    objectsBy(store, 'servicePrincipal', application.appId)[0] ??
    makePrincipal({store, moment, caller}, application)
  const graph = graphPrincipal(view)
  const {appRoles, scopes} = offerOf(graph.body)
  const asked = application.requiredResourceAccess
    .filter(({resourceAppId}) => resourceAppId === GRAPH_APP_ID)
    .flatMap(({resourceAccess}) => resourceAccess)
  for (const {id, type} of asked) {
    if (type === 'Role' && appRoles.some((role) => role.id === id))
      assign({store, now: now(), moment}, principal.id, graph.id, id)
  }
  const wanted = scopes.filter(({id}) => asked.some((each) => each.type === 'Scope' && each.id === id))
  if (wanted.length > 0)
    grantToAll(
      {store, moment},
      principal.id,
      graph.id,
      wanted.map(({value}) => value),
    )
}

function attempt(work: () => unknown): AadFault | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    if (error instanceof AadFault) return error
    throw error
  }
}

/** Back to the client with the fields: in the address, or in a form that sends itself. */
function goBack(url: URL, mode: string, fields: Fields): HttpAnswer {
  if (mode === 'form_post') {
    const inputs = Object.entries(fields)
      .map(([name, value]) => `<input type="hidden" name="${escape(name)}" value="${escape(value)}">`)
      .join('')
    const form = `<form method="post" action="${escape(url.href)}">${inputs}<noscript><button>Continue</button></noscript></form>`
    return html(200, `${form}<script>document.forms[0].submit()</script>`)
  }
  const target = new URL(url)
  for (const [name, value] of Object.entries(fields)) target.searchParams.set(name, value)
  return {status: 302, headers: {Location: target.href, 'Cache-Control': 'no-store'}, text: ''}
}

const page = (status: number, text: string): HttpAnswer => html(status, `<p>${escape(text)}</p>`)

function html(status: number, body: string): HttpAnswer {
  return {
    status,
    headers: {'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store'},
    text: `<!doctype html><html lang="en"><title>Sandbox tenant</title><body>${body}</body></html>`,
  }
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
