import {createHash, createSign, generateKeyPairSync, sign, constants} from 'node:crypto'
import type {KeyObject} from 'node:crypto'

import {afterAll, beforeAll, describe, expect, it} from 'vitest'

import {startSandbox} from '../../src/lib/sandbox/server.js'
import type {Sandbox} from '../../src/lib/sandbox/server.js'
import {ALICE, BOB, TENANT, TENANT_ID} from '../fixtures/sandbox-tenant.js'
import {openClient} from './sandbox-client.js'
import type {Client} from './sandbox-client.js'

const APP = 'bbbbbbbb-0000-4000-8000-000000000001'
const LATE = 'bbbbbbbb-0000-4000-8000-000000000002'
const GRAPH_SCOPE = 'https://graph.microsoft.com/.default'

describe('bearer tokens', () => {
  let client: Client
  let time = Date.now()
  const get = (token: string, path = '/users') => client.ask('GET', path, {token})
  beforeAll(async () => {
    client = await openClient({tenant: TENANT, now: () => new Date(time)})
  })
  afterAll(async () => {
    await client.sandbox.stop()
  })

  it('must be there, ours, unchanged and in time', async () => {
    const none = await fetch(`${client.sandbox.rootUrl}/v1.0/users`, {headers: {'client-request-id': 'mine'}})
    expect(none.status).toBe(401)
    expect(none.headers.get('client-request-id')).toBe('mine')
    expect(await none.json()).toMatchObject({
      error: {code: 'InvalidAuthenticationToken', innerError: {'client-request-id': 'mine'}},
    })
    const good = client.sandbox.issueToken()
    expect((await get(good)).status).toBe(200)
    const [header = '', payload = '', signature = ''] = good.split('.')
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object
    const longer = Buffer.from(JSON.stringify({...claims, exp: 9_999_999_999})).toString('base64url')
    for (const bad of ['x', 'a.b.c', `${header}.${longer}.${signature}`])
      expect((await get(bad)).status).toBe(401)
    time += 2 * 3_600_000
    expect((await get(good)).status).toBe(401)
    const reply = await get(client.sandbox.issueToken())
    expect(reply.status).toBe(200)
    expect(Math.abs(Date.parse(reply.headers.get('date') ?? '') - time)).toBeLessThan(1000)
  })

  it('open only what their roles are for', async () => {
    const token = client.sandbox.issueToken(['User.Read.All', 'UserAuthenticationMethod.Read.All'])
    expect((await get(token)).status).toBe(200)
    expect((await get(token, `/users/${BOB}/authentication/methods`)).status).toBe(200)
    const groups = await get(token, '/groups')
    expect([groups.status, groups.body['error']]).toMatchObject([403, {code: 'Authorization_RequestDenied'}])
    const body = {phoneType: 'mobile', phoneNumber: '+1 4255550150'}
    expect(
      (await client.ask('POST', `/users/${ALICE}/authentication/phoneMethods`, {token, body})).status,
    ).toBe(403)
    expect((await get(client.sandbox.issueToken([]))).status).toBe(403)
  })
})

