import {createHash, generateKeyPairSync, randomUUID, X509Certificate, type JsonWebKey} from 'node:crypto'
import type {IncomingMessage} from 'node:http'
import {createServer} from 'node:https'
import type {AddressInfo} from 'node:net'
import {Provider, type Configuration, type JWK, type KoaContextWithOIDC} from 'oidc-provider'

import type {PrivateCa} from './private-ca.js'

export const TENANT = '11111111-2222-3333-4444-555555555555'
export const APP = 'aaaaaaaa-0000-4000-8000-000000000001'
export const PUBLIC_APP = 'aaaaaaaa-0000-4000-8000-000000000002'
const GRAPH = 'https://graph.microsoft.com'
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'
/** Seconds that Entra allows clocks to differ. */
const TOLERANCE = 300

/** An OpenID provider that was made and certified by others, behind the addresses and with the words of Entra. */
export interface EntraProvider {
  readonly origin: string
  /** `POST /{tenant}/oauth2/v2.0/token client_credentials`, as they came. */
  readonly asked: readonly string[]
  /** Public key of the tokens. */
  readonly publicKey: JsonWebKey
  close(): Promise<void>
}

/** `certificate` (PEM) is the one that is registered for the app. */
export async function startEntraProvider(ca: PrivateCa, certificate: string): Promise<EntraProvider> {
  const server = createServer({key: ca.key, cert: ca.cert})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `https://localhost:${(server.address() as AddressInfo).port}`
  const {privateKey, publicKey} = generateKeyPairSync('rsa', {modulusLength: 2048})
  const signing = {...privateKey.export({format: 'jwk'}), use: 'sig', alg: 'RS256', kid: 'entra'} as JWK
  const provider = new Provider(`${origin}/${TENANT}/v2.0`, configuration(certificate, signing))
  const asked: string[] = []
  // What the provider keeps to itself, and Entra says.
  const details = new WeakMap<IncomingMessage, string>()
  provider.on('grant.error', (ctx, error) => {
    const {cause, error_detail: detail} = error
    details.set(ctx.req, detail ?? (cause instanceof Error ? cause.message : ''))
  })
  provider.use((ctx, next) => speakEntra(ctx, next, {asked, details}))
  const answer = provider.callback()
  server.on('request', (request: IncomingMessage & {originalUrl?: string}, response) => {
    const [, tenant = '', path = ''] = /^\/([^/]+)(\/.*)$/.exec(request.url ?? '') ?? []
    if (tenant !== TENANT) {
      response.writeHead(400, {'content-type': 'application/json'})
      response.end(JSON.stringify(fault('invalid_request', 90002, `Tenant '${tenant}' not found.`)))
      return
    }
    // The provider does not know of tenants: it is mounted below one.
    request.originalUrl = request.url ?? ''
    request.url = path
    // It has one name, whatever it was called by.
    request.headers.host = new URL(origin).host
    void answer(request, response)
  })
  return {
    origin,
    asked,
    publicKey: publicKey.export({format: 'jwk'}),
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function configuration(certificate: string, signing: JWK): Configuration {
  const registered = {
    ...new X509Certificate(certificate).publicKey.export({format: 'jwk'}),
    use: 'sig',
  } as JWK
  const grantAll = async (ctx: KoaContextWithOIDC) => {
    const {provider, client, session} = ctx.oidc
    const grant = new provider.Grant({
      clientId: client?.clientId ?? '',
      accountId: session?.accountId ?? '',
    })
    grant.addOIDCScope('openid profile offline_access email')
    grant.addResourceScope(GRAPH, `${GRAPH}/.default ${GRAPH}/Directory.ReadWrite.All`)
    await grant.save()
    return grant
  }
  return {
    clients: [
      {
        client_id: APP,
        grant_types: ['client_credentials'],
        response_types: [],
        redirect_uris: [],
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: 'PS256',
        jwks: {keys: [registered]},
      },
      {
        client_id: PUBLIC_APP,
        application_type: 'native',
        grant_types: [DEVICE_GRANT, 'refresh_token'],
        response_types: [],
        redirect_uris: [],
        token_endpoint_auth_method: 'none',
      },
    ],
    jwks: {keys: [signing]},
    scopes: ['openid', 'offline_access', 'profile', 'email'],
    clockTolerance: TOLERANCE,
    routes: {
      token: '/oauth2/v2.0/token',
      device_authorization: '/oauth2/v2.0/devicecode',
      code_verification: '/oauth2/deviceauth',
      authorization: '/oauth2/v2.0/authorize',
      jwks: '/discovery/v2.0/keys',
    },
    features: {
      clientCredentials: {enabled: true},
      deviceFlow: {enabled: true},
      devInteractions: {enabled: true},
      resourceIndicators: {
        enabled: true,
        defaultResource: () => GRAPH,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          audience: GRAPH,
          accessTokenFormat: 'jwt',
          jwt: {sign: {alg: 'RS256'}},
          scope: `${GRAPH}/.default ${GRAPH}/Directory.ReadWrite.All`,
        }),
      },
    },
    extraTokenClaims: (_ctx, token) =>
      token.kind === 'ClientCredentials'
        ? {tid: TENANT, appid: APP, idtyp: 'app', roles: ['User.Read.All', 'GroupMember.Read.All']}
        : {tid: TENANT, appid: PUBLIC_APP, scp: 'User.Read.All GroupMember.Read.All'},
    claims: {openid: ['sub', 'oid', 'tid', 'preferred_username'], profile: ['name']},
    conformIdTokenClaims: false,
    findAccount: (_ctx, id) => ({
      accountId: id,
      claims: () => ({sub: id, oid: id, tid: TENANT, preferred_username: `${id}@contoso.com`, name: id}),
    }),
    loadExistingGrant: grantAll,
    issueRefreshToken: () => true,
    cookies: {keys: [randomUUID()]},
    ttl: {
      AccessToken: 3600,
      ClientCredentials: 3600,
      DeviceCode: 600,
      Grant: 3600,
      IdToken: 3600,
      Interaction: 600,
      RefreshToken: 3600,
      Session: 600,
    },
  }
}

