import {afterEach, beforeEach, describe, expect, it} from 'vitest'

import {createAuditLog} from '../../src/lib/entra/audit-log.js'
import {createCampaigns} from '../../src/lib/entra/registration-campaign.js'
import {createTemporaryPasses} from '../../src/lib/entra/temporary-access-pass.js'
import {createGraph, type Graph} from '../../src/lib/entra/transport/graph.js'
import type {ObjectId} from '../../src/lib/model/brand.js'
import type {AuditEntry, AuditLog} from '../../src/lib/ports/audit-log.js'
import type {Campaigns, TemporaryPasses} from '../../src/lib/ports/sign-in-help.js'
import {startSandbox, type Sandbox} from '../../src/lib/sandbox/server.js'
import {FakeClock} from '../fakes/clock.js'
import {FakeAuditLog} from '../fakes/fake-audit-log.js'
import {FakeCampaigns, FakePasses} from '../fakes/fake-sign-in-help.js'
import {ALICE, BOB, CAROL, PILOT, TENANT} from '../fixtures/sandbox-tenant.js'
import {graphDescription, SKIP_REASON, type Version} from './graph-description.js'

const {signal} = new AbortController()
const description = graphDescription()
const [alice, bob] = [ALICE as ObjectId, BOB as ObjectId]
const json = (text: string): unknown => (text === '' ? undefined : JSON.parse(text))

/** What passed between an adapter and the sandbox, and what of it Graph's description does not know. */
function recorder() {
  const faults: string[] = []
  const recording: typeof fetch = async (input, init) => {
    const response = await fetch(input, init)
    const url = new URL(input instanceof Request ? input.url : input)
    const [, version, path = ''] = /^\/(v1\.0|beta)(\/.*)$/.exec(url.pathname + url.search) ?? []
    const requestBody = json(typeof init?.body === 'string' ? init.body : '')
    const exchange = {method: init?.method ?? 'GET', version: version as Version, path}
    const headers = Object.fromEntries(new Headers(init?.headers))
    const body = json(await response.clone().text())
    faults.push(
      ...(description?.checkRequest({...exchange, headers, body: requestBody}) ?? []),
      ...(description?.checkResponse({...exchange, requestBody, status: response.status, body}) ?? []),
    )
    return response
  }
  return {faults, recording}
}

interface World {
  readonly log: AuditLog
  readonly campaigns: Campaigns
  readonly passes: TemporaryPasses
  /** Somebody gives these users a number, one after the other. */
  changeNumbers(users: readonly string[]): Promise<void>
  readonly actor: string
  /** What Graph's description does not know of what passed. */
  readonly faults: readonly string[]
  stop(): Promise<void>
}

async function overSandbox(): Promise<World> {
  const sandbox = await startSandbox({stateFile: ':memory:', tenant: structuredClone(TENANT)})
  const {faults, recording} = recorder()
  const graph = graphOf(sandbox, sandbox.issueToken(), recording)
  return {
    log: createAuditLog(graph),
    campaigns: createCampaigns(graph),
    passes: createTemporaryPasses(graph),
    actor: 'Sandbox application',
    faults,
    changeNumbers: async (users) => {
      for (const [n, user] of users.entries())
        await graph.write(
          {
            method: 'POST',
            version: 'v1.0',
            path: `/users/${user}/authentication/phoneMethods`,
            body: () => ({phoneType: 'mobile', phoneNumber: `+1 425555013${n}`}),
          },
          signal,
        )
    },
    stop: () => sandbox.stop(),
  }
}

const graphOf = (sandbox: Sandbox, token: string, recording: typeof fetch): Graph =>
  createGraph({
    rootUrl: sandbox.rootUrl,
    token: async () => token,
    clock: new FakeClock(new Date().toISOString()),
    fetch: recording,
  })

async function fakes(): Promise<World> {
  const log = new FakeAuditLog()
  const all = [{id: 'all_users', targetType: 'group' as const, method: 'microsoftAuthenticator'}]
  return {
    log,
    campaigns: new FakeCampaigns({state: 'default', snoozeDays: 1, include: all, exclude: []}),
    passes: new FakePasses(),
    actor: 'Sandbox application',
    faults: [],
    changeNumbers: async (users) => {
      for (const [n, user] of users.entries())
        log.add({
          at: `2026-03-01T09:00:0${n}.000Z`,
          user,
          actor: {kind: 'app', name: 'Sandbox application'},
          properties: [{property: 'StrongAuthenticationUserDetails', before: '[]', after: '[{}]'}],
        })
    },
    stop: async () => {},
  }
}

