import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

import {afterAll, afterEach, beforeAll, describe, expect, it} from 'vitest'

import {GRAPH_PERMISSIONS} from '../../src/lib/sandbox/data/graph-permissions.js'
import type {SandboxOptions} from '../../src/lib/sandbox/server.js'
import {login} from '../../src/lib/entra/auth/login.js'
import {createTokenProvider} from '../../src/lib/entra/auth/token-provider.js'
import type {SignInDeps, SignInSettings} from '../../src/lib/entra/auth/sign-in-settings.js'
import {FakeClock} from '../fakes/clock.js'
import {FakeUi} from '../fakes/ui.js'
import {makeCertificate, type TestCertificate} from '../helpers/certificates.js'
import {
  claimsOf,
  derOf,
  GRAPH_APP_ID,
  rolesOf,
  signedJwt,
  signInApp,
  tokenRequest,
} from '../helpers/sandbox-app.js'
import {EMPTY} from '../fixtures/empty-tenant.js'
import {openClient} from './sandbox-client.js'
import type {Client} from './sandbox-client.js'

const NOBODY = '99999999-0000-4000-8000-000000000009'
const DAY = 86_400_000

let folder: string
let ours: TestCertificate
let other: TestCertificate
let client: Client
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mfa-app-'))
  ours = await makeCertificate(folder, 'ours')
  other = await makeCertificate(folder, 'other')
})
afterAll(async () => {
  await rm(folder, {recursive: true})
})
afterEach(async () => {
  await client.sandbox.stop()
})

const idOf = (name: string, kind: 'application' | 'delegated' = 'application') =>
  GRAPH_PERMISSIONS.find(({value}) => value === name)?.[kind] ?? ''
const access = (roles: readonly string[], scopes: readonly string[] = []) => [
  {
    resourceAppId: GRAPH_APP_ID,
    resourceAccess: [
      ...roles.map((name) => ({id: idOf(name), type: 'Role'})),
      ...scopes.map((name) => ({id: idOf(name, 'delegated'), type: 'Scope'})),
    ],
  },
]

interface Registered {
  readonly id: string
  readonly appId: string
  readonly principalId: string
}

/** Each step as a tool would take it, over HTTP. */
const open = async (options: Omit<Partial<SandboxOptions>, 'tenant'> = {}) => {
  client = await openClient({...options, tenant: EMPTY})
  return client
}
async function register(body: object = {}): Promise<Registered> {
  const application = await client.ask('POST', '/applications', {
    body: {
      displayName: 'mfa',
      keyCredentials: [{type: 'AsymmetricX509Cert', usage: 'Verify', key: derOf(ours)}],
      ...body,
    },
  })
  expect(application.status).toBe(201)
  const appId = String(application.body['appId'])
  const principal = await client.ask('POST', '/servicePrincipals', {body: {appId}})
  expect(principal.status).toBe(201)
  return {id: String(application.body['id']), appId, principalId: String(principal.body['id'])}
}
async function graphId(): Promise<string> {
  return String(
    (await client.ask('GET', `/servicePrincipals(appId='${GRAPH_APP_ID}')?$select=id`)).body['id'],
  )
}
async function grant({principalId}: Registered, name: string): Promise<string> {
  const resourceId = await graphId()
  const body = {principalId, resourceId, appRoleId: idOf(name)}
  const reply = await client.ask('POST', `/servicePrincipals/${resourceId}/appRoleAssignedTo`, {body})
  expect(reply.status).toBe(201)
  return String(reply.body['id'])
}
const statusOf = async (path: string, token: string) => (await client.ask('GET', path, {token})).status

