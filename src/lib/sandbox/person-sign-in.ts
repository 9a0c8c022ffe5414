import {createHash, randomUUID} from 'node:crypto'

import {AadFault} from './aad-fault.js'
import type {AuthorityParts} from './authority.js'
import {SIGN_IN_SCOPES} from './data/graph-permissions.js'
import {grantedScopes} from './granted.js'
import {personClaims, personOf} from './person.js'
import type {Client, View} from './sign-in-clients.js'
import {clientOf, enabledPrincipal} from './sign-in-clients.js'
import {GRAPH_AUDIENCE, TOKEN_LIFETIME} from './tokens.js'

const DEVICE_CODE_SECONDS = 900
const AUTHORIZATION_CODE_SECONDS = 600
const MAX_CODES = 100

interface DeviceCode {
  readonly scope: string
  readonly expires: number
  polls: number
}

/** What a browser sign-in asked for; good for one token. */
export interface AuthorizationCode {
  readonly appId: string
  readonly redirectUri: string
  readonly scope: string
  readonly challenge: string | undefined
  readonly nonce: string | undefined
  /** Whether its redirect URI belongs to a public client, which needs no proof of its own. */
  readonly publicClient: boolean
}

/** Codes that were given out and not yet used; they end with the server. */
export interface Codes {
  readonly device: Map<string, DeviceCode>
  readonly authorization: Map<string, AuthorizationCode & {readonly expires: number}>
}

export const newCodes = (): Codes => ({device: new Map(), authorization: new Map()})

export function deviceCode(
  codes: Codes,
  view: View,
  form: URLSearchParams,
  base: string,
  parts: AuthorityParts,
): object {
  clientOf(view, form.get('client_id'))
  const code = remember(codes.device, parts.now(), {
    scope: form.get('scope') ?? '',
    expires: parts.now().getTime() + DEVICE_CODE_SECONDS * 1000,
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

/** The token for a device code, once it is approved. Throws AadFault. */
export function byDeviceCode(codes: Codes, view: View, form: URLSearchParams, parts: AuthorityParts): object {
  const client = clientOf(view, form.get('client_id'))
  if (client.kind === 'registered' && client.application.body.isFallbackPublicClient !== true)
    throw noPublicClient()
  const name = form.get('device_code') ?? form.get('code') ?? ''
  const found = codes.device.get(name)
  if (found === undefined)
    throw new AadFault(400, 'bad_verification_code', 70019, 'The device code is not known.')
  if (found.expires < parts.now().getTime())
    throw new AadFault(400, 'expired_token', 70020, 'The device code has expired.')
  found.polls += 1
  if (found.polls <= parts.devicePolls) {
    throw new AadFault(400, 'authorization_pending', 70016, 'The user has not approved the code yet.')
  }
  codes.device.delete(name)
  return delegated(client, view, found.scope, parts)
}

/** What the browser brings back to the client: a code for one token. */
export function newAuthorizationCode(codes: Codes, asked: AuthorizationCode, now: Date): string {
  const expires = now.getTime() + AUTHORIZATION_CODE_SECONDS * 1000
  return remember(codes.authorization, now, {...asked, expires})
}

/** The token for what the browser brought back. Throws AadFault. */
export function byAuthorizationCode(
  codes: Codes,
  view: View,
  form: URLSearchParams,
  parts: AuthorityParts,
): object {
  const client = clientOf(view, form.get('client_id'))
  const name = form.get('code') ?? ''
  const found = codes.authorization.get(name)
  // It is good once, whatever comes of it.
  codes.authorization.delete(name)
  if (found === undefined || found.appId !== client.appId)
    throw new AadFault(
      400,
      'invalid_grant',
      70000,
      'The authorization code is not known, or was used already.',
    )
  if (found.expires < parts.now().getTime())
    throw new AadFault(400, 'invalid_grant', 70008, 'The authorization code has expired.')
  if (found.redirectUri !== form.get('redirect_uri'))
    throw new AadFault(400, 'invalid_grant', 500112, 'The reply address does not match the one asked for.')
  const verifier = form.get('code_verifier') ?? ''
  const proof = createHash('sha256').update(verifier).digest('base64url')
  if (found.challenge !== undefined && found.challenge !== proof)
    throw new AadFault(400, 'invalid_grant', 50148, 'The code_verifier does not match the code_challenge.')
  if (!found.publicClient) throw noPublicClient()
  return delegated(client, view, found.scope, parts, found.nonce)
}

export function byRefreshToken(view: View, form: URLSearchParams, parts: AuthorityParts): object {
  const claims = parts.tokens.check(form.get('refresh_token') ?? '')
  if (claims?.['use'] !== 'refresh')
    throw new AadFault(400, 'invalid_grant', 700082, 'The refresh token is not good.')
  const client = clientOf(view, form.get('client_id'))
  if (claims['appid'] !== client.appId)
    throw new AadFault(400, 'invalid_grant', 700082, 'The refresh token belongs to another application.')
  return delegated(client, view, form.get('scope') ?? '', parts)
}

/** The scopes that the token may carry. Throws AadFault 65001 where not all that is asked for was consented to. */
export function consented(client: Client, view: View, asked: string): string {
  if (client.kind !== 'registered') return bare(asked).join(' ')
  const principal = enabledPrincipal(client)
  const granted = grantedScopes(view, principal, personOf(view.store).oid)
  const missing = bare(asked).some(
    (scope) => scope !== '.default' && !SIGN_IN_SCOPES.has(scope) && !granted.includes(scope),
  )
  if (granted.length > 0 && !missing) return granted.join(' ')
  const name = client.application.body.displayName
  throw new AadFault(
    400,
    'invalid_grant',
    65001,
    `The user or administrator has not consented to use the application with ID '${client.appId}' named '${name}'.`,
  )
}

function delegated(client: Client, view: View, asked: string, parts: AuthorityParts, nonce?: string): object {
  const scope = consented(client, view, asked)
  const {store, tokens} = parts
  const tid = store.meta('tenantId') ?? ''
  const {oid, ...person} = personOf(store)
  return {
    token_type: 'Bearer',
    scope: client.kind === 'registered' ? scope : asked,
    expires_in: TOKEN_LIFETIME,
    ext_expires_in: TOKEN_LIFETIME,
    access_token: tokens.issueWith(personClaims(store, parts.personRoles, {client: client.appId, scope})),
    refresh_token: tokens.issueWith({aud: GRAPH_AUDIENCE, appid: client.appId, use: 'refresh'}),
    id_token: tokens.issueWith({
      ...person,
      oid,
      aud: client.appId,
      iss: `${parts.root()}/${tid}/v2.0`,
      ver: '2.0',
      ...(nonce === undefined ? {} : {nonce}),
    }),
    client_info: Buffer.from(JSON.stringify({uid: oid, utid: tid})).toString('base64url'),
  }
}

/** `https://graph.microsoft.com/User.Read.All` → `User.Read.All` */
function bare(scopes: string): string[] {
  return scopes
    .split(' ')
    .filter((scope) => scope !== '')
    .map((scope) => scope.replace(/^https?:\/\/[^/]+\/+/, ''))
}

function remember<Code extends {readonly expires: number}>(
  codes: Map<string, Code>,
  now: Date,
  code: Code,
): string {
  for (const [name, {expires}] of codes)
    if (expires < now.getTime() || codes.size >= MAX_CODES) codes.delete(name)
  const name = randomUUID()
  codes.set(name, code)
  return name
}

function noPublicClient(): AadFault {
  return new AadFault(
    401,
    'invalid_client',
    7000218,
    "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
  )
}