describe.each([
  ['fakes', fakes],
  [`Graph${description === undefined ? ` ${SKIP_REASON}` : ''}`, overSandbox],
] as const)('insight over %s', (_, open) => {
  let world: World
  beforeEach(async () => {
    world = await open()
  })
  afterEach(async () => {
    await world.stop()
    expect(world.faults).toEqual([])
  })

  describe('the audit log', () => {
    const read = async (query: Parameters<AuditLog['entries']>[0]): Promise<readonly AuditEntry[]> => {
      const all: AuditEntry[] = []
      for await (const page of world.log.entries(query, signal)) all.push(...page)
      return all
    }
    const users = (entries: readonly AuditEntry[]) => entries.map(({targets}) => targets[0]?.id)

    it('reads newest first, and says how far it reaches', async () => {
      expect(await read({})).toEqual([])
      expect(await world.log.reaches(signal)).toBeUndefined()
      await world.changeNumbers([ALICE, CAROL])
      const all = await read({})
      expect(users(all)).toEqual([CAROL, ALICE])
      expect(await world.log.reaches(signal)).toBe(all[0]?.at)
      expect(all[0]?.actor).toMatchObject({kind: 'app', name: world.actor})
    })

    it('filters by whom, by whom it was done, and by time', async () => {
      await world.changeNumbers([ALICE, CAROL])
      expect(users(await read({target: alice}))).toEqual([ALICE])
      expect(await read({target: bob})).toEqual([])
      expect(await read({actor: {appName: world.actor}})).toHaveLength(2)
      expect(await read({actor: {appName: "Somebody's app"}})).toEqual([])
      expect(await read({actor: {appId: '00001111-aaaa-2222-bbbb-3333cccc4444'}})).toEqual([])
      expect(await read({actor: {userPrincipalName: 'admin@contoso.com'}})).toEqual([])
      expect(await read({from: new Date('2999-01-01T00:00:00Z')})).toEqual([])
      expect(
        await read({from: new Date(0), to: new Date('2999-01-01T00:00:00Z'), target: alice}),
      ).toHaveLength(1)
    })

    it('hides what properties hold', async () => {
      await world.changeNumbers([ALICE])
      const [entry] = await read({})
      expect(entry?.targets[0]?.properties.length).toBeGreaterThan(0)
      expect(JSON.stringify(entry)).toContain('[secret]')
      expect(JSON.stringify(entry)).not.toContain('4255550130')
    })
  })

  it('keeps a registration campaign as it was written', async () => {
    expect(await world.campaigns.read(signal)).toEqual({
      state: 'default',
      snoozeDays: 1,
      include: [{id: 'all_users', targetType: 'group', method: 'microsoftAuthenticator'}],
      exclude: [],
    })
    const campaign = {
      state: 'enabled',
      snoozeDays: 3,
      include: [{id: PILOT, targetType: 'group', method: 'microsoftAuthenticator'}],
      exclude: [{id: ALICE, targetType: 'user'}],
    } as const
    expect(await world.campaigns.write(campaign, signal)).toMatchObject({status: 'done'})
    expect(await world.campaigns.read(signal)).toEqual(campaign)
  })

  describe('Temporary Access Passes', () => {
    it('are issued once, shown once and removed once', async () => {
      expect(await world.passes.policy(signal)).toMatchObject({enabled: true, minimum: 60, maximum: 480})
      const {outcome, issued} = await world.passes.issue(
        alice,
        {lifetimeMinutes: 90, isUsableOnce: true},
        signal,
      )
      expect(outcome.status).toBe('done')
      expect(issued).toMatchObject({lifetimeMinutes: 90, isUsableOnce: true})
      expect(issued?.pass.isEmpty).toBe(false)
      expect(JSON.stringify(issued)).toContain('[secret]')
      const [held, ...others] = await world.passes.of(alice, signal)
      expect([held?.id, held?.isUsable, others]).toEqual([issued?.id, true, []])
      const again = await world.passes.issue(alice, {lifetimeMinutes: 60}, signal)
      expect([again.outcome.status, again.issued]).toEqual(['failed', undefined])
      expect((await world.passes.remove(alice, issued?.id ?? '', signal)).status).toBe('done')
      expect((await world.passes.remove(alice, issued?.id ?? '', signal)).status).toBe('already-done')
      expect(await world.passes.of(alice, signal)).toEqual([])
    })

    it('are refused where the lifetime is not one of the policy', async () => {
      expect((await world.passes.issue(alice, {lifetimeMinutes: 5}, signal)).outcome.status).toBe('failed')
      expect(await world.passes.of(alice, signal)).toEqual([])
    })
  })
})

describe('a permission that is missing is named', () => {
  it.each([
    ['AuditLog.Read.All', (graph: Graph) => createAuditLog(graph).reaches(signal)],
    [
      'Policy.ReadWrite.AuthenticationMethod',
      (graph: Graph) =>
        createCampaigns(graph).write({state: 'enabled', snoozeDays: 1, include: [], exclude: []}, signal),
    ],
    [
      'UserAuthMethod-TAP.ReadWrite.All',
      (graph: Graph) => createTemporaryPasses(graph).issue(alice, {lifetimeMinutes: 60}, signal),
    ],
  ])('%s', async (permission, ask) => {
    const sandbox = await startSandbox({stateFile: ':memory:', tenant: structuredClone(TENANT)})
    try {
      const graph = graphOf(sandbox, sandbox.issueToken(['User.Read.All']), fetch)
      await expect(ask(graph)).rejects.toMatchObject({
        exit: 'auth',
        message: expect.stringContaining(permission),
      })
    } finally {
      await sandbox.stop()
    }
  })
})
