import {X509Certificate} from 'node:crypto'
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

import {afterAll, afterEach, beforeAll, describe, expect, it} from 'vitest'

import type {StoredKey} from '../../src/lib/sandbox/directory-store.js'
import {makeCertificate, type TestCertificate} from '../helpers/certificates.js'
import {derOf, signedJwt, signInApp, tokenRequest} from '../helpers/sandbox-app.js'

import {EMPTY} from '../fixtures/empty-tenant.js'
import {graphDescription, SKIP_REASON} from './graph-description.js'
import {openClient} from './sandbox-client.js'
import type {AskOptions, Client, Reply} from './sandbox-client.js'

const GRAPH = '00000003-0000-0000-c000-000000000000'
const NOBODY = '99999999-0000-4000-8000-000000000009'
const description = graphDescription()
const BOTH = ['v1.0', 'beta'] as const

const errorOf = (reply: Reply) => [reply.status, (reply.body['error'] as {code: string} | undefined)?.code]
const values = (reply: Reply) => reply.body['value'] as Record<string, unknown>[]
const idOf = (reply: Reply) => String(reply.body['id'])

let folder: string
let one: TestCertificate
let two: TestCertificate
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mfa-registration-'))
  one = await makeCertificate(folder, 'one')
  two = await makeCertificate(folder, 'two')
})
afterAll(async () => {
  await rm(folder, {recursive: true})
})

