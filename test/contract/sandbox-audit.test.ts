import {afterEach, describe, expect, it} from 'vitest'

import {PHONE_ID} from '../../src/lib/sandbox/phone-rules.js'
import {ALICE, BOB, TENANT} from '../fixtures/sandbox-tenant.js'
import {graphDescription, SKIP_REASON} from './graph-description.js'
import {type AskOptions, belowVersion, type Client, openClient, type Reply} from './sandbox-client.js'

const AUDITS = '/auditLogs/directoryAudits'
const POLICY = '/policies/authenticationMethodsPolicy'

interface Entry {
  readonly id: string
  readonly activityDisplayName: string
  readonly activityDateTime: string
  readonly initiatedBy: {readonly app: {displayName: string} | null; readonly user: {id: string} | null}
  readonly targetResources: readonly {
    readonly id: string
    readonly userPrincipalName: string
    readonly modifiedProperties: readonly {displayName: string; oldValue: string | null; newValue: string}[]
  }[]
}
const entriesOf = (reply: Reply): readonly Entry[] => reply.body['value'] as readonly Entry[]
const property = (entry: Entry | undefined, name: string) =>
  entry?.targetResources[0]?.modifiedProperties.find(({displayName}) => displayName === name)

describe(`the sandbox keeps an audit log ${graphDescription() === undefined ? SKIP_REASON : ''}`, () => {
  let client: Client | undefined
  const open = async (faults = {}): Promise<Client> =>
    (client = await openClient({tenant: structuredClone(TENANT), faults}))
  afterEach(() => client?.sandbox.stop())
  const addPhone = (to: Client, user: string, phoneNumber: string, options?: AskOptions) =>
    to.ask('POST', `/users/${user}/authentication/phoneMethods`, {
      body: {phoneNumber, phoneType: 'mobile'},
      ...options,
    })

  it('tells of a number: who, whom, before and after as JSON in text', async () => {
    const to = await open()
    expect((await addPhone(to, ALICE, '+1 4255550110')).status).toBe(201)
    const all = await to.ask('GET', AUDITS)
    const [entry, ...rest] = entriesOf(all)
    expect(rest).toEqual([])
    expect(entry).toMatchObject({
      activityDisplayName: 'Update user',
      initiatedBy: {app: {displayName: 'Sandbox application'}, user: null},
      targetResources: [{id: ALICE, userPrincipalName: 'alice@contoso.com'}],
    })
    const details = property(entry, 'StrongAuthenticationUserDetails')
    expect(JSON.parse(details?.oldValue ?? '')).toMatchObject([{PhoneNumber: null}])
    expect(JSON.parse(details?.newValue ?? '')).toMatchObject([{PhoneNumber: '+1 4255550110'}])
    expect(JSON.parse(property(entry, 'StrongAuthenticationMethod')?.newValue ?? '')).toEqual([
      {MethodType: 0, Default: false},
      {MethodType: 5, Default: false},
    ])
    const one = await to.ask('GET', `${AUDITS}/${entry?.id}`)
    expect(one.body['id']).toBe(entry?.id)
  })

  it('is silent about what was refused, and about what changed nothing', async () => {
    const to = await open()
    expect((await addPhone(to, BOB, '+1 4255550111')).status).toBe(400)
    const same = {body: {phoneNumber: '+1 4255550101'}}
    expect(
      (await to.ask('PATCH', `/users/${BOB}/authentication/phoneMethods/${PHONE_ID.mobile}`, same)).status,
    ).toBe(204)
    expect(entriesOf(await to.ask('GET', AUDITS))).toEqual([])
  })

  it('has entries of their own for devices and for Temporary Access Passes', async () => {
    const to = await open()
    const app = `/users/${BOB}/authentication/microsoftAuthenticatorMethods`
    const [method] = (await to.ask('GET', app)).body['value'] as {id: string}[]
    expect((await to.ask('DELETE', `${app}/${method?.id}`)).status).toBe(204)
    const pass = await to.ask('POST', `/users/${BOB}/authentication/temporaryAccessPassMethods`, {
      body: {lifetimeInMinutes: 60},
    })
    const all = await to.ask('GET', AUDITS)
    const named = entriesOf(all).map((entry) => [
      entry.activityDisplayName,
      entry.targetResources[0]?.modifiedProperties.map(({displayName}) => displayName),
    ])
    expect(named).toEqual([
      ['Admin registered security info', []],
      ['Update user', ['StrongAuthenticationPhoneAppDetail', 'Included Updated Properties']],
      ['Update user', ['StrongAuthenticationMethod', 'Included Updated Properties']],
    ])
    expect(all.text).not.toContain(String(pass.body['temporaryAccessPass']))
  })

  it('names the person who signed in', async () => {
    const to = await open()
    await addPhone(to, ALICE, '+1 4255550110', {token: to.sandbox.issuePersonToken()})
    const [entry] = entriesOf(await to.ask('GET', AUDITS))
    expect(entry?.initiatedBy).toMatchObject({app: null, user: {userPrincipalName: 'admin@contoso.com'}})
  })

  it('filters, orders and pages', async () => {
    const to = await open()
    for (const [n, user] of [ALICE, 'carol@contoso.com', 'dave@contoso.com'].entries())
      expect((await addPhone(to, user, `+1 425555012${n}`)).status).toBe(201)
    const get = (query: string) => to.ask('GET', `${AUDITS}?${query}`)
    const oldest = await get('$orderby=activityDateTime&$top=2')
    const names = (reply: Reply) => entriesOf(reply).map((each) => each.targetResources[0]?.userPrincipalName)
    expect(names(oldest)).toEqual(['alice@contoso.com', 'carol@contoso.com'])
    expect(names(await to.ask('GET', belowVersion(oldest.body['@odata.nextLink'], to.sandbox)))).toEqual([
      'dave@contoso.com',
    ])
    const newest = await get('$top=2')
    expect(names(newest)).toEqual(['dave@contoso.com', 'carol@contoso.com'])
    expect(names(await to.ask('GET', belowVersion(newest.body['@odata.nextLink'], to.sandbox)))).toEqual([
      'alice@contoso.com',
    ])
    const first = entriesOf(oldest)[0]
    const filtered = async (filter: string) => names(await get(`$filter=${encodeURIComponent(filter)}`))
    expect(await filtered(`targetResources/any(t: t/id eq '${ALICE}')`)).toEqual(['alice@contoso.com'])
    expect(
      await filtered(`targetResources/any(t:t/id eq '${ALICE}') and activityDisplayName eq 'Update user'`),
    ).toEqual(['alice@contoso.com'])
    expect(await filtered(`activityDateTime ge ${first?.activityDateTime}`)).toHaveLength(3)
    expect(await filtered('activityDateTime ge 2999-01-01T00:00:00Z')).toEqual([])
    expect(await filtered("initiatedBy/app/displayName eq 'sandbox application'")).toHaveLength(3)
    expect(await filtered("initiatedBy/app/displayName eq 'Azure MFA Management'")).toEqual([])
    expect(await filtered("startswith(activityDisplayName,'Update')")).toHaveLength(3)
  })

  it.each([
    '$filter=activityDateTime%20ge%20%27yesterday%27',
    '$filter=targetResources%2Fany(t%3A%20u%2Fid%20eq%20%27x%27)',
    '$filter=targetResources%2Fany(t%3A%20t%2Fid%20eq%20%27x%27',
    '$filter=category%20eq%20%27UserManagement%27',
    '$orderby=category',
    '$orderby=activityDateTime%20sideways',
  ])('refuses %s', async (query) => {
    const to = await open()
    expect((await to.ask('GET', `${AUDITS}?${query}`)).status).toBe(400)
  })

  it('refuses without AuditLog.Read.All, and does not know every id', async () => {
    const to = await open()
    const token = to.sandbox.issueToken(['User.Read.All'])
    expect((await to.ask('GET', AUDITS, {token})).status).toBe(403)
    expect((await to.ask('GET', `${AUDITS}/nothing`)).status).toBe(404)
    expect((await to.ask('POST', AUDITS, {body: {}, bad: true})).status).toBe(405)
  })

  it('lets entries arrive late', async () => {
    const to = await open({auditDelay: 60_000})
    await addPhone(to, ALICE, '+1 4255550110')
    expect(entriesOf(await to.ask('GET', AUDITS))).toEqual([])
    to.sandbox.advance(61_000)
    expect(entriesOf(await to.ask('GET', AUDITS))).toHaveLength(1)
  })

  it('keeps a registration campaign as it is given, and refuses what is none', async () => {
    const to = await open()
    const campaign = {
      state: 'enabled',
      snoozeDurationInDays: 3,
      includeTargets: [
        {id: 'all_users', targetType: 'group', targetedAuthenticationMethod: 'microsoftAuthenticator'},
      ],
      excludeTargets: [],
    }
    const body = (value: object) => ({
      registrationEnforcement: {authenticationMethodsRegistrationCampaign: value},
    })
    expect((await to.ask('PATCH', POLICY, {body: body(campaign)})).status).toBe(204)
    expect((await to.ask('GET', POLICY)).body['registrationEnforcement']).toEqual(
      body(campaign).registrationEnforcement,
    )
    const wrong = {...campaign, state: 'sometimes'}
    expect((await to.ask('PATCH', POLICY, {body: body(wrong), bad: true})).status).toBe(400)
  })
})
