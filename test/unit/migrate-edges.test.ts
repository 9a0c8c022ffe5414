import {describe, expect, test} from 'vitest'
import {checkSource} from '../../src/lib/migration/check-source.js'
import {exportMapping} from '../../src/lib/migration/export-mapping.js'
import {verdictLine} from '../../src/lib/report/verdict.js'
import {memoryScratch} from '../fakes/memory-scratch.js'
import {FakeUi} from '../fakes/ui.js'
import {device, entraPhone, inventoryToken, phone, seed, token} from '../fixtures/users.js'
import {
  allowing,
  codesOf,
  GROUP,
  idOf,
  keyOf,
  requestOf,
  resultOf,
  resultsOf,
  run,
  verified,
  type World,
  world,
} from '../helpers/migration-world.js'
import type {SourceKey} from '../../src/lib/model/brand.js'
import {serverUser} from '../fixtures/users.js'

const two = (): World =>
  allowing(
    world([
      {name: 'ann', server: {phone: phone('4255550100')}},
      {name: 'bob', server: {phone: phone('4255550101')}},
    ]),
  )

test('an empty group ends well, with a hint', async () => {
  const at = two()
  at.tenant.addGroup(GROUP, 'MFA pilot', [])
  const ui = new FakeUi()
  const report = await run(at, {ui})
  expect(report.stop).toBeUndefined()
  expect(report.results.summary.users).toBe(0)
  expect(ui.warnings).toEqual([expect.stringContaining('Member.Read.Hidden')])
  expect(verdictLine(report.results.summary, 'MFA pilot')).toContain('no users')
})

test('a group of the policy that was deleted has no members, and a warning says so', async () => {
  const at = two()
  const gone = '00000000-0000-4000-8000-0000000000dd'
  at.tenant.policy = {
    ...at.tenant.policy,
    configurations: at.tenant.policy.configurations.map((one) => ({...one, include: [{id: gone}]})),
  }
  const ui = new FakeUi()
  const report = await run(at, {ui})
  expect(ui.warnings).toEqual([expect.stringContaining(gone)])
  expect(resultOf(report, 'ann').actions.map(({kind}) => kind)).toEqual(['set-phone'])
})

test.each(['unreadable', 'leftOut'] as const)('a user whose methods are %s fails alone', async (how) => {
  const at = two()
  at.tenant[how].add(idOf('ann'))
  const report = await run(at)
  expect(report.stop).toBeUndefined()
  expect(resultOf(report, 'ann').outcome).toBe('failed')
  expect(codesOf(resultOf(report, 'ann'))).toEqual(['unreadable'])
  expect(resultOf(report, 'bob').outcome).toBe('migrated')
  at.tenant[how].clear()
  expect(resultOf(await run(at), 'ann').outcome).toBe('migrated')
})

test('a user in doubt who cannot be read is not planned on top of it', async () => {
  const at = two()
  at.tenant.fail('setPhone', 'lost-before', {user: idOf('ann'), times: 3})
  await run(at)
  at.tenant.unreadable.add(idOf('ann'))
  const writes = at.tenant.writes.length
  const report = await run(at)
  expect(resultOf(report, 'ann').outcome).toBe('failed')
  expect(at.tenant.writes.length).toBe(writes)
})

describe('--user', () => {
  test.each([['ann@contoso.com'], ['ANN@Contoso.COM'], [idOf('ann')], [idOf('ann').toUpperCase()]])(
    '%s',
    async (name) => {
      const at = two()
      const report = await run(at, {request: {users: [name, name.toLowerCase()]}})
      expect(resultsOf(report).map(({userPrincipalName}) => userPrincipalName)).toEqual(['ann@contoso.com'])
      expect(report.results.summary.users).toBe(1)
      expect(report.collected.users).toBe(1)
    },
  )

  test('somebody who is not in the group is named', async () => {
    const asked = {request: {users: ['ann@contoso.com', 'Zoe@contoso.com']}}
    await expect(run(two(), asked)).rejects.toMatchObject({
      exit: 'usage',
      message: expect.stringContaining('Zoe@contoso.com'),
    })
  })

  test("a server user whom another member claims too is nobody's, also if only one is asked for (U3)", async () => {
    const at = two()
    for (const name of ['ann', 'bob'])
      at.tenant.changeIdentity(idOf(name), {onPremisesSecurityIdentifier: 'S-1-5-21-1-2-3-4'})
    at.source.list = [
      serverUser({key: 'CONTOSO\\jane' as SourceKey, username: 'CONTOSO\\jane', sid: 'S-1-5-21-1-2-3-4'}),
    ]
    const report = await run(at, {request: {users: ['ann@contoso.com']}})
    expect(resultOf(report, 'ann')).toMatchObject({
      outcome: 'unmatched',
      findings: [{code: 'ambiguous-match'}],
    })
  })
})

test('that devices carry no dates is told once a run, also on the way to many users', async () => {
  const names = ['ann', 'bob', 'cyd']
  const devices = [device('iPhone', {oathSecret: seed(1)}), device('Pixel', {oathSecret: seed(2)})]
  const at = world(names.map((name) => ({name, server: {devices}, entra: {isGuest: true}})))
  const report = await run(at, {input: {dryRun: true}})
  const told = resultsOf(report).filter((one) => codesOf(one).includes('device-order-unknown'))
  expect(told.map(({userPrincipalName}) => userPrincipalName)).toEqual(['ann@contoso.com'])
})