describe('an application that was registered through Graph', () => {
  it('signs in with its certificate and may do what was granted, no more', async () => {
    await open()
    const app = await register({requiredResourceAccess: access(['User.Read.All', 'GroupMember.Read.All'])})
    const before = await signInApp(client.sandbox, app.appId, ours)
    expect([before.status, rolesOf(before.token)]).toEqual([200, []])
    expect(await statusOf('/users', before.token)).toBe(403)
    await grant(app, 'User.Read.All')
    const after = await signInApp(client.sandbox, app.appId, ours)
    expect(rolesOf(after.token)).toEqual(['User.Read.All'])
    expect(claimsOf(after.token)).toMatchObject({appid: app.appId, oid: app.principalId, idtyp: 'app'})
    expect(await statusOf('/users', after.token)).toBe(200)
    expect(await statusOf('/groups', after.token)).toBe(403)
    // A token is what it was when it was made.
    expect(await statusOf('/users', before.token)).toBe(403)
    await client.ask(
      'DELETE',
      `/servicePrincipals/${await graphId()}/appRoleAssignedTo/${await grantIdOf(app)}`,
    )
    expect(rolesOf((await signInApp(client.sandbox, app.appId, ours)).token)).toEqual([])
    expect(await statusOf('/users', after.token)).toBe(200)
  })

  it('signs in through the tool itself', async () => {
    await open()
    const app = await register()
    await grant(app, 'User.Read.All')
    const provider = createTokenProvider(
      settings({clientId: from(app.appId), clientCertificatePath: from(ours.file)}),
      await deps(),
    )
    expect(await statusOf('/users', await provider.token(signal))).toBe(200)
  })

  it.each([
    ['an unknown application', () => signInApp(client.sandbox, NOBODY, ours), 700016],
    [
      'a certificate that is not registered',
      (app: Registered) => signInApp(client.sandbox, app.appId, other),
      700027,
    ],
    [
      'a clock that is wrong',
      (app: Registered) => signInApp(client.sandbox, app.appId, ours, {at: Date.now() - DAY}),
      700024,
    ],
    [
      'an audience that is another',
      (app: Registered) => signInApp(client.sandbox, app.appId, ours, {claims: {aud: 'https://example.com'}}),
      700023,
    ],
    [
      'an application without a service principal',
      async (app: Registered) => {
        await client.ask('DELETE', `/servicePrincipals/${app.principalId}`)
        return signInApp(client.sandbox, app.appId, ours)
      },
      7000229,
    ],
    [
      'a service principal that is disabled',
      async (app: Registered) => {
        await client.ask('PATCH', `/servicePrincipals/${app.principalId}`, {body: {accountEnabled: false}})
        return signInApp(client.sandbox, app.appId, ours)
      },
      7000112,
    ],
    [
      'an application that was deleted',
      async (app: Registered) => {
        await client.ask('DELETE', `/applications/${app.id}`)
        return signInApp(client.sandbox, app.appId, ours)
      },
      700016,
    ],
    [
      'a certificate that was taken away',
      async (app: Registered) => {
        await client.ask('PATCH', `/applications/${app.id}`, {body: {keyCredentials: []}})
        return signInApp(client.sandbox, app.appId, ours)
      },
      700027,
    ],
  ])('refuses %s', async (_name, attempt, number) => {
    await open()
    const app = await register()
    expect((await signInApp(client.sandbox, app.appId, ours)).status).toBe(200)
    const refused = await attempt(app)
    expect([refused.status >= 400, refused.number]).toEqual([true, number])
  })

  it('refuses a certificate before and after its time', async () => {
    let time = Date.now()
    await open({now: () => new Date(time)})
    const start = new Date(time + DAY).toISOString()
    const key = {type: 'AsymmetricX509Cert', usage: 'Verify', key: derOf(ours), startDateTime: start}
    const app = await register({keyCredentials: [key]})
    const attempt = () => signInApp(client.sandbox, app.appId, ours, {at: time})
    expect((await attempt()).number).toBe(1000502)
    time += 2 * DAY
    expect((await attempt()).status).toBe(200)
    time += 40 * DAY
    expect((await attempt()).number).toBe(1000502)
  })

  it('is seen by and by where the directory lags', async () => {
    const lag = 60_000
    let time = Date.now()
    await open({now: () => new Date(time), faults: {consistency: lag}})
    const made = await client.ask('POST', '/applications', {
      body: {
        displayName: 'mfa',
        keyCredentials: [{type: 'AsymmetricX509Cert', usage: 'Verify', key: derOf(ours)}],
      },
    })
    const [id, appId] = [String(made.body['id']), String(made.body['appId'])]
    const attempt = () => signInApp(client.sandbox, appId, ours, {at: time})
    const principal = () => client.ask('POST', '/servicePrincipals', {body: {appId}})
    expect((await client.ask('GET', `/applications/${id}`)).status).toBe(404)
    expect((await client.ask('PATCH', `/applications/${id}`, {body: {notes: 'x'}})).status).toBe(404)
    expect((await principal()).status).toBe(400)
    expect((await attempt()).number).toBe(700016)
    time += lag
    expect((await client.ask('GET', `/applications/${id}`)).status).toBe(200)
    const {body} = await principal()
    expect((await attempt()).number).toBe(7000229)
    const graph = await graphId()
    const assignment = {principalId: String(body['id']), resourceId: graph, appRoleId: idOf('User.Read.All')}
    const assign = () =>
      client.ask('POST', `/servicePrincipals/${graph}/appRoleAssignedTo`, {body: assignment})
    expect((await assign()).status).toBe(404)
    time += lag
    expect((await assign()).status).toBe(201)
    const early = await attempt()
    expect([early.status, rolesOf(early.token)]).toEqual([200, []])
    expect((await client.ask('GET', `/servicePrincipals/${graph}/appRoleAssignedTo`)).body['value']).toEqual(
      [],
    )
    // What is there already is refused at once, seen or not.
    expect((await assign()).status).toBe(400)
    time += lag
    expect(rolesOf((await attempt()).token)).toEqual(['User.Read.All'])
    await client.ask('PATCH', `/applications/${id}`, {
      body: {keyCredentials: [{type: 'AsymmetricX509Cert', usage: 'Verify', key: derOf(other)}]},
    })
    const next = () => signInApp(client.sandbox, appId, other, {at: time})
    expect([(await attempt()).status, (await next()).number]).toEqual([200, 700027])
    time += lag
    expect([(await attempt()).number, (await next()).status]).toEqual([700027, 200])
  })
})