type Context = Parameters<Parameters<Provider['use']>[0]>[0]

interface Memory {
  readonly asked: string[]
  readonly details: WeakMap<IncomingMessage, string>
}

/**
 * Where Entra differs from the standard, or is stricter: its name of the device grant, the certificate
 * and its thumbprint (x5t#S256) in every assertion, and numbers in its refusals.
 */
async function speakEntra(ctx: Context, next: () => Promise<void>, {asked, details}: Memory): Promise<void> {
  let refusal: object | undefined
  if (ctx.method === 'POST' && ctx.path.endsWith('/token')) {
    let text = ''
    for await (const chunk of ctx.req) text += String(chunk)
    const form = Object.fromEntries(new URLSearchParams(text))
    asked.push(`POST ${ctx.path} ${form['grant_type']}`)
    if (form['grant_type'] === 'device_code') form['grant_type'] = DEVICE_GRANT
    Object.assign(ctx.req, {body: form})
    refusal = malformed(form['client_assertion'])
  } else if (ctx.method === 'POST') asked.push(`POST ${ctx.path}`)
  if (refusal === undefined) await next()
  else {
    ctx.status = 401
    ctx.body = refusal
  }
  const body = ctx.body as Record<string, string> | undefined
  if (ctx.path.endsWith('/devicecode') && ctx.status === 200) ctx.body = {...body, interval: 1}
  if (ctx.status >= 400 && refusal === undefined && body?.['error'] !== undefined)
    ctx.body = translated(body['error'], `${body['error_description']}: ${details.get(ctx.req) ?? ''}.`)
}

const NUMBERS: readonly (readonly [pattern: RegExp, number: number])[] = [
  [/^authorization_pending/, 70016],
  [/^access_denied/, 65004],
  [/^expired_token/, 70020],
  [/^invalid_grant/, 700082],
  [/jwt expired|jwt not active yet/, 700024],
  [/audience \(aud\)/, 700023],
  [/^invalid_client/, 700027],
]

function translated(error: string, description: string): object {
  const number = NUMBERS.find(([pattern]) => pattern.test(`${error} ${description}`))?.[1] ?? 90014
  return fault(error === 'access_denied' ? 'authorization_declined' : error, number, description)
}

/** Undefined for an assertion of the form that Entra asks for; whose it is the provider finds out by the signature. */
function malformed(assertion: string | undefined): object | undefined {
  if (assertion === undefined) return undefined
  const [header = ''] = assertion.split('.')
  const {
    alg,
    x5c: [sent = ''],
    'x5t#S256': thumbprint,
  } = JSON.parse(Buffer.from(header, 'base64url').toString()) as Header
  const own = createHash('sha256').update(Buffer.from(sent, 'base64')).digest('base64url')
  if (alg === 'PS256' && thumbprint === own) return undefined
  return fault('invalid_client', 50027, 'The assertion is malformed.')
}

interface Header {
  readonly alg: string
  readonly x5c: readonly string[]
  readonly 'x5t#S256': string
}

function fault(error: string, number: number, description: string): object {
  const id = randomUUID()
  return {
    error,
    error_description: `AADSTS${number}: ${description} Trace ID: ${id}`,
    error_codes: [number],
    trace_id: id,
    correlation_id: id,
  }
}
