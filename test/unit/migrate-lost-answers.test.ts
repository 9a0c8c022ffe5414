import {describe, expect, test} from 'vitest'
import {MfaError} from '../../src/lib/errors/mfa-error.js'
import type {ActionRecord} from '../../src/lib/ports/journal.js'
import type {Journal} from '../../src/lib/ports/journal.js'
import type {WriteVerb} from '../fakes/fake-tenant.js'
import {inventoryToken, phone, seed, token} from '../fixtures/users.js'
import {allowing, codesOf, idOf, resultOf, run, type World, world} from '../helpers/migration-world.js'

const JO = idOf('jo')

/** One user with a write of every kind that is ever planned, and P9. */
function jo(): World {
  const at = allowing(
    world([
      {
        name: 'jo',
        server: {
          phone: phone('4255550100'),
          backupPhone: phone('4255550101'),
          oathTokens: [token('T-1', {secret: seed(1)}), token('T-2', {secret: seed(2), model: 'CT-2'})],
        },
      },
    ]),
  )
  at.tenant.smsSignInByItself = true
  at.tenant.addToken(inventoryToken('T-2'), seed(2))
  return at
}

async function records(at: World): Promise<readonly ActionRecord[]> {
  const out: ActionRecord[] = []
  for (const {id} of await at.journal.runs())
    for await (const record of at.journal.actions(id)) out.push(record)
  return out
}

const WRITES: readonly WriteVerb[] = [
  'setPhone',
  'createToken',
  'updateToken',
  'assignToken',
  'activateToken',
  'setDefault',
  'disableSmsSignIn',
]

describe.each(WRITES)('%s', (verb) => {
  test('lost after it happened: seen when read back, not sent again', async () => {
    const plain = jo()
    await run(plain)
    const at = jo()
    at.tenant.fail(verb, 'lost-after')
    const report = await run(at)
    expect(resultOf(report, 'jo').outcome).toBe('migrated')
    expect(at.tenant.writes).toEqual(plain.tenant.writes)
    expect(at.tenant.state()).toEqual(plain.tenant.state())
    expect((await records(at)).map(({outcome}) => outcome?.status)).not.toContain('unknown')
  })

  test('lost before it happened: sent again, twice at most, each time after reading back', async () => {
    for (const [times, outcome] of [
      [1, 'migrated'],
      [2, 'migrated'],
      [3, 'partly'],
    ] as const) {
      const plain = jo()
      await run(plain)
      const at = jo()
      at.tenant.fail(verb, 'lost-before', {times})
      const log: string[] = []
      const plan = plain.tenant.writes.find((call) => call.verb === verb)
      const name = `${verb} ${plan?.target}`
      at.tenant.onRead = (read) => void (read === 'methods' && log.push('read'))
      at.tenant.onWrite = (call, when) => void (when === 'before' && log.push(`${call.verb} ${call.target}`))
      const report = await run(at)
      expect(resultOf(report, 'jo').outcome).toBe(outcome)
      const blind = log.filter((line, index) => line === name && log[index + 1] === name)
      expect(blind).toEqual([])
      expect(log.filter((line) => line === name)).toHaveLength(Math.min(3, times + 1))
      const unknown = (await records(at)).filter(({outcome: known}) => known?.status === 'unknown')
      expect(unknown).toHaveLength(times < 3 ? 0 : 1)
      // What nobody knows is settled by the next run.
      at.clock.advance(60_000)
      const next = await run(at)
      expect(['migrated', 'unchanged']).toContain(resultOf(next, 'jo').outcome)
      expect(at.tenant.state()).toEqual(plain.tenant.state())
      expect((await at.journal.memory(at.tenant.id, [JO])).get(JO)?.unsettled).toEqual([])
    }
  })

  test('lost, happened, and shown too late for reading back: no second one of it', async () => {
    const at = jo()
    at.tenant.lag = {reads: 0, ms: 25_000}
    at.tenant.fail(verb, 'lost-after')
    await run(at)
    at.clock.advance(60_000)
    at.tenant.lag = {reads: 0, ms: 0}
    await run(at)
    const plain = jo()
    await run(plain)
    expect(at.tenant.state()).toEqual(plain.tenant.state())
    expect(at.tenant.changed('createToken')).toEqual(plain.tenant.changed('createToken'))
  })
})

