import {afterAll, beforeAll, describe, expect, it} from 'vitest'

import type {TenantFile} from '../../src/lib/sandbox/tenant-file.js'
import {TENANT} from '../fixtures/sandbox-tenant.js'
import {graphDescription, SKIP_REASON} from './graph-description.js'
import {type AskOptions, type Client, openClient, type Reply} from './sandbox-client.js'

const description = graphDescription()
const FEDERATED: TenantFile = {
  ...TENANT,
  domains: [
    {name: 'Contoso.com', authenticationType: 'Federated', displayName: 'AD FS'},
    'contoso.onmicrosoft.com',
    {
      name: 'example.com',
      authenticationType: 'Federated',
      federatedIdpMfaBehavior: 'enforceMfaByFederatedIdp',
    },
  ],
}
const DAY = 24 * 60 * 60 * 1000
const values = (reply: Reply) => reply.body['value'] as Record<string, unknown>[]
const codeOf = (reply: Reply) => (reply.body['error'] as {code: string}).code
const behaviors = (dump: TenantFile) =>
  dump.domains.map((domain) =>
    typeof domain === 'string' ? domain : [domain.name, domain.federatedIdpMfaBehavior],
  )

describe(`domains and federation ${description === undefined ? SKIP_REASON.replace('skipped', 'description not checked') : ''}`, () => {
  let client: Client
  beforeAll(async () => {
    client = await openClient({tenant: FEDERATED})
  })
  afterAll(() => client.sandbox.stop())

  describe.each(['v1.0', 'beta'] as const)('%s', (version) => {
    const call = (method: string, path: string, options?: AskOptions) =>
      client.ask(method, path, {version, ...options})
    const set = (path: string, federatedIdpMfaBehavior: unknown, options?: AskOptions) =>
      call('PATCH', path, {body: {federatedIdpMfaBehavior}, ...options})
    const only = async (domain: string) => {
      const [found] = values(await call('GET', `/domains/${domain}/federationConfiguration`))
      if (found === undefined) throw new Error(`${domain} is not federated`)
      return {found, path: `/domains/${domain}/federationConfiguration/${String(found['id'])}`}
    }

    it('lists domains and how they are authenticated', async () => {
      const all = values(await call('GET', '/domains'))
      expect(all.map(({id, authenticationType, isInitial}) => [id, authenticationType, isInitial])).toEqual([
        ['Contoso.com', 'Federated', false],
        ['contoso.onmicrosoft.com', 'Managed', true],
        ['example.com', 'Federated', false],
      ])
      expect((await call('GET', '/domains/contoso.com?$select=id')).body['id']).toBe('Contoso.com')
      const none = await call('GET', '/domains/fabrikam.com')
      expect([none.status, codeOf(none)]).toEqual([404, 'Request_ResourceNotFound'])
      expect((await call('GET', '/domains?$select=shoeSize')).status).toBe(400)
      const [organization] = values(await call('GET', '/organization?$select=verifiedDomains'))
      expect(organization?.['verifiedDomains']).toMatchObject([
        {type: 'Federated'},
        {type: 'Managed'},
        {type: 'Federated'},
      ])
    })

    it('has one configuration for a federated domain and none for a managed one', async () => {
      const {found, path} = await only('contoso.com')
      expect(found).toMatchObject({displayName: 'AD FS', preferredAuthenticationProtocol: 'wsFed'})
      expect(found).not.toHaveProperty('supportsMfa')
      expect((await call('GET', path)).body['issuerUri']).toBe('http://sts.contoso.com/adfs/services/trust')
      expect(values(await call('GET', '/domains/contoso.onmicrosoft.com/federationConfiguration'))).toEqual(
        [],
      )
      expect((await call('GET', '/domains/fabrikam.com/federationConfiguration')).status).toBe(404)
      expect((await call('GET', `${path}0`)).status).toBe(404)
    })

    it('shows null until the behaviour is set, and never again after', async () => {
      const fresh = await openClient({tenant: FEDERATED})
      try {
        const ask = (method: string, path: string, options?: AskOptions) =>
          fresh.ask(method, path, {version, ...options})
        const list = '/domains/contoso.com/federationConfiguration'
        const [before] = values(await ask('GET', list))
        expect(before?.['federatedIdpMfaBehavior']).toBeNull()
        const path = `${list}/${String(before?.['id'])}`
        const changed = await ask('PATCH', path, {
          body: {federatedIdpMfaBehavior: 'rejectMfaByFederatedIdp'},
        })
        expect([changed.status, changed.body['federatedIdpMfaBehavior']]).toEqual([
          200,
          'rejectMfaByFederatedIdp',
        ])
        const back = await ask('PATCH', path, {body: {federatedIdpMfaBehavior: null}})
        expect([back.status, codeOf(back)]).toEqual([400, 'Request_BadRequest'])
        expect((await ask('GET', path)).body).toMatchObject({
          federatedIdpMfaBehavior: 'rejectMfaByFederatedIdp',
          displayName: 'AD FS',
        })
        const minimal = await ask('PATCH', path, {
          body: {federatedIdpMfaBehavior: 'acceptIfMfaDoneByFederatedIdp'},
          headers: {Prefer: 'return=minimal'},
        })
        expect([minimal.status, minimal.text]).toEqual([204, ''])
      } finally {
        await fresh.sandbox.stop()
      }
    })

    it('checks what is sent', async () => {
      const {path} = await only('example.com')
      expect((await set(path, 'sometimes', {bad: true})).status).toBe(400)
      expect((await call('PATCH', path, {body: {}, bad: true})).status).toBe(400)
      expect((await call('PATCH', path, {body: {supportsMfa: true}, bad: true})).status).toBe(400)
      expect((await set(`${path}0`, 'rejectMfaByFederatedIdp')).status).toBe(404)
      expect((await only('example.com')).found['federatedIdpMfaBehavior']).toBe('enforceMfaByFederatedIdp')
    })

    it('federates a managed domain and makes it managed again', async () => {
      const list = '/domains/contoso.onmicrosoft.com/federationConfiguration'
      const body = {issuerUri: 'http://sts.example.com/trust', displayName: 'New'}
      expect((await call('POST', list, {body: {displayName: 'New'}})).status).toBe(400)
      expect((await call('POST', list, {body: {issuerUri: 1}, bad: true})).status).toBe(400)
      const made = await call('POST', list, {body})
      expect(made.status).toBe(201)
      expect(made.body).toMatchObject({...body, federatedIdpMfaBehavior: null})
      expect((await call('POST', list, {body})).status).toBe(400)
      const path = `${list}/${String(made.body['id'])}`
      expect((await call('DELETE', path)).status).toBe(204)
      expect((await call('DELETE', path)).status).toBe(404)
      expect(values(await call('GET', list))).toEqual([])
    })

    it('asks applications for a permission and persons for a role too', async () => {
      const {path} = await only('example.com')
      const body = {displayName: 'Other'}
      const as = (token: string) => call('PATCH', path, {body, token})
      const {sandbox} = client
      expect((await as(sandbox.issueToken(['Domain-InternalFederation.Read.All']))).status).toBe(403)
      expect((await as(sandbox.issueToken(['Domain-InternalFederation.ReadWrite.All']))).status).toBe(200)
      const reads = sandbox.issueToken(['User.Read.All'])
      expect((await call('GET', path, {token: reads})).status).toBe(403)
      expect((await call('GET', '/domains', {token: reads})).status).toBe(403)
      for (const [role, status] of [
        ['Hybrid Identity Administrator', 200],
        ['Domain Name Administrator', 200],
        ['Authentication Administrator', 403],
      ] as const) {
        const other = await openClient({tenant: FEDERATED, personRoles: [role]})
        const reply = await other.ask('PATCH', path, {
          version,
          body,
          token: other.sandbox.issuePersonToken(),
        })
        expect([role, reply.status]).toEqual([role, status])
        await other.sandbox.stop()
      }
    })
  })

  it.skipIf(description === undefined)('has met every operation, answered and refused', () => {
    const ours = (['v1.0', 'beta'] as const).flatMap((version) =>
      (description?.operations(version) ?? [])
        .filter((operation) => operation.includes('/domains'))
        .map((operation) => `${version} ${operation}`),
    )
    expect(ours).toHaveLength(14)
    expect(ours.filter((each) => !client.seen.good.has(each) || !client.seen.bad.has(each))).toEqual([])
  })
})

