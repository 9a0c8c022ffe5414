import {createServer, type IncomingMessage} from 'node:http'
import type {AddressInfo} from 'node:net'

import type {CheckedRequest} from '../contract/graph-description.js'

export interface RecordingProxy {
  readonly url: string
  readonly requests: readonly CheckedRequest[]
  stop(): Promise<void>
}

/**
 * Stands before a Graph-shaped server, hands everything on and keeps what was asked. What `swallows` says yes to is neither
 * handed on nor answered.
 */
export async function startRecordingProxy(
  root: string,
  swallows: (asked: CheckedRequest) => boolean = () => false,
): Promise<RecordingProxy> {
  const requests: CheckedRequest[] = []
  let own = ''
  const server = createServer((request, response) => {
    void (async () => {
      const body = await textOf(request)
      const target = request.url ?? '/'
      const [, version = '', path = ''] = /^\/(v1\.0|beta)(\/.*)$/.exec(target) ?? []
      const asked: CheckedRequest = {
        version: version === 'beta' ? 'beta' : 'v1.0',
        method: request.method ?? 'GET',
        path,
        headers: Object.fromEntries(
          Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
        ),
        ...(body === '' ? {} : {body: JSON.parse(body) as unknown}),
      }
      requests.push(asked)
      if (swallows(asked)) return
      const {host: _host, connection: _connection, ...headers} = request.headers as Record<string, string>
      const answer = await fetch(`${root}${target}`, {
        method: request.method ?? 'GET',
        headers,
        ...(body === '' ? {} : {body}),
      })
      // Links to further pages name the server behind.
      const text = (await answer.text()).replaceAll(root, own)
      const kept = ['content-type', 'date', 'request-id', 'client-request-id', 'location']
      response.writeHead(
        answer.status,
        Object.fromEntries(
          kept.flatMap((name) => (answer.headers.has(name) ? [[name, answer.headers.get(name) ?? '']] : [])),
        ),
      )
      response.end(text)
    })().catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  own = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: own,
    requests,
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}