describe.each(BOTH)(
  `an empty sandbox tenant, %s ${description === undefined ? SKIP_REASON.replace('skipped', 'description not checked') : ''}`,
  (version) => {
    let client: Client
    const ask = (method: string, path: string, options?: AskOptions) =>
      client.ask(method, path, {version, ...options})
    beforeAll(async () => {
      client = await openClient({tenant: EMPTY})
    })
    afterAll(async () => {
      await client.sandbox.stop()
    })

    it('knows Microsoft Graph and its permissions, and nothing else', async () => {
      expect(values(await ask('GET', '/applications'))).toEqual([])
      const principals = values(await ask('GET', '/servicePrincipals'))
      expect(principals.map(({appId}) => appId)).toEqual([GRAPH])
      const graph = await ask('GET', `/servicePrincipals(appId='${GRAPH}')?$select=id,appRoles`)
      expect(graph.body['id']).toBe(principals[0]?.['id'])
      expect(graph.body['appRoles']).toContainEqual(
        expect.objectContaining({id: 'df021288-bdef-4463-88db-98f22de89214', value: 'User.Read.All'}),
      )
    })

    it('keeps an application', async () => {
      const body = {
        displayName: 'mfa',
        signInAudience: 'AzureADMyOrg',
        requiredResourceAccess: [
          {
            resourceAppId: GRAPH,
            resourceAccess: [{id: 'df021288-bdef-4463-88db-98f22de89214', type: 'Role'}],
          },
        ],
      }
      const made = await ask('POST', '/applications', {body})
      expect(made.status).toBe(201)
      expect(made.body).toMatchObject({...body, keyCredentials: [], isFallbackPublicClient: null})
      const path = `/applications/${idOf(made)}`
      const read = await ask('GET', path)
      const {'@odata.context': _one, ...shown} = made.body
      expect(read.body).toMatchObject(shown)
      const byName = await ask('GET', `/applications?$filter=${encodeURIComponent("displayName eq 'MFA'")}`)
      expect(values(byName).map(({id}) => id)).toEqual([idOf(made)])
      const appId = String(made.body['appId'])
      const byAppId = await ask('GET', `/applications?$filter=${encodeURIComponent(`appId eq '${appId}'`)}`)
      expect(values(byAppId).map(({id}) => id)).toEqual([idOf(made)])
      const changed = await ask('PATCH', `/applications(appId='${appId}')`, {
        body: {isFallbackPublicClient: true, publicClient: {redirectUris: ['http://localhost']}},
      })
      expect(changed.status).toBe(204)
      expect((await ask('GET', `/applications(appId='${appId}')`)).body).toMatchObject({
        isFallbackPublicClient: true,
        publicClient: {redirectUris: ['http://localhost']},
        displayName: 'mfa',
      })
      expect((await ask('DELETE', path)).status).toBe(204)
      for (const method of ['GET', 'DELETE'])
        expect(errorOf(await ask(method, path))).toEqual([404, 'Request_ResourceNotFound'])
    })

    it('refuses what cannot be an application', async () => {
      expect(errorOf(await ask('POST', '/applications', {body: {notes: 'x'}, bad: true}))).toEqual([
        400,
        'Request_BadRequest',
      ])
      expect((await ask('GET', '/applications?$filter=notes%20eq%20%27x%27')).status).toBe(400)
      expect((await ask('PATCH', `/applications(appId='${NOBODY}')`, {body: {notes: 'x'}})).status).toBe(404)
      expect((await ask('PATCH', `/applications/${NOBODY}`, {body: {notes: 'x'}})).status).toBe(404)
      expect((await ask('GET', `/applications(appId='${NOBODY}')`)).status).toBe(404)
    })

    it('grants an application role once', async () => {
      const {body: application} = await ask('POST', '/applications', {body: {displayName: 'granted'}})
      const appId = String(application['appId'])
      const principal = await ask('POST', '/servicePrincipals', {body: {appId}})
      expect(principal.status).toBe(201)
      expect(errorOf(await ask('POST', '/servicePrincipals', {body: {appId}}))).toEqual([
        409,
        'Request_MultipleObjectsWithSameKeyValue',
      ])
      expect(errorOf(await ask('POST', '/servicePrincipals', {body: {appId: NOBODY}}))).toEqual([
        400,
        'Request_BadRequest',
      ])
      const graph = idOf(await ask('GET', `/servicePrincipals(appId='${GRAPH}')?$select=id`))
      const body = {
        principalId: idOf(principal),
        resourceId: graph,
        appRoleId: 'df021288-bdef-4463-88db-98f22de89214',
      }
      const granted = await ask('POST', `/servicePrincipals/${graph}/appRoleAssignedTo`, {body})
      expect(granted.status).toBe(201)
      expect(granted.body).toMatchObject({
        ...body,
        principalDisplayName: 'granted',
        resourceDisplayName: 'Microsoft Graph',
      })
      const again = await ask('POST', `/servicePrincipals/${idOf(principal)}/appRoleAssignments`, {body})
      expect(errorOf(again)).toEqual([400, 'Request_BadRequest'])
      expect(again.text).toContain('Permission being assigned already exists on the object')
      const unknown = {...body, appRoleId: NOBODY}
      expect(
        (await ask('POST', `/servicePrincipals/${graph}/appRoleAssignedTo`, {body: unknown})).status,
      ).toBe(400)
      for (const path of [
        `/servicePrincipals/${idOf(principal)}/appRoleAssignments`,
        `/servicePrincipals/${graph}/appRoleAssignedTo`,
        `/servicePrincipals/${graph}/appRoleAssignedTo?$filter=principalId%20eq%20${idOf(principal)}`,
      ])
        expect(values(await ask('GET', path)).map(({id}) => id)).toEqual([idOf(granted)])
      const own = `/servicePrincipals/${graph}/appRoleAssignedTo/${idOf(granted)}`
      expect((await ask('GET', own)).body).toMatchObject(body)
      expect((await ask('DELETE', own)).status).toBe(204)
      expect((await ask('DELETE', own)).status).toBe(404)
      expect((await ask('GET', own)).status).toBe(404)
    })

    describe('certificates', () => {
      let id: string
      const path = () => `/applications/${id}`
      const key = (certificate: TestCertificate, more: object = {}) => ({
        type: 'AsymmetricX509Cert',
        usage: 'Verify',
        key: derOf(certificate),
        ...more,
      })
      const set = (keyCredentials: readonly object[], bad = false) =>
        ask('PATCH', path(), {body: {keyCredentials}, bad})
      const keys = async () =>
        (await ask('GET', `${path()}?$select=keyCredentials`)).body['keyCredentials'] as StoredKey[]
      beforeAll(async () => {
        id = idOf(await ask('POST', '/applications', {body: {displayName: 'keys'}}))
      })

      it('are shown with their key only where they are asked for by name', async () => {
        expect((await set([key(one)])).status).toBe(204)
        const {raw, fingerprint, validTo} = new X509Certificate(one.certificate)
        expect(await keys()).toMatchObject([
          {
            key: raw.toString('base64'),
            customKeyIdentifier: fingerprint.replaceAll(':', ''),
            endDateTime: new Date(validTo).toISOString().replace('.000Z', 'Z'),
            displayName: 'CN=one.example.com',
          },
        ])
        const whole = (await ask('GET', path())).body['keyCredentials'] as StoredKey[]
        expect(whole.map((each) => each.key)).toEqual([null])
        const filter = encodeURIComponent(`id eq '${id}'`)
        const listed = values(await ask('GET', `/applications?$select=keyCredentials&$filter=${filter}`))
        expect(listed).toMatchObject([{keyCredentials: [{key: null}]}])
      })

      it('are replaced as a whole, and kept by their keyId', async () => {
        const [first] = await keys()
        expect((await set([{keyId: first?.keyId}, key(two)])).status).toBe(204)
        const both = await keys()
        expect(both.map((each) => each.key)).toEqual([derOf(one), derOf(two)])
        expect(both[0]).toEqual(first)
        // What Graph showed can be sent back, keys and all or without.
        expect((await set(both)).status).toBe(204)
        expect((await set(both.map((each) => ({...each, key: null})))).status).toBe(204)
        expect(await keys()).toEqual(both)
        expect((await set([{keyId: both[1]?.keyId}])).status).toBe(204)
        expect((await keys()).map((each) => each.key)).toEqual([derOf(two)])
      })

      it('are refused where they cannot be', async () => {
        const before = await keys()
        const year = new Date(Date.now() + 400 * 86_400_000).toISOString()
        for (const [given, code, bad] of [
          [[key(one, {key: 'AAAA'})], 'Request_BadRequest', false],
          [[{keyId: NOBODY}], 'Request_BadRequest', false],
          [[key(one, {type: 'Symmetric'})], 'Request_BadRequest', false],
          [[key(one), key(one, {keyId: before[0]?.keyId})], 'Request_BadRequest', false],
          [[{...before[0], endDateTime: year}], 'Request_BadRequest', false],
          [[key(one, {endDateTime: year})], 'KeyCredentialsInvalidEndDate', false],
          [[key(one, {startDateTime: year})], 'KeyCredentialsInvalidEndDate', false],
          [[key(one, {endDateTime: 'never'})], 'Request_BadRequest', true],
        ] as const)
          expect([given, ...errorOf(await set(given, bad))]).toEqual([given, 400, code])
        expect(await keys()).toEqual(before)
      })

      it('can be rolled with a proof, and not without', async () => {
        await set([key(one)])
        const proof = (certificate = one, claims: object = {}) => {
          const nbf = Math.floor(Date.now() / 1000)
          const aud = '00000002-0000-0000-c000-000000000000'
          return signedJwt(certificate, {aud, iss: id, nbf, exp: nbf + 600, ...claims})
        }
        const add = (body: object, bad = false) => ask('POST', `${path()}/addKey`, {body, bad})
        const remove = (body: object, bad = false) => ask('POST', `${path()}/removeKey`, {body, bad})
        expect(errorOf(await add({keyCredential: key(two), proof: proof(two)}))).toEqual([
          400,
          'Request_BadRequest',
        ])
        const added = await add({keyCredential: key(two), passwordCredential: null, proof: proof()})
        expect([added.status, added.body['key']]).toEqual([200, null])
        expect((await keys()).map((each) => each.key)).toEqual([derOf(one), derOf(two)])
        expect((await add({keyCredential: key(two)}, true)).status).toBe(400)
        const [first] = await keys()
        expect((await remove({keyId: NOBODY, proof: proof(two)})).status).toBe(400)
        expect((await remove({keyId: first?.keyId, proof: 'x.y.z'})).status).toBe(400)
        expect((await remove({keyId: first?.keyId, proof: proof(two)})).status).toBe(204)
        expect((await keys()).map((each) => each.key)).toEqual([derOf(two)])
        // The key that is gone proves nothing.
        expect((await remove({keyId: first?.keyId, proof: proof(one)})).status).toBe(400)
        for (const action of ['addKey', 'removeKey'])
          expect(
            (
              await ask('POST', `/applications/${NOBODY}/${action}`, {
                body:
                  action === 'addKey'
                    ? {keyCredential: key(two), proof: proof()}
                    : {keyId: NOBODY, proof: proof()},
              })
            ).status,
          ).toBe(404)
      })

      it('may be rolled by the application itself without any permission, its own only', async () => {
        await set([key(one)])
        const {body: application} = await ask('GET', path())
        const appId = String(application['appId'])
        await ask('POST', '/servicePrincipals', {body: {appId}})
        const {token} = await signInApp(client.sandbox, appId, one)
        const nbf = Math.floor(Date.now() / 1000)
        const claims = {aud: '00000002-0000-0000-c000-000000000000', nbf, exp: nbf + 600}
        const body = {keyCredential: key(two), proof: signedJwt(one, {...claims, iss: id})}
        expect((await ask('POST', `${path()}/addKey`, {body, token})).status).toBe(200)
        const other = idOf(
          await ask('POST', '/applications', {body: {displayName: 'other', keyCredentials: [key(one)]}}),
        )
        const theirs = {keyCredential: key(two), proof: signedJwt(one, {...claims, iss: other})}
        expect((await ask('POST', `/applications/${other}/addKey`, {body: theirs, token})).status).toBe(403)
        expect((await ask('PATCH', path(), {body: {notes: 'x'}, token})).status).toBe(403)
      })
    })

    it('does not keep secrets of applications', async () => {
      const id = idOf(await ask('POST', '/applications', {body: {displayName: 'secrets'}}))
      expect((await ask('POST', `/applications/${id}/addPassword`, {body: {}})).status).toBe(501)
    })

    it('keeps service principals', async () => {
      const {body: application} = await ask('POST', '/applications', {body: {displayName: 'principal'}})
      const appId = String(application['appId'])
      const made = await ask('POST', '/servicePrincipals', {body: {appId}})
      const path = `/servicePrincipals/${idOf(made)}`
      expect((await ask('PATCH', path, {body: {accountEnabled: false, tags: ['x']}})).status).toBe(204)
      expect((await ask('GET', `/servicePrincipals(appId='${appId}')`)).body).toMatchObject({
        accountEnabled: false,
        tags: ['x'],
        displayName: 'principal',
        servicePrincipalType: 'Application',
      })
      const filter = encodeURIComponent(`appId eq '${appId}'`)
      expect(values(await ask('GET', `/servicePrincipals?$filter=${filter}`)).map(({id}) => id)).toEqual([
        idOf(made),
      ])
      expect((await ask('GET', `${path}?$select=appId`)).body['appId']).toBe(appId)
      expect((await ask('GET', '/servicePrincipals?$select=shoeSize')).status).toBe(400)
      expect((await ask('GET', `/servicePrincipals(appId='${NOBODY}')`)).status).toBe(404)
      // Graph's own belongs to Microsoft.
      const graph = idOf(await ask('GET', `/servicePrincipals(appId='${GRAPH}')`))
      expect((await ask('PATCH', `/servicePrincipals/${graph}`, {body: {tags: []}})).status).toBe(403)
      expect((await ask('DELETE', `/servicePrincipals/${graph}`)).status).toBe(403)
      expect((await ask('DELETE', path)).status).toBe(204)
      for (const method of ['GET', 'DELETE']) expect((await ask(method, path)).status).toBe(404)
      expect((await ask('PATCH', path, {body: {tags: []}})).status).toBe(404)
      // It goes with its application, and so does what was granted to it.
      const again = idOf(await ask('POST', '/servicePrincipals', {body: {appId}}))
      const assignment = {
        principalId: again,
        resourceId: graph,
        appRoleId: 'df021288-bdef-4463-88db-98f22de89214',
      }
      await ask('POST', `/servicePrincipals/${again}/appRoleAssignments`, {body: assignment})
      const [own] = values(await ask('GET', `/servicePrincipals/${again}/appRoleAssignments`))
      await ask('DELETE', `/applications/${String(application['id'])}`)
      expect((await ask('GET', `/servicePrincipals/${again}`)).status).toBe(404)
      const left = values(await ask('GET', `/servicePrincipals/${graph}/appRoleAssignedTo`))
      expect(left.map(({id}) => id)).not.toContain(own?.['id'])
    })

    it('looks at assignments from both sides and only there', async () => {
      const {body: application} = await ask('POST', '/applications', {body: {displayName: 'sides'}})
      const own = idOf(await ask('POST', '/servicePrincipals', {body: {appId: String(application['appId'])}}))
      const graph = idOf(await ask('GET', `/servicePrincipals(appId='${GRAPH}')`))
      const body = {principalId: own, resourceId: graph, appRoleId: 'df021288-bdef-4463-88db-98f22de89214'}
      const mine = `/servicePrincipals/${own}/appRoleAssignments`
      const its = `/servicePrincipals/${graph}/appRoleAssignedTo`
      expect((await ask('POST', mine, {body: {...body, principalId: graph}})).status).toBe(400)
      expect((await ask('POST', its, {body: {...body, resourceId: own}})).status).toBe(400)
      expect(errorOf(await ask('POST', its, {body: {...body, principalId: NOBODY}}))[0]).toBe(404)
      expect((await ask('POST', mine, {body: {principalId: own}, bad: true})).status).toBe(400)
      const made = await ask('POST', mine, {body})
      expect(made.status).toBe(201)
      for (const side of [mine, its]) {
        expect((await ask('GET', `${side}/${idOf(made)}`)).body['id']).toBe(idOf(made))
        expect((await ask('GET', `${side}?$filter=id%20eq%20%27x%27`)).status).toBe(400)
      }
      const elsewhere = `/servicePrincipals/${graph}/appRoleAssignments/${idOf(made)}`
      for (const method of ['GET', 'DELETE']) expect((await ask(method, elsewhere)).status).toBe(404)
      expect((await ask('DELETE', `${mine}/${idOf(made)}`)).status).toBe(204)
      expect(values(await ask('GET', its))).toEqual([])
    })

    it('keeps delegated grants', async () => {
      const {body: application} = await ask('POST', '/applications', {body: {displayName: 'delegated'}})
      const own = idOf(await ask('POST', '/servicePrincipals', {body: {appId: String(application['appId'])}}))
      const graph = idOf(await ask('GET', `/servicePrincipals(appId='${GRAPH}')`))
      const body = {clientId: own, consentType: 'AllPrincipals', resourceId: graph, scope: 'User.Read.All'}
      const post = (more: object = {}, bad = false) =>
        ask('POST', '/oauth2PermissionGrants', {body: {...body, ...more}, bad})
      expect((await post({scope: 'Everything.ReadWrite.All'})).status).toBe(400)
      expect((await post({consentType: 'Nobody'}, true)).status).toBe(400)
      expect((await post({principalId: NOBODY})).status).toBe(400)
      expect((await post({clientId: NOBODY})).status).toBe(404)
      const made = await post()
      expect(made.status).toBe(201)
      expect(errorOf(await post())).toEqual([409, 'Request_MultipleObjectsWithSameKeyValue'])
      const path = `/oauth2PermissionGrants/${idOf(made)}`
      expect((await ask('PATCH', path, {body: {scope: 'User.Read.All Directory.Read.All'}})).status).toBe(204)
      expect((await ask('PATCH', path, {body: {scope: 'Nothing.At.All'}})).status).toBe(400)
      expect((await ask('PATCH', path, {body: {clientId: graph}})).status).toBe(400)
      expect((await ask('GET', path)).body).toMatchObject({
        ...body,
        scope: 'User.Read.All Directory.Read.All',
      })
      const filter = (name: string) =>
        `/oauth2PermissionGrants?$filter=${encodeURIComponent(`${name} eq '${own}'`)}`
      expect(values(await ask('GET', filter('clientId'))).map(({id}) => id)).toEqual([idOf(made)])
      expect((await ask('GET', filter('scope'))).status).toBe(400)
      expect((await ask('DELETE', path)).status).toBe(204)
      for (const method of ['GET', 'DELETE']) expect((await ask(method, path)).status).toBe(404)
    })

    it('says who signs in and which roles are held', async () => {
      const token = client.sandbox.issuePersonToken()
      expect((await ask('GET', '/me?$select=id,userType', {token})).body).toMatchObject({
        id: '00000000-0000-4000-8000-00000000ad01',
        userType: 'Member',
      })
      expect(errorOf(await ask('GET', '/me'))).toEqual([400, 'BadRequest'])
      const filter = encodeURIComponent("roleTemplateId eq '62e90394-69f5-4237-9190-012177145e10'")
      const [role] = values(await ask('GET', `/directoryRoles?$filter=${filter}`))
      expect(role).toMatchObject({displayName: 'Global Administrator'})
      const members = await ask('GET', `/directoryRoles/${String(role?.['id'])}/members`)
      expect(values(members)).toMatchObject([{userPrincipalName: 'admin@contoso.com'}])
      const none = encodeURIComponent("displayName eq 'Nobody'")
      expect(values(await ask('GET', `/directoryRoles?$filter=${none}`))).toEqual([])
      expect((await ask('GET', '/directoryRoles?$filter=id%20eq%20%27x%27')).status).toBe(400)
      expect((await ask('GET', `/directoryRoles/${NOBODY}/members`)).status).toBe(404)
    })

    it.skipIf(description === undefined)('has met every operation, answered and refused', () => {
      const mine = /^\S+ \S+ \/(applications|servicePrincipals|oauth2PermissionGrants|directoryRoles|me\b)/
      const missing = (description?.operations(version) ?? [])
        .map((operation) => `${version} ${operation}`)
        .filter((operation) => mine.test(operation) && !operation.endsWith('/addPassword'))
        .filter((operation) => !client.seen.good.has(operation) || !client.seen.bad.has(operation))
      expect(missing).toEqual([])
    })
  },
)

