import {randomUUID} from 'node:crypto'
import {cutOff, parseAnswer, parseItem, type Reply} from './answers.js'
import {field} from './graph-error.js'
import {relativeUrl, type GraphMethod, type GraphRequest, type GraphVersion} from './graph-request.js'
import type {HttpAnswer} from './http.js'
import type {NetworkFault} from './network-fault.js'

/** Microsoft Graph takes no more in one `$batch`. */
export const BATCH_SIZE = 20

/** One HTTP request, without root and token. */
export interface WireCall {
  readonly method: GraphMethod
  readonly version: GraphVersion
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | undefined
  /** How many requests it carries. */
  readonly size: number
}

export type SendWire = (call: WireCall) => Promise<HttpAnswer | NetworkFault>

/**
 * Sends up to 20 independent requests of one version and gives each its own reply, in the order of the requests.
 * A lone request goes out plain. Where the service refuses the batch as a whole (400 and the like: nothing was done),
 * its requests go out one by one, so that one odd request cannot spoil the others.
 */
export async function sendTogether(
  requests: readonly GraphRequest[],
  send: SendWire,
  host: string,
): Promise<readonly Reply[]> {
  const [first] = requests
  if (first === undefined) return []
  if (requests.length === 1) return [await sendPlain(first, send, host)]
  const outer = await sendBatch(first.version, requests, send, host)
  if (outer.fault) return requests.map(() => outer)
  if (outer.status < 300) return matched(outer.body, requests.length, host)
  const asOne = outer.status === 401 || outer.status === 403 || outer.status === 408 || outer.status === 429
  if (asOne || outer.status >= 500) return requests.map(() => outer)
  const replies: Reply[] = []
  for (const request of requests) replies.push(await sendPlain(request, send, host))
  return replies
}

async function sendPlain(request: GraphRequest, send: SendWire, host: string): Promise<Reply> {
  const {method, version} = request
  const {headers, body} = content(request)
  const text = body === undefined ? undefined : JSON.stringify(body)
  const answer = await send({method, version, url: relativeUrl(request), headers, body: text, size: 1})
  return answer.fault ? answer : parseAnswer(answer, host)
}

async function sendBatch(
  version: GraphVersion,
  requests: readonly GraphRequest[],
  send: SendWire,
  host: string,
): Promise<Reply> {
  const items = requests.map((request, index) => ({
    id: String(index + 1),
    method: request.method,
    url: relativeUrl(request),
    ...content(request),
  }))
  const answer = await send({
    method: 'POST',
    version,
    url: '/$batch',
    headers: {
      'Content-Type': 'application/json',
      Accept: 'application/json',
      'client-request-id': randomUUID(),
    },
    body: JSON.stringify({requests: items}),
    size: items.length,
  })
  return answer.fault ? answer : parseAnswer(answer, host)
}

/** `Content-Type` in this very spelling: the service's batch reader is particular about it. */
function content(request: GraphRequest): {headers: Readonly<Record<string, string>>; body?: unknown} {
  const headers = {Accept: 'application/json', 'client-request-id': randomUUID(), ...request.headers}
  if (request.body === undefined) return {headers}
  return {headers: {...headers, 'Content-Type': 'application/json'}, body: request.body()}
}

/** Answers come in any order; one that is missing is a lost answer. */
function matched(body: unknown, count: number, host: string): readonly Reply[] {
  const list = field(body, 'responses')
  const byId = new Map<string, Reply>()
  for (const item of Array.isArray(list) ? (list as unknown[]) : []) {
    const id = String(field(item, 'id'))
    const reply = parseItem(item)
    if (reply !== undefined && !byId.has(id)) byId.set(id, reply)
  }
  const missing: NetworkFault = {
    ...cutOff(host),
    code: 'ANSWER_MISSING',
    message: `${host} left this request out of its answer to a batch`,
  }
  return Array.from({length: count}, (_, index) => byId.get(String(index + 1)) ?? missing)
}
