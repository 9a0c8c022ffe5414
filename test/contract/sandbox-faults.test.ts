import {afterEach, describe, expect, it, vi} from 'vitest'

import type {SeenOperation} from '../../src/lib/sandbox/engine.js'
import type {SandboxOptions} from '../../src/lib/sandbox/server.js'
import {PHONE_ID} from '../../src/lib/sandbox/phone-rules.js'
import {ALICE, BOB, CAROL, FREE_TOKEN, TENANT} from '../fixtures/sandbox-tenant.js'
import {openClient} from './sandbox-client.js'
import type {Client} from './sandbox-client.js'

const PHONES = `/users/${ALICE}/authentication/phoneMethods`
const MOBILE = {phoneType: 'mobile', phoneNumber: '+1 4255550140'}

describe('the sandbox misbehaves as told', () => {
  let client: Client
  const open = async (options: Pick<SandboxOptions, 'faults' | 'now'>): Promise<Client> => {
    client = await openClient({tenant: TENANT, ...options})
    return client
  }
  /** What is really there, whatever the answers say. */
  const phonesOf = (index: number): number => client.sandbox.dump().users[index]?.phoneMethods?.length ?? 0
  afterEach(async () => {
    await client.sandbox.stop()
  })

  it('throttles with and without Retry-After, requests and batch items, and does nothing then', async () => {
    await open({faults: {throttle: 1, retryAfter: 7}})
    const reply = await client.ask('POST', PHONES, {body: MOBILE})
    expect([reply.status, reply.headers.get('retry-after')]).toEqual([429, '7'])
    expect(phonesOf(0)).toBe(0)
    expect(client.sandbox.stats()).toMatchObject({requests: 1, writes: 1, throttled: 1})
    await client.sandbox.stop()
    await open({faults: {bareThrottle: 1}})
    expect((await client.ask('GET', '/users')).headers.get('retry-after')).toBeNull()
  })

  it('throttles single items of a batch', async () => {
    await open({faults: {throttle: 0.5, seed: 4}})
    const requests = Array.from({length: 20}, (_, n) => ({
      id: String(n),
      method: 'GET',
      url: `/users/${BOB}`,
    }))
    let statuses: number[] = []
    await vi.waitFor(async () => {
      const reply = await client.ask('POST', '/$batch', {body: {requests}})
      expect(reply.status).toBe(200)
      const responses = reply.body['responses'] as {status: number; headers: Record<string, string>}[]
      statuses = responses.map((each) => each.status)
      for (const each of responses)
        expect(each.headers['Retry-After']).toBe(each.status === 429 ? '1' : undefined)
    })
    expect(new Set(statuses)).toEqual(new Set([200, 429]))
  })

  it('fails before the write', async () => {
    await open({faults: {error: 1}})
    const statuses = new Set<number>()
    for (let n = 0; n < 40; n += 1) statuses.add((await client.ask('POST', PHONES, {body: MOBILE})).status)
    expect([...statuses].sort((a, b) => a - b)).toEqual([500, 502, 503, 504])
    expect(phonesOf(0)).toBe(0)
  })

  it('closes the connection before the write', async () => {
    await open({faults: {reset: 1}})
    await expect(client.ask('POST', PHONES, {body: MOBILE})).rejects.toThrow('fetch failed')
    expect(phonesOf(0)).toBe(0)
  })

  it('loses the answer after the write', async () => {
    await open({faults: {lost: 1}})
    const outcome = await client.ask('POST', PHONES, {body: MOBILE}).then(
      (reply) => reply.status,
      () => 'closed',
    )
    expect([504, 'closed']).toContain(outcome)
    expect(phonesOf(0)).toBe(1)
  })

  it('fails the users it is told to, and nobody else', async () => {
    await open({faults: {failUser: ['Bob@contoso.com']}})
    expect((await client.ask('GET', `/users/${BOB}/authentication/methods`)).status).toBe(500)
    expect((await client.ask('GET', `/users/${CAROL}/authentication/methods`)).status).toBe(200)
  })

  it('keeps a quota of writes', async () => {
    await open({faults: {writesPerSecond: 2}})
    const patch = () =>
      client.ask('PATCH', `/users/${ALICE}/authentication/requirements`, {
        version: 'beta',
        body: {perUserMfaState: 'enabled'},
      })
    const replies = await Promise.all(Array.from({length: 12}, patch))
    const refused = replies.filter((reply) => reply.status === 429)
    expect(refused.length).toBeGreaterThan(0)
    expect(replies.filter((reply) => reply.status === 204).length).toBeGreaterThanOrEqual(2)
    expect(client.sandbox.stats().throttled).toBe(refused.length)
    expect(replies.some((reply) => reply.headers.get('x-ms-throttle-limit-percentage') === '1.0')).toBe(true)
    expect((await client.ask('GET', '/users')).status).toBe(200)
  })

  it('waits before each answer', async () => {
    await open({faults: {delay: 60}})
    const start = performance.now()
    await client.ask('GET', '/users')
    expect(performance.now() - start).toBeGreaterThanOrEqual(58)
  })

  it('shows methods, tokens and preferences as they were a while ago; rules know better', async () => {
    let time = Date.parse('2026-03-01T12:00:00Z')
    await open({faults: {consistency: 2000}, now: () => new Date(time)})
    const beta = (method: string, path: string, body?: unknown) =>
      client.ask(method, path, {version: 'beta', body})
    const list = async (path: string): Promise<number> =>
      ((await beta('GET', path)).body['value'] as unknown[]).length
    const tokens = `/users/${ALICE}/authentication/hardwareOathMethods`
    const mobile = `${PHONES}/${PHONE_ID.mobile}`
    expect((await beta('POST', PHONES, MOBILE)).status).toBe(201)
    expect((await beta('POST', tokens, {device: {id: FREE_TOKEN}})).status).toBe(201)
    expect([await list(PHONES), await list(tokens)]).toEqual([0, 0])
    expect((await beta('GET', mobile)).status).toBe(404)
    expect((await beta('POST', PHONES, MOBILE)).status).toBe(400)
    time += 1000
    expect((await beta('PATCH', mobile, {phoneNumber: '+1 4255550141'})).status).toBe(204)
    time += 1000
    expect([await list(PHONES), await list(tokens)]).toEqual([1, 1])
    expect((await beta('GET', mobile)).body['phoneNumber']).toBe('+1 4255550140')
    time += 1000
    expect((await beta('GET', mobile)).body['phoneNumber']).toBe('+1 4255550141')
    expect((await beta('DELETE', mobile)).status).toBe(204)
    expect(await list(PHONES)).toBe(1)
    time += 2000
    expect(await list(PHONES)).toBe(0)
  })

  it('goes on showing new things after its clock was set back', async () => {
    let time = Date.parse('2026-03-01T12:00:00Z')
    await open({faults: {consistency: 2000}, now: () => new Date(time)})
    const count = async (): Promise<number> =>
      ((await client.ask('GET', PHONES)).body['value'] as unknown[]).length
    expect((await client.ask('POST', PHONES, {body: MOBILE})).status).toBe(201)
    time -= 600_000
    expect(await count()).toBe(0)
    const office = {phoneType: 'office', phoneNumber: '+1 4255550141'}
    expect((await client.ask('POST', PHONES, {body: office})).status).toBe(201)
    time += 2000
    expect(await count()).toBe(2)
  })

  it('holds answers back, once the work is done', async () => {
    await open({faults: {slow: 1}})
    const answer = client.ask('POST', PHONES, {body: MOBILE})
    const done = vi.waitFor(() => {
      expect(phonesOf(0)).toBe(1)
      return 'done'
    })
    expect(await Promise.race([answer, done])).toBe('done')
    expect((await answer).status).toBe(201)
  })

  it('tells of every operation what came of it', async () => {
    const seen: SeenOperation[] = []
    client = await openClient({
      tenant: TENANT,
      faults: {lost: 1},
      onOperation: (operation) => seen.push(operation),
    })
    const requests = [
      {id: '1', method: 'POST', url: PHONES, body: MOBILE, headers: {'Content-Type': 'application/json'}},
      {id: '2', method: 'GET', url: `/users/nobody@contoso.com`},
    ]
    await client.ask('POST', '/$batch', {body: {requests}}).catch(() => {})
    expect(seen).toMatchObject([
      {method: 'POST', path: PHONES, body: MOBILE, writes: true, status: 201, mishap: 'lost'},
      {method: 'GET', path: '/users/nobody@contoso.com', writes: false, status: 404, mishap: 'lost'},
      {method: 'POST', path: '/$batch', writes: false, status: 200, mishap: 'lost'},
    ])
  })

  it('counts what was asked', async () => {
    await open({})
    await client.ask('GET', `/users/${BOB}`)
    await client.ask('POST', '/directoryObjects/getByIds', {body: {ids: [BOB]}})
    const requests = [{id: '1', method: 'DELETE', url: `${PHONES}/${PHONE_ID.mobile}`}]
    await client.ask('POST', '/$batch', {body: {requests}})
    expect(client.sandbox.stats()).toEqual({
      requests: 4,
      writes: 1,
      throttled: 0,
      byRoute: {
        'GET /users/{user}': 1,
        'POST /directoryObjects/getByIds': 1,
        'POST /$batch': 1,
        'DELETE /users/{user}/authentication/phoneMethods/{method}': 1,
      },
    })
  })
})
