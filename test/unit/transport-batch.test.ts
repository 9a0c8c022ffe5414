import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {createPacer} from '../../src/lib/entra/transport/pacer.js'
import {sendTogether, type WireCall} from '../../src/lib/entra/transport/batch.js'
import {
  batchAnswer,
  errorAnswer,
  get,
  graphOf,
  jumpingClock,
  live,
  post,
  rejection,
  scriptedServer,
  type BatchItem,
} from './transport-helpers.js'

const upTo = (n: number): readonly number[] => Array.from({length: n}, (_, index) => index)
const items = (body: unknown): readonly BatchItem[] => (body as {requests: readonly BatchItem[]}).requests

describe('gathering', () => {
  it('puts what is asked for together into batches of 20, per version, and gives each its own answer', async () => {
    const server = await scriptedServer((seen) => batchAnswer(seen, (item) => ({body: {url: item.url}})))
    const graph = graphOf(server.url, {clock: jumpingClock()})
    const answers = await Promise.all(upTo(45).map((n) => graph.read(get(`/users/${n}`), live())))
    expect(answers.map((answer) => answer.body)).toEqual(upTo(45).map((n) => ({url: `/users/${n}`})))
    expect(server.seen.map((seen) => [seen.url, items(seen.body).length])).toEqual([
      ['/v1.0/$batch', 20],
      ['/v1.0/$batch', 20],
      ['/v1.0/$batch', 5],
    ])
    const [item] = items(server.seen[0]?.body)
    expect(item).toMatchObject({id: '1', method: 'GET', url: '/users/0'})
    expect(item?.headers?.['client-request-id']).toBeDefined()
    expect(item?.headers).not.toHaveProperty('Content-Type')
    expect(item).not.toHaveProperty('dependsOn')
  })

  it('keeps versions and writes apart, and sends a lone request plain', async () => {
    const server = await scriptedServer((seen) =>
      seen.url.endsWith('$batch') ? batchAnswer(seen, () => ({status: 201, body: {}})) : {body: {}},
    )
    const graph = graphOf(server.url, {clock: jumpingClock()})
    await Promise.all([
      graph.read(get('/a'), live()),
      graph.read({...get('/b'), version: 'beta'}, live()),
      graph.write(post('/c', {n: 1}), live()),
      graph.write(post('/d', {n: 2}), live()),
    ])
    expect(server.seen.map((seen) => `${seen.method} ${seen.url}`).sort()).toEqual([
      'GET /beta/b',
      'GET /v1.0/a',
      'POST /v1.0/$batch',
    ])
    const batch = server.seen.find((seen) => seen.url === '/v1.0/$batch')
    expect(items(batch?.body)[0]).toMatchObject({
      method: 'POST',
      url: '/c',
      headers: {'Content-Type': 'application/json'},
      body: {n: 1},
    })
  })

  it('has no more than so many on the way, and fills up while waiting', async () => {
    let busy = 0
    let most = 0
    const server = await scriptedServer(async (seen) => {
      most = Math.max(most, ++busy)
      await new Promise((resolve) => setTimeout(resolve, 20))
      busy -= 1
      return seen.url.endsWith('$batch') ? batchAnswer(seen, () => ({body: {}})) : {body: {}}
    })
    const clock = jumpingClock()
    const graph = graphOf(server.url, {clock, pacer: createPacer({clock, maxInFlight: 2})})
    await Promise.all(upTo(200).map((n) => graph.read(get(`/u/${n}`), live())))
    expect(most).toBe(2)
    expect(server.seen).toHaveLength(10)
  })

  it('drops what was interrupted before it was sent', async () => {
    const server = await scriptedServer((seen) => batchAnswer(seen, () => ({body: {}})))
    const graph = graphOf(server.url, {clock: jumpingClock()})
    const stop = new AbortController()
    const dropped = rejection(graph.read(get('/dropped'), stop.signal))
    const kept = [graph.read(get('/kept/1'), live()), graph.read(get('/kept/2'), live())]
    stop.abort(new Error('no longer wanted'))
    expect((await dropped).message).toBe('no longer wanted')
    await Promise.all(kept)
    expect(items(server.seen[0]?.body).map((item) => item.url)).toEqual(['/kept/1', '/kept/2'])
  })
})

