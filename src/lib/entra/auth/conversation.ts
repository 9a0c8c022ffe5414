import type {INetworkModule, NetworkRequestOptions, NetworkResponse} from '@azure/msal-node'
import {MfaError} from '../../errors/mfa-error.js'
import {asJsonObject, parseJsonObject} from '../../model/json-object.js'
import {isLoopback} from '../../model/loopback.js'
import type {Clock} from '../../ports/clock.js'
import {errorCodes, networkError} from './network-error.js'

/** An OAuth error body. */
export interface Refusal {
  readonly status: number
  readonly error: string
  readonly description: string
  readonly traceId?: string | undefined
  /** Seconds, from `Retry-After`. */
  readonly retryAfter?: number | undefined
}

/** What MSAL says to the token endpoint and hears from it. MSAL's own errors lose causes; here they are kept. */
export interface Conversation {
  readonly network: INetworkModule
  /** The request that could not be made, if one could not. */
  readonly failure: () => MfaError | undefined
  readonly refusal: () => Refusal | undefined
  /** Milliseconds by which this machine's clock is ahead of the service's; undefined where no answer said the time. */
  readonly clockAhead: () => number | undefined
}

export interface ConversationOptions {
  readonly fetch: typeof fetch
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Requests go to this origin and to no other; absent for managed identities, whose address the machine gives. */
  readonly origin?: string | undefined
  /** How often a request is sent at most. Asking for a token twice does no harm. */
  readonly attempts?: number | undefined
}

const TIMEOUT = 30_000
const LONGEST_WAIT = 30_000

export function converse(options: ConversationOptions): Conversation {
  const {clock, signal, attempts = 3} = options
  let failure: MfaError | undefined
  let refusal: Refusal | undefined
  let interval = 5
  let ahead: number | undefined

  const once = async (method: string, url: URL, request: NetworkRequestOptions | undefined) => {
    const response = await options.fetch(url, {
      method,
      headers: {...request?.headers},
      ...(method === 'POST' ? {body: request?.body ?? ''} : {}),
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)]),
    })
    const said = Date.parse(response.headers.get('date') ?? '')
    if (!Number.isNaN(said)) ahead = clock.now().getTime() - said
    if (response.status >= 300 && response.status < 400)
      throw unexpected(url, 'redirected the request, which is not followed')
    const text = await response.text()
    let body: Record<string, unknown>
    try {
      body = {...parseJsonObject(text)}
    } catch {
      if (response.status === 429 || response.status >= 500) body = {error: 'server_error'}
      else throw unexpected(url, `answered ${response.status} with something that is not JSON`)
    }
    return {status: response.status, headers: Object.fromEntries(response.headers), body}
  }

  const send = async <T>(
    method: string,
    address: string,
    request: NetworkRequestOptions | undefined,
  ): Promise<NetworkResponse<T>> => {
    signal.throwIfAborted()
    const url = new URL(address)
    try {
      guard(url, options.origin)
      // RFC 8628: wait before each question; abortable here, where MSAL's own wait is not.
      const polls = request?.body?.includes('device_code=') ?? false
      if (polls) await clock.sleep(interval * 1000, signal)
      for (let attempt = 1; ; attempt++) {
        let answer: Awaited<ReturnType<typeof once>>
        try {
          answer = await once(method, url, request)
        } catch (error) {
          if (error instanceof MfaError || signal.aborted || attempt >= attempts || !isPassing(error))
            throw error
          await clock.sleep(backOff(attempt), signal)
          continue
        }
        const retryAfter = seconds(answer.headers['retry-after'])
        const wait = retryAfter === undefined ? backOff(attempt) : retryAfter * 1000
        if (isBusy(answer.status) && attempt < attempts && wait <= LONGEST_WAIT) {
          await clock.sleep(wait, signal)
          continue
        }
        const {body} = answer
        if (body['error'] === 'slow_down') {
          interval += 5
          body['error'] = 'authorization_pending'
        }
        if (typeof body['device_code'] === 'string') {
          const asked = Number(body['interval'])
          if (asked > 0) interval = asked
          body['interval'] = 0.001
        }
        // MSAL would take a refusal without the word `error` for a success without a token.
        if (answer.status >= 400) body['error'] ??= `http_${answer.status}`
        refusal =
          body['error'] === 'authorization_pending'
            ? undefined
            : refusalOf(answer, retryAfter, secretsIn(request))
        // MSAL says what it expects and checks it itself.
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion
        return {...answer, body: body as T}
      }
    } catch (error) {
      failure ??= error instanceof MfaError ? error : networkError(url, error)
      throw error
    }
  }
  return {
    network: {
      sendGetRequestAsync: (url, request) => send('GET', url, request),
      sendPostRequestAsync: (url, request) => send('POST', url, request),
    },
    failure: () => failure,
    refusal: () => refusal,
    clockAhead: () => ahead,
  }
}

