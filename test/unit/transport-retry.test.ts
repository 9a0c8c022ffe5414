import {once} from 'node:events'
import {mkdtemp, rm} from 'node:fs/promises'
import {createServer as createSecureServer} from 'node:https'
import {createServer, type AddressInfo} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {describe, expect, it, onTestFinished} from 'vitest'
import {createPacer} from '../../src/lib/entra/transport/pacer.js'
import {retryAfterMs} from '../../src/lib/entra/transport/retry-after.js'
import {makeCertificate} from '../helpers/certificates.js'
import {
  errorAnswer,
  get,
  graphOf,
  jumpingClock,
  live,
  post,
  rejection,
  scriptedServer,
  type Scripted,
} from './transport-helpers.js'

/** Fails so often, then succeeds. */
function failing(times: number, scripted: Scripted): () => Scripted {
  let left = times
  return () => (left-- > 0 ? scripted : {body: {ok: true}})
}

const limited = (headers: Readonly<Record<string, string>> = {}): Scripted => ({
  ...errorAnswer(429, 'TooManyRequests'),
  headers,
})

describe('throttling', () => {
  it.each([
    ['seconds', () => ({'retry-after': '600'}), 600_000],
    [
      'a date, read against the Date of the same answer',
      () => ({date: 'Fri, 01 Jan 2027 00:00:00 GMT', 'retry-after': 'Fri, 01 Jan 2027 00:02:00 GMT'}),
      120_000,
    ],
  ])('waits as long as Retry-After says: %s', async (_name, headers, expected) => {
    const clock = jumpingClock()
    const server = await scriptedServer(failing(1, limited(headers())), clock)
    const graph = graphOf(server.url, {clock, retry: {maxWaitMs: 3_600_000}})
    await graph.write(post('/a'), live())
    expect((server.seen[1]?.at ?? 0) - (server.seen[0]?.at ?? 0)).toBeGreaterThanOrEqual(expected)
    expect(server.seen).toHaveLength(2)
  })

  it('backs off with jitter where no time is given', async () => {
    const clock = jumpingClock()
    const server = await scriptedServer(failing(3, limited()), clock)
    await graphOf(server.url, {clock}).write(post('/a'), live())
    expect(clock.slept).toEqual([500, 1000, 2000])
  })

  it('holds back that kind alone until the time has passed', async () => {
    const clock = jumpingClock()
    const pacer = createPacer({clock})
    const two = await pacer.acquire('write', () => 2, 60_000, live())
    if (!two.granted) throw new Error('not granted')
    two.release([
      {kind: 'write', status: 429, holdMs: 30_000},
      {kind: 'write', status: 429, holdMs: 1000},
    ])
    expect((await pacer.acquire('read', () => 1, 60_000, live())).granted).toBe(true)
    expect(await pacer.acquire('write', () => 1, 29_999, live())).toEqual({
      granted: false,
      retryAt: new Date('2027-01-15T08:00:30Z'),
    })
    expect(clock.monotonic()).toBe(0)
    expect((await pacer.acquire('write', () => 1, 60_000, live())).granted).toBe(true)
    expect(clock.monotonic()).toBeGreaterThanOrEqual(30_000)
  })

  it('ends past the budget and says when to try again', async () => {
    const clock = jumpingClock()
    const server = await scriptedServer(() => limited({'retry-after': '100'}), clock)
    const error = await rejection(graphOf(server.url, {clock}).write(post('/a'), live()))
    expect(error).toMatchObject({exit: 'unavailable', code: 'GRAPH_THROTTLED', requestId: 'rid-http'})
    expect(error['fix']).toContain('2027-01-15T08:06:40')
    expect(server.seen).toHaveLength(4)
  })

  it('ends at once if the time asked for is beyond the budget, for requests behind it too', async () => {
    const clock = jumpingClock()
    const server = await scriptedServer(() => limited({'retry-after': '900'}), clock)
    const graph = graphOf(server.url, {clock})
    const first = await rejection(graph.read(get('/a'), live()))
    const second = await rejection(graph.read(get('/b'), live()))
    for (const error of [first, second]) {
      expect(error).toMatchObject({code: 'GRAPH_THROTTLED', exit: 'unavailable'})
      expect(error['fix']).toContain('2027-01-15T08:15:00')
    }
    expect(server.seen).toHaveLength(1)
    expect(clock.slept).toEqual([])
  })
})