describe('inside a batch', () => {
  it('one request throttled is repeated alone, not before its time', async () => {
    const clock = jumpingClock()
    const server = await scriptedServer(
      (seen) =>
        seen.url.endsWith('$batch')
          ? batchAnswer(seen, (item) =>
              item.url === '/b'
                ? {...errorAnswer(429, 'TooManyRequests'), headers: {'Retry-After': '17'}}
                : {status: 201, body: {url: item.url}},
            )
          : {status: 201, body: {url: seen.url}},
      clock,
    )
    const graph = graphOf(server.url, {clock})
    const answers = await Promise.all(['/a', '/b', '/c'].map((to) => graph.write(post(to), live())))
    expect(answers.map((answer) => answer.body)).toEqual([{url: '/a'}, {url: '/v1.0/b'}, {url: '/c'}])
    expect(server.seen.map((seen) => seen.url)).toEqual(['/v1.0/$batch', '/v1.0/b'])
    expect(server.seen[1]?.at).toBeGreaterThanOrEqual(17_000)
  })

  it('each error is its own request’s error', async () => {
    const server = await scriptedServer((seen) =>
      batchAnswer(seen, (item) =>
        item.url === '/bad' ? errorAnswer(400, 'badRequest', 'Bad number.') : {status: 204},
      ),
    )
    const graph = graphOf(server.url, {clock: jumpingClock()})
    const good = graph.write(post('/good'), live())
    const error = await rejection(graph.write(post('/bad'), live()))
    expect(error).toMatchObject({
      kind: 'refused',
      status: 400,
      graphCode: 'badRequest',
      requestId: 'rid-inner',
    })
    expect(await good).toMatchObject({status: 204, body: undefined})
  })

  it('a missing answer is asked for again, but leaves a POST in doubt', async () => {
    const server = await scriptedServer((seen) =>
      seen.url.endsWith('$batch')
        ? batchAnswer(seen, (item) => (item.url === '/lost' ? undefined : {body: {url: item.url}}))
        : {body: {plain: seen.url}},
    )
    const graph = graphOf(server.url, {clock: jumpingClock()})
    const reads = ['/lost', '/there'].map((to) => graph.read(get(to), live()))
    expect((await Promise.all(reads)).map((answer) => answer.body)).toEqual([
      {plain: '/v1.0/lost'},
      {url: '/there'},
    ])
    const there = graph.write(post('/there'), live())
    expect(await rejection(graph.write(post('/lost'), live()))).toMatchObject({
      kind: 'lost',
      graphCode: 'ANSWER_MISSING',
    })
    await there
  })

  it.each([
    ['no responses', {}],
    ['an empty list', {responses: []}],
    ['something else', {responses: 'none'}],
  ])('an answer with %s is no answer', async (_name, body) => {
    const server = await scriptedServer((seen) => (seen.url.endsWith('$batch') ? {body} : {body: {ok: 1}}))
    const graph = graphOf(server.url, {clock: jumpingClock()})
    const writes = ['/a', '/b'].map((to) => rejection(graph.write(post(to), live())))
    expect((await Promise.all(writes)).map((error) => error['kind'])).toEqual(['lost', 'lost'])
  })

  it('text bodies that hold JSON, and empty ones, are understood', async () => {
    const server = await scriptedServer((seen) =>
      batchAnswer(seen, (item) => (item.url === '/a' ? {body: '{"id":"1"}'} : {status: 204, body: ''})),
    )
    const graph = graphOf(server.url, {clock: jumpingClock()})
    const sent = ['/a', '/b'].map((to) => graph.write({...post(to), method: 'PATCH'}, live()))
    expect((await Promise.all(sent)).map((answer) => [answer.status, answer.body])).toEqual([
      [200, {id: '1'}],
      [204, undefined],
    ])
  })
})

describe('a batch as a whole', () => {
  it('throttled: all of it waits, POSTs too', async () => {
    const clock = jumpingClock()
    const server = await scriptedServer(
      (seen) =>
        server.seen.length === 1
          ? {...errorAnswer(429, 'TooManyRequests'), headers: {'retry-after': '5'}}
          : batchAnswer(seen, () => ({status: 201, body: {}})),
      clock,
    )
    const graph = graphOf(server.url, {clock})
    await Promise.all(['/a', '/b'].map((to) => graph.write(post(to), live())))
    expect(server.seen).toHaveLength(2)
    expect(server.seen[1]?.at).toBeGreaterThanOrEqual(5000)
  })

  it('unavailable: reads are repeated, POSTs are in doubt', async () => {
    const server = await scriptedServer((seen) =>
      server.seen.length === 1
        ? errorAnswer(503, 'ServiceUnavailable')
        : batchAnswer(seen, () => ({body: {}})),
    )
    const graph = graphOf(server.url, {clock: jumpingClock(), random: () => 0})
    await Promise.all(['/a', '/b'].map((to) => graph.read(get(to), live())))
    expect(server.seen).toHaveLength(2)
    server.seen.length = 0
    const writes = ['/a', '/b'].map((to) => rejection(graph.write(post(to), live())))
    expect((await Promise.all(writes)).map((error) => error['kind'])).toEqual(['lost', 'lost'])
  })

  it('refused: nothing was done, so its requests go out one by one', async () => {
    const server = await scriptedServer((seen) =>
      seen.url.endsWith('$batch')
        ? errorAnswer(400, 'BadRequest', 'Malformed batch')
        : {status: 201, body: {url: seen.url}},
    )
    const graph = graphOf(server.url, {clock: jumpingClock()})
    const answers = await Promise.all(['/a', '/b'].map((to) => graph.write(post(to), live())))
    expect(answers.map((answer) => answer.body)).toEqual([{url: '/v1.0/a'}, {url: '/v1.0/b'}])
  })
})

it('gives each request its own answer whatever the order of the answers', async () => {
  const shuffled = fc
    .uniqueArray(fc.integer({min: 0, max: 9999}), {minLength: 2, maxLength: 20})
    .chain((numbers) =>
      fc.tuple(
        fc.constant(numbers),
        fc.shuffledSubarray(upTo(numbers.length) as number[], {minLength: 0, maxLength: numbers.length}),
      ),
    )
  await fc.assert(
    fc.asyncProperty(shuffled, async ([numbers, order]) => {
      const send = async (call: WireCall) => {
        const requests = items(JSON.parse(call.body ?? ''))
        const responses = order.map((index) => ({
          id: requests[index]?.id,
          status: 200,
          body: {url: requests[index]?.url},
        }))
        return {status: 200, headers: {}, text: JSON.stringify({responses})}
      }
      const replies = await sendTogether(
        numbers.map((n) => get(`/n/${n}`)),
        send,
        'host',
      )
      const lost = expect.objectContaining({fault: true, sent: true, code: 'ANSWER_MISSING'})
      const own = (n: number) => expect.objectContaining({status: 200, body: {url: `/n/${n}`}})
      expect(replies).toEqual(numbers.map((n, index) => (order.includes(index) ? own(n) : lost)))
    }),
  )
})
