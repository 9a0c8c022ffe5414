import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

import {afterEach, beforeEach, describe, expect, it} from 'vitest'

import type {Faults} from '../../src/lib/sandbox/faults.js'
import {rolloutCovers} from '../../src/lib/sandbox/rollout-covers.js'
import {openStore} from '../../src/lib/sandbox/store.js'
import type {TenantFile} from '../../src/lib/sandbox/tenant-file.js'
import {graphDescription, SKIP_REASON, type Version} from './graph-description.js'
import {openClient} from './sandbox-client.js'
import type {AskOptions, Client, Reply} from './sandbox-client.js'

const id = (kind: string, number: number): string =>
  `${kind.repeat(8)}-0000-4000-8000-${String(number).padStart(12, '0')}`
const PEOPLE = Array.from({length: 230}, (_, n) => id('1', n + 1))
const [ANN = '', BEN = '', CLEO = ''] = PEOPLE
const PILOT = id('2', 1)
const OUTER = id('2', 2)
const DYNAMIC = id('2', 3)
const BIG = id('2', 4)
const NOBODY = id('9', 9)
const more = Array.from({length: 10}, (_, n) => id('3', n + 1))
/** Invented. */
const TENANT: TenantFile = {
  tenantId: id('a', 1),
  displayName: 'Contoso',
  domains: ['contoso.com'],
  users: PEOPLE.map((each, n) => ({
    id: each,
    userPrincipalName: `u${n}@contoso.com`,
    displayName: `User ${n}`,
    onPremisesSyncEnabled: true,
  })),
  groups: [
    {id: PILOT, displayName: 'Pilot', members: [ANN, BEN]},
    {id: OUTER, displayName: 'Outer', members: [PILOT]},
    {id: DYNAMIC, displayName: 'Dynamic', members: [ANN], membershipRule: 'user.accountEnabled -eq true'},
    {id: BIG, displayName: 'Big', members: PEOPLE},
    ...more.map((each, n) => ({id: each, displayName: `More ${n}`, members: []})),
  ],
}
const description = graphDescription()
const POLICIES = '/policies/featureRolloutPolicies'
const PREFER = {Prefer: 'include-unknown-enum-members'}
const MFA = {
  displayName: 'MFA rollout policy',
  feature: 'multiFactorAuthentication' as const,
  isEnabled: true,
  isAppliedToOrganization: false,
}

const codeOf = (reply: Reply) => [reply.status, (reply.body['error'] as {code: string} | undefined)?.code]
const values = (reply: Reply) => reply.body['value'] as Record<string, unknown>[]
const idOf = (reply: Reply) => String(reply.body['id'])
const ref = (object: string) => ({'@odata.id': `https://HOST/v1.0/directoryObjects/${object}`})

/** Good and refused operations of all clients in this file. */
const seen = {good: new Set<string>(), bad: new Set<string>()}

function contract(
  options: {
    readonly stateFile?: string
    readonly personRoles?: readonly string[]
    readonly faults?: Faults
    readonly now?: () => Date
  } = {},
) {
  let client: Client
  const state = {client: undefined as unknown as Client}
  beforeEach(async () => {
    client = await openClient({tenant: TENANT, ...options})
    state.client = client
  })
  afterEach(async () => {
    for (const each of client.seen.good) seen.good.add(each)
    for (const each of client.seen.bad) seen.bad.add(each)
    await client.sandbox.stop()
  })
  /** References name the host that is asked. */
  const placed = (body: unknown): unknown =>
    JSON.parse(
      JSON.stringify(body).replaceAll(
        'https://HOST/',
        client.sandbox.rootUrl.replace('http:', 'https:') + '/',
      ),
    )
  const app = (method: string, path: string, ask: AskOptions = {}) =>
    client.ask(method, path, {...ask, ...(ask.body === undefined ? {} : {body: placed(ask.body)})})
  const person = (method: string, path: string, ask: AskOptions = {}) =>
    app(method, path, {token: client.sandbox.issuePersonToken(), ...ask})
  return {state, app, person}
}

