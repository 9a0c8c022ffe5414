import {expect, test} from 'vitest'
import {undo} from '../../src/lib/migration/undo.js'
import {MfaError} from '../../src/lib/errors/mfa-error.js'
import type {RunId} from '../../src/lib/model/brand.js'
import type {Journal} from '../../src/lib/ports/journal.js'
import {memoryScratch} from '../fakes/memory-scratch.js'
import {FakeUi} from '../fakes/ui.js'
import {device, entraPhone, inventoryToken, phone, seed, token} from '../fixtures/users.js'
import {killAt} from '../helpers/kill-switch.js'
import {allowing, idOf, run, type World, world} from '../helpers/migration-world.js'

const NAMES = ['ann', 'bob', 'cyd', 'fay']

/** Migrated: phones added and replaced, tokens made and taken from the inventory, SMS sign-in switched on by itself. */
async function migrated(lagReads: number) {
  const at = allowing(
    world([
      {name: 'ann', server: {mode: 'smsText', phone: phone('4255550100'), backupPhone: phone('4255550101')}},
      {name: 'bob', server: {mode: 'phoneApp', devices: [device('iPhone', {oathSecret: seed(1)})]}},
      {
        name: 'cyd',
        server: {oathTokens: [token('T-2', {secret: seed(3), timeInterval: 60, model: 'CT-2'})]},
      },
      {
        name: 'fay',
        server: {phone: phone('4255550105'), lastModified: '2025-01-01T00:00:00Z'},
        methods: {phones: [entraPhone('mobile', '+1 4255550199', {id: 'phone-mobile'})]},
      },
    ]),
  )
  at.tenant.smsSignInByItself = true
  at.tenant.lag = {reads: lagReads, ms: 0}
  at.tenant.addToken(inventoryToken('T-2'), seed(3))
  const before = stateOf(at)
  const report = await run(at)
  expect(report.results.summary).toMatchObject({users: 4, migrated: 4})
  if (report.run === null) throw new Error('no run')
  return {at, before, done: report.run}
}

function stateOf(at: World): unknown {
  return NAMES.map((name) => {
    const {phones, hardwareOath, preferred} = at.tenant.methodsOf(idOf(name))
    const shown = phones.map(({slot, number, smsSignInState}) => [slot, number, smsSignInState === 'ready'])
    return {name, phones: shown, hardwareOath, preferred}
  })
}

async function undone(at: World, done: RunId, journal: Journal = at.journal) {
  const {clock, tenant} = at
  const record = await journal.run(done)
  if (record === undefined) throw new Error('no run')
  return undo(
    {
      run: record,
      users: [],
      force: false,
      dryRun: false,
      yes: true,
      errorsMax: 50,
      consistencyMs: 10_000,
      preview: async () => {},
    },
    {
      directory: tenant,
      journal,
      clock,
      ui: new FakeUi(),
      scratch: memoryScratch(),
      writer: async () => tenant,
    },
    new AbortController().signal,
  )
}

test('a number that is put back does not become a first factor through that (P9)', async () => {
  const {at, before, done} = await migrated(0)
  await undone(at, done)
  expect(stateOf(at)).toEqual(before)
})

test('a lock that is lost stops an undo and leaves its end to whoever has the lock now', async () => {
  const {at, done} = await migrated(0)
  at.tenant.onWrite = () => {
    at.tenant.onWrite = () => {}
    for (const {lost} of at.store.locks.values())
      lost.abort(new MfaError('LOCK_LOST', 'lost', {exit: 'locked'}))
  }
  const report = await undone(at, done)
  expect(report.stop?.error).toMatchObject({code: 'LOCK_LOST'})
  expect([...at.store.runs.values()].map(({kind, status}) => `${kind} ${status}`)).toEqual([
    'migrate finished',
    'undo open',
  ])
})

test.each([
  ['at once', 0],
  ['after two reads', 2],
])('an undo that is killed at any step ends as one that is not: changes show %s', async (_, lagReads) => {
  const whole = await migrated(lagReads)
  const counter = killAt(whole.at, Number.MAX_SAFE_INTEGER)
  await undone(whole.at, whole.done, counter.journal)
  expect(stateOf(whole.at)).toEqual(whole.before)
  expect(counter.steps()).toBeGreaterThan(40)
  for (let nth = 1; nth <= counter.steps(); nth++) {
    const {at, before, done} = await migrated(lagReads)
    const kill = killAt(at, nth)
    await expect(undone(at, done, kill.journal)).rejects.toThrow('killed')
    kill.revive()
    const again = await undone(at, done)
    expect({nth, failed: again.results.summary.failed}).toEqual({nth, failed: 0})
    expect({nth, state: stateOf(at)}).toEqual({nth, state: before})
    const memory = await at.journal.memory(at.tenant.id, NAMES.map(idOf))
    const unsettled = [...memory.values()].flatMap((one) => one.unsettled.map(({intent}) => intent))
    expect({nth, unsettled}).toEqual({nth, unsettled: []})
    // What an undo put back was never ours (P6).
    expect(memory.get(idOf('fay'))?.numbers.mobile).not.toContain('+1 4255550199')
    expect([...at.store.runs.values()].every(({status}) => status === 'finished')).toBe(true)
  }
})