describe('rules that can be made stricter', () => {
  let client: Client
  afterEach(async () => {
    await client.sandbox.stop()
  })
  const key = (certificate: TestCertificate) => ({
    type: 'AsymmetricX509Cert',
    usage: 'Verify',
    key: derOf(certificate),
  })

  it('limits the number of certificates', async () => {
    client = await openClient({tenant: EMPTY, faults: {maxKeys: 1}})
    const body = {displayName: 'full', keyCredentials: [key(one)]}
    const made = await client.ask('POST', '/applications', {body})
    const path = `/applications/${idOf(made)}`
    const more = await client.ask('PATCH', path, {body: {keyCredentials: [key(one), key(two)]}})
    expect(errorOf(more)).toEqual([403, 'Directory_QuotaExceeded'])
    expect((await client.ask('PATCH', path, {body: {keyCredentials: [key(two)]}})).status).toBe(204)
  })

  it('wants the key of what stays', async () => {
    client = await openClient({tenant: EMPTY, faults: {strictKeys: 1}})
    const body = {displayName: 'strict', keyCredentials: [key(one)]}
    const path = `/applications/${idOf(await client.ask('POST', '/applications', {body}))}`
    const shown = (await client.ask('GET', `${path}?$select=keyCredentials`)).body[
      'keyCredentials'
    ] as StoredKey[]
    const set = (keyCredentials: readonly object[]) => client.ask('PATCH', path, {body: {keyCredentials}})
    expect(errorOf(await set([{keyId: shown[0]?.keyId}, key(two)]))).toEqual([400, 'Request_BadRequest'])
    expect((await set([...shown, key(two)])).status).toBe(204)
  })
})

