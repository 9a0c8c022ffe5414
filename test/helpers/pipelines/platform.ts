import {createHash, generateKeyPairSync, randomUUID, sign, verify, type KeyObject} from 'node:crypto'
import {createServer, type IncomingMessage} from 'node:http'
import type {AddressInfo} from 'node:net'

export const AUDIENCE = 'api://AzureADTokenExchange'

export interface Loopback {
  readonly url: string
  close(): Promise<void>
}

/** What a platform gives its jobs: tokens signed with its own key, and a service that issues them (GitHub). */
export interface TokenService extends Loopback {
  readonly publicKey: KeyObject
  readonly issuer: string
  readonly subject: string
  /** What a request has to bring. */
  readonly requestToken: string
  issue(audience: string): string
}

export async function startTokenService(subject: string): Promise<TokenService> {
  const {privateKey, publicKey} = generateKeyPairSync('rsa', {modulusLength: 2048})
  const requestToken = randomUUID()
  const issuer = 'https://token.ci.example.com'
  const issue = (aud: string) => {
    const now = Math.floor(Date.now() / 1000)
    const claims = {iss: issuer, sub: subject, aud, iat: now, exp: now + 300, jti: randomUUID()}
    const text = [{alg: 'RS256', typ: 'JWT'}, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    return `${text}.${sign('sha256', Buffer.from(text), privateKey).toString('base64url')}`
  }
  const served = await serve(async (request) => {
    const {searchParams} = new URL(request.url ?? '', 'http://localhost')
    return request.headers.authorization === `bearer ${requestToken}`
      ? {status: 200, body: {value: issue(searchParams.get('audience') ?? '')}}
      : {status: 401, body: {message: 'not for you'}}
  })
  return {...served, publicKey, issuer, subject, requestToken, issue}
}

export interface FederatedAuthority extends Loopback {
  /** Assertions that were accepted. */
  readonly accepted: readonly string[]
}

/**
 * A token endpoint that trusts one federated credential as Entra does: signature, issuer, subject, audience and end of the
 * assertion. `issueToken` makes what Graph accepts.
 */
export async function startFederatedAuthority(
  trusted: TokenService,
  clientId: string,
  issueToken: () => string,
): Promise<FederatedAuthority> {
  const accepted: string[] = []
  const served = await serve(async (request) => {
    const form = new URLSearchParams(await bodyOf(request))
    const assertion = form.get('client_assertion') ?? ''
    if (form.get('client_id') !== clientId || !isTrusted(assertion, trusted))
      return {
        status: 401,
        body: {
          error: 'invalid_client',
          error_description: 'AADSTS700213: No matching federated identity record found.',
        },
      }
    accepted.push(createHash('sha256').update(assertion).digest('hex'))
    return {status: 200, body: {token_type: 'Bearer', expires_in: 3600, access_token: issueToken()}}
  })
  return {...served, accepted}
}

function isTrusted(assertion: string, {publicKey, issuer, subject}: TokenService): boolean {
  const [header = '', payload = '', signature = ''] = assertion.split('.')
  if (!verify('sha256', Buffer.from(`${header}.${payload}`), publicKey, Buffer.from(signature, 'base64url')))
    return false
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>
  return (
    claims['iss'] === issuer &&
    claims['sub'] === subject &&
    claims['aud'] === AUDIENCE &&
    Number(claims['exp']) * 1000 > Date.now()
  )
}

interface Answer {
  readonly status: number
  readonly body: object
}

async function serve(handle: (request: IncomingMessage) => Promise<Answer>): Promise<Loopback> {
  const server = createServer((request, response) => {
    void handle(request).then(({status, body}) =>
      response.writeHead(status, {'content-type': 'application/json'}).end(JSON.stringify(body)),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text
}
