import {describe, expect, test} from 'vitest'
import {openPlan} from '../../src/lib/migration/plan-file.js'
import {requestOf as requestOfPlan} from '../../src/lib/migration/migrate.js'
import {phone} from '../fixtures/users.js'
import {allowing, codesOf, idOf, resultOf, run, type World, world} from '../helpers/migration-world.js'

const people = (): World =>
  allowing(
    world([
      {name: 'ann', server: {phone: phone('4255550100')}},
      {name: 'bob', server: {phone: phone('4255550101')}},
    ]),
  )

/** Somebody adds a number of their own. */
const ownNumber = (at: World): void =>
  at.tenant.change(idOf('ann'), () => ({
    phones: [{id: 'm', slot: 'mobile', number: '+1 4255550199', createdDateTime: '2026-03-01T08:59:00Z'}],
  }))

/** The question is answered so much later; meanwhile Ann adds her own number. */
const answeredAfter = (at: World, ms: number) => ({
  preview: async () => {
    at.clock.advance(ms)
    ownNumber(at)
  },
})

const mobileOf = (at: World, name: string) =>
  at.tenant.methodsOf(idOf(name)).phones.find(({slot}) => slot === 'mobile')?.number

describe('what was read long before it is written upon', () => {
  test('is read again, and planned on what is there now (R3, P6)', async () => {
    const at = people()
    const report = await run(at, {input: answeredAfter(at, 10 * 60_000)})
    expect(report.stop).toBeUndefined()
    expect([mobileOf(at, 'ann'), mobileOf(at, 'bob')]).toEqual(['+1 4255550199', '+1 4255550101'])
    expect(codesOf(resultOf(report, 'ann'))).toContain('phone-kept')
    expect(resultOf(report, 'bob').outcome).toBe('migrated')
  })

  test('is the before-image of then, not of the beginning', async () => {
    const at = people()
    const report = await run(at, {
      options: {phones: 'replace'},
      input: answeredAfter(at, 10 * 60_000),
    })
    expect(mobileOf(at, 'ann')).toBe('+1 4255550100')
    const image = await at.journal.beforeImageOf(report.run!, idOf('ann'))
    expect(image?.phones.map(({number}) => number)).toEqual(['+1 4255550199'])
  })

  test('is not read again in a run of a minute: the service refuses what is taken', async () => {
    const at = people()
    const reads = at.tenant.count('methods')
    const report = await run(at, {input: answeredAfter(at, 60_000)})
    expect(mobileOf(at, 'ann')).toBe('+1 4255550199')
    expect(resultOf(report, 'ann').outcome).not.toBe('migrated')
    expect(at.tenant.count('methods') - reads).toBeLessThan(6)
  })

  test('is left alone by a saved plan, which is written exactly or not at all (R6)', async () => {
    const at = people()
    await run(at, {input: {dryRun: true, out: 'plan.json'}})
    const {header} = await openPlan('plan.json', at.files)
    const input = {savedPlan: 'plan.json', ...answeredAfter(at, 10 * 60_000)}
    const report = await run(at, {request: requestOfPlan(header, 10_000), input})
    expect(mobileOf(at, 'ann')).toBe('+1 4255550199')
    expect(resultOf(report, 'ann')).toMatchObject({outcome: 'failed', actions: []})
    expect(codesOf(resultOf(report, 'ann'))).toContain('changed-since')
    expect(resultOf(report, 'bob').outcome).toBe('migrated')
  })
})