async function grantIdOf(app: Registered): Promise<string> {
  const reply = await client.ask('GET', `/servicePrincipals/${app.principalId}/appRoleAssignments`)
  return (reply.body['value'] as {id: string}[])[0]?.id ?? ''
}

describe('the page for admin consent', () => {
  const consent = (query: Record<string, string>, path = 'adminconsent') =>
    fetch(
      `${client.sandbox.authorityUrl}/${client.sandbox.tenantId}/${path}?${new URLSearchParams(query).toString()}`,
      {redirect: 'manual'},
    )
  const redirectUri = 'http://localhost:5555/done'

  it.each(['adminconsent', 'v2.0/adminconsent'])('grants what the application asks for: %s', async (path) => {
    await open()
    const app = await register({
      requiredResourceAccess: access(['User.Read.All'], ['Directory.ReadWrite.All']),
      publicClient: {redirectUris: ['http://localhost/done']},
    })
    const reply = await consent({client_id: app.appId, state: 'x y&z', redirect_uri: redirectUri}, path)
    expect(reply.status).toBe(302)
    const back = new URL(reply.headers.get('location') ?? '')
    expect(`${back.origin}${back.pathname}`).toBe(redirectUri)
    expect(Object.fromEntries(back.searchParams)).toEqual({
      admin_consent: 'True',
      tenant: client.sandbox.tenantId,
      state: 'x y&z',
    })
    expect(rolesOf((await signInApp(client.sandbox, app.appId, ours)).token)).toEqual(['User.Read.All'])
    const filter = encodeURIComponent(`clientId eq '${app.principalId}'`)
    const grants = await client.ask('GET', `/oauth2PermissionGrants?$filter=${filter}`)
    expect(grants.body['value']).toMatchObject([
      {consentType: 'AllPrincipals', principalId: null, scope: 'Directory.ReadWrite.All'},
    ])
    // Once more changes nothing.
    const before = client.sandbox.dump()
    expect((await consent({client_id: app.appId})).status).toBe(200)
    expect(client.sandbox.dump()).toEqual(before)
  })

  it('may be opened by somebody with more rights than the one who signs in', async () => {
    await open({personRoles: ['Application Administrator'], consentRoles: ['Privileged Role Administrator']})
    const person = client.sandbox.issuePersonToken()
    const made = await client.ask('POST', '/applications', {
      body: {displayName: 'asks', requiredResourceAccess: access(['User.Read.All'])},
      token: person,
    })
    const appId = String(made.body['appId'])
    const principal = await client.ask('POST', '/servicePrincipals', {body: {appId}, token: person})
    const mine = `/servicePrincipals/${String(principal.body['id'])}/appRoleAssignments`
    const resourceId = await graphId()
    const body = {principalId: principal.body['id'], resourceId, appRoleId: idOf('User.Read.All')}
    expect((await client.ask('POST', mine, {body, token: person})).status).toBe(403)
    expect((await client.ask('GET', mine, {token: person})).body['value']).toEqual([])
    expect((await consent({client_id: appId})).status).toBe(200)
    expect((await client.ask('GET', mine, {token: person})).body['value']).toMatchObject([body])
  })

  it('makes the service principal where there is none', async () => {
    await open()
    const made = await client.ask('POST', '/applications', {
      body: {displayName: 'bare', requiredResourceAccess: access(['User.Read.All'])},
    })
    const reply = await consent({client_id: String(made.body['appId'])})
    expect([reply.status, await reply.text()]).toEqual([200, expect.stringContaining('granted')])
    expect(client.sandbox.dump().servicePrincipals).toMatchObject([
      {displayName: 'bare', appRoleAssignments: ['User.Read.All']},
    ])
  })

  it('refuses unknown applications, unknown addresses and people without the role', async () => {
    await open({personRoles: ['Application Administrator']})
    const app = await register({
      requiredResourceAccess: access(['User.Read.All']),
      web: {redirectUris: ['https://example.com/done']},
    })
    const before = client.sandbox.dump()
    expect(await (await consent({client_id: NOBODY})).text()).toContain('AADSTS700016')
    const elsewhere = await consent({client_id: app.appId, redirect_uri: 'https://example.org/done'})
    expect([elsewhere.status, await elsewhere.text()]).toEqual([400, expect.stringContaining('AADSTS50011')])
    const refused = await consent({
      client_id: app.appId,
      redirect_uri: 'https://example.com/done',
      state: 's',
    })
    const back = new URL(refused.headers.get('location') ?? '')
    expect(Object.fromEntries(back.searchParams)).toMatchObject({error: 'access_denied', state: 's'})
    expect((await consent({client_id: app.appId})).status).toBe(403)
    expect(client.sandbox.dump()).toEqual(before)
  })
})

