import {createHash} from 'node:crypto'
import {createSocket} from 'node:dgram'
import {mkdtemp, readFile, rm} from 'node:fs/promises'
import * as http from 'node:http'
import * as https from 'node:https'
import {type AddressInfo, createServer, type Socket} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {createSecureContext, type SecureContext} from 'node:tls'

import {afterAll, beforeAll, describe, expect, it} from 'vitest'

import {Secret} from '../../src/lib/model/secret.js'
import {resolveName} from '../../src/lib/probe/names.js'
import {createNetwork} from '../../src/lib/probe/network.js'
import {findPattern} from '../../src/lib/probe/pattern.js'
import {judgeAnswer, statusServer} from '../../src/lib/probe/radius-packet.js'
import {freePorts, freeUdpPorts} from '../helpers/free-ports.js'
import {makeAuthority, startPortal} from '../helpers/loopback-farm.js'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex')

describe('RADIUS packets', () => {
  // The example of RFC 5997, section 6.1.
  const SECRET = 'xyzzy5461'
  const REQUEST = hex('0cda00268a54f4686fb394c52866e302185d062350125a665e2e1e8411f3e243822097c84fa3')
  const REPLY = hex('02da0014ef0d552a4bf2d693ec2b6fe8b5411d66')

  it('are those of RFC 5997', () => {
    expect(statusServer(0xda, REQUEST.subarray(4, 20), SECRET).toString('hex')).toBe(REQUEST.toString('hex'))
    expect(judgeAnswer(REPLY, REQUEST, SECRET)).toBe('right')
  })

  it('of others are told apart', () => {
    expect(judgeAnswer(REPLY, REQUEST, 'another')).toBe('wrong-secret')
    expect(judgeAnswer(Buffer.concat([Buffer.from([2, 1]), REPLY.subarray(2)]), REQUEST, SECRET)).toBe(
      'other',
    )
    expect(judgeAnswer(REPLY.subarray(0, 19), REQUEST, SECRET)).toBe('other')
    expect(judgeAnswer(Buffer.alloc(0), REQUEST, SECRET)).toBe('other')
    // Octets behind the length are padding.
    expect(judgeAnswer(Buffer.concat([REPLY, Buffer.from([9])]), REQUEST, SECRET)).toBe('right')
  })
})

let folder: string
let trusted: SecureContext
let good = ''
let old = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mfa-probe-'))
  const authority = await makeAuthority(folder)
  trusted = createSecureContext({ca: await readFile(authority.ca, 'utf8')})
  good = await authority.issue('good', 'DNS:localhost,DNS:mfa.contoso.com')
  old = await authority.issue('soon', 'DNS:localhost', 5)
})
afterAll(() => rm(folder, {recursive: true, force: true}))

const network = (more: Partial<Parameters<typeof createNetwork>[0]> = {}) =>
  createNetwork({
    timeoutMs: 2000,
    signal: new AbortController().signal,
    context: trusted,
    radiusSecret: new Secret('s'),
    fetch: globalThis.fetch,
    sdk: () => Promise.reject(new Error('not asked')),
    ...more,
  })