test('a server user who goes away between the list and the record is unmatched', async () => {
  const at = two()
  at.source.onUsers = () => void (at.source.list = at.source.list.filter(({key}) => key !== keyOf('ann')))
  const report = await run(at)
  expect(resultOf(report, 'ann')).toMatchObject({outcome: 'unmatched', findings: [{code: 'no-server-user'}]})
  expect(resultOf(report, 'bob').outcome).toBe('migrated')
})

describe('verify', () => {
  test('says that work remains before, and that none does after', async () => {
    const at = two()
    const before = await verified(at)
    expect(before).toMatchObject({workRemains: true, summary: {users: 2, partly: 2, migrated: 0}})
    await run(at)
    const writes = at.tenant.writes.length
    const after = await verified(at)
    expect(after).toMatchObject({
      workRemains: false,
      summary: {users: 2, partly: 0, migrated: 2, marks: {'=': 2}},
    })
    expect(at.tenant.writes.length).toBe(writes)
  })

  test('has a mark for each case', async () => {
    const at = allowing(
      world([
        {
          name: 'same',
          server: {phone: phone('4255550100')},
          methods: {phones: [entraPhone('mobile', '+1 4255550100')], preferred: 'sms'},
        },
        {name: 'missing', server: {phone: phone('4255550100')}},
        {
          name: 'other',
          server: {phone: phone('4255550100')},
          methods: {phones: [entraPhone('mobile', '+1 4255550199')], preferred: 'sms'},
        },
        {name: 'only', server: null},
        {name: 'owed', server: {oathTokens: [token('T-9')]}},
      ]),
    )
    const report = await verified(at)
    const marks = [...report.users.entries()].map(([, {userPrincipalName, mark}]) => [
      userPrincipalName.split('@')[0],
      mark,
    ])
    expect(marks).toEqual([
      ['missing', '+'],
      ['only', '-'],
      ['other', '*'],
      ['owed', '!'],
      ['same', '='],
    ])
    expect(Object.values(report.summary.marks).reduce((sum, one) => sum + one, 0)).toBe(5)
  })
})

test('mapping export lists who has no safe match, and asks for no methods', async () => {
  const at = allowing(world([{name: 'ann'}, {name: 'zoe', server: null}, {name: 'bob', server: null}]))
  const deps = {
    source: at.source,
    directory: at.tenant,
    lookup: undefined,
    scratch: memoryScratch(),
    clock: at.clock,
    ui: new FakeUi(),
  }
  const rows = await exportMapping(requestOf(), deps, new AbortController().signal)
  expect(rows.map(({userPrincipalName, username, reason}) => [userPrincipalName, username, reason])).toEqual([
    ['bob@contoso.com', '', 'no-server-user'],
    ['zoe@contoso.com', '', 'no-server-user'],
  ])
  expect(at.tenant.count('methods') + at.tenant.writes.length).toBe(0)
})

describe('source check', () => {
  const source = () =>
    world([
      {name: 'ann', server: {mode: 'smsText', devices: [device('iPhone')]}},
      {
        name: 'bob',
        server: {
          mode: undefined,
          faults: [
            {file: 'users.csv', line: 3, field: 'Mode', message: 'none of the four', severity: 'mode'},
          ],
        },
      },
      {
        name: 'cyd',
        server: {
          mode: 'oathToken',
          enabled: false,
          oathTokens: [token('T-1', {secret: seed(1)}), token('T-2')],
        },
      },
      ...Array.from({length: 30}, (_, n) => ({name: `u${n}`})),
    ])

  test('counts everybody of a bundle', async () => {
    const at = source()
    const found = await checkSource({...at, ui: new FakeUi()}, new AbortController().signal)
    expect(found).toMatchObject({
      kind: 'bundle',
      users: 33,
      sampled: 33,
      modes: {voiceCall: 30, smsText: 1, phoneApp: 0, oathToken: 1, invalid: 1},
      devices: 1,
      oathTokens: 2,
      withoutSecret: 1,
      disabled: 1,
      problems: [{file: 'users.csv', line: 3, field: 'Mode', user: 'bob@contoso.com'}],
    })
  })

  test('counts nobody as disabled whose row cannot be trusted', async () => {
    const at = source()
    const fault = {file: 'users.csv', line: 9, message: 'the row has 2 values', severity: 'row'} as const
    at.source.list = [
      serverUser({enabled: false, faults: [fault]}),
      serverUser({username: 'off@contoso.com', enabled: false}),
    ]
    const found = await checkSource({...at, ui: new FakeUi()}, new AbortController().signal)
    expect(found).toMatchObject({users: 2, disabled: 1})
  })

  test('reads a sample where each record costs a request, and estimates the rest', async () => {
    const at = source()
    at.source.kind = 'web-service-sdk'
    at.source.onUsers = () => at.clock.advance(20_000)
    const found = await checkSource({...at, ui: new FakeUi()}, new AbortController().signal)
    expect(found).toMatchObject({users: 33, sampled: 20, fullReadSeconds: 33})
  })
})

test('a token that is free in the inventory is brought up to date, assigned and activated', async () => {
  const at = allowing(
    world([
      {
        name: 'ann',
        server: {mode: 'oathToken', oathTokens: [token('T-1', {secret: seed(1), model: 'CT-9'})]},
      },
    ]),
  )
  at.tenant.addToken(inventoryToken('T-1'), seed(1))
  const report = await run(at)
  expect(resultOf(report, 'ann').actions.map(({kind, outcome}) => `${kind} ${outcome}`)).toEqual([
    'update-token done',
    'assign-token done',
    'activate-token done',
    'set-default done',
  ])
  expect(at.tenant.inventory).toMatchObject([{model: 'CT-9', status: 'activated', assignedTo: idOf('ann')}])
})