/** Assertions and refresh tokens leave over TLS, or stay on this machine, and go to the authority alone. */
function guard(url: URL, origin: string | undefined): void {
  if (origin === undefined) return
  const safe = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
  if (safe && url.origin === origin) return
  throw new MfaError(
    'ADDRESS_REFUSED',
    `A sign-in request to ${url.origin} was not sent: it is not the authority.`,
    {
      exit: 'usage',
      fix: 'Check MFA_AUTHORITY_URL: https, or http to a loopback address.',
    },
  )
}

function refusalOf(
  {status, body}: {status: number; body: Record<string, unknown>},
  retryAfter: number | undefined,
  sent: readonly string[],
): Refusal | undefined {
  const hidden = (words: string) => sent.reduce((rest, secret) => rest.replaceAll(secret, '[secret]'), words)
  const text = (name: string) => (typeof body[name] === 'string' ? hidden(body[name]) : undefined)
  // Managed identity endpoints put an object there.
  const nested = asJsonObject(body['error'])
  const error = text('error') ?? (typeof nested?.['code'] === 'string' ? nested['code'] : undefined)
  if (error === undefined) return undefined
  const message = typeof nested?.['message'] === 'string' ? hidden(nested['message']) : undefined
  return {
    status,
    error,
    description: text('error_description') ?? text('message') ?? message ?? '',
    traceId: text('trace_id') ?? text('correlation_id'),
    retryAfter,
  }
}

const SECRET_FIELDS = ['client_assertion', 'refresh_token', 'device_code', 'code', 'code_verifier']
const SECRET_HEADERS = new Set(['x-identity-header', 'secret', 'authorization'])

/** What a refusal may quote and nobody may see (R5). */
function secretsIn(request: NetworkRequestOptions | undefined): readonly string[] {
  const form = new URLSearchParams(request?.body ?? '')
  const headers = Object.entries(request?.headers ?? {})
  return [
    ...SECRET_FIELDS.map((name) => form.get(name) ?? ''),
    ...headers.flatMap(([name, value]) => (SECRET_HEADERS.has(name.toLowerCase()) ? value : [])),
  ].filter((text) => text.length > 0)
}

const isBusy = (status: number) => status === 429 || (status >= 500 && status !== 501)

/** A connection that broke may work the next time; a name that does not exist or a wrong certificate will not. */
function isPassing(error: unknown): boolean {
  const codes = errorCodes(error)
  return ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'EAI_AGAIN'].some((code) => codes.includes(code))
}

const backOff = (attempt: number) => Math.random() * 500 * 2 ** attempt

function seconds(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,6}$/.test(header) ? Number(header) : undefined
}

function unexpected(url: URL, what: string): MfaError {
  return new MfaError('SIGN_IN_UNEXPECTED', `${url.host} ${what}.`, {
    exit: 'unavailable',
    fix: 'Check MFA_AUTHORITY_URL, and whether a proxy or a sign-in page of the network stands in between.',
  })
}
