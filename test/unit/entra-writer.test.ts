import {inspect} from 'node:util'
import {describe, expect, it} from 'vitest'
import {createMethodWriter} from '../../src/lib/entra/method-writer.js'
import {PHONE_IDS} from '../../src/lib/entra/methods.js'
import {loadTotp} from '../../src/lib/entra/totp.js'
import type {ObjectId} from '../../src/lib/model/brand.js'
import {OathSecret} from '../../src/lib/model/secret.js'
import {
  errorAnswer,
  graphOf,
  jumpingClock,
  live,
  rejection,
  scriptedServer,
  type Handler,
  type Seen,
} from './transport-helpers.js'

const USER = 'aaaaaaaa-0000-0000-0000-000000000001' as ObjectId
const PHONES = `/v1.0/users/${USER}/authentication/phoneMethods`
const TOKENS = `/beta/users/${USER}/authentication/hardwareOathMethods`
const INVENTORY = '/beta/directory/authenticationMethodDevices/hardwareOathDevices'
/** RFC 6238's key, 20 bytes. */
const SEED = 'gezdgnbvgy3tqojqgezdgnbvgy3tqojq'

async function writerOver(handler: Handler, start = 0) {
  const clock = jumpingClock(start)
  const server = await scriptedServer(handler, clock)
  const graph = graphOf(server.url, {clock, retry: {maxAttempts: 2}})
  return {writer: createMethodWriter(graph, clock), server, clock}
}

const isPost = (seen: Seen): boolean => seen.method === 'POST'

describe('setPhone', () => {
  const create = {slot: 'mobile', number: '+1 4255550100', change: 'create'} as const

  it('creates with number and type, nothing else', async () => {
    const {writer, server} = await writerOver(() => ({status: 201, body: {id: PHONE_IDS.mobile}}))
    expect(await writer.setPhone(USER, create, live())).toEqual({status: 'done', requestId: 'rid-http'})
    expect(server.seen).toHaveLength(1)
    expect(server.seen[0]).toMatchObject({method: 'POST', url: PHONES})
    expect(server.seen[0]?.body).toEqual({phoneNumber: '+1 4255550100', phoneType: 'mobile'})
  })

  it.each([200, 204])('replaces under the slot’s id, answer %i', async (status) => {
    const {writer, server} = await writerOver(() => ({status, ...(status === 200 ? {body: {}} : {})}))
    const outcome = await writer.setPhone(
      USER,
      {slot: 'office', number: '+1 4255550101x2', change: 'replace'},
      live(),
    )
    expect(outcome.status).toBe('done')
    expect(server.seen[0]).toMatchObject({method: 'PATCH', url: `${PHONES}/${PHONE_IDS.office}`})
    expect(server.seen[0]?.body).toEqual({phoneNumber: '+1 4255550101x2', phoneType: 'office'})
  })

  it.each([
    ['the same number', '+14255550100', {status: 'already-done', requestId: 'rid-http'}],
    ['another number', '+1 4255550199', {status: 'failed', code: 'slot-taken'}],
    ['no number', undefined, {status: 'failed', code: 'badRequest'}],
  ])('finds %s in a slot that it cannot create', async (_name, there, expected) => {
    for (const status of [400, 409]) {
      const {writer, server} = await writerOver((seen) =>
        isPost(seen)
          ? errorAnswer(status, 'badRequest', 'Phone type already exists.')
          : {
              body: {
                value:
                  there === undefined
                    ? []
                    : [{id: PHONE_IDS.mobile, phoneType: 'mobile', phoneNumber: there}],
              },
            },
      )
      const outcome = await writer.setPhone(USER, create, live())
      expect(outcome).toMatchObject(expected)
      expect(server.seen.map((seen) => seen.method)).toEqual(['POST', 'GET'])
    }
  })

  it('keeps what the service said if reading back fails', async () => {
    const {writer} = await writerOver((seen) =>
      errorAnswer(isPost(seen) ? 400 : 500, isPost(seen) ? 'badRequest' : 'Oops'),
    )
    expect(await writer.setPhone(USER, create, live())).toMatchObject({status: 'failed', code: 'badRequest'})
  })

  it('does not know after a lost answer, and sends nothing again', async () => {
    const {writer, server} = await writerOver(() => ({cut: true}))
    expect(await writer.setPhone(USER, create, live())).toMatchObject({status: 'unknown'})
    expect(server.seen).toHaveLength(1)
  })

  it('throws what concerns everybody', async () => {
    const {writer} = await writerOver(() => errorAnswer(403, 'Authorization_RequestDenied'))
    expect(await rejection(writer.setPhone(USER, create, live()))).toMatchObject({exit: 'auth'})
    const throttled = await writerOver(() => ({
      ...errorAnswer(429, 'TooManyRequests'),
      headers: {'retry-after': '9999'},
    }))
    expect(await rejection(throttled.writer.setPhone(USER, create, live()))).toMatchObject({
      exit: 'unavailable',
    })
  })
})