describe('pace', () => {
  it('sends nothing once the time is over, and says that the same command goes on', async () => {
    const clock = jumpingClock()
    const server = await scriptedServer(() => ({body: {}}))
    const pacer = createPacer({clock, maxDurationMs: 1000})
    const graph = graphOf(server.url, {clock, pacer})
    await graph.read(get('/a'), live())
    await clock.sleep(1000)
    const error = await rejection(graph.write(post('/a'), live()))
    expect(error).toMatchObject({code: 'MAX_DURATION', exit: 'unavailable'})
    expect(error['fix']).toContain('same command goes on')
    expect(server.seen).toHaveLength(1)
  })

  it('keeps retries to their share, and counts them', async () => {
    const clock = jumpingClock()
    const server = await scriptedServer(failing(3, errorAnswer(503, 'ServiceUnavailable')), clock)
    const pacer = createPacer({clock, retryShare: {reserve: 1, perSecond: 0.01, perSuccess: 0}})
    await graphOf(server.url, {clock, pacer, retry: {maxWaitMs: 3_600_000}}).read(get('/a'), live())
    const at = server.seen.map((seen) => seen.at)
    expect(at[1]).toBeLessThan(10_000)
    expect((at[3] ?? 0) - (at[1] ?? 0)).toBeGreaterThanOrEqual(190_000)
    expect(pacer.stats().retried).toBe(3)
  })
})

describe('failures of the service', () => {
  it.each([500, 502, 503, 504])('repeats a GET after %i', async (status) => {
    const server = await scriptedServer(
      failing(2, {status, headers: {'content-type': 'text/html'}, body: '<h1>no'}),
    )
    const answer = await graphOf(server.url, {clock: jumpingClock()}).read(get('/a'), live())
    expect(answer.body).toEqual({ok: true})
    expect(server.seen).toHaveLength(3)
  })

  it('repeats a PATCH', async () => {
    const server = await scriptedServer(failing(1, errorAnswer(503, 'ServiceUnavailable')))
    const graph = graphOf(server.url, {clock: jumpingClock()})
    await graph.write({...post('/a'), method: 'PATCH'}, live())
    expect(server.seen).toHaveLength(2)
  })

  it('takes 404 on a repeated DELETE for done, but not on the first', async () => {
    const server = await scriptedServer((seen) =>
      seen.url === '/v1.0/a' && server.seen.length === 1 ? {cut: true} : undefined,
    )
    const graph = graphOf(server.url, {clock: jumpingClock()})
    expect(await graph.write({method: 'DELETE', version: 'v1.0', path: '/a'}, live())).toMatchObject({
      status: 204,
    })
    const error = await rejection(graph.write({method: 'DELETE', version: 'v1.0', path: '/b'}, live()))
    expect(error).toMatchObject({kind: 'refused', status: 404})
  })

  it.each([500, 503, 504])('never repeats a POST after %i: it is in doubt', async (status) => {
    const server = await scriptedServer(
      failing(1, {...errorAnswer(status, 'Oops'), headers: {'retry-after': '1'}}),
    )
    const error = await rejection(graphOf(server.url, {clock: jumpingClock()}).write(post('/a'), live()))
    expect(error).toMatchObject({kind: 'lost', status, requestId: 'rid-http'})
    expect(server.seen).toHaveLength(1)
  })

  it('gives up after so many attempts', async () => {
    const server = await scriptedServer(() => errorAnswer(500, 'Oops'))
    const error = await rejection(graphOf(server.url, {clock: jumpingClock()}).read(get('/a'), live()))
    expect(error).toMatchObject({kind: 'failed', status: 500, exit: 'unavailable', requestId: 'rid-http'})
    expect(server.seen).toHaveLength(8)
  })
})

