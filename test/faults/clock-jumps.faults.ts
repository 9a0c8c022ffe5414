import {fileURLToPath} from 'node:url'
import {afterEach, expect, test} from 'vitest'

import {notInTenant, recordedIn, unsettledIn} from './checks.js'
import {expectNothingLeft, undisturbedRun} from './ordeal.js'
import {randomFrom} from './random.js'
import {MIGRATE, newWorld, stateOf, UNPACED, type World} from './world.js'

const USERS = 60
const KILLS = 8
const TEN_MINUTES = 600_000
const JUMPING = {
  NODE_OPTIONS: `--import ${fileURLToPath(new URL('jumping-clock.mjs', import.meta.url))}`,
}

let world: World | undefined
afterEach(async () => {
  await world?.stop()
})

test.for([
  {name: 'the clock of this machine', jumps: JUMPING, service: 0},
  {name: 'the clock of the service, ten minutes ahead', jumps: {}, service: TEN_MINUTES},
  {name: 'the clock of the service, ten minutes behind', jumps: {}, service: -TEN_MINUTES},
  {name: 'both clocks', jumps: JUMPING, service: 'jumps' as const},
])('$name is wrong: locks hold, codes fit, the end is the same', async ({jumps, service}) => {
  const undisturbed = await undisturbedRun(USERS)
  const from = performance.now()
  const ahead = (): number =>
    (service === 'jumps'
      ? [0, TEN_MINUTES, -TEN_MINUTES][Math.floor((performance.now() - from) / 3000) % 3]
      : service) ?? 0
  world = await newWorld({
    users: USERS,
    faults: {delay: 2, lost: 0.03, consistency: 500, seed: 7},
    now: () => new Date(Date.now() + ahead()),
  })
  const random = randomFrom(7)
  const args = [...MIGRATE, ...UNPACED, '--consistency', '3']
  for (let kill = 0; kill < KILLS; kill++) {
    const [first, second] = await Promise.all([
      world.runAndKill(args, {of: 'writes', after: random.upTo(35)}, {env: jumps}),
      world.run(args, jumps),
    ])
    for (const {code, stdout, stderr} of [first, second])
      expect([null, 0, 5], `${stdout}${stderr}`).toContain(code)
  }
  const last = await world.run(args, jumps)
  expect({code: last.code, err: last.stderr, out: last.stdout}).toEqual({
    code: 0,
    err: last.stderr,
    out: last.stdout,
  })
  expect(stateOf(world.sandbox.dump())).toEqual(undisturbed.state)
  expect(world.watcher.twice()).toEqual([])
  const recorded = await recordedIn(world.place.state)
  expect(unsettledIn(recorded)).toEqual([])
  expect(notInTenant(recorded, world.sandbox.dump())).toEqual([])
  await expectNothingLeft(world, args, jumps)
})
