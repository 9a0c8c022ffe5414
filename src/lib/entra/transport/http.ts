import type {Client, Context, Middleware, MiddlewareOptions} from '@microsoft/microsoft-graph-client'
import {MfaError} from '../../errors/mfa-error.js'
import {isLoopback} from '../../model/loopback.js'
import type {GraphMethod} from './graph-request.js'
import {blockedPort, networkFault, type NetworkFault} from './network-fault.js'

/** An answer as it came over the wire, read to its end. Header names in lower case. */
export interface HttpAnswer {
  readonly fault?: undefined
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

export interface HttpCall {
  readonly method: GraphMethod
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | undefined
  readonly token: string
  readonly signal: AbortSignal
}

export type SendHttp = (call: HttpCall) => Promise<HttpAnswer | NetworkFault>

/** One attempt on its way through the Graph client. Carries what the client would change or lose. */
class Exchange implements MiddlewareOptions {
  readonly call: HttpCall
  failure: unknown

  constructor(call: HttpCall) {
    this.call = call
  }
}

/**
 * Sends through the Graph client with one middleware of ours in place of its own: no retry, no redirect, the URL
 * exactly as given, and the token to `origin` only, over https or to a loopback address.
 */
export function createHttp(origin: string, fetchImpl: typeof fetch): SendHttp {
  const only: Middleware = {
    async execute(context: Context) {
      const exchange = context.middlewareControl?.getMiddlewareOptions(Exchange) as Exchange
      context.response = Response.error()
      try {
        context.response = await fetchImpl(exchange.call.url, initOf(exchange.call, origin))
      } catch (error) {
        exchange.failure = error
      }
    },
  }

  let loading: Promise<(call: HttpCall) => Promise<{response: Response; failure: unknown}>> | undefined
  async function load(): Promise<(call: HttpCall) => Promise<{response: Response; failure: unknown}>> {
    const sdk = await import('@microsoft/microsoft-graph-client')
    const client: Client = sdk.Client.initWithMiddleware({middleware: only, baseUrl: `${origin}/`})
    return async (call) => {
      const exchange = new Exchange(call)
      const prepared = client.api('/').responseType(sdk.ResponseType.RAW).middlewareOptions([exchange])
      const response = (await sendAs(call.method, prepared)) as Response
      return {response, failure: exchange.failure}
    }
  }

  return async (call) => {
    const send = await (loading ??= load())
    const {response, failure} = await send(call)
    if (failure !== undefined) {
      if (failure instanceof MfaError) throw failure
      const url = new URL(call.url)
      const blocked = blockedPort(failure, url, 'MFA_GRAPH_URL')
      if (blocked !== undefined) throw blocked
      return networkFault(failure, url.host)
    }
    try {
      const text = await response.text()
      return {status: response.status, headers: Object.fromEntries(response.headers), text}
    } catch (error) {
      return networkFault(error, new URL(call.url).host)
    }
  }
}

type Prepared = ReturnType<Client['api']>

function sendAs(method: GraphMethod, request: Prepared): Promise<unknown> {
  switch (method) {
    case 'GET':
      return request.get()
    case 'POST':
      return request.post(undefined)
    case 'PATCH':
      return request.patch(undefined)
    case 'DELETE':
      return request.delete()
    default:
      return method satisfies never
  }
}

function initOf(call: HttpCall, origin: string): RequestInit {
  if (new URL(call.url).origin !== origin) throw foreignHost(call.url, origin)
  return {
    method: call.method,
    headers: {...call.headers, Authorization: `Bearer ${call.token}`},
    redirect: 'manual',
    signal: call.signal,
    ...(call.body === undefined ? {} : {body: call.body}),
  }
}

/** The token goes to the configured host and to no other, whatever an answer asks for. */
export function foreignHost(url: string, origin: string): MfaError {
  return new MfaError(
    'GRAPH_FOREIGN_HOST',
    `an answer pointed to ${new URL(url).origin}, not to ${origin}: not followed`,
    {
      exit: 'unavailable',
      fix: 'Check MFA_GRAPH_URL and --cloud, and what stands between this machine and Microsoft Graph.',
    },
  )
}

/** Checks the root of the service: https, or plain http to a loopback address. Throws MfaError `usage`. */
export function parseRoot(rootUrl: string): {readonly origin: string; readonly base: string} {
  let url: URL
  try {
    url = new URL(rootUrl)
  } catch {
    throw rootFault(`"${rootUrl}" is not a URL`)
  }
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
    throw rootFault(`"${url.origin}" is not https`)
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw rootFault(`the root of Microsoft Graph may not hold a user name, a query or a fragment`)
  }
  return {origin: url.origin, base: `${url.origin}${url.pathname.replace(/\/+$/, '')}`}
}

function rootFault(message: string): MfaError {
  return new MfaError('GRAPH_URL_INVALID', message, {
    exit: 'usage',
    fix: 'Set MFA_GRAPH_URL to the root of Microsoft Graph, for example https://graph.microsoft.com; plain http is for loopback addresses only.',
  })
}
