import type {IncomingMessage} from 'node:http'

import {AadFault, aadError} from './aad-fault.js'
import {adminConsent, authorize} from './browser-pages.js'
import {mustHaveSigned} from './client-assertion.js'
import type {Kept} from './directory-store.js'
import type {HttpAnswer} from './graph-endpoint.js'
import {domainNames} from './domain-store.js'
import {grantedRoles} from './granted.js'
import type {Codes} from './person-sign-in.js'
import {byAuthorizationCode, byDeviceCode, byRefreshToken, deviceCode, newCodes} from './person-sign-in.js'
import type {View} from './sign-in-clients.js'
import {clientOf, enabledPrincipal} from './sign-in-clients.js'
import type {Store} from './store.js'
import {GRAPH_AUDIENCE, TOKEN_LIFETIME} from './tokens.js'
import type {Tokens} from './tokens.js'

export interface AuthorityParts {
  readonly store: Store
  readonly tokens: Tokens
  readonly now: () => Date
  readonly momentOf: (at: Date) => number
  /** How many milliseconds the directory lags behind for those who sign in. */
  readonly keep: number
  readonly root: () => string
  /** How often a device code answers authorization_pending before it is approved. */
  readonly devicePolls: number
  /** Directory roles of the person who signs in. */
  readonly personRoles: readonly string[]
  /** Of whoever opens the page for admin consent. */
  readonly consentRoles: readonly string[]
}

/**
 * The tenant's sign-in: tokens by certificate, device code, browser and refresh token; the page for admin consent; and the
 * documents that a client reads first.
 */
export function createAuthority(parts: AuthorityParts) {
  const codes = newCodes()
  return (request: IncomingMessage, url: string, body: string): HttpAnswer => {
    const {pathname, searchParams} = new URL(url, 'http://localhost')
    const [, tenant = '', ...rest] = pathname.split('/')
    const path = rest.join('/')
    // A client that speaks https to a proxy in front of us gets https addresses back.
    const base =
      request.headers['x-forwarded-proto'] === 'https'
        ? parts.root().replace('http:', 'https:')
        : parts.root()
    try {
      if (pathname === '/common/discovery/instance') return json(200, instances(base))
      mustBeOurs(parts.store, tenant)
      const at = parts.momentOf(parts.now())
      const view: View = {store: parts.store, seenAt: at - parts.keep}
      if (path === 'v2.0/.well-known/openid-configuration')
        return json(200, configuration(base, tenant, parts.store))
      if (request.method === 'GET' && path === 'oauth2/v2.0/authorize')
        return authorize(codes, view, searchParams, parts)
      if (request.method === 'GET' && (path === 'adminconsent' || path === 'v2.0/adminconsent'))
        return adminConsent(view, searchParams, parts, {at, keep: parts.keep})
      if (request.method === 'POST' && path === 'oauth2/v2.0/devicecode') {
        return json(200, deviceCode(codes, view, new URLSearchParams(body), base, parts))
      }
      if (request.method === 'POST' && path === 'oauth2/v2.0/token') {
        return json(
          200,
          grant(parts, codes, view, new URLSearchParams(body), `${base}/${tenant}/oauth2/v2.0/token`),
        )
      }
      return json(404, {error: 'not_found', error_description: `There is nothing at ${pathname}.`})
    } catch (error) {
      if (error instanceof AadFault) return json(error.status, aadError(error, parts.now()))
      throw error
    }
  }
}

function grant(
  parts: AuthorityParts,
  codes: Codes,
  view: View,
  form: URLSearchParams,
  endpoint: string,
): object {
  const type = form.get('grant_type')
  if (type === 'client_credentials') return byCertificate(parts, view, form, endpoint)
  if (type === 'device_code' || type === 'urn:ietf:params:oauth:grant-type:device_code')
    return byDeviceCode(codes, view, form, parts)
  if (type === 'authorization_code') return byAuthorizationCode(codes, view, form, parts)
  if (type === 'refresh_token') return byRefreshToken(view, form, parts)
  throw new AadFault(400, 'unsupported_grant_type', 70003, `The grant type '${type ?? ''}' is not supported.`)
}

function byCertificate(parts: AuthorityParts, view: View, form: URLSearchParams, endpoint: string): object {
  const client = clientOf(view, form.get('client_id'))
  mustHaveSigned(client, form, endpoint, parts.now())
  const principal = client.kind === 'registered' ? enabledPrincipal(client) : undefined
  if (form.get('scope')?.endsWith('/.default') !== true) {
    throw new AadFault(400, 'invalid_scope', 1002012, 'The scope must end with /.default.')
  }
  return {
    token_type: 'Bearer',
    expires_in: TOKEN_LIFETIME,
    ext_expires_in: TOKEN_LIFETIME,
    access_token:
      principal === undefined
        ? parts.tokens.issue(client.kind === 'seeded' ? client.client.roles : [])
        : parts.tokens.issueWith(applicationClaims(view, principal)),
  }
}

/** As in Entra, `roles` is left out where nothing is granted. */
function applicationClaims(view: View, principal: Kept<'servicePrincipal'>): Record<string, unknown> {
  const roles = grantedRoles(view, principal)
  return {
    aud: GRAPH_AUDIENCE,
    appid: principal.body.appId,
    app_displayname: principal.body.displayName,
    oid: principal.id,
    sub: principal.id,
    idtyp: 'app',
    ...(roles.length > 0 ? {roles} : {}),
  }
}

function mustBeOurs(store: Store, tenant: string): void {
  const ours = [store.meta('tenantId') ?? '', 'organizations', 'common', 'sandbox', ...domainNames(store)]
  if (ours.some((name) => name.toLowerCase() === tenant.toLowerCase())) return
  throw new AadFault(400, 'invalid_request', 90002, `Tenant '${tenant}' not found.`)
}

function configuration(base: string, tenant: string, store: Store): object {
  const id = store.meta('tenantId') ?? ''
  return {
    issuer: `${base}/${id}/v2.0`,
    authorization_endpoint: `${base}/${tenant}/oauth2/v2.0/authorize`,
    token_endpoint: `${base}/${tenant}/oauth2/v2.0/token`,
    device_authorization_endpoint: `${base}/${tenant}/oauth2/v2.0/devicecode`,
    end_session_endpoint: `${base}/${tenant}/oauth2/v2.0/logout`,
    jwks_uri: `${base}/${tenant}/discovery/v2.0/keys`,
    token_endpoint_auth_methods_supported: ['private_key_jwt'],
    response_types_supported: ['code'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['HS256'],
    tenant_region_scope: null,
    cloud_instance_name: new URL(base).host,
    msgraph_host: new URL(base).host,
  }
}

function instances(base: string): object {
  const {host} = new URL(base)
  return {
    tenant_discovery_endpoint: `${base}/common/v2.0/.well-known/openid-configuration`,
    'api-version': '1.1',
    metadata: [{preferred_network: host, preferred_cache: host, aliases: [host]}],
  }
}

function json(status: number, body: object): HttpAnswer {
  return {
    status,
    headers: {'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store'},
    text: JSON.stringify(body),
  }
}
