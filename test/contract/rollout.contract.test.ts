import {afterEach, beforeEach, describe, expect, it} from 'vitest'

import {MfaError} from '../../src/lib/errors/mfa-error.js'
import {createGroupWriter} from '../../src/lib/entra/group-writer.js'
import {createRolloutGroups} from '../../src/lib/entra/rollout-groups.js'
import {createRolloutPolicies, refuseWithoutRollout} from '../../src/lib/entra/rollout.js'
import {createGraph, type Graph} from '../../src/lib/entra/transport/graph.js'
import type {ObjectId} from '../../src/lib/model/brand.js'
import type {GroupWriter} from '../../src/lib/ports/group-writer.js'
import {
  MFA_FEATURE,
  type RolloutGroups,
  type RolloutMember,
  type RolloutPolicies,
} from '../../src/lib/ports/rollout.js'
import {startSandbox} from '../../src/lib/sandbox/server.js'
import type {TenantFile} from '../../src/lib/sandbox/tenant-file.js'
import {FakeClock} from '../fakes/clock.js'
import {FakeRollout} from '../fakes/fake-rollout.js'
import {PHONE} from '../helpers/rollout-world.js'
import {faultsOf, recordingFetch, type Exchange} from './exchanges.js'
import {graphDescription, SKIP_REASON} from './graph-description.js'

const id = (kind: string, number: number): ObjectId =>
  `${kind.repeat(8)}-0000-4000-8000-${String(number).padStart(12, '0')}` as ObjectId
/** Invented. The last one is a guest, the one before not synchronised. */
const PEOPLE = Array.from({length: 25}, (_, n) => id('1', n + 1))
const PILOT = id('2', 1)
const OUTER = id('2', 2)
const DYNAMIC = id('2', 3)
const NOBODY = id('9', 9)
const CLOUD = 23
const GUEST = 24
const upn = (n: number): string =>
  n === GUEST ? 'g_example.com#EXT#@contoso.onmicrosoft.com' : `u${n}@contoso.com`

const TENANT: TenantFile = {
  tenantId: id('a', 1),
  displayName: 'Contoso (invented)',
  domains: ['contoso.com', 'contoso.onmicrosoft.com'],
  users: PEOPLE.map((each, n) => ({
    id: each,
    userPrincipalName: upn(n),
    displayName: `User ${n}`,
    ...(n === CLOUD ? {} : {onPremisesSyncEnabled: true}),
    ...(n === GUEST ? {userType: 'Guest' as const} : {}),
    ...(n === 1 ? {accountEnabled: false} : {}),
  })),
  groups: [
    {
      id: PILOT,
      displayName: 'Pilot',
      members: [PEOPLE[0] ?? '', PEOPLE[1] ?? '', PEOPLE[CLOUD] ?? '', PEOPLE[GUEST] ?? ''],
    },
    {id: OUTER, displayName: 'Outer', members: [PEOPLE[2] ?? '', PILOT]},
    {
      id: DYNAMIC,
      displayName: 'Dynamic',
      members: [PEOPLE[0] ?? ''],
      membershipRule: 'user.accountEnabled -eq true',
    },
  ],
}

interface Ports {
  readonly policies: RolloutPolicies
  readonly groups: RolloutGroups
  readonly writer: GroupWriter
  stop(): Promise<void>
}

const {signal} = new AbortController()
const exchanges: Exchange[] = []
const recording = recordingFetch(exchanges)

async function overSandbox(personRoles?: readonly string[]): Promise<Ports & {readonly app: Graph}> {
  const sandbox = await startSandbox({stateFile: ':memory:', tenant: TENANT, personRoles})
  const clock = new FakeClock(new Date().toISOString())
  const graphFor = (token: string): Graph =>
    createGraph({rootUrl: sandbox.rootUrl, token: async () => token, clock, fetch: recording})
  const app = graphFor(sandbox.issueToken())
  return {
    app,
    policies: createRolloutPolicies(graphFor(sandbox.issuePersonToken())),
    groups: createRolloutGroups(app),
    writer: createGroupWriter(app, clock),
    stop: () => sandbox.stop(),
  }
}

async function fake(): Promise<Ports> {
  const tenant = new FakeRollout()
  for (const [n, each] of PEOPLE.entries()) {
    const user: RolloutMember = {
      id: each,
      userPrincipalName: upn(n),
      accountEnabled: n !== 1,
      isGuest: n === GUEST,
      isSynced: n !== CLOUD && n !== GUEST,
    }
    tenant.addUser(user, PHONE)
  }
  const at = (...places: number[]) => places.map((n) => PEOPLE[n] ?? NOBODY)
  tenant.addFakeGroup({id: PILOT, displayName: 'Pilot'}, at(0, 1, CLOUD, GUEST))
  tenant.addFakeGroup({id: OUTER, displayName: 'Outer', groups: [PILOT]}, at(2))
  tenant.addFakeGroup({id: DYNAMIC, displayName: 'Dynamic', isDynamic: true}, at(0))
  return {policies: tenant, groups: tenant, writer: tenant, stop: async () => {}}
}