describe('the network', () => {
  it('tells open, refused and silent ports apart', async () => {
    const portal = await startPortal('A', good)
    const [closed = 0] = await freePorts(1)
    try {
      expect(await network().tcp({host: '127.0.0.1', port: portal.port})).toMatchObject({kind: 'open'})
      expect(await network().tcp({host: '127.0.0.1', port: closed})).toEqual({kind: 'refused'})
      expect((await network().tcp({host: 'no-such-host.invalid', port: 1})).kind).toBe('failed')
    } finally {
      await portal.stop()
    }
  })

  it('looks at names, chain and dates of a certificate', async () => {
    const portal = await startPortal('A', good)
    const short = await startPortal('B', old)
    const at = (port: number) => ({host: '127.0.0.1', port})
    try {
      expect(await network().tls(at(portal.port), 'mfa.contoso.com')).toMatchObject({
        kind: 'answered',
        names: ['localhost', 'mfa.contoso.com'],
        fitsName: true,
        issuer: 'Test CA of the loopback farm',
        untrusted: undefined,
      })
      expect(await network().tls(at(portal.port), 'other.contoso.com')).toMatchObject({
        fitsName: false,
        untrusted: undefined,
      })
      const stranger = network({context: createSecureContext({ca: []})})
      expect(await stranger.tls(at(portal.port), 'localhost')).toMatchObject({
        untrusted: expect.stringMatching(/UNABLE_TO|SELF_SIGNED/),
      })
      const answer = await network().tls(at(short.port), 'localhost')
      expect(answer.kind === 'answered' && answer.validTo.getTime() - Date.now()).toBeLessThan(6 * 86_400_000)
      const [closed = 0] = await freePorts(1)
      expect(await network().tls(at(closed), 'localhost')).toEqual({
        kind: 'failed',
        why: 'refused, nothing listens there',
      })
    } finally {
      await portal.stop()
      await short.stop()
    }
  })

  it('waits no longer than it may for those who take connections and say nothing', async () => {
    const sockets: Socket[] = []
    const server = createServer((socket) => sockets.push(socket.on('error', () => {})))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const endpoint = {host: '127.0.0.1', port: (server.address() as AddressInfo).port}
    const hurried = network({timeoutMs: 100})
    const late = {kind: 'failed', why: 'no answer in time'}
    try {
      expect(await hurried.tls(endpoint, 'localhost')).toEqual(late)
      expect(await hurried.get({endpoint, name: 'localhost', path: '/', cookies: []})).toEqual(late)
    } finally {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    }
  })

  it.each([
    ['does not speak TLS', () => http.createServer((_, response) => response.end('x'))],
    ['refuses the handshake', () => https.createServer({})],
  ] as const)('says of a server that it %s', async (says, create) => {
    const server = create()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const endpoint = {host: '127.0.0.1', port: (server.address() as AddressInfo).port}
    try {
      expect(await network().tls(endpoint, 'localhost')).toEqual({kind: 'failed', why: `it ${says}`})
    } finally {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  })

  it('takes the beginning of a page that never ends, and waits no longer for one that drips', async () => {
    const pem = await readFile(good, 'utf8')
    const server = https.createServer({key: pem, cert: pem}, (request, response) => {
      const send = (): unknown =>
        request.url === '/endless' ? response.write('a'.repeat(16_384)) && setImmediate(send) : undefined
      response.on('drain', send)
      send()
      const drip = setInterval(() => response.write('a'), 10)
      response.on('close', () => clearInterval(drip))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const endpoint = {host: '127.0.0.1', port: (server.address() as AddressInfo).port}
    const ask = (path: string) =>
      network({timeoutMs: 1000}).get({endpoint, name: 'localhost', path, cookies: []})
    try {
      const answer = await ask('/endless')
      expect(answer.kind === 'answered' && answer.body.length).toBe(64 * 1024)
      const start = performance.now()
      expect(await ask('/dripping')).toEqual({kind: 'failed', why: 'no answer in time'})
      expect(performance.now() - start).toBeLessThan(2500)
    } finally {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  })

  it('finds a pattern, and ends one that tries every way', () => {
    expect(findPattern('node: (\\w+)', '<!-- node: web7 -->')).toEqual({kind: 'found', text: 'web7'})
    expect(findPattern('x', 'y')).toEqual({kind: 'none'})
    const start = performance.now()
    expect(findPattern('(a+)+b', 'a'.repeat(65_536))).toEqual({kind: 'gave-up'})
    expect(performance.now() - start).toBeLessThan(2000)
    expect(findPattern('(a{30000}){30000}', 'a'.repeat(65_536))).toEqual({kind: 'gave-up'})
  })

  it('waits no longer than it may, nor after a stop, for a name server that is silent', async () => {
    const silent = () => {}
    const late = {kind: 'unknown', why: 'the name server does not answer'}
    const never = new AbortController().signal
    expect(await resolveName('x', {timeoutMs: 50, signal: never}, silent)).toEqual(late)
    const stop = new AbortController()
    const asking = resolveName('x', {timeoutMs: 60_000, signal: stop.signal}, silent)
    const reason = new Error('stopped')
    setTimeout(() => stop.abort(reason), 20)
    await expect(asking).rejects.toBe(reason)
  })

  it('says why it cannot send where an address takes no datagrams', async () => {
    const broadcast = {host: '255.255.255.255', port: 1812}
    expect(await network().radius(broadcast, {intervalMs: 1, transmissions: 1})).toEqual({
      kind: 'failed',
      why: 'EACCES',
    })
  })

  it('gets a page on a connection of its own', async () => {
    const portal = await startPortal('A', good)
    try {
      const request = {
        endpoint: {host: '127.0.0.1', port: portal.port},
        name: 'localhost',
        path: '/x',
        cookies: [],
      }
      expect(await network().get(request)).toMatchObject({
        kind: 'answered',
        status: 200,
        headers: {'x-served-by': 'A'},
        body: expect.stringContaining('node: A'),
      })
      expect(await network().get(request)).toMatchObject({status: 200})
    } finally {
      await portal.stop()
    }
    const [closed = 0] = await freePorts(1)
    const gone = {endpoint: {host: '127.0.0.1', port: closed}, name: 'localhost', path: '/', cookies: []}
    expect(await network().get(gone)).toMatchObject({kind: 'failed'})
  })

  it('sends Status-Server again until it is answered, and says how often', async () => {
    const server = createSocket('udp4')
    let seen = 0
    server.on('message', (request, from) => {
      seen += 1
      // A stranger's answer first, then, to the second request, the right one.
      const answer = Buffer.from([2, request[1] ?? 0, 0, 20])
      const digest = createHash('md5').update(answer).update(request.subarray(4, 20)).update('s').digest()
      server.send(Buffer.from([2, ((request[1] ?? 0) + 1) % 256, 0, 20, ...digest]), from.port, from.address)
      if (seen === 2) server.send(Buffer.concat([answer, digest]), from.port, from.address)
    })
    await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve))
    const endpoint = {host: '127.0.0.1', port: server.address().port}
    try {
      const patience = {intervalMs: 100, transmissions: 5}
      expect(await network().radius(endpoint, patience)).toMatchObject({kind: 'answered', transmissions: 2})
      seen = 10
      expect(await network().radius(endpoint, {intervalMs: 20, transmissions: 3})).toMatchObject({
        kind: 'silent',
      })
      expect(seen).toBe(13)
    } finally {
      await new Promise<void>((resolve) => server.close(() => resolve()))
    }
    const [closed = 0] = await freeUdpPorts(1)
    expect(
      await network().radius({host: '127.0.0.1', port: closed}, {intervalMs: 500, transmissions: 2}),
    ).toEqual({kind: 'refused'})
    expect(
      (await network().radius({host: 'no-such-host.invalid', port: 1}, {intervalMs: 1, transmissions: 1}))
        .kind,
    ).toBe('failed')
  })

  it('ends at once when the command is stopped', async () => {
    const stop = new AbortController()
    const server = createSocket('udp4')
    await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve))
    const asking = network({signal: stop.signal}).radius(
      {host: '127.0.0.1', port: server.address().port},
      {intervalMs: 60_000, transmissions: 9},
    )
    const reason = new Error('stopped')
    setTimeout(() => stop.abort(reason), 20)
    await expect(asking).rejects.toBe(reason)
    await expect(network({signal: stop.signal}).tcp({host: '127.0.0.1', port: 1})).rejects.toBe(reason)
    await new Promise<void>((resolve) => server.close(() => resolve()))
  })

  it('takes any HTTP answer for a way out, and says why there is none', async () => {
    const answering = network({fetch: async () => new Response('', {status: 401})})
    expect(await answering.reach('https://graph.microsoft.com/')).toEqual({kind: 'answered', status: 401})
    const [closed = 0] = await freePorts(1)
    expect(await network().reach(`http://127.0.0.1:${closed}/`)).toEqual({
      kind: 'failed',
      why: 'refused, nothing listens there',
    })
  })
})
