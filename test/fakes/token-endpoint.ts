import {constants, createHash, randomUUID, verify, X509Certificate} from 'node:crypto'
import {createServer, type IncomingMessage} from 'node:http'
import type {AddressInfo} from 'node:net'

export const TENANT = '11111111-2222-3333-4444-555555555555'
export const OTHER_TENANT = '99999999-2222-3333-4444-555555555555'
export const CLIENT = 'aaaaaaaa-0000-4000-8000-000000000001'

interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>> | string
  readonly headers?: Readonly<Record<string, string>>
}

export interface Asked {
  readonly method: string
  readonly path: string
  readonly form: URLSearchParams
}

/**
 * Entra's token endpoint as far as signing in needs it: it checks the signature, audience, times and thumbprint of an
 * assertion, the state of a device code, the verifier of an authorization code.
 */
export class TokenEndpoint {
  readonly asked: Asked[] = []
  /** PEM certificates of the app. */
  certificates: readonly string[] = []
  /** Federated tokens that the app trusts. */
  federated: readonly string[] = []
  /** What the next polls for a device code get, before `ok`. */
  polls: string[] = []
  /** Said instead of the usual answer, one after the other; `drop` breaks the connection. */
  readonly script: (Answer | 'drop')[] = []
  expiresIn = 3600
  deviceCodeExpiresIn = 900
  /** Every secret thing that went in or out. */
  readonly secrets = new Set<string>()
  readonly #server = createServer((request, response) => {
    void this.#answer(request).then((answer) => {
      if (answer === 'drop') return request.socket.destroy()
      response.writeHead(answer.status, {'content-type': 'application/json', ...answer.headers})
      return response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body))
    })
  })
  readonly #assertions = new Set<string>()
  readonly #refreshTokens = new Set<string>()
  readonly #codes = new Map<string, string>()

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return this
  }

  get url(): string {
    const address = this.#server.address() as AddressInfo
    return `http://127.0.0.1:${address.port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  get tokenRequests(): readonly Asked[] {
    return this.asked.filter(({path}) => path.endsWith('/token'))
  }

  /** What a browser does once the person has signed in: Entra's page posts the code back. */
  async browse(authorizeUrl: string, outcome: 'ok' | 'denied' = 'ok'): Promise<void> {
    const {searchParams} = new URL(authorizeUrl)
    const code = `code-${randomUUID()}`
    this.secrets.add(code)
    this.#codes.set(code, searchParams.get('code_challenge') ?? '')
    const clientInfo = Buffer.from(JSON.stringify({uid: 'alice', utid: TENANT})).toString('base64url')
    const state = searchParams.get('state') ?? ''
    const form =
      outcome === 'ok'
        ? {code, state, client_info: clientInfo}
        : {error: 'access_denied', error_description: 'AADSTS65004: User declined to consent.', state}
    const {port} = new URL(searchParams.get('redirect_uri') ?? '')
    await fetch(`http://127.0.0.1:${port}/`, {method: 'POST', body: new URLSearchParams(form)})
  }

  async #answer(request: IncomingMessage): Promise<Answer | 'drop'> {
    let text = ''
    for await (const chunk of request) text += String(chunk)
    const form = new URLSearchParams(text)
    const path = new URL(request.url ?? '/', this.url).pathname
    this.asked.push({method: request.method ?? '', path, form})
    for (const name of ['client_assertion', 'refresh_token', 'device_code', 'code_verifier'])
      if (form.has(name)) this.secrets.add(form.get(name) ?? '')
    const scripted = this.script.shift()
    if (scripted !== undefined) return scripted
    const tenant = path.split('/')[1] ?? ''
    if (tenant !== TENANT && tenant !== 'organizations' && tenant !== 'contoso.com')
      return fault(90002, 'invalid_request', `Tenant '${tenant}' not found.`)
    if (path.endsWith('/devicecode')) return this.#deviceCode(form)
    if (form.get('client_id') !== CLIENT)
      return fault(700016, 'unauthorized_client', 'Application was not found in the directory.')
    switch (form.get('grant_type') ?? '') {
      case 'client_credentials':
        return this.#clientCredentials(form, path)
      case 'device_code':
        return this.#poll()
      case 'refresh_token':
        return this.#refreshTokens.has(form.get('refresh_token') ?? '')
          ? this.#tokens()
          : fault(700082, 'invalid_grant', 'The refresh token has expired due to inactivity.')
      case 'authorization_code':
        return this.#redeem(form)
      default:
        return fault(70003, 'unsupported_grant_type', 'Grant type not supported.')
    }
  }

  #clientCredentials(form: URLSearchParams, path: string): Answer {
    const assertion = form.get('client_assertion') ?? ''
    if (
      form
        .get('scope')
        ?.split(' ')
        .every((scope) => scope.endsWith('/.default')) !== true
    )
      return fault(1002012, 'invalid_scope', 'The scope is not valid for client credentials.')
    if (this.federated.includes(assertion)) return this.#tokens()
    const wrong = this.#wrongWith(assertion, `${this.url}${path}`)
    return wrong ?? this.#tokens()
  }

  #wrongWith(assertion: string, audience: string): Answer | undefined {
    const [header = '', payload = '', signature = ''] = assertion.split('.')
    const decode = (part: string) =>
      JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>
    const {alg, 'x5t#S256': thumbprint, x5c} = decode(header)
    const claims = decode(payload)
    if (alg === 'RS256' && thumbprint === undefined)
      return fault(70021, 'invalid_client', 'No matching federated identity record found.')
    const pem = this.certificates.find((one) => sha256(new X509Certificate(one).raw) === thumbprint)
    if (pem === undefined)
      return fault(700027, 'invalid_client', `The key was not found. Assertion: ${assertion}`)
    const key = {
      key: new X509Certificate(pem).publicKey,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
    }
    const signed = verify(
      'sha256',
      Buffer.from(`${header}.${payload}`),
      key,
      Buffer.from(signature, 'base64url'),
    )
    if (alg !== 'PS256' || !signed || !Array.isArray(x5c))
      return fault(700027, 'invalid_client', 'Client assertion contains an invalid signature.')
    if (claims['aud'] !== audience || claims['iss'] !== CLIENT || claims['sub'] !== CLIENT)
      return fault(700023, 'invalid_client', `Client assertion audience ${String(claims['aud'])} is wrong.`)
    if (Number(claims['exp']) * 1000 < Date.now())
      return fault(700024, 'invalid_client', 'Client assertion is not within its valid time range.')
    const id = String(claims['jti'])
    if (this.#assertions.has(id)) return fault(700029, 'invalid_client', 'Client assertion was used before.')
    this.#assertions.add(id)
    return undefined
  }

  #deviceCode(form: URLSearchParams): Answer {
    const code = `device-${randomUUID()}`
    this.secrets.add(code)
    return form.get('client_id') === CLIENT
      ? {
          status: 200,
          body: {
            user_code: 'ABCD-EFGH',
            device_code: code,
            verification_uri: 'https://login.example.com/device',
            expires_in: this.deviceCodeExpiresIn,
            interval: 7,
            message: 'unused',
          },
        }
      : fault(700016, 'unauthorized_client', 'Application was not found in the directory.')
  }

  #poll(): Answer {
    const error = this.polls.shift()
    const numbers: Readonly<Record<string, number>> = {
      authorization_pending: 70016,
      expired_token: 70020,
    }
    return error === undefined ? this.#tokens() : fault(numbers[error] ?? 0, error, 'Not yet, or never.')
  }

  #redeem(form: URLSearchParams): Answer {
    const challenge = this.#codes.get(form.get('code') ?? '')
    const verifier = form.get('code_verifier') ?? ''
    return challenge !== undefined && sha256(Buffer.from(verifier)) === challenge
      ? this.#tokens()
      : fault(70008, 'invalid_grant', 'The code is wrong.')
  }

  #tokens(): Answer {
    const now = Math.floor(Date.now() / 1000)
    const claims = {
      oid: 'alice',
      sub: 'alice',
      tid: TENANT,
      name: 'Alice',
      preferred_username: 'alice@contoso.com',
    }
    const access_token = jwt({...claims, exp: now + this.expiresIn, jti: randomUUID()})
    const refresh_token = `refresh-${randomUUID()}`
    const id_token = jwt({
      ...claims,
      aud: CLIENT,
      iss: `${this.url}/${TENANT}/v2.0`,
      iat: now,
      exp: now + 3600,
    })
    this.#refreshTokens.add(refresh_token)
    for (const secret of [access_token, refresh_token, id_token]) this.secrets.add(secret)
    const client_info = Buffer.from(JSON.stringify({uid: 'alice', utid: TENANT})).toString('base64url')
    const scope = 'https://graph.microsoft.com/.default'
    return {
      status: 200,
      body: {
        token_type: 'Bearer',
        expires_in: this.expiresIn,
        access_token,
        refresh_token,
        id_token,
        client_info,
        scope,
      },
    }
  }
}

/** An unsigned token: nobody here trusts what it says. */
export function jwt(claims: Readonly<Record<string, unknown>>): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({alg: 'RS256', typ: 'JWT'})}.${part(claims)}.${part('signature')}`
}

export function fault(number: number, error: string, text: string, status = 400): Answer {
  const trace = '0f0f0f0f-0000-4000-8000-000000000000'
  return {
    status,
    body: {
      error,
      error_description: `${number === 0 ? '' : `AADSTS${number}: `}${text} Trace ID: ${trace} Correlation ID: ${trace} Timestamp: 2026-03-01 09:00:00Z`,
      error_codes: [number],
      trace_id: trace,
      correlation_id: trace,
    },
  }
}

const sha256 = (data: Uint8Array) => createHash('sha256').update(data).digest('base64url')
