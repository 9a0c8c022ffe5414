import {afterEach, beforeEach, expect, it} from 'vitest'

import {createFederations} from '../../src/lib/entra/federation.js'
import {createGraph} from '../../src/lib/entra/transport/graph.js'
import {needOf} from '../../src/lib/entra/transport/permissions.js'
import type {DomainFederation, Federations} from '../../src/lib/ports/federation.js'
import {type Sandbox, startSandbox} from '../../src/lib/sandbox/server.js'
import {FakeClock} from '../fakes/clock.js'
import {EMERGENCY, FEDERATED} from '../fixtures/federated-tenant.js'
import {collect} from '../helpers/collect.js'
import {faultsOf, recordingFetch, type Exchange} from './exchanges.js'

const {signal} = new AbortController()
let sandbox: Sandbox
let federations: Federations
const exchanges: Exchange[] = []
let roles: readonly string[] | undefined
let minimal = false

/** The service may answer with the object or without. */
const sending: typeof fetch = (input, init) => {
  const headers = new Headers(init?.headers)
  if (minimal) headers.set('Prefer', 'return=minimal')
  return fetch(input, {...init, headers})
}
const recording = recordingFetch(exchanges, sending)

beforeEach(async () => {
  const clock = new FakeClock(new Date().toISOString())
  exchanges.length = 0
  roles = undefined
  minimal = false
  sandbox = await startSandbox({stateFile: ':memory:', tenant: FEDERATED, now: () => clock.now()})
  federations = createFederations(
    createGraph({
      rootUrl: sandbox.rootUrl,
      token: () => Promise.resolve(sandbox.issueToken(roles)),
      clock,
      fetch: recording,
    }),
  )
})

/** Whatever the test did: nothing was sent, and nothing answered, that Graph's description does not know. */
afterEach(async () => {
  await sandbox.stop()
  expect(faultsOf(exchanges)).toEqual([])
})

async function domain(name: string): Promise<DomainFederation> {
  const found = await federations.domain(name, signal)
  if (found === undefined) throw new Error(`no domain ${name}`)
  return found
}

it('reads domains with what their federation says', async () => {
  expect((await federations.domains(signal)).map((each) => [each.domain, each.behavior])).toEqual([
    ['contoso.com', null],
    ['contoso.onmicrosoft.com', null],
    ['example.com', 'enforceMfaByFederatedIdp'],
  ])
  expect(await domain('EXAMPLE.COM')).toMatchObject({
    authenticationType: 'Federated',
    displayName: 'AD FS of example.com',
    federationId: expect.stringMatching(/^[0-9a-f-]{36}$/),
  })
  expect((await domain('contoso.onmicrosoft.com')).federationId).toBeUndefined()
  expect(await federations.domain('fabrikam.com', signal)).toBeUndefined()
  expect(await federations.domain('no domain at all', signal)).toBeUndefined()
})

it.each([false, true])('sets a behaviour, answered without a body: %s', async (bare) => {
  minimal = bare
  expect(
    await federations.setBehavior(await domain('contoso.com'), 'rejectMfaByFederatedIdp', signal),
  ).toMatchObject({status: 'done'})
  expect(exchanges.at(-1)?.status).toBe(bare ? 204 : 200)
  expect((await domain('contoso.com')).behavior).toBe('rejectMfaByFederatedIdp')
  expect(exchanges.filter(({method}) => method === 'PATCH').map(({requestBody}) => requestBody)).toEqual([
    {federatedIdpMfaBehavior: 'rejectMfaByFederatedIdp'},
  ])
})

it('says what is refused, and which permission is missing', async () => {
  const gone = {domain: 'contoso.com', federationId: '00000000-0000-4000-8000-000000000000'}
  expect(await federations.setBehavior(gone, 'rejectMfaByFederatedIdp', signal)).toMatchObject({
    status: 'failed',
    code: 'Request_ResourceNotFound',
  })
  const found = await domain('contoso.com')
  roles = ['Domain.Read.All']
  await expect(federations.setBehavior(found, 'rejectMfaByFederatedIdp', signal)).rejects.toMatchObject({
    exit: 'auth',
    message: expect.stringContaining('Domain-InternalFederation.ReadWrite.All'),
  })
  await expect(federations.domain('contoso.com', signal)).rejects.toMatchObject({
    exit: 'auth',
    message: expect.stringContaining('Domain-InternalFederation.Read.All'),
  })
  expect(needOf({method: 'GET', path: '/domains'})?.permission).toBe('Domain.Read.All')
})

it('finds who signs in through a domain, and accounts', async () => {
  const users = (await collect(federations.users(['CONTOSO.com'], signal))).flat()
  expect(users.map(({userPrincipalName}) => userPrincipalName)).toEqual([
    'ann@contoso.com',
    'bob@contoso.com',
    'cyd@contoso.com',
    'admin@contoso.com',
  ])
  expect(await collect(federations.users(['toso.com'], signal))).toEqual([])
  expect(await federations.account(EMERGENCY, signal)).toMatchObject({isSynced: false, accountEnabled: true})
  expect(await federations.account('ann@contoso.com', signal)).toMatchObject({isSynced: true})
  expect(await federations.account('nobody@contoso.com', signal)).toBeUndefined()
  expect(await federations.account(' ', signal)).toBeUndefined()
})