const {signal} = new AbortController()
const from = <T>(value: T) => ({value, from: 'test'})
const settings = (extra: Partial<SignInSettings> = {}): SignInSettings => ({
  tenant: from(client.sandbox.tenantId),
  cloud: from('global'),
  graphUrl: from(client.sandbox.rootUrl),
  authorityUrl: from(client.sandbox.rootUrl),
  ...extra,
})
const deps = async (): Promise<SignInDeps> => ({
  clock: new FakeClock(new Date().toISOString()),
  ui: new FakeUi(),
  fetch: globalThis.fetch,
  stateFolder: await mkdtemp(join(folder, 'state-')),
})

/** A browser: follows the page's form, as its script would. */
async function browse(url: string): Promise<void> {
  const page = await (await fetch(url)).text()
  const action = /action="([^"]+)"/.exec(page)?.[1] ?? ''
  const fields = Object.fromEntries(
    [...page.matchAll(/name="([^"]+)" value="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]),
  )
  void fetch(action, {method: 'POST', body: new URLSearchParams(fields)}).catch(() => undefined)
}

describe('a person', () => {
  it('signs in with the browser', async () => {
    await open()
    const shared = await deps()
    const signIn = await login('browser', settings(), shared, signal, {openBrowser: browse})
    expect(signIn).toMatchObject({account: 'admin@contoso.com', tenantId: client.sandbox.tenantId})
    const token = await createTokenProvider(settings(), shared).token(signal)
    const me = await client.ask('GET', '/me', {token})
    expect([me.status, me.body['userPrincipalName']]).toEqual([200, 'admin@contoso.com'])
  })

  it('signs in through a registered application with what was granted to it', async () => {
    await open()
    const app = await register({
      isFallbackPublicClient: true,
      publicClient: {redirectUris: ['http://localhost']},
    })
    const own = settings({clientId: from(app.appId)})
    const scopes = ['Directory.ReadWrite.All']
    for (const kind of ['browser', 'device-code'] as const)
      await expect(login(kind, own, await deps(), signal, {openBrowser: browse, scopes})).rejects.toThrow(
        '65001',
      )
    const made = await client.ask('POST', '/oauth2PermissionGrants', {
      body: {
        clientId: app.principalId,
        consentType: 'AllPrincipals',
        resourceId: await graphId(),
        scope: 'Directory.ReadWrite.All',
      },
    })
    expect(made.status).toBe(201)
    for (const kind of ['browser', 'device-code'] as const) {
      const shared = await deps()
      await login(kind, own, shared, signal, {openBrowser: browse, scopes})
      const token = await createTokenProvider(own, shared).token(signal)
      expect(claimsOf(token)['scp']).toBe('Directory.ReadWrite.All')
      expect(await statusOf('/organization', token)).toBe(200)
      expect(await statusOf('/policies/authenticationMethodsPolicy', token)).toBe(403)
    }
    const more = [...scopes, 'Policy.Read.All']
    await expect(login('device-code', own, await deps(), signal, {scopes: more})).rejects.toThrow('65001')
  })

  it('does not sign in through an application that is no public client', async () => {
    await open()
    const app = await register({web: {redirectUris: ['http://localhost']}})
    const own = settings({clientId: from(app.appId)})
    await client.ask('POST', '/oauth2PermissionGrants', {
      body: {
        clientId: app.principalId,
        consentType: 'AllPrincipals',
        resourceId: await graphId(),
        scope: 'User.Read.All',
      },
    })
    for (const kind of ['browser', 'device-code'] as const)
      await expect(login(kind, own, await deps(), signal, {openBrowser: browse})).rejects.toThrow('7000218')
  })

  it('gets nothing for a code without its verifier, a second time, or at another address', async () => {
    await open()
    const authorize = async (extra: Record<string, string> = {}) => {
      const query = new URLSearchParams({
        client_id: '14d82eec-204b-4c2f-b7e8-296a70dab67e',
        response_type: 'code',
        redirect_uri: 'http://localhost:1234',
        scope: 'User.Read.All',
        state: 'mine',
        // base64url(SHA-256('verifier'))
        code_challenge: 'iMnq5o6zALKXGivsnlom_0F5_WYda32GHkxlV7mq7hQ',
        code_challenge_method: 'S256',
        ...extra,
      })
      return fetch(
        `${client.sandbox.authorityUrl}/${client.sandbox.tenantId}/oauth2/v2.0/authorize?${query.toString()}`,
        {redirect: 'manual'},
      )
    }
    const codeOf = async () => {
      const {searchParams} = new URL((await authorize()).headers.get('location') ?? '')
      expect(searchParams.get('state')).toBe('mine')
      return searchParams.get('code') ?? ''
    }
    const redeem = (code: string, extra: Record<string, string> = {}) =>
      tokenRequest(client.sandbox, {
        grant_type: 'authorization_code',
        client_id: '14d82eec-204b-4c2f-b7e8-296a70dab67e',
        redirect_uri: 'http://localhost:1234',
        code_verifier: 'verifier',
        code,
        ...extra,
      })
    const code = await codeOf()
    const good = await redeem(code)
    expect([good.status, claimsOf(good.token)['scp']]).toEqual([200, 'User.Read.All'])
    expect((await redeem(code)).number).toBe(70000)
    expect((await redeem(await codeOf(), {code_verifier: 'other'})).number).toBe(50148)
    expect((await redeem(await codeOf(), {redirect_uri: 'http://localhost:4321'})).number).toBe(500112)
    const elsewhere = await authorize({redirect_uri: 'https://example.com'})
    expect([elsewhere.status, await elsewhere.text()]).toEqual([400, expect.stringContaining('AADSTS50011')])
    const plain = new URL((await authorize({code_challenge_method: 'plain'})).headers.get('location') ?? '')
    expect(plain.searchParams.get('error')).toBe('invalid_request')
  })
})

