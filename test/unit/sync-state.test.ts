import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

import {afterEach, beforeEach, describe, expect, it} from 'vitest'

import type {ObjectId, RunId} from '../../src/lib/model/brand.js'
import {undo} from '../../src/lib/migration/undo.js'
import type {Journal} from '../../src/lib/ports/journal.js'
import {groupFacts} from '../../src/lib/status/group-facts.js'
import type {Database} from '../../src/lib/state/database.js'
import {openDatabase} from '../../src/lib/state/open-database.js'
import {SqliteJournal} from '../../src/lib/state/sqlite-journal.js'
import {failingUsers} from '../../src/lib/sync/postpone.js'
import {syncRound} from '../../src/lib/sync/round.js'
import {syncStatus} from '../../src/lib/sync/status.js'
import {memoryScratch} from '../fakes/memory-scratch.js'
import {FakeUi} from '../fakes/ui.js'
import {device, options, phone} from '../fixtures/users.js'
import {collect} from '../helpers/collect.js'
import {
  allowing,
  GROUP,
  idOf,
  keyOf,
  type Person,
  run,
  type World,
  world,
} from '../helpers/migration-world.js'

const never = new AbortController().signal
const MINUTE = 60_000
const INTERVAL = 15 * MINUTE
const PHONE = {phone: phone('4255550100')}

let folder: string
let db: Database
let journal: Journal
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mfa-sync-state-'))
})
afterEach(async () => {
  await journal.close()
  await rm(folder, {recursive: true, force: true})
})

/** The world of migration tests, on a real state. */
function onDisk(people: readonly Person[]): World {
  const at = allowing(world(people))
  db = openDatabase(join(folder, 'state.db'), {now: at.clock.now()})
  journal = new SqliteJournal(db, at.clock)
  return {...at, journal}
}

const names = (count: number, name: (index: number) => string = (index) => `user${index}`) =>
  Array.from({length: count}, (_, index) => name(index))

/** The next round, one interval later. */
async function round(at: World, asked: {readonly everyone?: boolean} = {}) {
  at.clock.advance(INTERVAL)
  const everyone = asked.everyone === true
  return syncRound(
    {
      tenantId: at.tenant.id,
      scope: everyone ? {kind: 'everyone'} : {kind: 'group', nameOrId: 'MFA pilot'},
      sourceLabel: 'bundle',
      options: {...options()},
      intervalMs: INTERVAL,
    },
    {
      journal: at.journal,
      clock: at.clock,
      ui: new FakeUi(),
      migrate: async (postponed) => {
        const report = await run(at, {
          request: {everyone, postponed},
          input: {kind: 'sync', sourceLabel: 'bundle', errorsMax: Number.MAX_SAFE_INTEGER},
        })
        return {run: report.run, summary: report.results.summary, stop: report.stop}
      },
    },
    never,
  )
}

const TABLES = ['actions', 'images', 'results', 'latest', 'migrated', 'numbers', 'tokens', 'locks', 'permission_use'] // prettier-ignore

/** Rows of each table, but for runs. */
const rows = (): Readonly<Record<string, number>> =>
  Object.fromEntries(
    TABLES.map((table) => [table, Number(db.get(`SELECT count(*) AS n FROM ${table}`)?.['n'])]),
  )

const told = async (at: World, id: RunId | null) =>
  (await collect(at.journal.userResults(id as RunId)))
    .map(({user, outcome}) => `${user} ${outcome}`)
    .toSorted()

const fact = async (at: World) => {
  const {migrated, failed, unmatched, putBack, users} =
    (await groupFacts(at.journal, at.tenant.id)).find(({id}) => id === GROUP) ?? {}
  return {users, migrated, failed, unmatched, putBack}
}

function members(at: World, list: readonly string[]): void {
  at.tenant.addGroup(GROUP, 'MFA pilot', list.map(idOf))
}

