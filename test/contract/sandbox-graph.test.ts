import {afterAll, beforeAll, describe, expect, it} from 'vitest'

import {PHONE_ID} from '../../src/lib/sandbox/phone-rules.js'
import {totpAt} from '../../src/lib/sandbox/totp.js'
import type {TotpParameters} from '../../src/lib/sandbox/totp.js'
import {
  ALICE,
  BOB,
  BOBS_TOKEN,
  CAROL,
  DAVE,
  DYNAMIC,
  FREE_TOKEN,
  GUEST,
  INNER,
  PILOT,
  SECRET,
  SLOW_SECRET,
  SLOW_TOKEN,
  SMS_USERS,
  TENANT,
  TENANT_ID,
} from '../fixtures/sandbox-tenant.js'
import {graphDescription, SKIP_REASON} from './graph-description.js'
import {belowVersion, EVENTUAL, openClient} from './sandbox-client.js'
import type {AskOptions, Client, Reply} from './sandbox-client.js'

const description = graphDescription()
const AUTHENTICATION = `/users/${ALICE}/authentication`
const DEVICES = '/directory/authenticationMethodDevices/hardwareOathDevices'
const POLICY = '/policies/authenticationMethodsPolicy'

const ids = (reply: Reply): string[] => (reply.body['value'] as {id: string}[]).map((each) => each.id)
const values = (reply: Reply) => reply.body['value'] as Record<string, unknown>[]
const errorOf = (reply: Reply) => reply.body['error'] as {code: string; message: string; innerError: object}
const code = (parameters: TotpParameters, at = Date.now()): string =>
  totpAt(parameters, Math.floor(at / 1000 / parameters.interval))
const FAST: TotpParameters = {secret: SECRET, interval: 30, hash: 'hmacsha1'}
const SLOW: TotpParameters = {secret: SLOW_SECRET, interval: 60, hash: 'hmacsha256'}