describe('who may set up an application', () => {
  let client: Client
  afterEach(async () => {
    await client.sandbox.stop()
  })
  const GRANT = {consentType: 'AllPrincipals', scope: 'User.Read.All'}

  /** The status of each step for a caller; what it builds on was made by one who may do everything. */
  async function steps(token: (client: Client) => string, personRoles: readonly string[] = []) {
    client = await openClient({tenant: EMPTY, personRoles})
    const ask = client.ask
    const {body: application} = await ask('POST', '/applications', {body: {displayName: 'theirs'}})
    const own = idOf(await ask('POST', '/servicePrincipals', {body: {appId: application['appId']}}))
    const graph = idOf(await ask('GET', `/servicePrincipals(appId='${GRAPH}')`))
    const as = async (method: string, path: string, body?: object) =>
      (await ask(method, path, {body, token: token(client)})).status
    const role = {principalId: own, resourceId: graph, appRoleId: 'df021288-bdef-4463-88db-98f22de89214'}
    return {
      read: await as('GET', '/applications'),
      create: await as('POST', '/applications', {displayName: 'mine'}),
      change: await as('PATCH', `/applications/${String(application['id'])}`, {notes: 'x'}),
      assign: await as('POST', `/servicePrincipals/${graph}/appRoleAssignedTo`, role),
      grant: await as('POST', '/oauth2PermissionGrants', {...GRANT, clientId: own, resourceId: graph}),
    }
  }
  const person = (client: Client) => client.sandbox.issuePersonToken()
  const app =
    (...roles: string[]) =>
    (client: Client) =>
      client.sandbox.issueToken(roles)
  const NOTHING = {read: 403, create: 403, change: 403, assign: 403, grant: 403}

  it.each([
    [[], {...NOTHING, read: 200}],
    [['Global Reader'], {...NOTHING, read: 200}],
    [['Application Administrator'], {...NOTHING, read: 200, create: 201, change: 204}],
    [['Cloud Application Administrator'], {...NOTHING, read: 200, create: 201, change: 204}],
    [['Privileged Role Administrator'], {...NOTHING, read: 200, assign: 201, grant: 201}],
    [['Global Administrator'], {read: 200, create: 201, change: 204, assign: 201, grant: 201}],
  ] as const)('a person with the roles %j', async (roles, expected) => {
    expect(await steps(person, roles)).toEqual(expected)
  })

  it.each([
    [[], NOTHING],
    [['User.Read.All'], NOTHING],
    [['Application.Read.All'], {...NOTHING, read: 200}],
    [['Application.ReadWrite.All'], {...NOTHING, read: 200, create: 201, change: 204}],
    // Its own only.
    [['Application.ReadWrite.OwnedBy'], {...NOTHING, read: 200, create: 201}],
    // Wide where it counts, but not for applications.
    [
      ['Application.ReadWrite.OwnedBy', 'Directory.ReadWrite.All'],
      {...NOTHING, read: 200, create: 201, grant: 201},
    ],
    [['AppRoleAssignment.ReadWrite.All'], NOTHING],
    [['AppRoleAssignment.ReadWrite.All', 'Application.Read.All'], {...NOTHING, read: 200, assign: 201}],
    [['DelegatedPermissionGrant.ReadWrite.All'], {...NOTHING, grant: 201}],
  ] as const)('an application with the permissions %j', async (permissions, expected) => {
    expect(await steps(app(...permissions))).toEqual(expected)
  })

  it('a person with few scopes, whatever the roles', async () => {
    client = await openClient({tenant: EMPTY, deviceCodePolls: 0})
    const clientId = '14d82eec-204b-4c2f-b7e8-296a70dab67e'
    const begun = await fetch(`${client.sandbox.authorityUrl}/common/oauth2/v2.0/devicecode`, {
      method: 'POST',
      body: new URLSearchParams({client_id: clientId, scope: 'Application.Read.All openid'}),
    })
    const {device_code: code} = (await begun.json()) as {device_code: string}
    const {token} = await tokenRequest(client.sandbox, {
      grant_type: 'device_code',
      client_id: clientId,
      device_code: code,
    })
    expect((await client.ask('GET', '/applications', {token})).status).toBe(200)
    const body = {displayName: 'mine'}
    expect((await client.ask('POST', '/applications', {body, token})).status).toBe(403)
  })

  it('an application that owns what it made', async () => {
    client = await openClient({tenant: EMPTY})
    const {ask, sandbox} = client
    const maker = await ask('POST', '/applications', {
      body: {
        displayName: 'maker',
        keyCredentials: [{type: 'AsymmetricX509Cert', usage: 'Verify', key: derOf(one)}],
      },
    })
    const appId = String(maker.body['appId'])
    const own = idOf(await ask('POST', '/servicePrincipals', {body: {appId}}))
    const graph = idOf(await ask('GET', `/servicePrincipals(appId='${GRAPH}')`))
    const appRoleId = '18a4783c-866b-4cc7-a460-3d5e5662c884'
    await ask('POST', `/servicePrincipals/${own}/appRoleAssignments`, {
      body: {principalId: own, resourceId: graph, appRoleId},
    })
    const {token} = await signInApp(sandbox, appId, one)
    const made = await ask('POST', '/applications', {body: {displayName: 'made'}, token})
    expect(made.status).toBe(201)
    const body = {notes: 'mine'}
    expect((await ask('PATCH', `/applications/${idOf(made)}`, {body, token})).status).toBe(204)
    expect((await ask('PATCH', `/applications/${idOf(maker)}`, {body, token})).status).toBe(403)
    expect((await ask('DELETE', `/applications/${idOf(maker)}`, {token})).status).toBe(403)
    expect((await ask('DELETE', `/applications/${idOf(made)}`, {token})).status).toBe(204)
  })
})
