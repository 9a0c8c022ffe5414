import {expect, test} from 'vitest'
import type {RunId} from '../../src/lib/model/brand.js'
import type {ActionRecord} from '../../src/lib/ports/journal.js'
import {device, entraPhone, inventoryToken, phone, seed, token} from '../fixtures/users.js'
import {killAt} from '../helpers/kill-switch.js'
import {allowing, idOf, resultOf, run, type World, world} from '../helpers/migration-world.js'

const NAMES = ['ann', 'bob', 'cyd', 'dot', 'eve', 'fay']

/** Between them: every kind of action, P9, and an activation that is refused. */
function people(lagReads = 0): World {
  const at = allowing(
    world([
      {name: 'ann', server: {mode: 'smsText', phone: phone('4255550100'), backupPhone: phone('4255550101')}},
      {
        name: 'bob',
        server: {
          mode: 'phoneApp',
          phone: phone('4255550102'),
          devices: [device('iPhone', {oathSecret: seed(1)})],
        },
      },
      {
        name: 'cyd',
        server: {mode: 'oathToken', oathTokens: [token('T-1', {secret: seed(2), timeInterval: 30})]},
      },
      {
        name: 'dot',
        server: {
          phone: phone('4255550103', '22'),
          oathTokens: [token('T-2', {secret: seed(3), timeInterval: 60, model: 'CT-2'})],
        },
      },
      {name: 'eve', server: {phone: phone('4255550104'), oathTokens: [token('T-3', {secret: seed(4)})]}},
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
  at.tenant.addToken(inventoryToken('T-3'), seed(9))
  return at
}

async function undisturbed(lagReads: number): Promise<{readonly at: World; readonly steps: number}> {
  const at = people(lagReads)
  const kill = killAt(at, Number.MAX_SAFE_INTEGER)
  const report = await run(at, {deps: {journal: kill.journal}})
  expect(report.results.summary).toMatchObject({users: 6, migrated: 5, partly: 1})
  return {at, steps: kill.steps()}
}

/** Everything that has to be the same, whatever happened on the way. */
async function endOf(at: World) {
  const memory = await at.journal.memory(at.tenant.id, NAMES.map(idOf))
  const partly = [...at.store.results.values()].filter(({outcome}) => outcome === 'partly')
  return {
    tenant: at.tenant.state(),
    made: MADE.map((verb) => at.tenant.changed(verb).toSorted()),
    statuses: [...new Set([...at.store.runs.values()].map(({status}) => status))],
    unsettled: [...memory.values()].flatMap((one): readonly ActionRecord[] => one.unsettled),
    proven: [...memory].flatMap(([user, {migrated}]) => (migrated === undefined ? [] : [user])),
    partly: [...new Set(partly.map(({user}) => user))],
  }
}

const MADE = ['createToken', 'setPhone', 'updateToken', 'setDefault'] as const

test.each([
  ['at once', 0],
  ['after two reads', 2],
])(
  'killed at any step, the same command ends as an undisturbed run: changes show %s',
  async (_, lagReads) => {
    const whole = await undisturbed(lagReads)
    const end = await endOf(whole.at)
    expect(end).toMatchObject({
      statuses: ['finished'],
      proven: NAMES.filter((name) => name !== 'eve').map(idOf),
    })
    expect(whole.steps).toBeGreaterThan(150)
    for (let nth = 1; nth <= whole.steps; nth++) {
      const at = people(lagReads)
      const kill = killAt(at, nth)
      await expect(run(at, {deps: {journal: kill.journal}})).rejects.toThrow('killed')
      kill.revive()
      const begun = [...at.store.runs.values()].map(({id, status}) => ({id, isOpen: status === 'open'}))
      const report = await run(at)
      const goesOn = begun.some(({isOpen}) => isOpen)
      const first = begun[0]?.id ?? report.run
      expect({
        nth,
        ...(await endOf(at)),
        stop: report.stop,
        resumed: report.resumed,
        sameRun: report.run === first,
      }).toEqual({nth, ...end, stop: undefined, resumed: goesOn, sameRun: goesOn || begun.length === 0})
    }
  },
)

test('the before-image of a resumed run is of before its first change', async () => {
  const {steps} = await undisturbed(0)
  const fresh = people()
  for (let nth = 1; nth <= steps; nth += 3) {
    const at = people()
    const kill = killAt(at, nth)
    await expect(run(at, {deps: {journal: kill.journal}})).rejects.toThrow('killed')
    kill.revive()
    await run(at)
    const [first] = at.store.runs.keys()
    const images = await Promise.all(
      NAMES.map((name) => at.journal.beforeImageOf((first ?? '') as RunId, idOf(name))),
    )
    expect(images).toEqual(NAMES.map((name) => fresh.tenant.methodsOf(idOf(name))))
  }
})

test('a result of the part before the interruption stays', async () => {
  const {steps} = await undisturbed(0)
  const at = people()
  const kill = killAt(at, steps - 1)
  await expect(run(at, {deps: {journal: kill.journal}})).rejects.toThrow('killed')
  kill.revive()
  const report = await run(at)
  expect(report.resumed).toBe(true)
  expect(resultOf(report, 'ann')).toMatchObject({
    outcome: 'migrated',
    findings: expect.arrayContaining([expect.objectContaining({code: 'sms-sign-in-disabled'})]),
  })
  const kept = [...at.store.results.values()].find(({user}) => user === idOf('ann'))
  expect(kept).toMatchObject({outcome: 'migrated'})
  expect(report.results.summary).toMatchObject({users: 6, migrated: 5, partly: 1})
})

test('a killed run that no command goes on with stands as interrupted once another has the tenant', async () => {
  const at = people()
  const kill = killAt(at, 40)
  await expect(run(at, {deps: {journal: kill.journal}})).rejects.toThrow('killed')
  kill.revive()
  const [killed] = [...at.store.runs.values()]
  expect(killed?.status).toBe('open')
  const other = await run(at, {options: {phones: 'keep'}})
  expect(other.run).not.toBe(killed?.id)
  expect((await at.journal.run(killed?.id ?? ''))?.status).toBe('interrupted')
  const again = await run(at)
  expect([again.resumed, again.run]).toEqual([true, killed?.id])
})