describe('createToken', () => {
  const token = {
    serialNumber: 'GALT1',
    manufacturer: 'Contoso',
    model: 'X',
    timeIntervalInSeconds: 30,
    hashFunction: 'hmacsha1',
    secret: new OathSecret(SEED),
  } as const

  it('sends the key in upper case and gives the id', async () => {
    const {writer, server} = await writerOver(() => ({status: 201, body: {id: 'd1', secretKey: null}}))
    expect(await writer.createToken(token, live())).toEqual({
      status: 'done',
      requestId: 'rid-http',
      deviceId: 'd1',
    })
    expect(server.seen[0]).toMatchObject({method: 'POST', url: INVENTORY})
    expect(server.seen[0]?.body).toEqual({
      serialNumber: 'GALT1',
      manufacturer: 'Contoso',
      model: 'X',
      secretKey: SEED.toUpperCase(),
      timeIntervalInSeconds: 30,
      hashFunction: 'hmacsha1',
    })
  })

  it('fails if the serial number is taken, since the other secret cannot be compared', async () => {
    const {writer} = await writerOver((seen) =>
      isPost(seen) ? errorAnswer(409, 'conflict') : {body: {value: [{id: 'd9', serialNumber: 'GALT1'}]}},
    )
    expect(await writer.createToken(token, live())).toMatchObject({
      status: 'failed',
      code: 'serial-taken',
      requestId: 'rid-http',
    })
  })

  it('says what the service said otherwise, and nothing of the key', async () => {
    const {writer} = await writerOver((seen) =>
      isPost(seen) ? errorAnswer(400, 'badRequest', 'No.') : {body: {value: []}},
    )
    const outcome = await writer.createToken(token, live())
    expect(outcome).toMatchObject({status: 'failed', code: 'badRequest'})
    expect(inspect(outcome, {depth: 9}).toUpperCase()).not.toContain(SEED.toUpperCase())
  })

  it('looks the id up where the answer has none', async () => {
    const {writer} = await writerOver((seen) =>
      isPost(seen) ? {status: 201} : {body: {value: [{id: 'd1', serialNumber: 'GALT1'}]}},
    )
    expect(await writer.createToken(token, live())).toMatchObject({status: 'done', deviceId: 'd1'})
  })
})

