import {rm, utimes} from 'node:fs/promises'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test} from 'vitest'

import {backUp} from '../../src/lib/backup/backup.js'
import type {CheckStatus} from '../../src/lib/backup/preflight-check.js'
import {isReady, preflight, type PreflightRequest} from '../../src/lib/backup/preflight.js'
import {FakeUi} from '../fakes/ui.js'
import {type BackupWorld, NEVER, newBackupWorld} from '../helpers/backup-world.js'

let world: BackupWorld
beforeEach(async () => {
  world = await newBackupWorld()
  const past = new Date(world.clock.now().getTime() - 60_000)
  for (const path of ['PhoneFactor.pfdata', 'sub/settings.xml'])
    await utimes(join(world.data, path), past, past)
})
afterEach(() => world.remove())

const YES = {outOfLoadBalancer: true, redistributables: true, secondaries: 2, secondaryLogs: true}
const NOTHING = {
  outOfLoadBalancer: undefined,
  redistributables: undefined,
  secondaries: undefined,
  secondaryLogs: undefined,
}
const look = (changes: Partial<PreflightRequest> = {}, ui = new FakeUi()) =>
  preflight(
    {
      to: world.to,
      maxAgeMs: 24 * 3_600_000,
      data: world.data,
      of: {server: 'mfa1', data: world.data},
      installer: undefined,
      registry: undefined,
      answers: YES,
      ...changes,
    },
    {...world.deps, ui},
  )
const statuses = async (checks: ReturnType<typeof look>): Promise<Readonly<Record<string, CheckStatus>>> =>
  Object.fromEntries((await checks).map(({id, status}) => [id, status]))
const backup = async (changes: Parameters<BackupWorld['request']>[0] = {}) => {
  const installer = await world.file('Setup.exe', 'MZ')
  return backUp(world.request({installer, ...changes}), world.deps, NEVER)
}

test('everything in order: ready', async () => {
  await backup()
  const checks = await look()
  expect(checks.map(({id, status, from}) => `${id} ${status} ${from}`)).toEqual([
    'backup-fresh ok seen',
    'backup-verified ok seen',
    'backup-primary ok seen',
    'installer-kept ok seen',
    'disk-space ok seen',
    'backup-current ok seen',
    'load-balancer ok operator',
    'redistributables ok operator',
    'secondaries ok operator',
  ])
  expect(isReady(checks)).toBe(true)
})

test('no backup blocks, and the way to one is named', async () => {
  const checks = await look()
  expect(checks[0]).toMatchObject({status: 'blocks', fix: `mfa server backup --to ${world.to}`})
  expect(isReady(checks)).toBe(false)
})

test.each<readonly [string, () => Promise<Partial<PreflightRequest>>, string, CheckStatus]>([
  [
    'an old backup',
    async () => {
      world.clock.advance(25 * 3_600_000)
      return {}
    },
    'backup-fresh',
    'blocks',
  ],
  [
    'a backup from the future: one of the clocks is wrong, so its age is not known',
    async () => {
      world.clock.advance(-3_600_000)
      return {}
    },
    'backup-fresh',
    'blocks',
  ],
  [
    'a backup from a machine whose clock is a little ahead',
    async () => {
      world.clock.advance(-60_000)
      return {}
    },
    'backup-fresh',
    'ok',
  ],
  [
    'a damaged backup',
    async () => {
      const {readdir} = await import('node:fs/promises')
      const [name = ''] = await readdir(world.to)
      await rm(join(world.to, name, 'data/PhoneFactor.pfdata'))
      return {}
    },
    'backup-fresh',
    'blocks',
  ],
  [
    'a change after the backup',
    async () => {
      const later = new Date(world.clock.now().getTime() + 60_000)
      await utimes(join(world.data, 'PhoneFactor.pfdata'), later, later)
      return {}
    },
    'backup-current',
    'attention',
  ],
  ['no data folder here', async () => ({data: undefined}), 'disk-space', 'open'],
  [
    'still in the load balancer',
    async () => ({answers: {...YES, outOfLoadBalancer: false}}),
    'load-balancer',
    'blocks',
  ],
  [
    'no redistributables',
    async () => ({answers: {...YES, redistributables: false}}),
    'redistributables',
    'blocks',
  ],
  [
    'secondaries whose logs fill up',
    async () => ({answers: {...YES, secondaryLogs: false}}),
    'secondaries',
    'blocks',
  ],
  [
    'no secondaries',
    async () => ({answers: {...YES, secondaries: 0, secondaryLogs: undefined}}),
    'secondaries',
    'ok',
  ],
  [
    'one of two redistributables in the registry',
    async () => ({
      registry: {data: [], role: 'unknown', version: undefined, redistributables: {x86: false, x64: true}},
    }),
    'redistributables',
    'blocks',
  ],
])('%s', async (_, prepare, id, status) => {
  await backup()
  const changes = await prepare()
  expect((await statuses(look(changes)))[id]).toBe(status)
  expect(isReady(await look(changes))).toBe(status === 'ok' || status === 'attention')
})

