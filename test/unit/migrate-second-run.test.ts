import {describe, expect, test} from 'vitest'
import {device, phone, seed, token} from '../fixtures/users.js'
import {
  allowing,
  type Asked,
  codesOf,
  idOf,
  keyOf,
  resultOf,
  run,
  type World,
  world,
} from '../helpers/migration-world.js'

const people = (): World =>
  allowing(
    world([
      {name: 'ann', server: {phone: phone('4255550100')}},
      {name: 'bob', server: {mode: 'phoneApp', devices: [device('iPhone', {oathSecret: seed(1)})]}},
      {name: 'cyd', server: {mode: 'oathToken', oathTokens: [token('T-1', {secret: seed(2)})]}},
      {name: 'dot', server: null},
    ]),
  )

/** Writes, and users whose methods were asked for, during one more run. */
async function again(at: World, asked: Asked = {}) {
  const writes = at.tenant.writes.length
  const read: string[] = []
  at.tenant.onRead = (verb, ids) => void (verb === 'methods' && read.push(...ids))
  const report = await run(at, asked)
  const written = at.tenant.writes.slice(writes).map(({verb, user}) => `${verb} ${user ?? ''}`)
  return {report, written, read: [...new Set(read)]}
}

test('a second run writes nothing and asks for nobody (U5)', async () => {
  const at = people()
  const first = await run(at)
  expect(first.results.summary).toMatchObject({users: 4, migrated: 3, unmatched: 1})
  const {report, written, read} = await again(at)
  expect(report.results.summary).toMatchObject({users: 4, unchanged: 3, unmatched: 1, migrated: 0})
  expect({written, read}).toEqual({written: [], read: []})
  expect(report.resumed).toBe(false)
})

test('somebody who failed half-way is not unchanged, though the record is again as it was when all was well (U5)', async () => {
  const old = phone('4255550100')
  const at = world([{name: 'ann', server: {phone: old, backupPhone: phone('4255550101')}}])
  await run(at)
  at.clock.advance(60_000)
  at.source.change(keyOf('ann'), {phone: phone('4255550102'), backupPhone: phone('4255550103')})
  at.tenant.onWrite = ({target}, when) => {
    if (when === 'before' && target.startsWith('alternateMobile')) at.tenant.fail('setPhone', 'refuse')
  }
  expect(resultOf(await run(at), 'ann').outcome).toBe('partly')
  at.tenant.onWrite = () => {}
  at.source.change(keyOf('ann'), {phone: old, backupPhone: phone('4255550101')})
  expect(resultOf(await run(at), 'ann').outcome).toBe('migrated')
  expect(
    at.tenant
      .methodsOf(idOf('ann'))
      .phones.map(({number}) => number)
      .toSorted(),
  ).toEqual(['+1 4255550100', '+1 4255550101'])
  expect(resultOf(await run(at), 'ann').outcome).toBe('unchanged')
})

test('no writer is made where nothing is to be written', async () => {
  const at = people()
  await run(at)
  const writer = () => Promise.reject(new Error('no writer wanted'))
  const report = await run(at, {deps: {writer}})
  expect(report.stop).toBeUndefined()
})

test('with --all everybody is asked for and nothing is written', async () => {
  const at = people()
  await run(at)
  const {report, written, read} = await again(at, {request: {all: true}})
  expect(written).toEqual([])
  expect(read.toSorted()).toEqual(['ann', 'bob', 'cyd'].map(idOf))
  expect(report.results.summary).toMatchObject({unchanged: 3})
})

test('other options look at everybody again', async () => {
  const at = people()
  await run(at)
  const {read, written} = await again(at, {options: {phones: 'replace'}})
  expect(read.toSorted()).toEqual(['ann', 'bob', 'cyd'].map(idOf))
  expect(written).toEqual([])
})

test('a changed record is looked at and written alone', async () => {
  const at = people()
  await run(at)
  at.source.change(keyOf('ann'), {phone: phone('4255550177')})
  const {report, read, written} = await again(at)
  expect(read).toEqual([idOf('ann')])
  expect(written).toEqual([`setPhone ${idOf('ann')}`])
  expect(report.results.summary).toMatchObject({migrated: 1, unchanged: 2})
  expect(at.tenant.methodsOf(idOf('ann')).phones).toMatchObject([{number: '+1 4255550177'}])
})

test('a partly failed user is never unchanged', async () => {
  const at = people()
  at.tenant.fail('setDefault', 'refuse', {user: idOf('ann')})
  const first = await run(at)
  expect(resultOf(first, 'ann').outcome).toBe('partly')
  const {report, read, written} = await again(at)
  expect(read).toEqual([idOf('ann')])
  expect(written).toEqual([`setDefault ${idOf('ann')}`])
  expect(resultOf(report, 'ann').outcome).toBe('migrated')
  expect((await again(at)).read).toEqual([])
})

describe('a tenant that shows changes late', () => {
  test('within the budget: migrated, and remembered', async () => {
    const at = people()
    at.tenant.lag = {reads: 0, ms: 9000}
    const report = await run(at)
    expect(report.results.summary).toMatchObject({migrated: 3, partly: 0})
    const {read, written} = await again(at)
    expect({read, written}).toEqual({read: [], written: []})
  })

  test('beyond the budget: in doubt, not remembered, and settled by the next run', async () => {
    const at = people()
    at.tenant.lag = {reads: 0, ms: 30_000}
    const report = await run(at)
    expect(resultOf(report, 'ann').outcome).toBe('partly')
    expect(codesOf(resultOf(report, 'ann'))).toContain('in-doubt')
    expect(resultOf(report, 'ann').actions.map(({outcome}) => outcome)).toEqual(['done', 'done'])
    expect((await at.journal.memory(at.tenant.id, [idOf('ann')])).get(idOf('ann'))?.migrated).toBeUndefined()
    at.clock.advance(60_000)
    const next = await again(at)
    expect(next.written).toEqual([])
    expect(next.report.results.summary).toMatchObject({unchanged: 3})
    expect((await again(at)).read).toEqual([])
  })

  test('a budget in reads instead of time', async () => {
    const at = people()
    at.tenant.lag = {reads: 3, ms: 0}
    const report = await run(at)
    expect(report.results.summary).toMatchObject({migrated: 3})
  })
})

test('a dry run writes nothing, and nothing that could write is within its reach', async () => {
  const at = people()
  let reached: readonly string[] = []
  const {journal} = at
  const watched = new Proxy(at.source, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const report = await run(at, {
    input: {dryRun: true, preview: async (collected) => void (reached = Object.keys(collected))},
    deps: {source: watched, journal, writer: () => Promise.reject(new Error('a dry run asked for a writer'))},
  })
  expect(at.tenant.writes).toEqual([])
  expect(reached).not.toContain('writer')
  expect(report).toMatchObject({run: null, dryRun: true, resumed: false, stop: undefined})
  expect(report.results.summary).toMatchObject({users: 4, migrated: 3, unmatched: 1})
  expect(resultOf(report, 'ann').actions.map(({outcome}) => outcome)).toEqual(['planned', 'planned'])
  expect(await journal.runs()).toEqual([])
  expect(await journal.locks()).toEqual([])
})