describe('assignToken', () => {
  it('gives the method’s id', async () => {
    const {writer, server} = await writerOver(() => ({status: 201, body: {id: 'm1'}}))
    expect(await writer.assignToken(USER, 'd1', live())).toMatchObject({status: 'done', methodId: 'm1'})
    expect(server.seen[0]).toMatchObject({url: TOKENS, body: {device: {id: 'd1'}}})
  })

  it('is already done if the user has it', async () => {
    const {writer} = await writerOver((seen) =>
      isPost(seen) ? errorAnswer(400, 'badRequest') : {body: {value: [{id: 'm1', device: {id: 'd1'}}]}},
    )
    expect(await writer.assignToken(USER, 'd1', live())).toMatchObject({
      status: 'already-done',
      methodId: 'm1',
    })
  })

  it('waits for a token that is not known everywhere yet', async () => {
    let left = 2
    const {writer, clock} = await writerOver(() => (left-- > 0 ? undefined : {status: 201, body: {id: 'm1'}}))
    expect(await writer.assignToken(USER, 'd1', live())).toMatchObject({status: 'done'})
    expect(clock.slept).toEqual([1000, 2000])
  })
})

describe('activateToken', () => {
  const token = {secret: new OathSecret(SEED), timeIntervalInSeconds: 30, hashFunction: 'hmacsha1'} as const
  const codes = (seen: readonly Seen[]): readonly unknown[] =>
    seen.filter(isPost).map((one) => (one.body as {verificationCode: string}).verificationCode)

  it('sends the code of this moment by the service’s clock', async () => {
    // The local clock stands at 1970-01-01T00:00:00Z; RFC 6238 has 287082 (of 94287082) for second 59.
    const {writer, server} = await writerOver((seen) => ({
      status: isPost(seen) ? 204 : 200,
      headers: {date: 'Thu, 01 Jan 1970 00:00:45 GMT'},
      ...(isPost(seen) ? {} : {body: {value: []}}),
    }))
    await writer.activateToken(USER, 'm1', token, live())
    expect(await writer.activateToken(USER, 'm1', token, live())).toMatchObject({status: 'done'})
    expect(server.seen[1]).toMatchObject({url: `${TOKENS}/m1/activate`, body: {verificationCode: '287082'}})
  })

  it('tries both neighbours once each, then says that it was refused', async () => {
    const {writer, server} = await writerOver(
      (seen) => ({
        ...(isPost(seen)
          ? errorAnswer(400, 'badRequest', 'Wrong code.')
          : {body: {value: [{id: 'm1', device: {status: 'assigned'}}]}}),
        headers: {date: ''},
      }),
      120_000,
    )
    const minutely = {...token, timeIntervalInSeconds: 60} as const
    expect(await writer.activateToken(USER, 'm1', minutely, live())).toMatchObject({
      status: 'failed',
      code: 'activation-refused',
    })
    const codeOf = await loadTotp()
    expect(codes(server.seen)).toEqual([2, 1, 3].map((step) => codeOf(minutely, step)))
  })

  it('is already done if the token turns out to be activated', async () => {
    const {writer} = await writerOver((seen) =>
      isPost(seen)
        ? errorAnswer(400, 'badRequest')
        : {body: {value: [{id: 'm1', device: {status: 'activated'}}]}},
    )
    expect(await writer.activateToken(USER, 'm1', token, live())).toMatchObject({status: 'already-done'})
  })

  it('computes a new code when it has to wait', async () => {
    let first = true
    const {writer, server} = await writerOver(() => {
      if (!first) return {status: 204, headers: {date: ''}}
      first = false
      return {...errorAnswer(429, 'TooManyRequests'), headers: {'retry-after': '60', date: ''}}
    })
    expect(await writer.activateToken(USER, 'm1', token, live())).toMatchObject({status: 'done'})
    const codeOf = await loadTotp()
    expect(codes(server.seen)).toEqual([codeOf(token, 0), codeOf(token, 2)])
  })

  it('stops at a lost answer', async () => {
    const {writer, server} = await writerOver(() => ({cut: true}))
    expect(await writer.activateToken(USER, 'm1', token, live())).toMatchObject({status: 'unknown'})
    expect(server.seen).toHaveLength(1)
  })
})