async function putBack(at: World, id: RunId | null, name: string): Promise<void> {
  const of = await at.journal.run(id as RunId)
  if (of === undefined) throw new Error('no run')
  const {clock, tenant} = at
  await undo(
    {
      run: of,
      users: [`${name}@contoso.com`],
      force: false,
      dryRun: false,
      yes: true,
      errorsMax: 50,
      consistencyMs: 5000,
      preview: async () => {},
    },
    {
      directory: tenant,
      journal: at.journal,
      scratch: memoryScratch(),
      clock,
      ui: new FakeUi(),
      writer: async () => tenant,
    },
    never,
  )
}

describe('what rounds leave behind', () => {
  it('is one run each and nothing else while nothing happens, and the summary counts everybody', async () => {
    const at = onDisk([
      ...names(30).map((name) => ({name, server: PHONE})),
      {name: 'nobody', server: null},
      {name: 'disabled', server: {...PHONE, enabled: false}},
      {name: 'empty', server: {phone: undefined}},
      {
        name: 'many',
        server: {...PHONE, devices: [1, 2, 3, 4, 5, 6].map((n) => device(`Phone ${n}`, {}))},
      },
    ])
    await round(at)
    await round(at)
    const before = rows()
    const pages = Number(db.get('PRAGMA page_count')?.['page_count'])
    for (let turn = 0; turn < 60; turn++) {
      const {summary} = await round(at)
      expect(summary).toMatchObject({users: 34, migrated: 0, failed: 0, partly: 0})
      expect(summary.unchanged + summary.unmatched + summary.disabled).toBe(34)
    }
    expect(rows()).toEqual(before)
    expect(db.get('SELECT count(*) AS n FROM runs')).toEqual({n: 62})
    // A run is some hundred bytes.
    expect(Number(db.get('PRAGMA page_count')?.['page_count']) - pages).toBeLessThan(60)
  })

  it('is the news: who was written, who failed again, whose finding is another', async () => {
    const at = onDisk(['ann', 'bob', 'cyd'].map((name) => ({name, server: PHONE})))
    at.tenant.fail('setPhone', 'refuse', {user: idOf('cyd'), times: 1000})
    expect(await told(at, (await round(at)).run)).toEqual([
      'id-ann migrated',
      'id-bob migrated',
      'id-cyd failed',
    ])
    // One interval after the first failure; then two.
    expect(await told(at, (await round(at)).run)).toEqual(['id-cyd failed'])
    expect(await told(at, (await round(at)).run)).toEqual([])
    at.source.change(keyOf('ann'), {phone: phone('4255550111')})
    expect(await told(at, (await round(at)).run)).toEqual(['id-ann migrated', 'id-cyd failed'])
    at.source.change(keyOf('bob'), {enabled: false})
    expect(await told(at, (await round(at)).run)).toEqual(['id-bob disabled'])
    expect(await told(at, (await round(at)).run)).toEqual([])
    at.source.change(keyOf('bob'), {enabled: true})
    expect(await told(at, (await round(at)).run)).toEqual(['id-bob unchanged'])
    at.source.list = at.source.list.filter(({key}) => key !== keyOf('bob'))
    expect(await told(at, (await round(at)).run)).toContain('id-bob unmatched')
  })

  it('is who has left the group, once, and who is back', async () => {
    const at = onDisk(['ann', 'bob'].map((name) => ({name, server: PHONE})))
    await round(at)
    members(at, ['ann'])
    expect(await told(at, (await round(at)).run)).toEqual(['id-bob left'])
    expect(await told(at, (await round(at)).run)).toEqual([])
    expect(await fact(at)).toMatchObject({users: 1, migrated: 1})
    members(at, ['ann', 'bob'])
    expect(await told(at, (await round(at)).run)).toEqual(['id-bob unchanged'])
    expect(await fact(at)).toMatchObject({users: 2, migrated: 2})
  })

  it('of all users of the tenant is who is not on the server any more', async () => {
    const at = onDisk(['ann', 'bob'].map((name) => ({name, server: PHONE})))
    await round(at, {everyone: true})
    at.source.list = at.source.list.filter(({key}) => key !== keyOf('bob'))
    expect(await told(at, (await round(at, {everyone: true})).run)).toEqual(['id-bob left'])
    expect(await told(at, (await round(at, {everyone: true})).run)).toEqual([])
  })
})

