import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import path from 'node:path'

import {afterAll, beforeAll, describe, expect, it} from 'vitest'

import {dumpTenant} from '../../src/lib/sandbox/dump-tenant.js'
import {resetSandbox, startSandbox} from '../../src/lib/sandbox/server.js'
import type {TenantFile} from '../../src/lib/sandbox/tenant-file.js'
import {tenantFileSchema} from '../../src/lib/sandbox/tenant-file.js'
import {EMPTY} from '../fixtures/empty-tenant.js'
import {makeCertificate, type TestCertificate} from '../helpers/certificates.js'
import {derOf, rolesOf, signInApp} from '../helpers/sandbox-app.js'

const APP = 'bbbbbbbb-0000-4000-8000-000000000001'
const OTHER = 'bbbbbbbb-0000-4000-8000-000000000002'
const APPLICATION = {id: 'cccccccc-0000-4000-8000-000000000001', appId: APP, displayName: 'mfa'}
const PRINCIPAL = {id: 'dddddddd-0000-4000-8000-000000000001', appId: APP, displayName: 'mfa'}

let folder: string
let certificate: TestCertificate
let state: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mfa-registrations-'))
  state = path.join(folder, 'sandbox.db')
  certificate = await makeCertificate(folder, 'app')
})
afterAll(async () => {
  await rm(folder, {recursive: true})
})

/** Everything that a tenant file can say about an application. */
const full = (): TenantFile => ({
  ...EMPTY,
  applications: [
    {
      ...APPLICATION,
      signInAudience: 'AzureADMyOrg',
      isFallbackPublicClient: true,
      requiredResourceAccess: [
        {
          resourceAppId: '00000003-0000-0000-c000-000000000000',
          resourceAccess: [{id: 'df021288-bdef-4463-88db-98f22de89214', type: 'Role'}],
        },
      ],
      keyCredentials: [
        {
          keyId: 'eeeeeeee-0000-4000-8000-000000000001',
          type: 'AsymmetricX509Cert',
          usage: 'Verify',
          displayName: null,
          startDateTime: '2020-01-01T00:00:00Z',
          endDateTime: '2099-01-01T00:00:00Z',
          customKeyIdentifier: 'AAAA',
          key: derOf(certificate),
        },
      ],
      publicClient: {redirectUris: ['http://localhost']},
      notes: 'invented',
      tags: ['one'],
      owner: OTHER,
    },
  ],
  servicePrincipals: [
    {
      ...PRINCIPAL,
      accountEnabled: true,
      appRoleAssignmentRequired: false,
      appRoleAssignments: ['GroupMember.Read.All', 'User.Read.All'],
      oauth2PermissionGrants: [{scope: 'User.Read.All openid'}],
    },
  ],
})

describe('applications in a tenant file', () => {
  it('come back whole in the dump', () => {
    resetSandbox(state, tenantFileSchema.parse(full()))
    const {applications, servicePrincipals} = dumpTenant(state)
    expect({applications, servicePrincipals}).toEqual({
      applications: full().applications,
      servicePrincipals: full().servicePrincipals,
    })
  })

  it('are left out of the dump where there are none', () => {
    resetSandbox(state, EMPTY)
    expect(Object.keys(dumpTenant(state))).not.toContain('applications')
    expect(Object.keys(dumpTenant(state))).not.toContain('servicePrincipals')
  })

  it('sign in, and new ones get ids of their own', async () => {
    const sandbox = await startSandbox({stateFile: ':memory:', tenant: full()})
    try {
      const {token} = await signInApp(sandbox, APP, certificate)
      expect(rolesOf(token)).toEqual(['GroupMember.Read.All', 'User.Read.All'])
      const make = () =>
        fetch(`${sandbox.rootUrl}/v1.0/applications`, {
          method: 'POST',
          headers: {Authorization: `Bearer ${sandbox.issueToken()}`, 'Content-Type': 'application/json'},
          body: JSON.stringify({displayName: 'new'}),
        })
      await make()
      const first = sandbox.dump()
      resetSandbox(state, tenantFileSchema.parse(first))
      await make()
      const ids = sandbox.dump().applications?.flatMap(({id, appId}) => [id, appId]) ?? []
      expect(new Set(ids).size).toBe(6)
      // The same step in an equal tenant gives an id that is not taken.
      const copy = await startSandbox({stateFile: state})
      const made = await fetch(`${copy.rootUrl}/v1.0/applications`, {
        method: 'POST',
        headers: {Authorization: `Bearer ${copy.issueToken()}`, 'Content-Type': 'application/json'},
        body: JSON.stringify({displayName: 'new'}),
      })
      await copy.stop()
      expect(made.status).toBe(201)
      expect(dumpTenant(state).applications).toHaveLength(3)
    } finally {
      await sandbox.stop()
    }
  })

  it.each([
    ['an id that is there twice', {applications: [APPLICATION, {...APPLICATION, appId: OTHER}]}, 'twice'],
    ['an appId that is there twice', {applications: [APPLICATION, {...APPLICATION, id: OTHER}]}, 'twice'],
    ['a service principal of nothing', {servicePrincipals: [PRINCIPAL]}, 'no application with the appId'],
    [
      'a permission that there is not',
      {applications: [APPLICATION], servicePrincipals: [{...PRINCIPAL, appRoleAssignments: ['All.All']}]},
      'no application permission "All.All"',
    ],
    [
      'a scope that there is not',
      {
        applications: [APPLICATION],
        servicePrincipals: [{...PRINCIPAL, oauth2PermissionGrants: [{scope: 'All.All'}]}],
      },
      'no delegated permission "All.All"',
    ],
  ])('are refused with %s, and nothing is written', (_name, more, says) => {
    resetSandbox(state, EMPTY)
    const before = dumpTenant(state)
    expect(() => {
      resetSandbox(state, tenantFileSchema.parse({...EMPTY, ...more}))
    }).toThrow(says)
    expect(dumpTenant(state)).toEqual(before)
  })
})
