import {afterAll, beforeAll, describe, expect, it} from 'vitest'

import type {TenantFile} from '../../src/lib/sandbox/tenant-file.js'
import {graphDescription, SKIP_REASON} from './graph-description.js'
import {openClient} from './sandbox-client.js'
import type {AskOptions, Client, Reply} from './sandbox-client.js'

const GRAPH = '00000003-0000-0000-c000-000000000000'
const NOBODY = '99999999-0000-4000-8000-000000000009'
const EMPTY: TenantFile = {
  tenantId: 'aaaaaaaa-0000-4000-8000-000000000001',
  displayName: 'Contoso',
  domains: ['contoso.com'],
  users: [],
  groups: [],
}
const description = graphDescription()
const BOTH = ['v1.0', 'beta'] as const

const errorOf = (reply: Reply) => [reply.status, (reply.body['error'] as {code: string} | undefined)?.code]
const values = (reply: Reply) => reply.body['value'] as Record<string, unknown>[]
const idOf = (reply: Reply) => String(reply.body['id'])

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
  },
)