describe(`the sandbox speaks Graph ${description === undefined ? SKIP_REASON.replace('skipped', 'description not checked') : ''}`, () => {
  let client: Client
  const ask = (method: string, path: string, options?: AskOptions) => client.ask(method, path, options)
  const beta = (method: string, path: string, options?: AskOptions) =>
    client.ask(method, path, {version: 'beta', ...options})
  const BOTH = ['v1.0', 'beta'] as const

  beforeAll(async () => {
    client = await openClient({tenant: TENANT})
  })
  afterAll(async () => {
    await client.sandbox.stop()
  })

  describe.each(BOTH)('directory, %s', (version) => {
    const get = (path: string, options?: AskOptions) => client.ask('GET', path, {version, ...options})

    it("lists users with Graph's default properties and pages them", async () => {
      const first = await get('/users?$top=2')
      expect(first.status).toBe(200)
      expect(ids(first)).toEqual([ALICE, BOB])
      expect(values(first)[0]).toMatchObject({userPrincipalName: 'alice@contoso.com', givenName: null})
      expect(values(first)[0]).not.toHaveProperty('accountEnabled')
      const second = await get(belowVersion(first.body['@odata.nextLink'], client.sandbox))
      expect(ids(second)).toEqual([CAROL, DAVE])
      const third = await get(belowVersion(second.body['@odata.nextLink'], client.sandbox))
      expect(ids(third)).toEqual([GUEST])
      expect(third.body).not.toHaveProperty('@odata.nextLink')
    })

    it('selects and filters', async () => {
      const filter = encodeURIComponent("startswith(displayName,'alice o''') and accountEnabled eq true")
      const found = await get(`/users?$select=id,accountEnabled,onPremisesSamAccountName&$filter=${filter}`)
      expect(values(found)).toEqual([{id: ALICE, accountEnabled: true, onPremisesSamAccountName: 'alice'}])
      const either = encodeURIComponent(`id in ('${BOB}','${CAROL}') or (userType eq 'Guest')`)
      expect(ids(await get(`/users?$filter=${either}`))).toEqual([BOB, CAROL, GUEST])
    })

    it('wants ConsistencyLevel and $count for advanced queries', async () => {
      const filter = `$filter=${encodeURIComponent("onPremisesSamAccountName eq 'ALICE'")}`
      const refused = await get(`/users?${filter}`)
      expect(refused.status).toBe(400)
      expect(errorOf(refused).code).toBe('Request_UnsupportedQuery')
      expect((await get(`/users?${filter}`, {headers: EVENTUAL})).status).toBe(400)
      const found = await get(`/users?${filter}&$count=true`, {headers: EVENTUAL})
      expect(ids(found)).toEqual([ALICE])
      expect(found.body['@odata.count']).toBe(1)
      const not = encodeURIComponent("not startswith(userPrincipalName,'alice')")
      expect((await get(`/users?$filter=${not}`)).status).toBe(400)
      expect(ids(await get(`/users?$filter=${not}&$count=true`, {headers: EVENTUAL}))).toHaveLength(4)
    })

    it('counts users as text', async () => {
      const counted = await get('/users/$count', {headers: EVENTUAL})
      expect([counted.status, counted.text]).toEqual([200, '5'])
      expect((await get('/users/$count')).status).toBe(400)
    })

    it("gets a user by id and by UPN, also a guest's", async () => {
      expect((await get(`/users/${BOB}`)).body['displayName']).toBe('Bob')
      expect((await get('/users/ALICE@contoso.com?$select=id')).body['id']).toBe(ALICE)
      const guest = encodeURIComponent('eve_example.com#EXT#@contoso.onmicrosoft.com')
      expect((await get(`/users/${guest}?$select=id,userType`)).body['userType']).toBe('Guest')
      const missing = await get('/users/nobody@contoso.com')
      expect([missing.status, errorOf(missing).code]).toEqual([404, 'Request_ResourceNotFound'])
      expect(errorOf(missing).innerError).toMatchObject({'request-id': expect.any(String)})
    })

    it.each([
      ['/users?$select=shoeSize', false],
      ['/users?$top=0', true],
      ['/users?$top=1000', true],
      ['/users?$foo=1', true],
      ['/users?$filter=displayName%20like%20%27a%27', false],
      ['/users?$filter=nothing%20eq%20%27a%27', false],
      ['/users?$filter=accountEnabled%20eq%20%27a%27', false],
      ['/users?$filter=(displayName%20eq%20%27a%27', false],
      ['/users?$skiptoken=abc', false],
      ['/users?$count=maybe', true],
    ])('refuses %s', async (path, bad) => {
      const reply = await get(path, {bad})
      expect([reply.status, errorOf(reply).code]).toEqual([400, 'Request_BadRequest'])
    })

    it('finds groups', async () => {
      const found = await get(`/groups?$filter=${encodeURIComponent("displayName eq 'mfa pilot'")}`)
      expect(ids(found)).toEqual([PILOT])
      expect((await get(`/groups/${DYNAMIC}`)).body['groupTypes']).toEqual(['DynamicMembership'])
      expect((await get(`/groups/${ALICE}`)).status).toBe(404)
      expect((await get('/groups/$count', {headers: EVENTUAL})).text).toBe('4')
      expect((await get('/groups/$count')).status).toBe(400)
      expect((await get('/groups?$filter=mail%20eq%20null')).status).toBe(400)
    })

    it('lists members, direct and through circles of groups', async () => {
      const direct = await get(`/groups/${PILOT}/members`)
      expect(values(direct).map((each) => each['@odata.type'])).toEqual([
        '#microsoft.graph.user',
        '#microsoft.graph.group',
      ])
      const all = await get(`/groups/${PILOT}/transitiveMembers?$top=2`)
      expect(ids(all)).toEqual([ALICE, BOB])
      const rest = await get(belowVersion(all.body['@odata.nextLink'], client.sandbox))
      expect(ids(rest)).toEqual([PILOT, INNER])
      const users = await get(
        `/groups/${SMS_USERS}/transitiveMembers/microsoft.graph.user?$select=id,userType&$top=999`,
      )
      expect(values(users)).toEqual([ALICE, BOB, DAVE].map((id) => ({id, userType: 'Member'})))
      expect(ids(await get(`/groups/${PILOT}/members/microsoft.graph.user`))).toEqual([ALICE])
      expect(ids(await get(`/groups/${PILOT}/members/microsoft.graph.group`))).toEqual([INNER])
      expect(ids(await get(`/groups/${SMS_USERS}/transitiveMembers/microsoft.graph.group`))).toEqual([
        PILOT,
        INNER,
      ])
      for (const reach of ['members', 'transitiveMembers']) {
        for (const cast of ['', '/microsoft.graph.user', '/microsoft.graph.group']) {
          expect((await get(`/groups/${BOB}/${reach}${cast}`)).status).toBe(404)
        }
      }
    })

    it('filters and counts members with the header only', async () => {
      const path = `/groups/${SMS_USERS}/transitiveMembers/microsoft.graph.user`
      const filter = `$filter=${encodeURIComponent("displayName eq 'Bob'")}`
      expect((await get(`${path}?${filter}`)).status).toBe(400)
      const found = await get(`${path}?${filter}&$count=true`, {headers: EVENTUAL})
      expect([ids(found), found.body['@odata.count']]).toEqual([[BOB], 1])
      for (const [segment, count] of [
        ['members', '2'],
        ['members/microsoft.graph.user', '1'],
        ['members/microsoft.graph.group', '1'],
        ['transitiveMembers', '5'],
        ['transitiveMembers/microsoft.graph.user', '3'],
        ['transitiveMembers/microsoft.graph.group', '2'],
      ]) {
        const url = `/groups/${SMS_USERS}/${segment}/$count`
        expect([url, (await get(url, {headers: EVENTUAL})).text]).toEqual([url, count])
        expect((await get(url)).status).toBe(400)
      }
    })

    it('says who the organization is', async () => {
      const reply = await get('/organization?$select=id,displayName,verifiedDomains')
      expect(values(reply)[0]).toMatchObject({id: TENANT_ID, displayName: 'Contoso'})
      expect((await get(`/organization/${TENANT_ID}`)).status).toBe(200)
      expect((await get(`/organization/${BOB}`)).status).toBe(404)
    })

    it('finds objects by ids', async () => {
      const post = (body: unknown, bad = false) =>
        client.ask('POST', '/directoryObjects/getByIds', {version, body, bad})
      expect(ids(await post({ids: [BOB, PILOT, GUEST.replace('5', '9')]}))).toEqual([BOB, PILOT])
      expect(ids(await post({ids: [BOB, PILOT], types: ['group']}))).toEqual([PILOT])
      expect((await post({ids: 'x'}, true)).status).toBe(400)
    })

    it('answers 501 for what it does not have and 400 for what Graph does not have', async () => {
      expect((await get('/reports/authenticationMethods/userRegistrationDetails')).status).toBe(501)
      expect((await get('/nonsense', {bad: true})).status).toBe(400)
      expect((await client.ask('DELETE', '/organization', {version, bad: true})).status).toBe(405)
    })
  })

  describe.each(BOTH)('methods, %s', (version) => {
    const call = (method: string, path: string, options?: AskOptions) =>
      client.ask(method, path, {version, ...options})

    it('lists all kinds with their types, hardware OATH in beta only', async () => {
      const types = values(await call('GET', `/users/${BOB}/authentication/methods`)).map(
        (each) => each['@odata.type'],
      )
      const named = [
        'password',
        'phone',
        'phone',
        'softwareOath',
        'microsoftAuthenticator',
        'fido2',
        'windowsHelloForBusiness',
      ]
      const expected = version === 'beta' ? [...named, 'hardwareOath'] : named
      expect(types).toEqual(expected.map((name) => `#microsoft.graph.${name}AuthenticationMethod`))
      expect(
        (await call('GET', `/users/${BOB}/authentication/methods/${PHONE_ID.office}`)).body['phoneType'],
      ).toBe('office')
      expect(
        (await call('GET', `/users/${BOB}/authentication/methods/${PHONE_ID.alternateMobile}`)).status,
      ).toBe(404)
      expect((await call('GET', '/users/nobody/authentication/methods')).status).toBe(404)
    })

    it('creates, reads, changes and deletes phones by the rules', async () => {
      const phones = `/users/${CAROL}/authentication/phoneMethods`
      const create = (phoneType: string, phoneNumber: string, bad = false) =>
        call('POST', phones, {body: {phoneType, phoneNumber}, bad})
      expect((await create('alternateMobile', '+1 4255550110')).status).toBe(400)
      expect((await create('mobile', '4255550110', true)).status).toBe(400)
      expect((await create('pager', '+1 4255550110', true)).status).toBe(400)
      expect((await call('POST', phones, {body: {phoneNumber: '+1 4255550110'}, bad: true})).status).toBe(400)
      const mobile = await create('mobile', '+1 4255550110')
      expect(mobile.status).toBe(201)
      expect(mobile.body).toMatchObject({id: PHONE_ID.mobile, smsSignInState: 'notAllowedByPolicy'})
      expect((await create('mobile', '+1 4255550110')).status).toBe(400)
      expect((await create('alternateMobile', '+1 4255550111')).status).toBe(201)
      expect((await create('office', '+1 4255550112x7')).body['smsSignInState']).toBe('notSupported')
      const list = await call('GET', `${phones}?$select=phoneNumber`)
      expect(values(list).map((each) => each['phoneNumber'])).toEqual([
        '+1 4255550110',
        '+1 4255550111',
        '+1 4255550112x7',
      ])

      const one = `${phones}/${PHONE_ID.mobile}`
      expect((await call('PATCH', one, {body: {phoneNumber: '+1 4255550119'}})).status).toBe(204)
      expect((await call('PATCH', one, {body: {phoneNumber: 'call me'}, bad: true})).status).toBe(400)
      expect(
        (await call('PATCH', one, {body: {phoneNumber: '+1 4255550119', phoneType: 'office'}})).status,
      ).toBe(400)
      expect((await call('GET', one)).body).toMatchObject({phoneNumber: '+1 4255550119', phoneType: 'mobile'})
      expect((await call('DELETE', one)).status).toBe(400)
      expect((await call('DELETE', `${phones}/${PHONE_ID.alternateMobile}`)).status).toBe(204)
      expect((await call('DELETE', one)).status).toBe(204)
      expect((await call('DELETE', one)).status).toBe(404)
      expect((await call('GET', one)).status).toBe(404)
      expect((await call('GET', `${phones}/not-an-id`, {bad: true})).status).toBe(404)
      expect((await call('DELETE', `${phones}/${PHONE_ID.office}`)).status).toBe(204)
      expect(values(await call('GET', phones))).toEqual([])
      expect((await call('GET', '/users/nobody/authentication/phoneMethods')).status).toBe(404)
    })

    it('does not delete the default number', async () => {
      const reply = await call('DELETE', `/users/${BOB}/authentication/phoneMethods/${PHONE_ID.mobile}`)
      expect(reply.status).toBe(400)
    })

    it('switches SMS sign-in on by itself where the policy allows it, for unique numbers', async () => {
      const phones = `${AUTHENTICATION}/phoneMethods`
      const mobile = `${phones}/${PHONE_ID.mobile}`
      const create = (phoneNumber: string) => call('POST', phones, {body: {phoneType: 'mobile', phoneNumber}})
      expect((await create('+1 4255550101')).body['smsSignInState']).toBe('phoneNumberNotUnique')
      expect((await call('POST', `${mobile}/enableSmsSignIn`)).status).toBe(400)
      expect((await call('DELETE', mobile)).status).toBe(204)
      expect((await create('+1 4255550120')).body['smsSignInState']).toBe('ready')
      expect((await call('POST', `${mobile}/disableSmsSignIn`)).status).toBe(204)
      expect((await call('GET', mobile)).body['smsSignInState']).toBe('notEnabled')
      expect((await call('POST', `${mobile}/enableSmsSignIn`)).status).toBe(204)
      expect((await call('GET', mobile)).body['smsSignInState']).toBe('ready')
      expect((await call('POST', `${phones}/${PHONE_ID.office}/disableSmsSignIn`)).status).toBe(404)
      expect((await call('DELETE', mobile)).status).toBe(204)
    })

    it('shows the other kinds and never a key', async () => {
      const below = `/users/${BOB}/authentication`
      const software = await call('GET', `${below}/softwareOathMethods`)
      expect(values(software)[0]).toMatchObject({secretKey: null})
      expect((await call('GET', `${below}/softwareOathMethods/${ids(software)[0]}`)).status).toBe(200)
      const apps = await call('GET', `${below}/microsoftAuthenticatorMethods`)
      expect(values(apps)[0]).toMatchObject({displayName: 'Phone of Bob', phoneAppVersion: '6.8'})
      expect((await call('GET', `${below}/microsoftAuthenticatorMethods/${ids(apps)[0]}`)).status).toBe(200)
      expect(values(await call('GET', `${below}/fido2Methods`))[0]).toMatchObject({displayName: 'Key'})
      expect(values(await call('GET', `${below}/windowsHelloForBusinessMethods`))[0]).toMatchObject({
        displayName: 'Laptop',
      })
      for (const kind of ['softwareOath', 'microsoftAuthenticator']) {
        expect((await call('GET', `${below}/${kind}Methods/${ALICE}`)).status).toBe(404)
        expect((await call('DELETE', `${below}/${kind}Methods/${ALICE}`)).status).toBe(404)
        expect((await call('GET', `/users/nobody/authentication/${kind}Methods`)).status).toBe(404)
      }
      for (const kind of ['fido2', 'windowsHelloForBusiness']) {
        expect((await call('GET', `/users/nobody/authentication/${kind}Methods`)).status).toBe(404)
      }
    })

    it('gives one Temporary Access Pass and shows it once', async () => {
      const passes = `/users/${CAROL}/authentication/temporaryAccessPassMethods`
      const made = await call('POST', passes, {body: {lifetimeInMinutes: 60, isUsableOnce: true}})
      expect(made.status).toBe(201)
      expect(made.body['temporaryAccessPass']).toMatch(/^\w{8}$/)
      expect((await call('POST', passes, {body: {isUsableOnce: true}})).status).toBe(400)
      expect((await call('POST', passes, {body: {pass: 'x'}, bad: true})).status).toBe(400)
      expect(values(await call('GET', passes))[0]).toMatchObject({temporaryAccessPass: null})
      const one = `${passes}/${String(made.body['id'])}`
      expect((await call('GET', one)).status).toBe(200)
      expect((await call('DELETE', one)).status).toBe(204)
      expect((await call('GET', one)).status).toBe(404)
      expect((await call('DELETE', one)).status).toBe(404)
      expect((await call('GET', '/users/nobody/authentication/temporaryAccessPassMethods')).status).toBe(404)
    })

    it('shows and changes the policy; hardware OATH in beta only', async () => {
      const policy = await call('GET', POLICY)
      expect(policy.body['policyMigrationState']).toBe('migrationComplete')
      const shown = (policy.body['authenticationMethodConfigurations'] as {id: string}[]).map(
        (each) => each.id,
      )
      expect(shown.includes('HardwareOath')).toBe(version === 'beta')
      expect((await call('GET', `${POLICY}?$select=shoeSize`)).status).toBe(400)
      expect(
        (await call('PATCH', POLICY, {body: {policyMigrationState: 'migrationInProgress'}})).status,
      ).toBe(204)
      expect((await call('GET', `${POLICY}?$select=policyMigrationState`)).body['policyMigrationState']).toBe(
        'migrationInProgress',
      )
      expect((await call('PATCH', POLICY, {body: {policyMigrationState: 'soon'}, bad: true})).status).toBe(
        400,
      )
      expect((await call('PATCH', POLICY, {body: {policyMigrationState: 'migrationComplete'}})).status).toBe(
        204,
      )

      const configurations = `${POLICY}/authenticationMethodConfigurations`
      expect(ids(await call('GET', configurations))).toEqual(shown)
      expect((await call('GET', `${configurations}?$foo=1`, {bad: true})).status).toBe(400)
      expect((await call('GET', `${configurations}/voice`)).body).toMatchObject({
        id: 'Voice',
        isOfficePhoneAllowed: true,
      })
      expect((await call('GET', `${configurations}/nonsense`)).status).toBe(404)
      expect((await call('GET', `${configurations}/hardwareOath`)).status).toBe(
        version === 'beta' ? 200 : 404,
      )
      const voice = {'@odata.type': '#microsoft.graph.voiceAuthenticationMethodConfiguration'}
      const patch = (body: object, bad = false) =>
        call('PATCH', `${configurations}/voice`, {body: {...voice, ...body}, bad})
      expect((await patch({isOfficePhoneAllowed: false})).status).toBe(204)
      expect((await call('GET', `${configurations}/voice`)).body['isOfficePhoneAllowed']).toBe(false)
      expect((await patch({state: 'perhaps'}, true)).status).toBe(400)
      expect((await patch({isOfficePhoneAllowed: true})).status).toBe(204)
    })
  })

  describe('beta only', () => {
    it('is not in v1.0', async () => {
      for (const path of [
        `${AUTHENTICATION}/hardwareOathMethods`,
        DEVICES,
        `${AUTHENTICATION}/signInPreferences`,
        `${AUTHENTICATION}/requirements`,
      ]) {
        expect([path, (await ask('GET', path, {bad: true})).status]).toEqual([path, 400])
      }
    })

    it('keeps preferences that a method can serve', async () => {
      const preferences = `/users/${BOB}/authentication/signInPreferences`
      expect((await beta('GET', preferences)).body).toMatchObject({
        isSystemPreferredAuthenticationMethodEnabled: false,
        userPreferredMethodForSecondaryAuthentication: 'sms',
      })
      const patch = (preferred: unknown, bad = false) =>
        beta('PATCH', preferences, {body: {userPreferredMethodForSecondaryAuthentication: preferred}, bad})
      expect((await patch('push')).status).toBe(204)
      expect((await beta('GET', preferences)).body['userPreferredMethodForSecondaryAuthentication']).toBe(
        'push',
      )
      expect((await patch('voiceAlternateMobile')).status).toBe(400)
      expect((await patch('pigeon', true)).status).toBe(400)
      expect((await patch('sms')).status).toBe(204)
      expect((await beta('GET', '/users/nobody/authentication/signInPreferences')).status).toBe(404)
    })

    it('keeps the per-user MFA state', async () => {
      const requirements = `/users/${BOB}/authentication/requirements`
      expect((await beta('GET', requirements)).body['perUserMfaState']).toBe('enabled')
      expect((await beta('PATCH', requirements, {body: {perUserMfaState: 'disabled'}})).status).toBe(204)
      expect((await beta('PATCH', requirements, {body: {perUserMfaState: 'maybe'}, bad: true})).status).toBe(
        400,
      )
      expect((await beta('GET', `${requirements}?$select=perUserMfaState`)).body['perUserMfaState']).toBe(
        'disabled',
      )
      expect((await beta('GET', '/users/nobody/authentication/requirements')).status).toBe(404)
    })

    it('keeps an inventory of tokens and never shows a key', async () => {
      const token = {
        serialNumber: 'NEW-1',
        manufacturer: 'Example',
        model: 'One',
        secretKey: SECRET,
        timeIntervalInSeconds: 30,
      }
      const made = await beta('POST', DEVICES, {body: token})
      expect(made.status).toBe(201)
      expect(made.body).toMatchObject({
        secretKey: null,
        status: 'available',
        hashFunction: 'hmacsha1',
        assignedTo: null,
      })
      expect((await beta('POST', DEVICES, {body: token})).status).toBe(400)
      expect(
        (await beta('POST', DEVICES, {body: {...token, serialNumber: 'NEW-2', secretKey: '0189'}, bad: true}))
          .status,
      ).toBe(400)
      expect(
        (
          await beta('POST', DEVICES, {
            body: {...token, serialNumber: 'NEW-2', timeIntervalInSeconds: 45},
            bad: true,
          })
        ).status,
      ).toBe(400)
      const found = await beta('GET', `${DEVICES}?$filter=${encodeURIComponent("serialNumber eq 'new-1'")}`)
      expect(ids(found)).toEqual([made.body['id']])
      expect(found.text).not.toContain(SECRET)
      expect((await beta('GET', `${DEVICES}?$filter=secretKey%20eq%20%27a%27`)).status).toBe(400)
      const one = `${DEVICES}/${String(made.body['id'])}`
      expect((await beta('PATCH', one, {body: {model: 'Two', timeIntervalInSeconds: 60}})).status).toBe(204)
      expect((await beta('PATCH', one, {body: {secretKey: SECRET}, bad: true})).status).toBe(400)
      expect((await beta('GET', one)).body).toMatchObject({model: 'Two', timeIntervalInSeconds: 60})
      expect((await beta('DELETE', one)).status).toBe(204)
      expect((await beta('GET', one)).status).toBe(404)
      expect((await beta('DELETE', one)).status).toBe(404)
      const taken = `${DEVICES}/${BOBS_TOKEN}`
      expect((await beta('PATCH', taken, {body: {model: 'Two'}})).status).toBe(400)
      expect((await beta('DELETE', taken)).status).toBe(400)
    })

    it('takes tokens in bulk, all or none', async () => {
      const item = (serialNumber: string, more: object = {}) => ({
        '@contentId': serialNumber,
        serialNumber,
        manufacturer: 'Example',
        model: 'One',
        secretKey: SECRET,
        timeIntervalInSeconds: 30,
        ...more,
      })
      const bulk = (value: object[], bad = false) =>
        beta('PATCH', DEVICES, {body: {'@context': '#$delta', value}, bad})
      expect((await bulk([item('BULK-1'), item('TOK-1')])).status).toBe(400)
      expect((await bulk([], true)).status).toBe(400)
      const made = await bulk([
        item('BULK-1', {assignTo: {id: CAROL}}),
        item('BULK-2', {timeIntervalInSeconds: '60'}),
      ])
      expect(made.status).toBe(201)
      expect(values(made)).toMatchObject([
        {'@contentId': 'BULK-1', status: 'assigned', assignedTo: {id: CAROL}},
        {'@contentId': 'BULK-2', status: 'available', timeIntervalInSeconds: 60},
      ])
      expect(made.text).not.toContain(SECRET)
    })

    it('assigns, checks the code, activates once, and takes back', async () => {
      const methods = `${AUTHENTICATION}/hardwareOathMethods`
      const assign = (id: string, path = methods) => beta('POST', path, {body: {device: {id}}})
      expect((await assign(FREE_TOKEN, `/users/${GUEST}/authentication/hardwareOathMethods`)).status).toBe(
        400,
      )
      expect((await assign(BOBS_TOKEN)).status).toBe(400)
      expect((await beta('POST', methods, {body: {id: FREE_TOKEN}, bad: true})).status).toBe(400)
      const assigned = await assign(FREE_TOKEN)
      expect(assigned.status).toBe(201)
      const one = `${methods}/${String(assigned.body['id'])}`
      expect(values(await beta('GET', methods))).toHaveLength(1)
      expect((await beta('GET', one)).body['device']).toMatchObject({id: FREE_TOKEN, status: 'assigned'})

      const activate = (verificationCode: string, bad = false) =>
        beta('POST', `${one}/activate`, {body: {verificationCode}, bad})
      expect((await activate('12345', true)).status).toBe(400)
      expect((await activate(code({...FAST, secret: SLOW_SECRET}))).status).toBe(400)
      expect((await beta('GET', `${DEVICES}/${FREE_TOKEN}`)).body['status']).toBe('failedActivation')
      const good = code(FAST)
      expect((await activate(good)).status).toBe(204)
      expect((await beta('GET', `${DEVICES}/${FREE_TOKEN}`)).body['status']).toBe('activated')
      expect((await beta('POST', `${one}/deactivate`)).status).toBe(204)
      expect((await activate(good)).status).toBe(400)
      expect((await beta('DELETE', one)).status).toBe(204)
      expect((await beta('GET', one)).status).toBe(404)
      expect((await beta('DELETE', one)).status).toBe(404)
      expect((await beta('POST', `${one}/deactivate`)).status).toBe(404)
      expect((await beta('GET', `${DEVICES}/${FREE_TOKEN}`)).body).toMatchObject({
        status: 'available',
        assignedTo: null,
      })
      expect((await beta('GET', '/users/nobody/authentication/hardwareOathMethods')).status).toBe(404)
    })

    it('assigns and activates in one go, or not at all', async () => {
      const methods = `${AUTHENTICATION}/hardwareOathMethods`
      const both = (verificationCode: string, bad = false) =>
        beta('POST', `${methods}/assignAndActivate`, {
          body: {device: {id: SLOW_TOKEN}, verificationCode},
          bad,
        })
      expect((await both(code({...SLOW, hash: 'hmacsha1'}))).status).toBe(400)
      expect((await beta('GET', `${DEVICES}/${SLOW_TOKEN}`)).body['status']).toBe('available')
      expect((await both('abc', true)).status).toBe(400)
      expect((await both(code(SLOW))).status).toBe(204)
      expect((await beta('GET', `${DEVICES}/${SLOW_TOKEN}`)).body['status']).toBe('activated')
      const [method] = ids(await beta('GET', methods))
      expect((await beta('DELETE', `${methods}/${method}`)).status).toBe(204)

      const bySerial = (body: object, bad = false) =>
        beta('POST', `${methods}/assignAndActivateBySerialNumber`, {body, bad})
      expect((await bySerial({serialNumber: 'TOK-9', verificationCode: '123456'})).status).toBe(404)
      expect((await bySerial({verificationCode: '123456'}, true)).status).toBe(400)
      expect(
        (await bySerial({serialNumber: 'TOK-2', verificationCode: code(SLOW), displayName: 'Mine'})).status,
      ).toBe(204)
      const [again] = ids(await beta('GET', methods))
      expect((await beta('DELETE', `${methods}/${again}`)).status).toBe(204)
    })

    it('stops at five devices', async () => {
      const methods = `/users/${DAVE}/authentication/hardwareOathMethods`
      expect((await beta('POST', methods, {body: {device: {id: FREE_TOKEN}}})).status).toBe(201)
      expect((await beta('POST', methods, {body: {device: {id: SLOW_TOKEN}}})).status).toBe(400)
    })

    it('drops a default that lost its method', async () => {
      const below = `/users/${BOB}/authentication`
      const prefer = {body: {userPreferredMethodForSecondaryAuthentication: 'push'}}
      expect((await beta('PATCH', `${below}/signInPreferences`, prefer)).status).toBe(204)
      const [app] = ids(await beta('GET', `${below}/microsoftAuthenticatorMethods`))
      expect((await beta('DELETE', `${below}/microsoftAuthenticatorMethods/${app}`)).status).toBe(204)
      expect(
        (await beta('GET', `${below}/signInPreferences`)).body[
          'userPreferredMethodForSecondaryAuthentication'
        ],
      ).toBeNull()
      const [software] = ids(await ask('GET', `${below}/softwareOathMethods`))
      expect((await ask('DELETE', `${below}/softwareOathMethods/${software}`)).status).toBe(204)
    })
  })

  describe.each(BOTH)('batches, %s', (version) => {
    const batch = (requests: unknown, bad = false) =>
      client.ask('POST', '/$batch', {version, body: {requests}, bad})
    const byId = (reply: Reply) =>
      new Map(
        (reply.body['responses'] as {id: string; status: number; body?: Record<string, unknown>}[]).map(
          (each) => [each.id, each],
        ),
      )

    it('answers each item, whatever became of the others', async () => {
      const phones = `/users/${DAVE}/authentication/phoneMethods`
      const headers = {'Content-Type': 'application/json'}
      const reply = await batch([
        {id: 'read', method: 'GET', url: `/users/${ALICE}?$select=id`},
        {id: 'none', method: 'GET', url: '/users/nobody'},
        {
          id: 'write',
          method: 'POST',
          url: phones,
          headers,
          body: {phoneType: 'mobile', phoneNumber: '+1 4255550130'},
        },
        {
          id: 'after',
          method: 'POST',
          url: phones,
          headers,
          body: {phoneType: 'alternateMobile', phoneNumber: '+1 4255550131'},
          dependsOn: ['write'],
        },
        {id: 'never', method: 'DELETE', url: `${phones}/${PHONE_ID.mobile}`, dependsOn: ['none']},
      ])
      expect(reply.status).toBe(200)
      const answers = byId(reply)
      expect(Object.fromEntries([...answers.values()].map(({id, status}) => [id, status]))).toEqual({
        after: 201,
        never: 424,
        none: 404,
        read: 200,
        write: 201,
      })
      expect(answers.get('read')?.body).toMatchObject({id: ALICE})
      const clean = await batch([
        {id: '1', method: 'DELETE', url: `${phones}/${PHONE_ID.alternateMobile}`},
        {id: '2', method: 'DELETE', url: `${phones}/${PHONE_ID.mobile}`, dependsOn: ['1']},
      ])
      expect([...byId(clean).values()].map(({status}) => status)).toEqual([204, 204])
    })

    it('refuses a malformed batch as a whole', async () => {
      const item = {id: '1', method: 'GET', url: '/users'}
      expect((await batch([], true)).status).toBe(400)
      expect(
        (
          await batch(
            Array.from({length: 21}, (_, n) => ({...item, id: String(n)})),
            true,
          )
        ).status,
      ).toBe(400)
      expect((await batch([{...item, url: 'https://example.com/users'}], true)).status).toBe(400)
      expect((await batch([{...item, method: 'LIST'}], true)).status).toBe(400)
      expect((await batch([item, item])).status).toBe(400)
      expect((await batch([{...item, dependsOn: ['2']}])).status).toBe(400)
    })

    it('wants a content type for a body', async () => {
      const item = {id: '1', method: 'POST', url: '/directoryObjects/getByIds', body: {ids: []}}
      expect(byId(await batch([item], true)).get('1')?.status).toBe(400)
    })
  })

  it.skipIf(description === undefined)(
    'has met every operation that it implements, answered and refused',
    () => {
      const tooEasy = new Set(['v1.0 GET /organization', 'beta GET /organization'])
      const missing = BOTH.flatMap((version) =>
        (description?.operations(version) ?? [])
          .map((operation) => `${version} ${operation}`)
          .filter(
            (operation) =>
              client.seen.good.has(operation) && !client.seen.bad.has(operation) && !tooEasy.has(operation),
          ),
      )
      expect(missing).toEqual([])
      expect(client.seen.good.size).toBeGreaterThan(100)
    },
  )
})
