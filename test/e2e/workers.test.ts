import {afterEach, describe, expect, it} from 'vitest'

import type {SeenOperation} from '../../src/lib/sandbox/engine.js'
import {Watcher} from '../faults/watcher.js'
import {CREW_GROUP, crewWorld, type CrewWorld, mostWithin, until} from '../helpers/crew.js'
import type {RunningMfa} from '../helpers/mfa.js'
import {hasPostgres} from '../helpers/postgres.js'

const USERS = 500
/** Writes in so many seconds, for both machines together. */
const QUOTA = {count: 400, seconds: 5}

let world: CrewWorld | undefined
const running: RunningMfa[] = []
afterEach(async () => {
  for (const one of running.splice(0)) {
    one.process.kill('SIGKILL')
    const {stderr, stdout} = await one.ended
    if (process.env['MFA_CREW_TRACE'] !== undefined)
      process.stderr.write(`--- ${one.process.pid}\n${stderr}${stdout}`)
  }
  await world?.stop()
})

describe.skipIf(!hasPostgres)('two machines that synchronise', () => {
  it('survive the death of the leader and a restart of PostgreSQL; nothing is lost or written twice', async () => {
    const watcher = new Watcher()
    const writes: number[] = []
    const onOperation = (seen: SeenOperation): void => {
      watcher.onOperation(seen)
      if (seen.writes) writes.push(performance.now())
    }
    const args = [
      '--interval',
      '3s',
      '--consistency',
      '5',
      '--write-quota',
      `${QUOTA.count}/${QUOTA.seconds}`,
    ]
    const at = await crewWorld({users: USERS, args, onOperation, faults: {delay: 2}, timeout: 170_000})
    world = at
    running.push(at.start(), at.start())
    const written = (): number => watcher.figures().written
    const both = running.map(({process}) => process.pid ?? 0).toSorted()
    const before = await until('two workers and a leader', 15, async () => {
      const status = await at.status()
      return status.workers.length === 2 && status.leader !== null ? status : undefined
    })
    expect(before.workers.map(({pid}) => pid).toSorted()).toEqual(both)
    await until('writes', 60, () => (written() > 60 ? true : undefined))
    const leader = running.find(({process}) => process.pid === before.leader?.pid)
    expect(leader).toBeDefined()
    leader?.process.kill('SIGKILL')
    await leader?.ended
    const killedAt = written()
    const next = await until('another leader', 60, async () => {
      const {leader: now} = await at.status()
      return now !== null && now.pid !== before.leader?.pid ? now : undefined
    })
    expect(running.map(({process}) => process.pid)).toContain(next.pid)
    // Somebody takes the place of the dead.
    running.push(at.start())
    await until('more writes', 60, () => (written() > killedAt + 60 ? true : undefined))
    at.postgres.restart()
    await until('everybody in step', 90, () => (at.behind() === 0 ? true : undefined))
    await at.change([1, 2, 3, 400])
    await until('those who changed in step', 60, () => (at.behind() === 0 ? true : undefined))
    const alive = running.filter(({process}) => process.exitCode === null && process.signalCode === null)
    expect(alive).toHaveLength(2)
    for (const {process} of alive) process.kill('SIGTERM')
    for (const {ended} of alive) expect((await ended).code).toBe(0)
    expect(watcher.twice()).toEqual([])
    expect(mostWithin(writes, QUOTA.seconds * 1000)).toBeLessThanOrEqual(QUOTA.count)
    const bundle = ['--source', 'bundle'] as const
    const verified = await at.mfa(['verify', ...CREW_GROUP, ...bundle, '--json'])
    expect(verified.code, verified.stderr + verified.stdout).toBe(0)
  }, 180_000)
})
