import {describe, expect, it} from 'vitest'

import {pauseMs} from '../../src/lib/sync/postpone.js'
import {type RoundInput, syncRound} from '../../src/lib/sync/round.js'
import {syncStatus} from '../../src/lib/sync/status.js'
import {migrate} from '../../src/lib/migration/migrate.js'
import type {MigrationRequest} from '../../src/lib/migration/request.js'
import {FakeUi} from '../fakes/ui.js'
import {memoryScratch} from '../fakes/memory-scratch.js'
import {options, phone} from '../fixtures/users.js'
import {allowing, GROUP, idOf, type Person, world} from '../helpers/migration-world.js'

const never = new AbortController().signal
const MINUTE = 60_000
const INTERVAL = 15 * MINUTE
const PHONE = {phone: phone('4255550100')}

/** Rounds of the real migration over fakes. */
function rounds(people: readonly Person[], scope: RoundInput['scope'] = {kind: 'group', nameOrId: GROUP}) {
  const at = allowing(world(people))
  const ui = new FakeUi()
  let current = options()
  const round = () => {
    const input: RoundInput = {
      tenantId: at.tenant.id,
      scope,
      sourceLabel: 'bundle',
      options: {...current},
      intervalMs: INTERVAL,
    }
    const {journal, clock, tenant, source, files} = at
    return syncRound(
      input,
      {
        journal,
        clock,
        ui,
        async migrate(postponed, signal) {
          const request: MigrationRequest = {
            group: scope.kind === 'group' ? GROUP : '',
            everyone: scope.kind === 'everyone',
            postponed,
            users: [],
            options: current,
            match: {netbios: {}},
            mapping: [],
            all: false,
            consistencyMs: 10_000,
          }
          const report = await migrate(
            {
              kind: 'sync',
              request,
              dryRun: false,
              yes: true,
              errorsMax: Number.MAX_SAFE_INTEGER,
              sourceLabel: 'bundle',
              rates: {},
              preview: async () => {},
            },
            {
              source,
              directory: tenant,
              lookup: undefined,
              journal,
              scratch: memoryScratch(),
              clock,
              ui,
              files,
              writer: async () => tenant,
            },
            signal,
          )
          return {run: report.run, summary: report.results.summary, stop: report.stop}
        },
      },
      never,
    )
  }
  return {
    at,
    ui,
    round,
    setOptions: (change: Partial<typeof current>) => {
      current = {...current, ...change}
    },
  }
}

describe('a round', () => {
  it('brings over what changed and leaves the rest alone', async () => {
    const {at, round} = rounds([
      {name: 'ann', server: PHONE},
      {name: 'bob', server: PHONE},
    ])
    expect((await round()).summary).toMatchObject({users: 2, migrated: 2, unchanged: 0})
    const writes = at.tenant.writes.length
    at.clock.advance(INTERVAL)
    expect((await round()).summary).toMatchObject({users: 2, migrated: 0, unchanged: 2})
    expect(at.tenant.writes).toHaveLength(writes)
  })

  it('tries whoever fails again after pauses that double, and holds nobody else up', async () => {
    const {at, round} = rounds([
      {name: 'ann', server: PHONE},
      {name: 'bob', server: PHONE},
    ])
    at.tenant.fail('setPhone', 'refuse', {user: idOf('bob'), times: 1000})
    const first = await round()
    expect(first.summary).toMatchObject({migrated: 1})
    expect(first.failing).toMatchObject([{userPrincipalName: 'bob@contoso.com', failures: 1}])
    const tried: number[] = []
    for (let minute = 15; minute <= 15 * 16; minute += 15) {
      at.clock.advance(INTERVAL)
      const {postponed} = await round()
      if (postponed === 0) tried.push(minute)
    }
    // 15 after the first failure, 30 after the second, then 60 and 120.
    expect(tried).toEqual([15, 45, 105, 225])
  })

  it('tells when the options changed, and plans everybody anew', async () => {
    const {at, ui, round, setOptions} = rounds([{name: 'ann', server: PHONE}])
    await round()
    setOptions({phones: 'replace'})
    at.clock.advance(INTERVAL)
    const {summary} = await round()
    expect(summary.migrated + summary.unchanged).toBe(1)
    expect(ui.warnings.join('\n')).toMatch(/migration options changed since the last round/)
    at.clock.advance(INTERVAL)
    const said = ui.warnings.length
    await round()
    expect(ui.warnings).toHaveLength(said)
  })

  it('over everybody concerns those whom the server knows', async () => {
    const {round} = rounds(
      [
        {name: 'ann', server: PHONE},
        {name: 'bob', server: null},
      ],
      {kind: 'everyone'},
    )
    expect((await round()).summary).toMatchObject({users: 1, migrated: 1, unmatched: 0})
  })

  it('shows in the status, with who fails', async () => {
    const {at, round} = rounds([
      {name: 'ann', server: PHONE},
      {name: 'bob', server: PHONE},
    ])
    at.tenant.fail('setPhone', 'refuse', {user: idOf('bob'), times: 1})
    await round()
    at.clock.advance(90_000)
    const asked: string[] = []
    const pending = async (tenantId: string) => {
      asked.push(tenantId)
      return 40
    }
    const alone = await syncStatus(at.journal, at.clock.now(), INTERVAL)
    expect(alone).toMatchObject({leader: null, workers: [], pending: 0})
    await at.journal.lock(`worker ${at.tenant.id} host 0a0b0c0d`, 'mfa migrate')
    at.clock.advance(120_000)
    await at.journal.lock(`worker ${at.tenant.id} host 01020304`, 'mfa sync run')
    await at.journal.lock(`sync ${at.tenant.id}`, 'mfa sync run')
    const status = await syncStatus(at.journal, at.clock.now(), INTERVAL, pending)
    expect(status.leader).toMatchObject({command: 'mfa sync run'})
    // The other one gave no sign of life for too long.
    expect(status.workers).toMatchObject([
      {tenantId: at.tenant.id, command: 'mfa sync run', pid: process.pid},
    ])
    expect({pending: status.pending, asked}).toEqual({pending: 40, asked: [at.tenant.id]})
    expect(status.scopes).toMatchObject([
      {
        scope: 'MFA pilot',
        source: 'bundle',
        rounds: [{users: 2, migrated: 1, failed: 1}],
        failing: [{userPrincipalName: 'bob@contoso.com', failures: 1}],
      },
    ])
  })
})

describe('the pause of somebody who fails', () => {
  it('doubles from one interval to a day', () => {
    expect([1, 2, 3, 4].map((failures) => pauseMs(failures, INTERVAL) / MINUTE)).toEqual([15, 30, 60, 120])
    expect(pauseMs(50, INTERVAL)).toBe(24 * 60 * MINUTE)
  })
})