describe('a refresh token', () => {
  const CLI = '14d82eec-204b-4c2f-b7e8-296a70dab67e'
  const refreshToken = async (clientId: string): Promise<string> => {
    const begun = await fetch(`${client.sandbox.authorityUrl}/common/oauth2/v2.0/devicecode`, {
      method: 'POST',
      body: new URLSearchParams({client_id: clientId, scope: 'User.Read.All'}),
    })
    const {device_code: code} = (await begun.json()) as {device_code: string}
    const {body} = await tokenRequest(client.sandbox, {
      grant_type: 'device_code',
      client_id: clientId,
      device_code: code,
    })
    return String(body['refresh_token'])
  }

  it('is good for its own application only', async () => {
    await open({deviceCodePolls: 0})
    const app = await register({isFallbackPublicClient: true})
    const refresh = (clientId: string, token: string) =>
      tokenRequest(client.sandbox, {
        grant_type: 'refresh_token',
        client_id: clientId,
        refresh_token: token,
        scope: 'User.Read.All',
      })
    const token = await refreshToken(CLI)
    expect((await refresh(app.appId, token)).number).toBe(700082)
    expect((await refresh(CLI, token)).status).toBe(200)
  })

  it('opens nothing at Graph, and does not speak for the application', async () => {
    await open({deviceCodePolls: 0})
    const app = await register({
      isFallbackPublicClient: true,
      requiredResourceAccess: access([], ['User.Read.All']),
    })
    await fetch(`${client.sandbox.authorityUrl}/common/adminconsent?client_id=${app.appId}`)
    const token = await refreshToken(app.appId)
    expect(await statusOf('/applications', token)).toBe(403)
    const nbf = Math.floor(Date.now() / 1000)
    const proof = signedJwt(ours, {
      aud: '00000002-0000-0000-c000-000000000000',
      iss: app.id,
      nbf,
      exp: nbf + 600,
    })
    const keyCredential = {type: 'AsymmetricX509Cert', usage: 'Verify', key: derOf(other)}
    const roll = (bearer: string) =>
      client.ask('POST', `/applications/${app.id}/addKey`, {body: {keyCredential, proof}, token: bearer})
    expect((await roll(token)).status).toBe(403)
    expect((await roll((await signInApp(client.sandbox, app.appId, ours)).token)).status).toBe(200)
  })
})
