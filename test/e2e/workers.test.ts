import {afterEach, describe, expect, it} from 'vitest'

import type {SeenOperation} from '../../src/lib/sandbox/engine.js'
import {Watcher} from '../faults/watcher.js'
import {CREW_GROUP, crewWorld, type CrewWorld, mostWithin, until} from '../helpers/crew.js'
import {CONTOSO, newPlace, type RunningMfa} from '../helpers/mfa.js'
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
  world = undefined
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
    const both = running.map(({process}) => process.pid ?? 0).toSorted((a, b) => a - b)
    const before = await until('two workers and a leader', 15, async () => {
      const status = await at.status()
      return status.workers.length === 2 && status.leader !== null ? status : undefined
    })
    expect(before.workers.map(({pid}) => pid).toSorted((a, b) => a - b)).toEqual(both)
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

  it('help a manual migration with --workers shared', async () => {
    const watcher = new Watcher()
    const args = ['--interval', '1h', '--consistency', '5', '--write-quota', 'none']
    const at = await crewWorld({users: 120, args, onOperation: watcher.onOperation, timeout: 120_000})
    world = at
    const helper = at.start()
    running.push(helper)
    await helper.untilStdout(/round 1: 120 users/)
    const before = watcher.figures().written
    await at.change(Array.from({length: 120}, (_, user) => user))
    const migrate = [
      'migrate',
      ...CREW_GROUP,
      '--source',
      'bundle',
      '--consistency',
      '5',
      '--write-quota',
      'none',
    ]
    const {code, stderr, json} = await at.mfa([...migrate, '--workers', 'shared', '--yes', '--json'])
    expect(code, stderr).toBe(0)
    const result = json() as unknown as {readonly users: readonly {readonly actions: readonly unknown[]}[]}
    expect(result).toMatchObject({summary: {users: 120, migrated: 120, actions: {done: 120}}})
    expect(result.users.every(({actions}) => actions.length === 1)).toBe(true)
    expect(at.behind()).toBe(0)
    expect(watcher.figures().written - before).toBe(120)
    const {stdout} = await at.mfa(['sync', 'status'])
    expect(stdout).toMatch(/1 worker; .*; 0 users handed out and not settled yet/)
    expect(stdout).toMatch(/mfa sync run leads on .* \(process \d+\)/)
    const plan = await at.mfa(['migrate', '--plan', 'plan.json', '--source', 'bundle', '--workers', 'shared'])
    expect({code: plan.code, stderr: plan.stderr}).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('--workers shared does not go with --plan'),
    })
    const undone = await at.mfa(['undo', 'last', '--yes', '--json', '--write-quota', 'none'])
    expect(undone.json(), undone.stderr).toMatchObject({summary: {users: 120, undone: 120}})
    expect(at.behind()).toBe(120)
    helper.process.kill('SIGTERM')
    expect(await helper.ended).toMatchObject({code: 0, stderr: expect.stringContaining('worked off here:')})
  }, 120_000)
})

it('needs a state that machines share', async () => {
  const place = await newPlace({MFA_TENANT_ID: 'sandbox', MFA_SOURCE: CONTOSO})
  try {
    const {code, stderr} = await place.mfa([
      'migrate',
      '--group',
      'MFA pilot',
      '--workers',
      'shared',
      '--yes',
    ])
    expect(code).toBe(64)
    expect(stderr).toContain('workers need a state that machines share')
  } finally {
    await place.remove()
  }
})
