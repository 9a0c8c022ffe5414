import {afterEach, expect, test} from 'vitest'

import {notInTenant, recordedIn, unsettledIn} from './checks.js'
import {undisturbedRun} from './ordeal.js'
import {randomFrom} from './random.js'
import {MIGRATE, newWorld, stateOf, UNPACED, type World} from './world.js'

const USERS = 40
const ROUNDS = 6

let world: World | undefined
afterEach(async () => {
  await world?.stop()
})

test('two processes at once: one works, the other is told whose turn it is; nothing is written twice', async () => {
  const undisturbed = await undisturbedRun(USERS)
  world = await newWorld({users: USERS, faults: {delay: 5, lost: 0.03, consistency: 500, seed: 5}})
  const random = randomFrom(5)
  const args = [...MIGRATE, ...UNPACED, '--consistency', '2']
  const codes: (number | null)[] = []
  const told: unknown[] = []
  for (let round = 0; round < ROUNDS; round++) {
    // Whichever of the two holds the lock may be the one that is killed.
    const [one, other] = await Promise.all([
      world.runAndKill(args, {of: 'writes', after: random.upTo(30)}),
      world.run(args),
    ])
    codes.push(one.code, other.code)
    told.push(...[one, other].filter(({code}) => code === 5).map((ended) => ended.json()['error']))
  }
  expect(codes.every((code) => code === null || code === 0 || code === 5)).toBe(true)
  expect(codes).toContain(5)
  expect(told).toEqual(told.map(() => expect.objectContaining({code: 'LOCKED'})))
  const last = await world.run(args)
  expect({code: last.code, err: last.stderr}).toEqual({code: 0, err: last.stderr})
  expect(stateOf(world.sandbox.dump())).toEqual(undisturbed.state)
  expect(world.watcher.twice()).toEqual([])
  const recorded = await recordedIn(world.place.state)
  expect(unsettledIn(recorded)).toEqual([])
  expect(notInTenant(recorded, world.sandbox.dump())).toEqual([])
})
