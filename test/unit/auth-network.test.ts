import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http'
import {connect, type AddressInfo} from 'node:net'
import {afterEach, beforeEach, expect, it} from 'vitest'
import {networkError} from '../../src/lib/entra/auth/network-error.js'
import {createFetch} from '../../src/lib/entra/network.js'
import {MfaError} from '../../src/lib/errors/mfa-error.js'

/** A forward proxy: remembers what it was asked and leads every name to `target`. */
let proxy: Server
let target: Server
let seen: string[]

const portOf = (server: Server) => (server.address() as AddressInfo).port
function echo(request: IncomingMessage, response: ServerResponse): void {
  let body = ''
  request.on('data', (chunk) => (body += String(chunk)))
  request.on('end', () =>
    response.end(`${request.method} ${request.url} ${String(request.headers['x-test'])} ${body}`),
  )
}

const listen = (server: Server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

beforeEach(async () => {
  seen = []
  target = createServer(echo)
  proxy = createServer()
  proxy.on('connect', (request, client, head) => {
    seen.push(`${request.url} ${request.headers['proxy-authorization'] ?? ''}`.trim())
    const upstream = connect(portOf(target), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      upstream.write(head)
      upstream.pipe(client)
      client.pipe(upstream)
    })
    upstream.on('error', () => client.destroy())
    client.on('error', () => upstream.destroy())
  })
  proxy.on('request', (request, response) => {
    seen.push(`${request.method} ${request.url}`)
    echo(request, response)
  })
  await Promise.all([listen(target), listen(proxy)])
})
afterEach(() => {
  for (const server of [proxy, target]) {
    server.closeAllConnections()
    server.close()
  }
})

it('is Node’s own where no proxy is set', () => {
  expect(createFetch({})).toBe(globalThis.fetch)
  expect(createFetch({HTTPS_PROXY: '', NO_PROXY: 'example.com'})).toBe(globalThis.fetch)
})

it.each(['HTTPS_PROXY', 'https_proxy'])('sends https through %s', async (name) => {
  const send = createFetch({[name]: `http://user:pw@127.0.0.1:${portOf(proxy)}`})
  // The target speaks no TLS, so the request fails, after the proxy has been asked for it.
  await expect(send('https://graph.example.com/v1.0/me')).rejects.toThrow('fetch failed')
  expect(seen).toEqual([`graph.example.com:443 Basic ${Buffer.from('user:pw').toString('base64')}`])
})

it('sends whole requests, of either kind', async () => {
  const send = createFetch({HTTP_PROXY: `127.0.0.1:${portOf(proxy)}`})
  const answer = await send('http://plain.example.com/a?b=1', {
    method: 'POST',
    body: 'x',
    headers: {'x-test': '1'},
  })
  const again = await send(
    new Request('http://plain.example.com/c', {method: 'PUT', body: 'y', headers: {'x-test': '2'}}),
  )
  expect(await answer.text()).toBe('POST http://plain.example.com/a?b=1 1 x')
  expect(await again.text()).toBe('PUT http://plain.example.com/c 2 y')
  expect(seen).toEqual(['POST http://plain.example.com/a?b=1', 'PUT http://plain.example.com/c'])
})

it.skipIf(process.platform === 'win32')('goes around the proxy for NO_PROXY', async () => {
  // The one name of this machine that is not a loopback address.
  const url = `http://0.0.0.0:${portOf(target)}/x`
  const proxies = {HTTP_PROXY: `http://127.0.0.1:${portOf(proxy)}`}
  await (await createFetch({...proxies, NO_PROXY: 'other.example.com, 0.0.0.0'})(url)).text()
  expect(seen).toEqual([])
  await (await createFetch({...proxies, NO_PROXY: 'other.example.com'})(url)).text()
  expect(seen).toEqual([`GET ${url}`])
})

it.each(['127.0.0.1', 'localhost'])('never uses a proxy for this machine: %s', async (host) => {
  const address = `http://127.0.0.1:${portOf(proxy)}`
  const send = createFetch({HTTPS_PROXY: address, HTTP_PROXY: address})
  const direct = await send(`http://${host}:${portOf(target)}/x`).then((answer) => answer.text())
  expect(direct).toContain('GET /x')
  expect(seen).toEqual([])
})

it.each(['not an address', 'socks5://127.0.0.1:1080', 'http://'])('refuses %j as a proxy', (value) => {
  const make = () => createFetch({HTTPS_PROXY: value})
  expect(make).toThrow(MfaError)
  expect(make).toThrow('HTTPS_PROXY is not the address of an http proxy.')
})

it.each([
  [{code: 'ENOTFOUND'}, 'cannot be reached: its name cannot be resolved (ENOTFOUND)'],
  [{code: 'SELF_SIGNED_CERT_IN_CHAIN'}, 'is not trusted (SELF_SIGNED_CERT_IN_CHAIN)'],
  [new AggregateError([Object.assign(new Error('a'), {code: 'ECONNREFUSED'})]), 'refused (ECONNREFUSED)'],
  [{code: 'SOMETHING_ELSE'}, 'the request failed (SOMETHING_ELSE)'],
])('says why the network failed: %o', (cause, says) => {
  const error = networkError(new URL('https://login.example.com/x'), new TypeError('fetch failed', {cause}))
  expect(error.exit).toBe('unavailable')
  expect(error.message).toContain(says)
})

it('says at once that a port is one that fetch never uses', async () => {
  const url = new URL('http://127.0.0.1:9/contoso.com/oauth2/v2.0/token')
  const failure: unknown = await fetch(url).catch((cause: unknown) => cause)
  expect(networkError(url, failure)).toMatchObject({
    code: 'PORT_BLOCKED',
    exit: 'usage',
    message: '127.0.0.1:9: port 9 is never used for web requests',
    fix: expect.stringContaining('MFA_AUTHORITY_URL'),
  })
})
