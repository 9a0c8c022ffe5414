import {createPublicKey, verify, type JsonWebKey} from 'node:crypto'
import {createServer} from 'node:http'
import type {AddressInfo} from 'node:net'

export interface CheckingGraph {
  readonly url: string
  /** Claims of every token that came and whose signature was good. */
  readonly claims: readonly Readonly<Record<string, unknown>>[]
  /** So many requests are answered with 401 first, whatever they bring. */
  refuse: number
  close(): Promise<void>
}

/** An empty tenant that believes tokens of one provider, by their signature, audience and end. */
export async function startCheckingGraph(key: JsonWebKey): Promise<CheckingGraph> {
  const publicKey = createPublicKey({key, format: 'jwk'})
  const claims: Record<string, unknown>[] = []
  const state = {refuse: 0}
  const server = createServer((request, response) => {
    void (async () => {
      let text = ''
      for await (const chunk of request) text += String(chunk)
      const found = check(request.headers.authorization ?? '', publicKey)
      const refused = found === undefined || state.refuse > 0
      if (state.refuse > 0) state.refuse -= 1
      if (found !== undefined) claims.push(found)
      const status = refused ? 401 : 200
      const body = refused
        ? {error: {code: 'InvalidAuthenticationToken', message: 'The token is not accepted.'}}
        : answer(request.url ?? '', text)
      response.writeHead(status, {'content-type': 'application/json'}).end(JSON.stringify(body))
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(state, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    claims,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}

function check(header: string, key: ReturnType<typeof createPublicKey>): Record<string, unknown> | undefined {
  const [head = '', payload = '', signature = ''] = header.replace('Bearer ', '').split('.')
  if (!verify('sha256', Buffer.from(`${head}.${payload}`), key, Buffer.from(signature, 'base64url')))
    return undefined
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>
  const good = claims['aud'] === 'https://graph.microsoft.com' && Number(claims['exp']) * 1000 > Date.now()
  return good ? claims : undefined
}

/** One group, without members. */
function answer(url: string, text: string): object {
  if (!url.endsWith('/$batch')) return one(url)
  const {requests} = JSON.parse(text) as {requests: {id: string; url: string}[]}
  return {
    responses: requests.map(({id, url}) => ({
      id,
      status: 200,
      headers: {'Content-Type': 'application/json'},
      body: one(url),
    })),
  }
}

const one = (url: string): object =>
  /\/groups\/[^/]+\/|\/members/.test(url)
    ? {value: []}
    : {value: [{id: '00000000-0000-4000-8000-00000000aaaa', displayName: 'Everybody'}]}