test('an unassigning that is lost is read back too', async () => {
  for (const fault of ['lost-after', 'lost-before'] as const) {
    const at = allowing(world([{name: 'jo', server: {oathTokens: [token('T-1', {secret: seed(1)})]}}]))
    at.tenant.addToken(inventoryToken('T-1'), seed(9))
    at.tenant.fail('unassignToken', fault)
    const report = await run(at)
    expect(at.tenant.inventory).toMatchObject([{status: 'available', assignedTo: undefined}])
    expect(codesOf(resultOf(report, 'jo'))).toContain('activation-refused')
  }
})

test('the ids of a token are on record also where they had to be read back', async () => {
  const at = jo()
  at.tenant.fail('createToken', 'lost-after')
  at.tenant.fail('assignToken', 'lost-after', {times: 2})
  await run(at)
  const made = (await records(at)).filter(({made: ids}) => ids !== undefined && Object.keys(ids).length > 0)
  const T1 = at.tenant.inventory.find(({serialNumber}) => serialNumber === 'T-1')
  const rows = made.map(({intent, made: ids}) => [intent['serialNumber'], intent['kind'], ids])
  expect(rows.toSorted((a, b) => (String(a) < String(b) ? -1 : 1))).toEqual([
    ['T-1', 'assign-token', {methodId: `method-${T1?.id}`}],
    ['T-1', 'create-token', {deviceId: T1?.id}],
    ['T-2', 'assign-token', {methodId: 'method-device-T-2'}],
  ])
})

test('rights that go missing while reading back say nothing about the write', async () => {
  const at = jo()
  at.tenant.fail('setPhone', 'lost-after')
  at.tenant.onRead = (verb) => {
    if (verb === 'methods' && at.tenant.writes.length > 0)
      throw new MfaError('SIGNED_OUT', 'signed out', {exit: 'auth'})
  }
  const report = await run(at)
  expect(report.stop?.error).toMatchObject({exit: 'auth'})
  expect((await records(at)).map(({outcome}) => outcome?.status)).toEqual(['unknown'])
})

test('rights that are missing for the write itself: it did not happen', async () => {
  const at = jo()
  at.tenant.fail('setPhone', new MfaError('FORBIDDEN', 'no permission', {exit: 'auth'}))
  const report = await run(at)
  expect(report.stop?.error).toMatchObject({exit: 'auth'})
  expect((await records(at)).map(({outcome}) => outcome?.status)).toEqual(['failed'])
  expect((await at.journal.runs())[0]?.status).toBe('stopped')
})

test('a service that gives up on a write leaves it in doubt, until the next run has looked', async () => {
  const at = jo()
  at.tenant.fail('setPhone', new MfaError('THROTTLED', 'later', {exit: 'unavailable'}))
  const report = await run(at)
  expect(report.stop?.error).toMatchObject({exit: 'unavailable'})
  expect((await records(at)).map(({outcome}) => outcome?.status)).toEqual(['unknown'])
  expect(resultOf(await run(at), 'jo').outcome).toBe('migrated')
})

test('intent before the request, outcome after it, for every action (R1)', async () => {
  const at = jo()
  const log: string[] = []
  const journal = new Proxy(at.journal, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      if (name !== 'intent' && name !== 'outcome' && name !== 'beforeImage') return value.bind(target)
      return async (...args: Parameters<Journal['outcome']> | Parameters<Journal['intent']>) => {
        await Reflect.apply(value, target, args)
        log.push(name)
      }
    },
  })
  at.tenant.onWrite = (_, when) => void log.push(when)
  await run(at, {deps: {journal}})
  const writes = (log.length - 1) / 4
  expect(writes).toBe(at.tenant.changes.length)
  expect(log).toEqual([
    'beforeImage',
    ...Array.from({length: writes}, () => ['intent', 'before', 'after', 'outcome']).flat(),
  ])
  const kinds = (await records(at)).map(({intent}) => intent['kind'])
  expect(new Set(kinds).size).toBe(7)
})