describe('the network', () => {
  it('repeats a GET after a cut connection, not a POST', async () => {
    const server = await scriptedServer(failing(1, {cut: true}))
    const graph = graphOf(server.url, {clock: jumpingClock()})
    expect((await graph.read(get('/a'), live())).body).toEqual({ok: true})
    const again = await scriptedServer(failing(1, {cut: true}))
    const error = await rejection(graphOf(again.url, {clock: jumpingClock()}).write(post('/a'), live()))
    expect(error).toMatchObject({kind: 'lost'})
    expect(again.seen).toHaveLength(1)
  })

  it('leaves a POST in doubt whose answer breaks off', async () => {
    const server = await scriptedServer(() => ({cut: 'midway'}))
    const error = await rejection(graphOf(server.url, {clock: jumpingClock()}).write(post('/a'), live()))
    expect(error).toMatchObject({kind: 'lost'})
  })

  it('repeats a POST that no connection came about for, then says where nobody answers', async () => {
    const closed = createServer().listen(0, '127.0.0.1')
    await once(closed, 'listening')
    const {port} = closed.address() as AddressInfo
    closed.close()
    await once(closed, 'close')
    const clock = jumpingClock()
    const error = await rejection(graphOf(`http://127.0.0.1:${port}`, {clock}).write(post('/a'), live()))
    expect(error).toMatchObject({exit: 'unavailable', code: 'GRAPH_UNREACHABLE'})
    expect(error.message).toContain(`127.0.0.1:${port} cannot be reached (ECONNREFUSED)`)
    expect(clock.slept).toHaveLength(3)
  })

  it('does not try again to reach a port that fetch never uses', async () => {
    const clock = jumpingClock()
    const graph = graphOf('http://127.0.0.1:9', {clock})
    for (const asked of [graph.read(get('/a'), live()), graph.write(post('/a'), live())]) {
      const error = await rejection(asked)
      expect(error).toMatchObject({code: 'PORT_BLOCKED', exit: 'usage'})
      expect(error['fix']).toContain('MFA_GRAPH_URL')
    }
    expect(clock.slept).toEqual([])
  })

  it('does not try again what a certificate forbids', async () => {
    const asked: unknown[] = []
    const refusing = (() => {
      asked.push(1)
      return Promise.reject(
        new TypeError('fetch failed', {
          cause: Object.assign(new Error("Hostname/IP does not match certificate's altnames"), {
            code: 'ERR_TLS_CERT_ALTNAME_INVALID',
          }),
        }),
      )
    }) as typeof fetch
    const graph = graphOf('https://graph.example.com', {clock: jumpingClock(), fetch: refusing})
    const error = await rejection(graph.write(post('/a'), live()))
    expect(error).toMatchObject({exit: 'unavailable', code: 'GRAPH_UNREACHABLE'})
    expect(error.message).toContain('TLS')
    expect(error['fix']).toContain('NODE_EXTRA_CA_CERTS')
    expect(asked).toHaveLength(1)
  })

  it('says that a certificate is not trusted', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mfa-tls-'))
    onTestFinished(() => rm(folder, {recursive: true}))
    const server = createSecureServer(
      await makeCertificate(folder, 'stranger').then(({certificate, key}) => ({cert: certificate, key})),
    )
    const asked: unknown[] = []
    server.on('request', (request) => asked.push(request.headers))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const root = `https://localhost:${(server.address() as AddressInfo).port}`
    const error = await rejection(graphOf(root, {clock: jumpingClock()}).write(post('/a'), live()))
    expect(error).toMatchObject({exit: 'unavailable', code: 'GRAPH_UNREACHABLE'})
    expect(error.message).toContain('DEPTH_ZERO_SELF_SIGNED_CERT')
    expect(asked).toEqual([])
  })

  it('does not wait for ever for one attempt', async () => {
    const server = await scriptedServer(() => new Promise<undefined>(() => {}))
    const graph = graphOf(server.url, {clock: jumpingClock(), attemptTimeoutMs: 100})
    expect(await rejection(graph.write(post('/a'), live()))).toMatchObject({
      kind: 'lost',
      graphCode: 'TimeoutError',
    })
  })

  it('ends with the reason of the signal', async () => {
    const server = await scriptedServer(() => new Promise<undefined>(() => {}))
    const stop = new AbortController()
    const reading = rejection(graphOf(server.url, {clock: jumpingClock()}).read(get('/a'), stop.signal))
    await expect.poll(() => server.seen.length).toBe(1)
    stop.abort(new Error('stopped by hand'))
    expect((await reading).message).toBe('stopped by hand')
  })

  it('lets a write that is on its way end, so that its outcome is known', async () => {
    const stop = new AbortController()
    const server = await scriptedServer(() => {
      stop.abort(new Error('stopped by hand'))
      return {status: 201, body: {id: '7'}}
    })
    const graph = graphOf(server.url, {clock: jumpingClock()})
    expect((await graph.write(post('/a'), stop.signal)).body).toEqual({id: '7'})
    expect((await rejection(graph.write(post('/b'), stop.signal))).message).toBe('stopped by hand')
    expect(server.seen).toHaveLength(1)
  })
})

it.each([
  ['7', 7000],
  ['0', 0],
  ['1.5', 1500],
  ['Fri, 01 Jan 2027 00:00:10 GMT', 10_000],
  ['Fri, 01 Jan 2020 00:00:10 GMT', 0],
  ['soon', undefined],
  ['', undefined],
  [undefined, undefined],
])('reads Retry-After %s', (value, expected) => {
  expect(retryAfterMs(value, undefined, new Date('2027-01-01T00:00:00Z'))).toBe(expected)
})
