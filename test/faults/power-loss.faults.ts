import {appendFileSync, cpSync, existsSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterEach, expect, test} from 'vitest'

import {notInTenant, recordedIn, unsettledIn} from './checks.js'
import {expectNothingLeft, undisturbedRun} from './ordeal.js'
import {randomFrom} from './random.js'
import {MIGRATE, newWorld, stateOf, UNPACED, type World} from './world.js'

const USERS = 150
const LOSSES = 12

let world: World | undefined
afterEach(async () => {
  await world?.stop()
})

/** A disk as it is left when the power goes: what was written until now, with a torn page behind it, and nothing later. */
function copyAndKill(pid: number, from: string, to: string): void {
  process.kill(pid, 'SIGSTOP')
  while (!/\) [Tt] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1')));
  // What is in shared memory alone is gone.
  cpSync(from, to, {recursive: true, filter: (path) => !path.endsWith('-shm')})
  process.kill(pid, 'SIGKILL')
  const wal = join(to, 'state.db-wal')
  if (existsSync(wal)) appendFileSync(wal, Buffer.alloc(1500, 0x5a))
}

test.runIf(process.platform === 'linux')(
  'power loss at any moment: a copy of the state folder goes on to the same end',
  async () => {
    const undisturbed = await undisturbedRun(USERS)
    world = await newWorld({users: USERS, faults: {delay: 2, lost: 0.03, consistency: 1000, seed: 6}})
    const random = randomFrom(6)
    const args = [...MIGRATE, ...UNPACED, '--consistency', '2']
    let state = join(world.place.folder, 'state-0')
    for (let loss = 1; loss <= LOSSES; loss++) {
      const next = join(world.place.folder, `state-${loss}`)
      const from = state
      const trigger = {of: 'writes', after: random.upTo(25)} as const
      const {killed, code, stderr} = await world.runAndKill(args, trigger, {
        laterMs: random.upTo(20),
        env: {MFA_STATE: from},
        instead: (pid) => copyAndKill(pid, from, next),
      })
      expect({killed, code, stderr}).toEqual({killed: true, code: null, stderr})
      state = next
    }
    const env = {MFA_STATE: state}
    const last = await world.run(args, env)
    expect({code: last.code, err: last.stderr}).toEqual({code: 0, err: last.stderr})
    expect(stateOf(world.sandbox.dump())).toEqual(undisturbed.state)
    expect(world.watcher.twice()).toEqual([])
    const recorded = await recordedIn(state)
    expect(recorded.runs.map(({status}) => status)).toEqual(['finished'])
    expect(unsettledIn(recorded)).toEqual([])
    expect(notInTenant(recorded, world.sandbox.dump())).toEqual([])
    await expectNothingLeft(world, args, env)
  },
)