describe('the token endpoint', () => {
  let sandbox: Sandbox
  const keys = generateKeyPairSync('rsa', {modulusLength: 2048})
  const other = generateKeyPairSync('rsa', {modulusLength: 2048})
  const certificate = selfSigned(keys.privateKey, keys.publicKey)
  const thumbprint = createHash('sha256').update(certificate).digest()
  const form = (fields: Record<string, string>, path = 'token', tenant = TENANT_ID) =>
    fetch(`${sandbox.authorityUrl}/${tenant}/oauth2/v2.0/${path}`, {
      method: 'POST',
      body: new URLSearchParams(fields),
    })

  beforeAll(async () => {
    const clientApplications = [
      {appId: APP, certificates: [certificate.toString('base64')], roles: ['User.Read.All']},
      {appId: LATE, certificateThumbprints: [thumbprint.toString('hex').toUpperCase()]},
    ]
    sandbox = await startSandbox({
      stateFile: ':memory:',
      tenant: {...TENANT, clientApplications},
      deviceCodePolls: 2,
    })
  })
  afterAll(async () => {
    await sandbox.stop()
  })

  const assertion = (claims: object = {}, head: object = {}, key = keys.privateKey, client = APP): string => {
    const seconds = Math.floor(Date.now() / 1000)
    const aud = `${sandbox.authorityUrl}/${TENANT_ID}/oauth2/v2.0/token`
    const header = {alg: 'PS256', typ: 'JWT', 'x5t#S256': thumbprint.toString('base64url'), ...head}
    const text = [
      header,
      {aud, iss: client, sub: client, jti: '1', nbf: seconds, exp: seconds + 600, ...claims},
    ]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    const signature =
      header.alg === 'PS256'
        ? sign('sha256', Buffer.from(text), {key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32})
        : createSign('sha256').update(text).sign(key)
    return `${text}.${signature.toString('base64url')}`
  }
  const withAssertion = (client_assertion: string, more: Record<string, string> = {}) =>
    form({
      grant_type: 'client_credentials',
      client_id: APP,
      scope: GRAPH_SCOPE,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion,
      ...more,
    })

  it('gives a token for a signed assertion', async () => {
    for (const alg of ['PS256', 'RS256']) {
      const answer = await withAssertion(assertion({}, {alg}))
      expect(answer.status).toBe(200)
      const {access_token: token, expires_in: lifetime} = (await answer.json()) as {
        access_token: string
        expires_in: number
      }
      expect(lifetime).toBe(3600)
      const headers = {Authorization: `Bearer ${token}`}
      expect((await fetch(`${sandbox.rootUrl}/v1.0/users`, {headers})).status).toBe(200)
      expect((await fetch(`${sandbox.rootUrl}/v1.0/groups`, {headers})).status).toBe(403)
    }
  })

  it('takes a client with a registered thumbprint that sends its certificate', async () => {
    const x5c = [certificate.toString('base64')]
    const ask = (head: object) => withAssertion(assertion({}, head, keys.privateKey, LATE), {client_id: LATE})
    expect((await ask({x5c})).status).toBe(200)
    expect(await (await ask({})).text()).toContain('must be sent in x5c')
  })

  it.each([
    ['another key', () => withAssertion(assertion({}, {}, other.privateKey)), 700027],
    ['an unknown certificate', () => withAssertion(assertion({}, {'x5t#S256': 'AAAA'})), 700027],
    ['an assertion that has run out', () => withAssertion(assertion({nbf: 1, exp: 600})), 700024],
    ['another audience', () => withAssertion(assertion({aud: 'https://example.com/token'})), 700023],
    ['an unknown client', () => withAssertion(assertion(), {client_id: ALICE}), 700016],
    [
      'no assertion',
      () => form({grant_type: 'client_credentials', client_id: APP, scope: GRAPH_SCOPE}),
      7000216,
    ],
    ['nonsense', () => withAssertion('nonsense'), 50027],
    ['an unknown grant', () => form({grant_type: 'password', client_id: APP}), 70003],
    ['another tenant', () => form({grant_type: 'client_credentials'}, 'token', ALICE), 90002],
    ['a wrong scope', () => withAssertion(assertion(), {scope: 'User.Read'}), 1002012],
  ])('refuses %s', async (_name, send, number) => {
    const answer = await send()
    expect(answer.status).toBeGreaterThanOrEqual(400)
    const body = (await answer.json()) as {error_description: string; error_codes: number[]}
    expect(body.error_codes).toEqual([number])
    expect(body.error_description).toMatch(new RegExp(`^AADSTS${number}: .*Trace ID: .*Timestamp: `))
  })

  it('approves a device code after a while, and refreshes', async () => {
    const scope = 'https://graph.microsoft.com/User.Read.All offline_access'
    const begun = await form({client_id: APP, scope}, 'devicecode', 'organizations')
    const {device_code: code, user_code: userCode} = (await begun.json()) as {
      device_code: string
      user_code: string
    }
    expect(userCode).toMatch(/^[0-9A-F]{8}$/)
    const poll = () => form({grant_type: 'device_code', client_id: APP, device_code: code})
    for (const _ of [1, 2])
      expect(await (await poll()).json()).toMatchObject({error: 'authorization_pending'})
    const granted = (await (await poll()).json()) as Record<string, string>
    expect(granted).toMatchObject({token_type: 'Bearer', scope, client_info: expect.any(String)})
    expect((await poll()).status).toBe(400)
    const users = (token = '') =>
      fetch(`${sandbox.rootUrl}/v1.0/users`, {headers: {Authorization: `Bearer ${token}`}})
    expect((await users(granted['access_token'])).status).toBe(200)
    expect((await users(granted['refresh_token'])).status).toBe(403)
    const refresh = (token = '') =>
      form({grant_type: 'refresh_token', client_id: APP, refresh_token: token, scope})
    expect((await refresh(granted['refresh_token'])).status).toBe(200)
    expect((await refresh(granted['access_token'])).status).toBe(400)
  })

  it('describes itself', async () => {
    const read = async (path: string) =>
      (await (await fetch(`${sandbox.authorityUrl}${path}`)).json()) as object
    expect(await read(`/${TENANT_ID}/v2.0/.well-known/openid-configuration`)).toMatchObject({
      token_endpoint: `${sandbox.authorityUrl}/${TENANT_ID}/oauth2/v2.0/token`,
      issuer: `${sandbox.authorityUrl}/${TENANT_ID}/v2.0`,
    })
    expect(await read('/common/discovery/instance')).toMatchObject({
      metadata: [{aliases: [new URL(sandbox.rootUrl).host]}],
    })
    expect((await fetch(`${sandbox.authorityUrl}/nowhere`)).status).toBe(400)
  })
})

/** A certificate in DER, as small as X.509 allows. */
function selfSigned(privateKey: KeyObject, publicKey: KeyObject): Buffer {
  const der = (tag: number, ...parts: Buffer[]): Buffer => {
    const content = Buffer.concat(parts)
    const size = content.length
    const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 0xff]
    return Buffer.concat([Buffer.from([tag, ...length]), content])
  }
  const algorithm = der(0x30, Buffer.from('06092a864886f70d01010b0500', 'hex'))
  const name = der(
    0x30,
    der(0x31, der(0x30, Buffer.from('0603550403', 'hex'), der(0x0c, Buffer.from('example')))),
  )
  const dates = der(0x30, der(0x17, Buffer.from('250101000000Z')), der(0x17, Buffer.from('490101000000Z')))
  const spki = publicKey.export({type: 'spki', format: 'der'})
  const version = Buffer.from('a003020102', 'hex')
  const body = der(0x30, version, Buffer.from('020101', 'hex'), algorithm, name, dates, name, spki)
  const signature = createSign('sha256').update(body).sign(privateKey)
  return der(0x30, body, algorithm, der(0x03, Buffer.from([0]), signature))
}