test('the backup of another server in the same folder stands for nothing', async () => {
  await backup({server: 'MFA1'})
  world.clock.advance(3 * 3_600_000)
  await backup({server: 'mfa2', role: 'subordinate', allowReplica: true, installer: undefined})
  const fresh = async (changes: Partial<PreflightRequest>) => (await look(changes))[0]
  // The name of a machine has no letter case.
  expect((await fresh({}))?.detail).toMatch(/made 3\.0 hours ago$/)
  expect(await statuses(look())).toMatchObject({'backup-primary': 'ok', 'installer-kept': 'ok'})
  expect(await statuses(look({of: {server: 'mfa2'}}))).toMatchObject({'backup-primary': 'blocks'})
  expect(await fresh({of: {server: 'mfa1', data: '/elsewhere'}})).toMatchObject({
    status: 'blocks',
    detail: `none in ${world.to} is of mfa1, /elsewhere; those are of MFA1, mfa2`,
  })
  const unclear = await look({of: undefined, data: undefined})
  expect(unclear.slice(0, 2).map(({id, status, fix}) => `${id} ${status} ${fix}`)).toEqual([
    'backup-fresh open --server NAME',
    expect.stringMatching(/^installer-kept blocks/),
  ])
})

test('away from the server, backups of one server are enough to know which', async () => {
  await backup({server: 'elsewhere'})
  expect(await statuses(look({of: undefined, data: undefined}))).toMatchObject({'backup-fresh': 'ok'})
})

test('a replica blocks; an unknown role asks for attention', async () => {
  await backup({role: 'subordinate', allowReplica: true})
  expect(await statuses(look())).toMatchObject({'backup-primary': 'blocks'})
  world.clock.advance(2000)
  await backup({role: 'unknown'})
  expect(await statuses(look())).toMatchObject({'backup-primary': 'attention'})
})

test('an installer outside of the backup will do; none, or one that is not there, blocks', async () => {
  await backup({installer: undefined})
  expect(await statuses(look())).toMatchObject({'installer-kept': 'blocks'})
  expect(await statuses(look({installer: join(world.folder, 'no.exe')}))).toMatchObject({
    'installer-kept': 'blocks',
  })
  expect(await statuses(look({installer: await world.file('Other.exe', 'MZ')}))).toMatchObject({
    'installer-kept': 'ok',
  })
})

test('a sealed backup that nobody opened asks for attention', async () => {
  const recipient = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p'
  await backup({seal: {kind: 'recipients', recipients: [recipient]}})
  expect(await statuses(look())).toMatchObject({'backup-opens': 'attention', 'backup-verified': 'ok'})
})

test('a full disk blocks', async () => {
  await backup()
  const store = {
    ...world.store,
    look: async (path: string) => {
      const place = await world.store.look(path)
      return place && {...place, freeBytes: 10}
    },
  }
  world = {...world, deps: {...world.deps, store}}
  expect(await statuses(look())).toMatchObject({'disk-space': 'blocks'})
})

test('what no flag answers is asked at the terminal', async () => {
  await backup()
  const ui = new FakeUi([true, false, '3', true])
  expect(await statuses(look({answers: NOTHING}, ui))).toMatchObject({
    'load-balancer': 'ok',
    redistributables: 'blocks',
    secondaries: 'ok',
  })
  expect(ui.questions).toHaveLength(4)
  await expect(look({answers: NOTHING}, new FakeUi([true, true, 'some']))).rejects.toMatchObject({
    exit: 'usage',
  })
})

test('without a terminal it stays open: each flag is named, and that is not ready', async () => {
  await backup()
  const checks = await look({answers: NOTHING})
  expect(checks.filter(({status}) => status === 'open').map(({fix}) => fix)).toEqual([
    '--out-of-load-balancer yes|no',
    '--redistributables yes|no',
    '--secondaries N',
  ])
  expect(isReady(checks)).toBe(false)
})
