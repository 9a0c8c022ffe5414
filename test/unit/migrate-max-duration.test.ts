import {expect, test} from 'vitest'
import {phone} from '../fixtures/users.js'
import {allowing, run, world} from '../helpers/migration-world.js'

test('when its time is over a run begins nobody new, lets the others finish, and the same command goes on', async () => {
  const people = Array.from({length: 200}, (_, index) => ({
    name: `user${String(index).padStart(3, '0')}`,
    server: {phone: phone(`425555${String(index).padStart(4, '0')}`)},
  }))
  const at = allowing(world(people))
  at.tenant.onWrite = (_write, when) => {
    if (when === 'after') at.clock.advance(1000)
  }
  const first = await run(at, {input: {maxDurationMs: 60_000}})
  expect(first.stop?.error).toMatchObject({code: 'MAX_DURATION', exit: 'unavailable'})
  const {migrated, partly, failed, users, actions} = first.results.summary
  expect(migrated).toBeGreaterThan(0)
  expect(migrated).toBeLessThan(200)
  expect({partly, failed, unknown: actions.unknown, all: users}).toEqual({
    partly: 0,
    failed: 0,
    unknown: 0,
    all: migrated,
  })
  expect((await at.journal.run(first.run ?? ''))?.status).toBe('interrupted')

  const written = at.tenant.writes.length
  const second = await run(at)
  expect(second.stop).toBeUndefined()
  expect(second).toMatchObject({run: first.run, resumed: true})
  expect(second.results.summary).toMatchObject({users: 200, partly: 0, failed: 0})
  expect(second.results.summary.actions.done).toBe(at.tenant.writes.length - written)
  const twice = at.tenant.writes.map(({verb, user}) => `${verb} ${user ?? ''}`)
  expect(new Set(twice).size).toBe(twice.length)
})