const NEW = {displayName: 'P', description: 'invented', isEnabled: true}
const GROUP = {displayName: 'Wave', description: 'invented', mailNickname: 'wave'}

describe.each([
  ['the fake', fake],
  ['Graph', overSandbox],
] as const)('staged rollout over %s', (_, open) => {
  let ports: Ports
  beforeEach(async () => {
    ports = await open()
  })
  afterEach(() => ports.stop())
  const mine = async () => (await ports.policies.list(signal)).find(({feature}) => feature === MFA_FEATURE)
  const make = async (): Promise<string> => {
    const made = await ports.policies.create(NEW, signal)
    expect(made).toMatchObject({status: 'done', policyId: expect.any(String)})
    return made.policyId ?? ''
  }
  const collect = async (group: ObjectId) => {
    const all = {users: [] as RolloutMember[], groups: [] as string[], others: 0}
    for await (const page of ports.groups.directMembers(group, signal)) {
      all.users.push(...page.users)
      all.groups.push(...page.groups.map(({displayName}) => displayName))
      all.others += page.others.length
    }
    return all
  }

  it('makes one policy for MFA, never for the whole organisation', async () => {
    expect(await mine()).toBeUndefined()
    const policy = await make()
    expect(await mine()).toMatchObject({
      id: policy,
      isEnabled: true,
      isAppliedToOrganization: false,
      groups: [],
    })
    expect(await ports.policies.create(NEW, signal)).toMatchObject({status: 'failed'})
    expect(await ports.policies.list(signal)).toHaveLength(1)
  })

  it('switches, and deletes; what is gone is gone', async () => {
    const policy = await make()
    expect(await ports.policies.setEnabled(policy, false, signal)).toMatchObject({status: 'done'})
    expect(await mine()).toMatchObject({isEnabled: false})
    expect(await ports.policies.remove(policy, signal)).toMatchObject({status: 'done'})
    expect(await ports.policies.remove(policy, signal)).toMatchObject({status: 'already-done'})
    expect(await mine()).toBeUndefined()
    expect(await ports.policies.setEnabled(policy, true, signal)).toMatchObject({status: 'failed'})
  })

  it('adds and removes a group, each once', async () => {
    const policy = await make()
    expect(await ports.policies.addGroup(policy, PILOT, signal)).toMatchObject({status: 'done'})
    expect(await ports.policies.addGroup(policy, PILOT, signal)).toMatchObject({status: 'already-done'})
    expect(await mine()).toMatchObject({groups: [{id: PILOT, displayName: 'Pilot'}]})
    expect(await ports.policies.removeGroup(policy, PILOT, signal)).toMatchObject({status: 'done'})
    expect(await ports.policies.removeGroup(policy, PILOT, signal)).toMatchObject({status: 'already-done'})
    expect(await mine()).toMatchObject({groups: []})
  })

  it.each([
    ['a dynamic group', DYNAMIC],
    ['a group with a group inside', OUTER],
    ['a group that is not there', NOBODY],
  ])('does not add %s', async (_name, group) => {
    const policy = await make()
    expect(await ports.policies.addGroup(policy, group, signal)).toMatchObject({status: 'failed'})
    expect(await mine()).toMatchObject({groups: []})
  })

  it('reads what a group holds directly, and everybody below it', async () => {
    const outer = await collect(OUTER)
    expect(outer).toMatchObject({groups: ['Pilot'], others: 0, users: [{id: PEOPLE[2], isSynced: true}]})
    const pilot = (await collect(PILOT)).users
    expect(pilot.map(({accountEnabled, isSynced, isGuest}) => [accountEnabled, isSynced, isGuest])).toEqual([
      [true, true, false],
      [false, true, false],
      [true, false, false],
      [true, false, true],
    ])
    const all: string[] = []
    for await (const page of ports.groups.allMembers(OUTER, signal)) all.push(...page.map((user) => user.id))
    expect(all.toSorted()).toEqual([0, 1, 2, CLOUD, GUEST].map((n) => PEOPLE[n]))
    expect(await ports.groups.countMembers(OUTER, signal)).toBe(5)
  })

  it('says that a group is not there', async () => {
    await expect(collect(NOBODY)).rejects.toMatchObject({code: 'GROUP_NOT_FOUND', exit: 'usage'})
    const all = ports.groups.allMembers(NOBODY, signal)[Symbol.asyncIterator]()
    await expect(all.next()).rejects.toMatchObject({code: 'GROUP_NOT_FOUND', exit: 'usage'})
    const counted = ports.groups.countMembers(NOBODY, signal)
    await expect(counted).rejects.toMatchObject({code: 'GROUP_NOT_FOUND', exit: 'usage'})
  })

  it('makes a group, finds it by its name, and fills it twenty at a time', async () => {
    expect(await ports.writer.find('Wave', signal)).toBeUndefined()
    const made = await ports.writer.create(GROUP, signal)
    expect(made).toMatchObject({status: 'done'})
    const group = made.groupId as ObjectId
    expect(await ports.writer.find('Wave', signal)).toBe(group)
    expect(await ports.writer.addMembers(group, PEOPLE.slice(0, 20), signal)).toMatchObject({status: 'done'})
    expect(await ports.writer.addMembers(group, PEOPLE.slice(0, 20), signal)).toMatchObject({
      status: 'already-done',
    })
    // Some of them are in already: the others come in all the same.
    expect(await ports.writer.addMembers(group, PEOPLE.slice(15, 23), signal)).toMatchObject({status: 'done'})
    expect((await collect(group)).users).toHaveLength(23)
  })

  it('does not add somebody who is not there, nor half of a request', async () => {
    expect(await ports.writer.addMembers(PILOT, [PEOPLE[5] ?? NOBODY, NOBODY], signal)).toMatchObject({
      status: 'failed',
    })
    expect((await collect(PILOT)).users).toHaveLength(4)
  })

  it('takes a member out, once', async () => {
    expect(await ports.writer.removeMember(PILOT, PEOPLE[0] ?? NOBODY, signal)).toMatchObject({
      status: 'done',
    })
    expect(await ports.writer.removeMember(PILOT, PEOPLE[0] ?? NOBODY, signal)).toMatchObject({
      status: 'already-done',
    })
    expect((await collect(PILOT)).users).toHaveLength(3)
  })
})