describe(`staged rollout in the sandbox ${description === undefined ? SKIP_REASON.replace('skipped', 'description not checked') : ''}`, () => {
  describe('a person', () => {
    const {person, app} = contract()

    it('keeps a policy for MFA, and shows its feature to who asks for unknown members only', async () => {
      const made = await person('POST', POLICIES, {body: MFA, headers: PREFER})
      expect(made.status).toBe(201)
      expect(made.body).toMatchObject(MFA)
      const one = `${POLICIES}/${idOf(made)}`
      expect((await person('GET', one)).body['feature']).toBe('unknownFutureValue')
      expect(values(await person('GET', POLICIES)).map(({feature}) => feature)).toEqual([
        'unknownFutureValue',
      ])
      expect(values(await person('GET', POLICIES, {headers: PREFER}))[0]).toMatchObject(MFA)
      expect((await person('PATCH', one, {body: {isEnabled: false}})).status).toBe(204)
      expect((await person('GET', `${one}?$select=isEnabled`)).body).toMatchObject({isEnabled: false})
      expect((await person('DELETE', one)).status).toBe(204)
      expect(codeOf(await person('GET', one))).toEqual([404, 'Request_ResourceNotFound'])
      expect(codeOf(await person('DELETE', one))).toEqual([404, 'Request_ResourceNotFound'])
      expect(codeOf(await person('PATCH', one, {body: {isEnabled: true}}))).toEqual([
        404,
        'Request_ResourceNotFound',
      ])
    })

    it('has one policy for a feature, and no feature that is none', async () => {
      expect((await person('POST', POLICIES, {body: MFA})).status).toBe(201)
      expect(codeOf(await person('POST', POLICIES, {body: MFA}))).toEqual([400, 'Request_BadRequest'])
      expect((await person('POST', POLICIES, {body: {...MFA, feature: 'passwordHashSync'}})).status).toBe(201)
      expect((await person('POST', POLICIES, {body: {...MFA, feature: 'shoes'}, bad: true})).status).toBe(400)
      expect((await person('GET', `${POLICIES}?$select=shoes`)).status).toBe(400)
      expect((await person('PATCH', `${POLICIES}/${NOBODY}`, {body: {}, bad: true})).status).toBe(404)
    })

    it('adds and removes groups', async () => {
      const one = `${POLICIES}/${idOf(await person('POST', POLICIES, {body: MFA}))}`
      expect((await person('POST', `${one}/appliesTo/$ref`, {body: ref(PILOT)})).status).toBe(204)
      const expanded = await person('GET', `${one}?$expand=appliesTo`, {headers: PREFER})
      expect(expanded.body['appliesTo']).toMatchObject([{id: PILOT, displayName: 'Pilot'}])
      expect(values(await person('GET', `${one}/appliesTo`))).toMatchObject([{id: PILOT}])
      expect((await person('GET', `${one}/appliesTo/$ref`)).body['value']).toEqual([
        expect.stringContaining(PILOT),
      ])
      const again = await person('POST', `${one}/appliesTo/$ref`, {body: ref(PILOT)})
      expect(codeOf(again)).toEqual([400, 'Request_BadRequest'])
      expect(again.text).toContain('One or more added object references already exist')
      expect((await person('DELETE', `${one}/appliesTo/${PILOT}/$ref`)).status).toBe(204)
      expect((await person('DELETE', `${one}/appliesTo/${PILOT}/$ref`)).status).toBe(404)
      expect(values(await person('GET', `${one}/appliesTo`))).toEqual([])
      expect((await person('GET', `${one}?$expand=shoes`)).status).toBe(400)
      expect((await person('GET', `${POLICIES}/${NOBODY}/appliesTo`)).status).toBe(404)
      expect((await person('GET', `${POLICIES}/${NOBODY}/appliesTo/$ref`)).status).toBe(404)
    })

    it.each([
      ['a user', ANN, 400],
      ['a dynamic group', DYNAMIC, 400],
      ['a group with a group inside', OUTER, 400],
      ['nobody', NOBODY, 404],
    ])('cannot add %s', async (_, object, status) => {
      const one = `${POLICIES}/${idOf(await person('POST', POLICIES, {body: MFA}))}`
      expect((await person('POST', `${one}/appliesTo/$ref`, {body: ref(object)})).status).toBe(status)
    })

    it('cannot add an eleventh group, nor one of another service', async () => {
      const one = `${POLICIES}/${idOf(await person('POST', POLICIES, {body: MFA}))}`
      for (const group of more)
        expect((await person('POST', `${one}/appliesTo/$ref`, {body: ref(group)})).status).toBe(204)
      expect(codeOf(await person('POST', `${one}/appliesTo/$ref`, {body: ref(PILOT)}))).toEqual([
        400,
        'Request_BadRequest',
      ])
      const elsewhere = {'@odata.id': `https://graph.example.com/v1.0/directoryObjects/${PILOT}`}
      expect((await person('POST', `${one}/appliesTo/$ref`, {body: elsewhere})).status).toBe(400)
    })

    it('is the only one who may: an application is refused whatever it holds', async () => {
      const one = `${POLICIES}/${idOf(await person('POST', POLICIES, {body: MFA}))}`
      for (const [method, path, body] of [
        ['GET', POLICIES, undefined],
        ['POST', POLICIES, MFA],
        ['GET', one, undefined],
        ['PATCH', one, {isEnabled: false}],
        ['DELETE', one, undefined],
        ['GET', `${one}/appliesTo`, undefined],
        ['POST', `${one}/appliesTo/$ref`, ref(PILOT)],
        ['DELETE', `${one}/appliesTo/${PILOT}/$ref`, undefined],
      ] as const)
        expect(codeOf(await app(method, path, {body}))).toEqual([403, 'Authorization_RequestDenied'])
    })

    it('does not find the feature in beta', async () => {
      await person('POST', POLICIES, {body: MFA})
      const beta = {version: 'beta' as Version, headers: PREFER}
      expect(values(await person('GET', POLICIES, beta))[0]?.['feature']).toBe('unknownFutureValue')
      expect((await person('POST', POLICIES, {...beta, body: MFA, bad: true})).status).toBe(400)
    })
  })

  describe('a person without the role', () => {
    const {person} = contract({personRoles: ['Global Reader']})
    it('reads and does not write', async () => {
      expect((await person('GET', POLICIES)).status).toBe(200)
      expect(codeOf(await person('POST', POLICIES, {body: MFA}))).toEqual([
        403,
        'Authorization_RequestDenied',
      ])
    })
  })

  describe('a Hybrid Identity Administrator', () => {
    const {person} = contract({personRoles: ['Hybrid Identity Administrator']})
    it('writes', async () => {
      expect((await person('POST', POLICIES, {body: MFA})).status).toBe(201)
    })
  })

  describe('groups', () => {
    const {app, state} = contract()
    const NEW = {displayName: 'Wave', mailEnabled: false, mailNickname: 'wave', securityEnabled: true}
    const members = async (group: string) =>
      values(await app('GET', `/groups/${group}/members?$select=id`)).map((each) => each['id'])

    it('are made by an application', async () => {
      const made = await app('POST', '/groups', {body: {...NEW, description: 'invented'}})
      expect([made.status, made.body['displayName'], made.body['description']]).toEqual([
        201,
        'Wave',
        'invented',
      ])
      expect(await members(idOf(made))).toEqual([])
      const {displayName: _, ...nameless} = NEW
      expect((await app('POST', '/groups', {body: nameless, bad: true})).status).toBe(400)
      expect((await app('POST', '/groups', {body: {...NEW, mailEnabled: true}})).status).toBe(400)
    })

    it('take up to twenty members at once, all or none', async () => {
      const group = idOf(await app('POST', '/groups', {body: NEW}))
      const bind = (list: readonly string[]) => ({
        body: {'members@odata.bind': list.map((each) => ref(each)['@odata.id'])},
      })
      const path = `/groups/${group}`
      expect((await app('PATCH', path, bind(PEOPLE.slice(0, 20)))).status).toBe(204)
      expect(await members(group)).toEqual(PEOPLE.slice(0, 20))
      const taken = await app('PATCH', path, bind(PEOPLE.slice(19, 25)))
      expect(codeOf(taken)).toEqual([400, 'Request_BadRequest'])
      expect(taken.text).toContain("already exist for the following modified properties: 'members'")
      expect((await app('PATCH', path, bind([PEOPLE[30] ?? '', NOBODY]))).status).toBe(404)
      expect(await members(group)).toEqual(PEOPLE.slice(0, 20))
      expect((await app('PATCH', path, bind(PEOPLE.slice(30, 51)))).status).toBe(400)
      expect((await app('PATCH', `/groups/${NOBODY}`, bind([ANN]))).status).toBe(404)
      expect((await app('PATCH', `/groups/${DYNAMIC}`, bind([BEN]))).status).toBe(400)
      expect((await app('PATCH', path, {body: {displayName: 'Other'}})).status).toBe(204)
      expect((await app('GET', path)).body['displayName']).toBe('Other')
    })

    it('take and lose one member', async () => {
      expect((await app('POST', `/groups/${PILOT}/members/$ref`, {body: ref(CLEO)})).status).toBe(204)
      expect(codeOf(await app('POST', `/groups/${PILOT}/members/$ref`, {body: ref(CLEO)}))).toEqual([
        400,
        'Request_BadRequest',
      ])
      expect((await app('POST', `/groups/${PILOT}/members/$ref`, {body: ref(NOBODY)})).status).toBe(404)
      const listed = (await app('GET', `/groups/${PILOT}/members/$ref?$top=2`)).body
      expect(listed['value']).toEqual([expect.stringContaining(ANN), expect.stringContaining(BEN)])
      expect(listed['@odata.nextLink']).toContain('skiptoken')
      expect((await app('GET', `/groups/${NOBODY}/members/$ref`)).status).toBe(404)
      expect((await app('DELETE', `/groups/${PILOT}/members/${CLEO}/$ref`)).status).toBe(204)
      expect(codeOf(await app('DELETE', `/groups/${PILOT}/members/${CLEO}/$ref`))).toEqual([
        404,
        'Request_ResourceNotFound',
      ])
      expect(await members(PILOT)).toEqual([ANN, BEN])
    })

    it('want the permission for each', async () => {
      const token = state.client.sandbox.issueToken(['GroupMember.ReadWrite.All'])
      expect((await app('POST', '/groups', {body: NEW, token})).status).toBe(403)
      expect((await app('PATCH', `/groups/${PILOT}`, {body: {displayName: 'X'}, token})).status).toBe(403)
      expect((await app('POST', `/groups/${PILOT}/members/$ref`, {body: ref(CLEO), token})).status).toBe(204)
      const reader = state.client.sandbox.issueToken(['GroupMember.Read.All'])
      expect((await app('DELETE', `/groups/${PILOT}/members/${CLEO}/$ref`, {token: reader})).status).toBe(403)
    })
  })

  describe('the effect', () => {
    const folder = mkdtempSync(join(tmpdir(), 'mfa-rollout-'))
    const stateFile = join(folder, 'sandbox.db')
    let time = Date.parse('2026-03-01T09:00:00Z')
    const {person, app} = contract({stateFile, now: () => new Date(time)})
    beforeEach(() => {
      time = Date.parse('2026-03-01T09:00:00Z')
    })
    afterEach(() => {
      rmSync(folder, {recursive: true, force: true})
    })
    const HOUR = 3_600_000
    const covers = (user: string, afterHours = 0) => {
      const store = openStore(stateFile)
      try {
        return rolloutCovers(store, user, new Date(time + afterHours * HOUR))
      } finally {
        store.close()
      }
    }

    it('begins at once for the first 200 members of a group, and a day later for the others', async () => {
      const one = `${POLICIES}/${idOf(await person('POST', POLICIES, {body: MFA}))}`
      expect(covers(ANN)).toBe(false)
      await person('POST', `${one}/appliesTo/$ref`, {body: ref(BIG)})
      expect([covers(PEOPLE[199] ?? ''), covers(PEOPLE[200] ?? ''), covers('u200@contoso.com', 23)]).toEqual([
        true,
        false,
        false,
      ])
      expect([covers('u200@contoso.com', 24), covers('nobody@contoso.com', 24)]).toEqual([true, false])
      await person('DELETE', `${one}/appliesTo/${BIG}/$ref`)
      expect(covers(ANN, 48)).toBe(false)
    })

    it('follows membership, and the switch', async () => {
      const one = `${POLICIES}/${idOf(await person('POST', POLICIES, {body: {...MFA, isEnabled: false}}))}`
      await person('POST', `${one}/appliesTo/$ref`, {body: ref(PILOT)})
      expect(covers(ANN, 48)).toBe(false)
      await person('PATCH', one, {body: {isEnabled: true}})
      expect([covers(ANN), covers(CLEO, 48)]).toEqual([true, false])
      time += HOUR
      await app('POST', `/groups/${PILOT}/members/$ref`, {body: ref(CLEO)})
      expect(covers(CLEO)).toBe(true)
      await app('DELETE', `/groups/${PILOT}/members/${CLEO}/$ref`)
      expect(covers(CLEO, 48)).toBe(false)
      await person('PATCH', one, {body: {isEnabled: false}})
      expect(covers(ANN, 48)).toBe(false)
    })

    it('is as it was seeded', async () => {
      const file: TenantFile = {
        ...TENANT,
        featureRolloutPolicies: [{id: id('b', 1), ...MFA, groups: [PILOT]}],
      }
      const client = await openClient({tenant: file})
      try {
        expect(client.sandbox.dump().featureRolloutPolicies).toEqual(file.featureRolloutPolicies)
      } finally {
        await client.sandbox.stop()
      }
    })
  })

  describe('all of it', () => {
    const OWN =
      /^v1\.0 (?!GET \/groups\/\{group-id\}$|GET \/groups$)\w+ \/(policies\/featureRolloutPolicies|groups(\/\{group-id\}(\/members(\/\{directoryObject-id\})?\/\$ref)?)?$)/
    it.skipIf(description === undefined)('was met answered and refused', () => {
      const operations = (description?.operations('v1.0') ?? [])
        .map((each) => `v1.0 ${each}`)
        .filter((each) => OWN.test(each) && each !== 'v1.0 DELETE /groups/{group-id}')
      expect(operations.length).toBe(14)
      expect(operations.filter((each) => !seen.good.has(each) || !seen.bad.has(each))).toEqual([])
    })
  })
})