describe('the rest', () => {
  it.each([
    ['unassignToken', `${TOKENS}/m1`],
    ['deleteToken', `${INVENTORY}/d1`],
  ] as const)('%s takes gone for done', async (verb, url) => {
    const call = (writer: Awaited<ReturnType<typeof writerOver>>['writer']) =>
      verb === 'unassignToken' ? writer.unassignToken(USER, 'm1', live()) : writer.deleteToken('d1', live())
    const there = await writerOver(() => ({status: 204}))
    expect(await call(there.writer)).toMatchObject({status: 'done'})
    expect(there.server.seen[0]).toMatchObject({method: 'DELETE', url})
    const gone = await writerOver(() => undefined)
    expect(await call(gone.writer)).toMatchObject({status: 'already-done'})
    const refused = await writerOver(() => errorAnswer(400, 'badRequest', 'Token is assigned.'))
    expect(await call(refused.writer)).toMatchObject({status: 'failed', code: 'badRequest'})
  })

  it('setDefault patches the preference', async () => {
    const {writer, server} = await writerOver(() => ({status: 204}))
    expect(await writer.setDefault(USER, 'sms', live())).toMatchObject({status: 'done'})
    expect(server.seen[0]).toMatchObject({
      method: 'PATCH',
      url: `/beta/users/${USER}/authentication/signInPreferences`,
      body: {userPreferredMethodForSecondaryAuthentication: 'sms'},
    })
  })

  it('a PATCH that keeps failing is in doubt', async () => {
    const {writer, server} = await writerOver(() => errorAnswer(500, 'Oops'))
    expect(await writer.setDefault(USER, 'sms', live())).toMatchObject({status: 'unknown', code: 'Oops'})
    expect(server.seen).toHaveLength(2)
  })

  it('updateToken sends what may change', async () => {
    const {writer, server} = await writerOver(() => ({status: 204}))
    const change = {
      manufacturer: 'Contoso',
      model: 'Y',
      timeIntervalInSeconds: 60,
      hashFunction: 'hmacsha256',
    } as const
    expect(await writer.updateToken('d1', change, live())).toMatchObject({status: 'done'})
    expect(server.seen[0]).toMatchObject({method: 'PATCH', url: `${INVENTORY}/d1`})
    expect(server.seen[0]?.body).toEqual(change)
  })

  it('disableSmsSignIn posts without a body; off already is done', async () => {
    const {writer, server} = await writerOver(() => ({status: 204}))
    expect(await writer.disableSmsSignIn(USER, PHONE_IDS.mobile, live())).toMatchObject({status: 'done'})
    expect(server.seen[0]).toMatchObject({
      url: `${PHONES}/${PHONE_IDS.mobile}/disableSmsSignIn`,
      body: undefined,
    })
    for (const [state, status] of [
      ['notEnabled', 'already-done'],
      ['ready', 'failed'],
    ]) {
      const refused = await writerOver((seen) =>
        isPost(seen)
          ? errorAnswer(400, 'badRequest')
          : {
              body: {
                value: [
                  {
                    id: PHONE_IDS.mobile,
                    phoneType: 'mobile',
                    phoneNumber: '+1 4255550100',
                    smsSignInState: state,
                  },
                ],
              },
            },
      )
      expect((await refused.writer.disableSmsSignIn(USER, PHONE_IDS.mobile, live())).status).toBe(status)
    }
  })
})

it('computes codes of short and long keys, SHA-1 and SHA-256', async () => {
  const codeOf = await loadTotp()
  const of = (secret: string, hashFunction: 'hmacsha1' | 'hmacsha256', step: number) =>
    codeOf({secret: new OathSecret(secret), timeIntervalInSeconds: 30, hashFunction}, step)
  // RFC 6238, appendix B, last six digits.
  expect(of(SEED, 'hmacsha1', 1)).toBe('287082')
  expect(of('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA', 'hmacsha256', 1)).toBe('119246')
  expect(of('GEZDGNBVGY3TQOJQ', 'hmacsha1', 1)).toMatch(/^\d{6}$/)
  expect(of('A'.repeat(128), 'hmacsha1', 1)).toMatch(/^\d{6}$/)
})