describe('Graph alone', () => {
  const refused = async (promise: Promise<unknown>) =>
    promise.then(
      () => undefined,
      (error: unknown) => (error instanceof MfaError ? error : undefined),
    )

  it('lets no application, and no person without the role, at the policy', async () => {
    const ports = await overSandbox(['Global Reader'])
    try {
      const asApp = createRolloutPolicies(ports.app)
      expect(await refused(asApp.list(signal))).toMatchObject({
        exit: 'auth',
        message: expect.stringContaining('Directory.ReadWrite.All'),
      })
      expect(await ports.policies.list(signal)).toEqual([])
      const error = await refused(ports.policies.create(NEW, signal))
      expect(error).toMatchObject({
        exit: 'auth',
        fix: expect.stringContaining('Hybrid Identity Administrator'),
      })
    } finally {
      await ports.stop()
    }
  })

  it('has no staged rollout in China, which is said before anything is asked', () => {
    expect(() => refuseWithoutRollout('china')).toThrow(expect.objectContaining({exit: 'refused'}))
    for (const cloud of ['global', 'usgov', 'usgovdod'] as const)
      expect(() => refuseWithoutRollout(cloud)).not.toThrow()
  })
})

const description = graphDescription()
describe(`what was sent ${description === undefined ? SKIP_REASON : ''}`, () => {
  it.skipIf(description === undefined)('is as Graph describes it, and so is what came back', () => {
    expect(exchanges.length).toBeGreaterThan(50)
    expect(faultsOf(exchanges)).toEqual([])
  })

  it.skipIf(description === undefined)(
    'covers every operation of the adapters, and each would be refused if it were wrong',
    () => {
      const sent = (method: string, path: RegExp) =>
        exchanges.filter((each) => each.method === method && path.test(each.path))
      for (const [method, path, wrong] of [
        ['GET', /^\/policies\/featureRolloutPolicies$/, {path: '/policies/featureRolloutPolicies?shoes=1'}],
        [
          'GET',
          /^\/policies\/featureRolloutPolicies\/[^/]+\?\$expand=appliesTo$/,
          {path: '/policies/featureRolloutPolicies/1?shoes=1'},
        ],
        ['POST', /^\/policies\/featureRolloutPolicies$/, {requestBody: {displayName: 'P'}}],
        ['PATCH', /^\/policies\/featureRolloutPolicies\/[^/]+$/, {requestBody: {shoes: 1}}],
        ['DELETE', /^\/policies\/featureRolloutPolicies\/[^/]+$/, {requestBody: {}}],
        ['POST', /appliesTo\/\$ref$/, {requestBody: {'@odata.id': 'http://elsewhere'}}],
        ['DELETE', /appliesTo\/[^/]+\/\$ref$/, {requestBody: {}}],
        ['POST', /^\/groups$/, {requestBody: {displayName: 'Wave'}}],
        ['PATCH', /^\/groups\/[^/]+$/, {requestBody: {shoes: 1}}],
        ['POST', /\/members\/\$ref$/, {requestBody: {}}],
        ['DELETE', /\/members\/[^/]+\/\$ref$/, {requestBody: {}}],
        ['GET', /^\/groups\/[^/]+\/members\?/, {path: '/groups/1/members?shoes=1'}],
        [
          'GET',
          /^\/groups\/[^/]+\/transitiveMembers\/microsoft.graph.user\?/,
          {headers: {ConsistencyLevel: 'soon'}},
        ],
        ['GET', /^\/groups\?/, {path: '/groups?shoes=1'}],
      ] as const) {
        const [one] = sent(method, path)
        expect(one, `${method} ${String(path)} was sent`).toBeDefined()
        if (one === undefined) continue
        const broken = {...one, ...wrong}
        expect(
          description?.checkRequest({...broken, body: broken.requestBody}),
          `${method} ${String(path)}`,
        ).not.toEqual([])
      }
    },
  )
})