describe('what sign-ins follow', () => {
  async function world(options: {consistency?: number} = {}) {
    let now = Date.parse('2026-03-01T09:00:00Z')
    const client = await openClient({
      tenant: FEDERATED,
      now: () => new Date(now),
      faults: {consistency: options.consistency},
    })
    const list = '/domains/contoso.com/federationConfiguration'
    const [{id} = {id: ''}] = values(await client.ask('GET', list))
    const set = async (federatedIdpMfaBehavior: string) => {
      const reply = await client.ask('PATCH', `${list}/${String(id)}`, {body: {federatedIdpMfaBehavior}})
      expect(reply.status).toBe(200)
    }
    return {...client, set, pass: (ms: number) => (now += ms), list}
  }

  it('is the new behaviour a day after the change, by its own clock or by one put forward', async () => {
    const {sandbox, set, pass} = await world()
    const seen = () => {
      const {mfaBy, canSignIn, behaviorInEffect} = sandbox.signIn('bob@contoso.com')
      return [mfaBy, canSignIn, behaviorInEffect]
    }
    expect(seen()).toEqual(['on-premises', true, null])
    await set('rejectMfaByFederatedIdp')
    expect(seen()).toEqual(['on-premises', true, null])
    pass(DAY - 1)
    expect(seen()).toEqual(['on-premises', true, null])
    pass(1)
    expect(seen()).toEqual(['entra', true, 'rejectMfaByFederatedIdp'])
    expect(sandbox.signIn('alice@contoso.com')).toMatchObject({
      mfaBy: 'entra',
      canSignIn: false,
      methods: [],
      says: expect.stringMatching(/^cannot sign in: .*no usable method/),
    })
    await set('enforceMfaByFederatedIdp')
    expect(seen()).toEqual(['entra', true, 'rejectMfaByFederatedIdp'])
    sandbox.advance(DAY)
    expect(seen()).toEqual(['on-premises', true, 'enforceMfaByFederatedIdp'])
    expect(sandbox.signIn('bob@contoso.com', {onPremisesMfa: false})).toMatchObject({
      mfaBy: 'nobody',
      canSignIn: false,
    })
    await sandbox.stop()
  })

  it('turns to Entra where the on-premises provider did none and the behaviour lets it', async () => {
    const {sandbox} = await world()
    expect(sandbox.signIn('bob@contoso.com', {onPremisesMfa: false})).toMatchObject({
      mfaBy: 'entra',
      canSignIn: true,
    })
    expect(sandbox.signIn('carol@contoso.com')).toMatchObject({canSignIn: false, mfaBy: 'nobody'})
    const guest = 'eve_example.com#EXT#@contoso.onmicrosoft.com'
    expect(sandbox.signIn(guest)).toMatchObject({authenticationType: 'Managed', mfaBy: 'entra'})
    expect(() => sandbox.signIn('nobody@contoso.com')).toThrow(/no user/)
    await sandbox.stop()
  })

  it('does not sign anybody out when its clock is put forward, and dates its answers by it', async () => {
    const {sandbox, ask, list} = await world()
    const token = sandbox.issueToken()
    sandbox.advance(7 * DAY)
    const reply = await ask('GET', list, {token})
    expect(reply.status).toBe(200)
    expect(reply.headers.get('date')).toBe('Sun, 08 Mar 2026 09:00:00 GMT')
    await sandbox.stop()
  })

  it('lags behind where reads are consistent only later, and dumps what holds', async () => {
    const {sandbox, ask, set, pass, list} = await world({consistency: 1000})
    await set('rejectMfaByFederatedIdp')
    const now = async () => values(await ask('GET', list))[0]?.['federatedIdpMfaBehavior']
    expect(await now()).toBeNull()
    pass(1000)
    expect(await now()).toBe('rejectMfaByFederatedIdp')
    expect(behaviors(sandbox.dump())).toEqual([
      ['Contoso.com', 'rejectMfaByFederatedIdp'],
      'contoso.onmicrosoft.com',
      ['example.com', 'enforceMfaByFederatedIdp'],
    ])
    await sandbox.stop()
  })

  it('comes back from a dump as it was', async () => {
    const {sandbox, set} = await world()
    await set('rejectMfaByFederatedIdp')
    const dump = sandbox.dump({secrets: true})
    const again = await openClient({tenant: dump})
    expect(again.sandbox.dump({secrets: true})).toEqual(dump)
    await Promise.all([sandbox.stop(), again.sandbox.stop()])
  })
})
