import {describe, expect, it} from 'vitest'
import {migrationStandings} from '../../src/lib/migration/standings.js'
import {undo} from '../../src/lib/migration/undo.js'
import type {EntraIdentity} from '../../src/lib/model/entra-user.js'
import type {RunId} from '../../src/lib/model/brand.js'
import {memoryScratch} from '../fakes/memory-scratch.js'
import {FakeUi} from '../fakes/ui.js'
import {device, phone, seed, token} from '../fixtures/users.js'
import {allowing, GROUP, idOf, keyOf, run, type World, world} from '../helpers/migration-world.js'

const NAMES = ['ann', 'bob', 'cyd', 'dot', 'eve']
const {signal} = new AbortController()

/** ann and bob migrate well, of cyd the token and not the phone, dot is nobody's, eve has more devices than fit. */
const people = (): World => {
  const at = allowing(
    world([
      {name: 'ann', server: {phone: phone('4255550100')}},
      {name: 'bob', server: {phone: phone('4255550101')}},
      {name: 'cyd', server: {phone: phone('4255550102'), oathTokens: [token('T-9', {secret: seed(9)})]}},
      {name: 'dot', server: null},
      {
        name: 'eve',
        server: {
          phone: phone('4255550104'),
          devices: [1, 2, 3, 4, 5, 6].map((n) => device(`Phone ${n}`, {oathSecret: seed(n)})),
        },
      },
    ]),
  )
  return at
}

/** One line a member: `ann migrated`. */
async function standings(at: World, withSource: boolean): Promise<readonly string[]> {
  const {tenant, journal} = at
  const scratch = memoryScratch()
  const members = scratch.bag<EntraIdentity>('members-of-test')
  for await (const page of tenant.members(GROUP as never, signal))
    for (const each of page) members.set(each.id, each)
  const known = migrationStandings({match: {netbios: {}}, mapping: []}, tenant.id, {
    directory: tenant,
    journal,
    scratch,
    ui: new FakeUi(),
    source: withSource ? at.source : undefined,
    lookup: undefined,
  })
  const lines: string[] = []
  for await (const chunk of known.of(members, signal))
    for (const {user, state, overLimit} of chunk)
      lines.push(`${user.replace('id-', '')} ${state.is}${overLimit === undefined ? '' : ' over'}`)
  return lines.toSorted()
}

const detail = async (at: World, name: string): Promise<string> => {
  const {tenant, journal, source} = at
  const scratch = memoryScratch()
  const members = scratch.bag<EntraIdentity>('one')
  const found = await tenant.findUser(`${name}@contoso.com`, signal)
  if (found !== undefined) members.set(found.id, found)
  const known = migrationStandings({match: {netbios: {}}, mapping: []}, tenant.id, {
    directory: tenant,
    journal,
    scratch,
    ui: new FakeUi(),
    source,
    lookup: undefined,
  })
  for await (const chunk of known.of(members, signal))
    for (const {state} of chunk) return 'detail' in state ? state.detail : ''
  return 'nothing'
}

describe('how far the migration of each member has come', () => {
  it('is not begun where no run is on record; the server tells who has no record', async () => {
    const at = people()
    expect(await standings(at, false)).toEqual(NAMES.map((name) => `${name} never`))
    expect(await standings(at, true)).toEqual([
      'ann never',
      'bob never',
      'cyd never',
      'dot no-record',
      'eve never over',
    ])
  })

  it.each([true, false])('is what the last run came to (source: %s)', async (withSource) => {
    const at = people()
    at.tenant.fail('setPhone', 'refuse', {user: idOf('cyd')})
    await run(at)
    expect(await standings(at, withSource)).toEqual([
      'ann migrated',
      'bob migrated',
      'cyd partly',
      'dot no-record',
      'eve migrated over',
    ])
  })

  it('is seen to have changed where the server is read, and only there', async () => {
    const at = people()
    await run(at)
    at.source.change(keyOf('bob'), {phone: phone('4255550199')})
    expect(await standings(at, false)).toContain('bob migrated')
    expect(await standings(at, true)).toContain('bob changed')
    expect(await detail(at, 'bob')).toContain('--seed-file')
  })

  it('begins anew with a member who has another record by now', async () => {
    const at = people()
    await run(at)
    at.source.list = at.source.list.filter(({key}) => key !== keyOf('ann'))
    expect(await standings(at, true)).toContain('ann no-record')
  })

  it('is undone by an undo', async () => {
    const at = people()
    const report = await run(at)
    const run1 = await at.journal.run(report.run as RunId)
    if (run1 === undefined) throw new Error('no run')
    const {clock, tenant, journal} = at
    const request = {
      run: run1,
      users: ['ann@contoso.com'],
      force: false,
      dryRun: false,
      yes: true,
      errorsMax: 50,
      consistencyMs: 5000,
      preview: async () => {},
    }
    const deps = {
      directory: tenant,
      journal,
      scratch: memoryScratch(),
      clock,
      ui: new FakeUi(),
      writer: async () => tenant,
    }
    await undo(request, deps, signal)
    expect(await standings(at, false)).toEqual([
      'ann never',
      'bob migrated',
      'cyd migrated',
      'dot no-record',
      'eve migrated over',
    ])
  })

  it('is in doubt while the outcome of a write is', async () => {
    const at = people()
    at.tenant.fail('setPhone', 'lost-before', {user: idOf('ann'), times: 9})
    await run(at, {input: {yes: true}})
    expect(await standings(at, false)).toContain('ann partly')
  })

  it('stays when a later run finds nothing to do', async () => {
    const at = people()
    await run(at)
    await run(at)
    expect(await standings(at, true)).toEqual([
      'ann migrated',
      'bob migrated',
      'cyd migrated',
      'dot no-record',
      'eve migrated over',
    ])
  })

  it('knows the groups of the migration', async () => {
    const at = people()
    const known = () =>
      migrationStandings({match: {netbios: {}}, mapping: []}, at.tenant.id, {
        directory: at.tenant,
        journal: at.journal,
        scratch: memoryScratch(),
        ui: new FakeUi(),
        source: undefined,
        lookup: undefined,
      }).groups()
    expect(await known()).toEqual(new Set())
    await run(at, {input: {dryRun: true}})
    expect(await known()).toEqual(new Set())
    await run(at)
    expect(await known()).toEqual(new Set([GROUP]))
  })
})