describe('who fails', () => {
  it('waits a day from failure to failure, however many rounds there have been', async () => {
    const at = onDisk([{name: 'ann', server: PHONE}])
    at.tenant.fail('setPhone', 'refuse', {user: idOf('ann'), times: 1000})
    const tries: number[] = []
    for (let turn = 0; turn < 700; turn++) if ((await round(at)).postponed === 0) tries.push(turn)
    const gaps = tries.slice(1).map((turn, index) => turn - (tries[index] ?? 0))
    // In rounds of 15 minutes: a day is 96.
    expect(gaps).toEqual([1, 2, 4, 8, 16, 32, 64, 96, 96, 96, 96, 96])
    const failing = await failingUsers(at.tenant.id, GROUP as ObjectId, at.journal, INTERVAL)
    expect([...failing.values()]).toMatchObject([{failures: tries.length}])
  }, 60_000)

  it('is left out of the list once out of the group', async () => {
    const at = onDisk(['ann', 'bob'].map((name) => ({name, server: PHONE})))
    at.tenant.fail('setPhone', 'refuse', {user: idOf('bob'), times: 1000})
    expect((await round(at)).failing).toHaveLength(1)
    await round(at)
    members(at, ['ann'])
    expect(await round(at)).toMatchObject({failing: [], postponed: 0})
    const {scopes} = await syncStatus(at.journal, at.clock.now(), INTERVAL)
    expect(scopes).toMatchObject([{failing: []}])
  })

  it('stays in the list while somebody else of the group is put back or migrated by hand', async () => {
    const at = onDisk(['ann', 'bob'].map((name) => ({name, server: PHONE})))
    at.tenant.fail('setPhone', 'refuse', {user: idOf('bob'), times: 1000})
    const first = await round(at)
    await putBack(at, first.run, 'ann')
    await run(at, {request: {users: ['ann@contoso.com']}})
    const {scopes} = await syncStatus(at.journal, at.clock.now(), INTERVAL)
    expect(scopes).toMatchObject([{failing: [{userPrincipalName: 'bob@contoso.com', failures: 1}]}])
  })
})

describe('how a group stands', () => {
  it('is right after a whole run, rounds that leave nothing, a run of one user, and an undo', async () => {
    const at = onDisk([
      ...['ann', 'bob', 'cyd'].map((name) => ({name, server: PHONE})),
      {name: 'dot', server: null},
    ])
    at.tenant.fail('setPhone', 'refuse', {user: idOf('cyd'), times: 2})
    const whole = await run(at)
    expect(await fact(at)).toEqual({users: 4, migrated: 2, failed: 1, unmatched: 1, putBack: 0})
    await round(at)
    await round(at)
    await round(at)
    expect(await fact(at)).toEqual({users: 4, migrated: 3, failed: 0, unmatched: 1, putBack: 0})
    const quiet = await round(at)
    expect(await told(at, quiet.run)).toEqual([])
    expect(await fact(at)).toEqual({users: 4, migrated: 3, failed: 0, unmatched: 1, putBack: 0})
    at.source.change(keyOf('bob'), {phone: phone('4255550122')})
    await run(at, {request: {users: ['bob@contoso.com']}})
    await putBack(at, whole.run, 'ann')
    expect(await fact(at)).toEqual({users: 4, migrated: 2, failed: 0, unmatched: 1, putBack: 1})
    // The next round brings over who was put back, as it always did.
    expect(await told(at, (await round(at)).run)).toEqual(['id-ann migrated'])
    expect(await fact(at)).toEqual({users: 4, migrated: 3, failed: 0, unmatched: 1, putBack: 0})
  })
})
