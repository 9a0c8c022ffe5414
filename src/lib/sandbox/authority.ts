import {randomUUID} from 'node:crypto'
import type {IncomingMessage} from 'node:http'

import {AadFault, aadError} from './aad-fault.js'
import {checkAssertion} from './client-assertion.js'
import type {HttpAnswer} from './graph-endpoint.js'
import {personClaims, personOf} from './person.js'
import {domainNames} from './domain-store.js'
import type {Store} from './store.js'
import {GRAPH_AUDIENCE, TOKEN_LIFETIME} from './tokens.js'
import type {Tokens} from './tokens.js'

export interface AuthorityParts {
  readonly store: Store
  readonly tokens: Tokens
  readonly now: () => Date
  readonly root: () => string
  /** How often a device code answers authorization_pending before it is approved. */
  readonly devicePolls: number
  /** Directory roles of the person who signs in. */
  readonly personRoles: readonly string[]
}

const DEVICE_CODE_SECONDS = 900
const MAX_DEVICE_CODES = 100

interface DeviceCode {
  readonly scope: string
  readonly expires: number
  polls: number
}

/** The tenant's token endpoint: certificate, device code, refresh token; and the documents that a client reads first. */
export function createAuthority(parts: AuthorityParts) {
  const codes = new Map<string, DeviceCode>()
  return (request: IncomingMessage, url: string, body: string): HttpAnswer => {
    const {pathname} = new URL(url, 'http://localhost')
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
      if (path === 'v2.0/.well-known/openid-configuration')
        return json(200, configuration(base, tenant, parts.store))
      if (request.method === 'POST' && path === 'oauth2/v2.0/devicecode') {
        return json(200, deviceCode(codes, new URLSearchParams(body), base, parts))
      }
      if (request.method === 'POST' && path === 'oauth2/v2.0/token') {
        return json(
          200,
          grant(parts, codes, new URLSearchParams(body), `${base}/${tenant}/oauth2/v2.0/token`),
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
  codes: Map<string, DeviceCode>,
  form: URLSearchParams,
  endpoint: string,
): object {
  const type = form.get('grant_type')
  if (type === 'client_credentials') {
    const client = checkAssertion(parts.store, form, endpoint, parts.now())
    if (form.get('scope')?.endsWith('/.default') !== true) {
      throw new AadFault(400, 'invalid_scope', 1002012, 'The scope must end with /.default.')
    }
    const token = client.roles === undefined ? parts.tokens.issue() : parts.tokens.issue(client.roles)
    return {
      token_type: 'Bearer',
      expires_in: TOKEN_LIFETIME,
      ext_expires_in: TOKEN_LIFETIME,
      access_token: token,
    }
  }
  if (type === 'device_code' || type === 'urn:ietf:params:oauth:grant-type:device_code') {
    return delegated(parts, form, approved(codes, form, parts).scope)
  }
  if (type === 'refresh_token') {
    const claims = parts.tokens.check(form.get('refresh_token') ?? '')
    if (claims?.['use'] !== 'refresh')
      throw new AadFault(400, 'invalid_grant', 700082, 'The refresh token is not good.')
    return delegated(parts, form, form.get('scope') ?? '')
  }
  throw new AadFault(400, 'unsupported_grant_type', 70003, `The grant type '${type ?? ''}' is not supported.`)
}

function deviceCode(
  codes: Map<string, DeviceCode>,
  form: URLSearchParams,
  base: string,
  parts: AuthorityParts,
): object {
  clientOf(form)
  const now = parts.now().getTime()
  for (const [code, {expires}] of codes)
    if (expires < now || codes.size >= MAX_DEVICE_CODES) codes.delete(code)
  const code = randomUUID()
  codes.set(code, {
    scope: form.get('scope') ?? '',
    expires: now + DEVICE_CODE_SECONDS * 1000,
    polls: 0,
  })
  const userCode = code.slice(0, 8).toUpperCase()
  return {
    user_code: userCode,
    device_code: code,
    verification_uri: `${base}/devicelogin`,
    expires_in: DEVICE_CODE_SECONDS,
    interval: 1,
    message: `The sandbox tenant approves the code ${userCode} by itself.`,
  }
}

function approved(codes: Map<string, DeviceCode>, form: URLSearchParams, parts: AuthorityParts): DeviceCode {
  clientOf(form)
  const name = form.get('device_code') ?? form.get('code') ?? ''
  const found = codes.get(name)
  if (found === undefined)
    throw new AadFault(400, 'bad_verification_code', 70019, 'The device code is not known.')
  if (found.expires < parts.now().getTime())
    throw new AadFault(400, 'expired_token', 70020, 'The device code has expired.')
  found.polls += 1
  if (found.polls <= parts.devicePolls) {
    throw new AadFault(400, 'authorization_pending', 70016, 'The user has not approved the code yet.')
  }
  codes.delete(name)
  return found
}

function delegated(parts: AuthorityParts, form: URLSearchParams, scope: string): object {
  const client = clientOf(form)
  const tid = parts.store.meta('tenantId') ?? ''
  const {oid, ...person} = personOf(parts.store)
  return {
    token_type: 'Bearer',
    scope,
    expires_in: TOKEN_LIFETIME,
    ext_expires_in: TOKEN_LIFETIME,
    access_token: parts.tokens.issueWith(personClaims(parts.store, parts.personRoles, {client, scope})),
    refresh_token: parts.tokens.issueWith({aud: GRAPH_AUDIENCE, appid: client, use: 'refresh'}),
    id_token: parts.tokens.issueWith({
      ...person,
      oid,
      aud: client,
      iss: `${parts.root()}/${tid}/v2.0`,
      ver: '2.0',
    }),
    client_info: Buffer.from(JSON.stringify({uid: oid, utid: tid})).toString('base64url'),
  }
}

function clientOf(form: URLSearchParams): string {
  const client = form.get('client_id')
  if (client === null)
    throw new AadFault(400, 'invalid_request', 900144, "The request body must contain 'client_id'.")
  return client
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
