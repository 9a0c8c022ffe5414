import {once} from 'node:events'
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http'
import type {AddressInfo} from 'node:net'
import {onTestFinished} from 'vitest'
import {createGraph, type Graph, type GraphOptions} from '../../src/lib/entra/transport/graph.js'
import type {Clock} from '../../src/lib/ports/clock.js'

export interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
  /** Time of the test's clock. */
  readonly at: number
}

export interface Scripted {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON; a string goes out as it is. */
  readonly body?: unknown
  /** Cuts the connection instead of answering, or in the middle of the answer. */
  readonly cut?: boolean | 'midway'
}

export interface BatchItem {
  readonly id: string
  readonly method: string
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

export type Handler = (seen: Seen) => Scripted | undefined | Promise<Scripted | undefined>

/** A clock whose sleeps take no time: it jumps. Remembers how long was slept. */
export function jumpingClock(start = Date.parse('2027-01-15T08:00:00Z')): Clock & {readonly slept: number[]} {
  let elapsed = 0
  const slept: number[] = []
  return {
    slept,
    now: () => new Date(start + elapsed),
    monotonic: () => elapsed,
    async sleep(ms, signal) {
      signal?.throwIfAborted()
      slept.push(ms)
      elapsed += ms
      await new Promise((resolve) => setImmediate(resolve))
      signal?.throwIfAborted()
    },
  }
}

/** A Graph-shaped server that does what the test says; undefined stands for 404. Closed after the test. */
export async function scriptedServer(handler: Handler, clock?: Clock) {
  const seen: Seen[] = []
  const server = createServer((request, response) => void answer(request, response))
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString('utf8')
    const one: Seen = {
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
      body: text === '' ? undefined : JSON.parse(text),
      at: clock?.monotonic() ?? 0,
    }
    seen.push(one)
    const scripted = (await handler(one)) ?? errorAnswer(404, 'Request_ResourceNotFound')
    if (scripted.cut === 'midway') {
      response.writeHead(201, {'content-type': 'application/json', 'content-length': '1000'})
      response.write('{"id":', () => request.socket.destroy())
      return
    }
    if (scripted.cut) {
      request.socket.destroy()
      return
    }
    const {status = 200, headers = {}, body} = scripted
    response.writeHead(status, {'content-type': 'application/json', 'request-id': 'rid-http', ...headers})
    response.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body))
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return {url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, server}
}

export function errorAnswer(status: number, code: string, message = 'no'): Scripted {
  return {status, body: {error: {code, message, innerError: {'request-id': 'rid-inner'}}}}
}

/** Answers a `$batch` by asking `each` for every item. */
export function batchAnswer(seen: Seen, each: (item: BatchItem) => Scripted | undefined): Scripted {
  const {requests} = seen.body as {requests: readonly BatchItem[]}
  const responses = requests.flatMap((item) => {
    const scripted = each(item)
    if (scripted === undefined) return []
    const {status = 200, headers = {}, body} = scripted
    return [
      {id: item.id, status, headers: {'Content-Type': 'application/json', ...headers}, body: body ?? null},
    ]
  })
  return {body: {responses}}
}

export const TOKEN = 'bearer-of-the-test'

export function graphOf(rootUrl: string, options: Partial<GraphOptions> & {readonly clock: Clock}): Graph {
  return createGraph({rootUrl, token: () => Promise.resolve(TOKEN), random: () => 0.5, ...options})
}

export const live = (): AbortSignal => new AbortController().signal

export function get(path: string) {
  return {method: 'GET', version: 'v1.0', path} as const
}

export function post(path: string, body: unknown = {some: 'thing'}) {
  return {method: 'POST', version: 'v1.0', path, body: () => body} as const
}

/** What a promise was rejected with; fails the test if it was not. */
export async function rejection(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  try {
    await promise
  } catch (error) {
    return error as Error & Record<string, unknown>
  }
  throw new Error('expected a rejection')
}
