import type {IncomingMessage} from 'node:http'

import {randomUUID} from 'node:crypto'

import {callerOf, type Caller} from './caller.js'
import type {Engine, GraphRequest} from './engine.js'
import {errorBody, GraphFault} from './graph-fault.js'
import type {Tokens} from './tokens.js'
import {splitUrl} from './url.js'

export interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text?: string | undefined
}

export const JSON_TYPE =
  'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8'

/** Graph's door: who is it, what does it say, and back to HTTP. */
export function createGraphEndpoint(engine: Engine, tokens: Tokens) {
  return (incoming: IncomingMessage, url: string, body: string): HttpAnswer | 'hung-up' => {
    const headers = flatten(incoming)
    try {
      const caller = authorize(headers['authorization'], tokens)
      const result = engine.handle(toRequest(incoming.method ?? 'GET', url, headers, body, caller))
      if (result === 'hung-up') return result
      return {
        status: result.status,
        headers: {
          ...result.headers,
          ...(result.body === undefined ? {} : {'Content-Type': result.contentType ?? JSON_TYPE}),
        },
        ...(result.body === undefined
          ? {}
          : {text: typeof result.body === 'string' ? result.body : JSON.stringify(result.body)}),
      }
    } catch (error) {
      return refused(error, headers)
    }
  }
}

/** Throws GraphFault 401. */
function authorize(header: string | undefined, tokens: Tokens): Caller {
  const token = /^Bearer (.+)$/i.exec(header ?? '')?.[1]
  if (token === undefined) throw new GraphFault(401, 'InvalidAuthenticationToken', 'Access token is empty.')
  const claims = tokens.check(token)
  if (claims === undefined) {
    throw new GraphFault(401, 'InvalidAuthenticationToken', 'Access token validation failure.')
  }
  return callerOf(claims)
}

function toRequest(
  method: string,
  url: string,
  headers: Record<string, string>,
  body: string,
  caller: Caller,
): GraphRequest {
  const version = url.startsWith('/beta') ? 'beta' : 'v1.0'
  const below = url.slice(version.length + 1)
  const {path, query} = splitUrl(below.startsWith('/') ? below : `/${below}`)
  return {version, method, path, query, headers, body: readJson(headers['content-type'], body), caller}
}

function readJson(contentType: string | undefined, body: string): unknown {
  if (body === '') return undefined
  if (contentType?.toLowerCase().startsWith('application/json') !== true) {
    throw new GraphFault(
      415,
      'UnsupportedMediaType',
      'A write request must have the Content-Type application/json.',
    )
  }
  try {
    return JSON.parse(body)
  } catch {
    throw new GraphFault(400, 'BadRequest', 'Unable to read JSON request payload.')
  }
}

function refused(error: unknown, headers: Readonly<Record<string, string>>): HttpAnswer {
  const fault =
    error instanceof GraphFault
      ? error
      : new GraphFault(500, 'Service_InternalServerError', 'The sandbox failed.')
  const ids = {request: randomUUID(), client: headers['client-request-id'] ?? randomUUID()}
  return {
    status: fault.status,
    headers: {
      'Content-Type': JSON_TYPE,
      'request-id': ids.request,
      'client-request-id': ids.client,
      ...(fault.status === 401 ? {'WWW-Authenticate': 'Bearer realm=""'} : {}),
    },
    text: JSON.stringify(errorBody(fault.code, fault.message, ids, new Date())),
  }
}

function flatten(incoming: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(incoming.headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  )
}
