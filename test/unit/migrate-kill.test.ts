import {describe, expect, test} from 'vitest'
import type {ActionRecord} from '../../src/lib/ports/journal.js'
import {device, entraPhone, inventoryToken, phone, seed, token} from '../fixtures/users.js'
import {killAt} from '../helpers/kill-switch.js'
import {idOf, resultOf, run, type World, world} from '../helpers/migration-world.js'

const NAMES = ['ann', 'bob', 'cyd', 'dot', 'eve', 'fay']
const EVERYBODY_BUT_EVE = NAMES.filter((name) => name !== 'eve')

/** Between them: every kind of action, P9, and an activation that is refused. */
function people(lagReads = 0): World {
  const at = world([
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
  ])
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

const runsOf = (at: World) => [...at.store.runs.values()]

describe.each([
  ['at once', 0],
  ['after two reads', 2],
])('a tenant that shows changes %s', (_, lagReads) => {
  test('killed at any step, the same command ends where an undisturbed run ends', async () => {
    const whole = await undisturbed(lagReads)
    expect(whole.steps).toBeGreaterThan(150)
    for (let nth = 1; nth <= whole.steps; nth++) {
      const at = people(lagReads)
      const kill = killAt(at, nth)
      await expect(run(at, {deps: {journal: kill.journal}}), `step ${nth}`).rejects.toThrow('killed')
      kill.revive()
      const [begun] = runsOf(at)
      const ended = begun === undefined || begun.status !== 'open'

      const report = await run(at)
      const where = `killed at step ${nth} of ${whole.steps}`
      expect(report.stop, where).toBeUndefined()
      expect(at.tenant.state(), where).toEqual(whole.at.tenant.state())
      if (!ended)
        expect({resumed: report.resumed, run: report.run}, where).toEqual({resumed: true, run: begun.id})
      expect(
        runsOf(at).map(({status}) => status),
        where,
      ).not.toContain('open')
      expect(runsOf(at).at(-1)?.status, where).toBe('finished')
      expect(resultOf(report, 'eve').outcome, where).toBe('partly')

      for (const verb of ['createToken', 'setPhone', 'updateToken'] as const) {
        expect(at.tenant.changed(verb).toSorted(), where).toEqual(whole.at.tenant.changed(verb).toSorted())
      }
      const memory = await at.journal.memory(at.tenant.id, NAMES.map(idOf))
      const unsettled = [...memory.values()].flatMap((one): readonly ActionRecord[] => one.unsettled)
      expect(unsettled, where).toEqual([])
      for (const name of EVERYBODY_BUT_EVE) {
        expect(memory.get(idOf(name))?.migrated, `${where}: ${name}`).toBeDefined()
        const {outcome} = resultOf(report, name)
        expect(['migrated', 'unchanged'], where).toContain(outcome)
      }
    }
  })
})

test('the before-image of a resumed run is of before its first change', async () => {
  const {steps} = await undisturbed(0)
  for (let nth = 1; nth <= steps; nth += 3) {
    const at = people()
    const kill = killAt(at, nth)
    await expect(run(at, {deps: {journal: kill.journal}})).rejects.toThrow('killed')
    kill.revive()
    const report = await run(at)
    const id = report.run
    if (id === null || !report.resumed) continue
    for (const name of NAMES) {
      const image = await at.journal.beforeImageOf(id, idOf(name))
      expect(image?.phones ?? []).toEqual(
        name === 'fay' && image !== undefined ? people().tenant.methodsOf(idOf(name)).phones : [],
      )
      expect(image?.hardwareOath ?? []).toEqual([])
    }
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
