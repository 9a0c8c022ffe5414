import {
  appendFile,
  chmod,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test} from 'vitest'

import {backUp} from '../../src/lib/backup/backup.js'
import {restore, type RestorePlan} from '../../src/lib/backup/restore.js'
import {MfaError} from '../../src/lib/errors/mfa-error.js'
import type {BackupStore, ServiceControl} from '../../src/lib/ports/backup-store.js'
import {type BackupWorld, NEVER, newBackupWorld, OWNER, snapshot, storeOf} from '../helpers/backup-world.js'

let world: BackupWorld
let backup: string
beforeEach(async () => {
  world = await newBackupWorld({'PhoneFactor.pfdata': 'then', 'sub/same.txt': 'same', 'gone.txt': 'gone'})
  await mkdir(join(world.data, 'empty'))
  await symlink('nowhere', join(world.data, 'link'))
  await chmod(join(world.data, 'sub/same.txt'), 0o640)
  await utimes(join(world.data, 'PhoneFactor.pfdata'), new Date(), new Date('2026-01-02T03:04:05.678Z'))
  ;({folder: backup} = await backUp(world.request(), world.deps, NEVER))
  world.clock.advance(7_200_000)
})
afterEach(() => world.remove())

/** What the administrator did after the backup. */
async function goOn(): Promise<void> {
  const later = world.clock.now()
  for (const [path, text] of [
    ['PhoneFactor.pfdata', 'now'],
    ['added.txt', 'added'],
  ] as const) {
    await writeFile(join(world.data, path), text)
    await utimes(join(world.data, path), later, later)
  }
  await rm(join(world.data, 'gone.txt'))
}

interface Changes {
  readonly store?: BackupStore
  readonly service?: ServiceControl
  readonly yes?: boolean
  readonly controlService?: boolean
  readonly data?: string
  readonly backup?: string
}
const plans: RestorePlan[] = []
function back({store, service, ...changes}: Changes = {}) {
  plans.length = 0
  const request = {
    backup,
    data: world.data,
    identities: undefined,
    yes: true,
    controlService: false,
    preview: (plan: RestorePlan) => void plans.push(plan),
    ...changes,
  }
  return restore(request, {...world.deps, store: store ?? world.store, service}, NEVER)
}

const contents = (tree: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(tree)
    .filter(([, text]) => !text.startsWith('4'))
    .map(([path, text]) => `${path} ${text}`)

test('the folder is as it was: content, modes, times, links, empty folders; what was there is kept', async () => {
  const then = await snapshot(world.data)
  await goOn()
  const now = await snapshot(world.data)
  const {aside, data} = await back()
  expect(data).toBe(world.data)
  const restored = await snapshot(world.data)
  expect(Object.keys(restored).sort()).toEqual(Object.keys(then).sort())
  for (const path of ['PhoneFactor.pfdata', 'sub/same.txt', 'gone.txt']) {
    const [mode, time, content] = restored[path]?.split(' ') ?? []
    const [modeThen, timeThen, contentThen] = then[path]?.split(' ') ?? []
    expect([path, mode, content]).toEqual([path, modeThen, contentThen])
    // To the millisecond.
    expect(Math.abs(Number(time) - Number(timeThen))).toBeLessThanOrEqual(1e6)
  }
  expect((await stat(join(world.data, 'PhoneFactor.pfdata'))).mtime.toISOString()).toBe(
    '2026-01-02T03:04:05.678Z',
  )
  expect(contents(await snapshot(aside ?? ''))).toEqual(contents(now))
  expect(await readdir(world.folder)).toEqual(['Data', aside?.split('/').at(-1), 'backups'])
})

test('says what will be replaced and what will be lost, before it asks', async () => {
  await goOn()
  await back()
  const [plan] = plans
  expect(plan).toMatchObject({
    same: 1,
    ageMs: expect.closeTo(7_200_000, -4),
    differences: [
      {path: 'PhoneFactor.pfdata', what: 'replaced', lost: true},
      {path: 'added.txt', what: 'set-aside', lost: true},
      {path: 'gone.txt', what: 'comes-back', modified: null, lost: false},
    ],
  })
})

test('links that come back are told before the question: where they lead, the service will write', async () => {
  await back()
  expect(world.ui.warnings.filter((text) => text.startsWith('link comes back'))).toEqual([
    'link comes back as a link to nowhere; what that leads to is not in the backup',
  ])
})

test('a file that differs but is older than the backup is replaced, and not called lost', async () => {
  await writeFile(join(world.data, 'PhoneFactor.pfdata'), 'now')
  await utimes(join(world.data, 'PhoneFactor.pfdata'), new Date(0), new Date(0))
  const {differences} = await back()
  expect(differences).toEqual([
    {path: 'PhoneFactor.pfdata', what: 'replaced', modified: '1970-01-01T00:00:00.000Z', lost: false},
  ])
})

test('no terminal and no --yes: nothing is changed, and the flag is named', async () => {
  await goOn()
  const before = await snapshot(world.folder)
  await expect(back({yes: false})).rejects.toMatchObject({exit: 'usage', fix: 'Give --yes.'})
  expect(await snapshot(world.folder)).toEqual(before)
})

test('a no changes nothing', async () => {
  await goOn()
  const before = await snapshot(world.folder)
  const request = {backup, data: world.data, identities: undefined, yes: false, controlService: false}
  const {FakeUi} = await import('../fakes/ui.js')
  const deps = {...world.deps, ui: new FakeUi([false])}
  await expect(restore({...request, preview: () => {}}, deps, NEVER)).rejects.toMatchObject({
    exit: 'declined',
  })
  expect(await snapshot(world.folder)).toEqual(before)
})

test('a damaged backup is never put in place', async () => {
  await goOn()
  await truncate(join(backup, 'data/gone.txt'), 1)
  const before = await snapshot(world.folder)
  await expect(back()).rejects.toMatchObject({
    exit: 'data',
    message: expect.stringContaining('data/gone.txt'),
  })
  expect(await snapshot(world.folder)).toEqual(before)
})

test('a backup that is damaged while it is read is not put in place', async () => {
  let reads = 0
  const store: BackupStore = {
    ...world.store,
    // The check went well; then the disk goes bad.
    hash: async (folder, path, how) => {
      const hash = await world.store.hash(folder, path, how)
      if (path === 'data/gone.txt' && ++reads === 1) await writeFile(join(backup, path), 'GONE')
      return hash
    },
  }
  const before = await snapshot(world.data)
  await expect(back({store})).rejects.toMatchObject({
    code: 'BACKUP_DAMAGED',
    message: expect.stringContaining('data/gone.txt changed while it was being restored'),
  })
  expect(await snapshot(world.data)).toEqual(before)
  expect((await readdir(world.folder)).sort()).toEqual(['Data', 'backups'])
})

test('where the second rename fails, the first is taken back', async () => {
  await goOn()
  const before = await snapshot(world.data)
  const store: BackupStore = {
    ...world.store,
    begin: async (...args) => {
      const draft = await world.store.begin(...args)
      draft.publish = () => Promise.reject(new Error('held by somebody'))
      return draft
    },
  }
  await expect(back({store})).rejects.toThrow('held by somebody')
  expect(contents(await snapshot(world.data))).toEqual(contents(before))
  expect((await readdir(world.folder)).sort()).toEqual(['Data', 'backups'])
})

/** The new folder cannot take the place of the old one, nor the old one come back. */
function halfway(): BackupStore {
  let moves = 0
  return {
    ...world.store,
    begin: async (...args) => {
      const draft = await world.store.begin(...args)
      draft.publish = () => Promise.reject(new Error('held by somebody'))
      return draft
    },
    move: async (from, to) =>
      ++moves === 1 ? world.store.move(from, to) : Promise.reject(new Error('held')),
  }
}

test('where that fails as well, it says where the data are', async () => {
  await goOn()
  await expect(back({store: halfway()})).rejects.toMatchObject({
    code: 'HALFWAY',
    exit: 'unavailable',
    fix: expect.stringMatching(/What was there is in .*Data\.before-restore-.*: rename it to .*Data, or/),
  })
})

test('what cannot be cleared away after a failure does not hide it', async () => {
  const store: BackupStore = {
    ...world.store,
    begin: async (...args) => {
      const draft = await world.store.begin(...args)
      draft.put = () => Promise.reject(new Error('the real reason'))
      draft.discard = () => Promise.reject(new Error('busy'))
      return draft
    },
  }
  await expect(back({store})).rejects.toThrow('the real reason')
  expect(world.ui.warnings.at(-1)).toContain('could not be cleared away')
})

test('a folder that is not there yet is made; nothing is set aside', async () => {
  const data = join(world.folder, 'Elsewhere')
  const {aside, runbook} = await back({data})
  expect(aside).toBeNull()
  expect(await readFile(join(data, 'PhoneFactor.pfdata'), 'utf8')).toBe('then')
  expect(runbook.map(({text}) => text).join('\n')).not.toContain('null')
})

test('cut off between the two renames: the same command finishes', async () => {
  await goOn()
  const other = storeOf({...OWNER, pid: 99_999_999}, world.ui)
  const store: BackupStore = {
    ...other,
    begin: async (...args) => {
      const draft = await other.begin(...args)
      // As after a kill: nothing is cleared up, nothing moved back.
      draft.publish = () => Promise.reject(new Error('killed'))
      draft.discard = () => Promise.resolve()
      return draft
    },
    move: async (from, to) => {
      if (from === world.data) return world.store.move(from, to)
      throw new Error('killed')
    },
  }
  await expect(back({store})).rejects.toMatchObject({code: 'HALFWAY'})
  await expect(stat(world.data)).rejects.toThrow('ENOENT')
  await back()
  expect(await readFile(join(world.data, 'PhoneFactor.pfdata'), 'utf8')).toBe('then')
  const aside = (await readdir(world.folder)).find((name) => name.startsWith('Data.before-restore'))
  expect(await readFile(join(world.folder, aside ?? '', 'PhoneFactor.pfdata'), 'utf8')).toBe('now')
  expect((await readdir(world.folder)).filter((name) => name.endsWith('.part'))).toEqual([])
})

test('two restores keep both states that were there', async () => {
  await goOn()
  const first = await back()
  await appendFile(join(world.data, 'PhoneFactor.pfdata'), ' again')
  const second = await back()
  expect(first.aside).not.toBe(second.aside)
  expect(await readFile(join(first.aside ?? '', 'PhoneFactor.pfdata'), 'utf8')).toBe('now')
  expect(await readFile(join(second.aside ?? '', 'PhoneFactor.pfdata'), 'utf8')).toBe('then again')
})

test('a folder that is a link: what it leads to is replaced, the link stays', async () => {
  await symlink(world.data, join(world.folder, 'way'))
  await goOn()
  const {data} = await back({data: join(world.folder, 'way')})
  expect(data).toBe(world.data)
  expect(await readFile(join(world.folder, 'way', 'PhoneFactor.pfdata'), 'utf8')).toBe('then')
})

test('the backup and the folder may not lie within each other', async () => {
  for (const data of [world.folder, backup, join(backup, 'data'), join(backup, 'new')])
    await expect(back({data})).rejects.toMatchObject({code: 'INSIDE_DATA', exit: 'usage'})
  await expect(back({data: join(world.folder, 'no', 'such')})).rejects.toMatchObject({code: 'NO_FOLDER'})
  await expect(back({data: await world.file('file', '')})).rejects.toMatchObject({code: 'NO_FOLDER'})
})

test('no room: nothing is changed', async () => {
  const store: BackupStore = {
    ...world.store,
    look: async (path) => {
      const place = await world.store.look(path)
      return place && {...place, freeBytes: 3}
    },
  }
  await expect(back({store})).rejects.toMatchObject({exit: 'unavailable', message: /has room for 3 bytes/})
})

class FakeService implements ServiceControl {
  readonly log: string[] = []
  #state: 'running' | 'stopped' | 'absent'
  constructor(state: 'running' | 'stopped' | 'absent') {
    this.#state = state
  }
  async state(): Promise<'running' | 'stopped' | 'absent'> {
    return this.#state
  }
  async stop(): Promise<void> {
    const there = await readFile(join(world.data, 'PhoneFactor.pfdata'), 'utf8')
    this.log.push(`stop while there is "${there}"`)
    this.#state = 'stopped'
  }
  async start(): Promise<void> {
    const there = await readFile(join(world.data, 'PhoneFactor.pfdata'), 'utf8')
    this.log.push(`start while there is "${there}"`)
    this.#state = 'running'
  }
}

test('a running service is refused, and never stopped without being told', async () => {
  await goOn()
  const service = new FakeService('running')
  await expect(back({service})).rejects.toMatchObject({
    exit: 'refused',
    fix: expect.stringContaining('--control-service'),
  })
  expect({log: service.log, plans}).toEqual({log: [], plans: []})
  expect(await readFile(join(world.data, 'PhoneFactor.pfdata'), 'utf8')).toBe('now')
  expect((await readdir(world.folder)).sort()).toEqual(['Data', 'backups'])
})

test('a service that somebody starts meanwhile is refused before the swap', async () => {
  const service = new FakeService('stopped')
  const states = ['stopped', 'running'] as const
  let asked = 0
  service.state = async () => states[asked++] ?? 'running'
  await expect(back({service})).rejects.toMatchObject({code: 'SERVICE_RUNS'})
  expect(asked).toBe(2)
  expect((await readdir(world.folder)).sort()).toEqual(['Data', 'backups'])
})

test('--control-service stops it for the swap alone, and ticks it off', async () => {
  await goOn()
  const service = new FakeService('running')
  const {runbook} = await back({service, controlService: true})
  expect(service.log).toEqual(['stop while there is "now"', 'start while there is "then"'])
  const done = runbook.filter((step) => step.done).map(({text}) => text)
  expect(done[0]).toBe('The service did not run while the data were replaced.')
  expect(done).toContain('Start the service and look at its log.')
})

test.each(['stopped', 'absent'] as const)('a service that is %s is left alone', async (state) => {
  const service = new FakeService(state)
  await back({service, controlService: true})
  expect(service.log).toEqual([])
})

test('a service is started again where the swap failed', async () => {
  const service = new FakeService('running')
  const store: BackupStore = {...world.store, move: () => Promise.reject(new Error('held'))}
  await expect(back({service, controlService: true, store})).rejects.toThrow('held')
  expect(service.log.at(-1)).toBe('start while there is "then"')
})

const broken = new MfaError('SERVICE', 'the service MultiFactorAuth could not be started', {
  exit: 'unavailable',
  fix: 'Look at it yourself.',
})
const STOPPED =
  'the service MultiFactorAuth was stopped and still is; once the data are right: sc start MultiFactorAuth'

test('a service that cannot be started again does not hide why the swap failed', async () => {
  const service = new FakeService('running')
  service.start = () => Promise.reject(broken)
  const store: BackupStore = {...world.store, move: () => Promise.reject(new Error('held'))}
  await expect(back({service, controlService: true, store})).rejects.toThrow('held')
  expect(world.ui.warnings.at(-1)).toBe(STOPPED)
})

test('a service is not started where its folder is missing, and that is said', async () => {
  const service = new FakeService('running')
  const store = halfway()
  await expect(back({service, controlService: true, store})).rejects.toMatchObject({code: 'HALFWAY'})
  expect(service.log).toEqual(['stop while there is "then"'])
  expect(world.ui.warnings.at(-1)).toBe(STOPPED)
})

test('a service is not started on data that are not those of the backup, and that is said', async () => {
  const service = new FakeService('running')
  const store: BackupStore = {
    ...world.store,
    hash: async (folder, path, how) => {
      const hash = await world.store.hash(folder, path, how)
      const isThere = folder === world.data && service.log.length > 0
      return isThere && hash !== undefined ? {...hash, sha256: '0'.repeat(64)} : hash
    },
  }
  await expect(back({service, controlService: true, store})).rejects.toMatchObject({code: 'RESTORE_DIFFERS'})
  expect(service.log).toEqual(['stop while there is "then"'])
  expect(world.ui.warnings.at(-1)).toBe(STOPPED)
})

test('where the service cannot be started in the end, it says where the data are', async () => {
  const service = new FakeService('running')
  service.start = () => Promise.reject(broken)
  await expect(back({service, controlService: true})).rejects.toMatchObject({
    code: 'SERVICE',
    exit: 'unavailable',
    message: 'the backup is in place, and was compared, but the service MultiFactorAuth could not be started',
    fix: expect.stringMatching(
      /^Look at it yourself\.\nThe data of the backup are in .*Data\.\nWhat was there before is in .*Data\.before-restore-/,
    ),
  })
})

test('elsewhere than on Windows --control-service is refused in plain words', async () => {
  await expect(back({controlService: true})).rejects.toMatchObject({
    exit: 'usage',
    message: '--control-service: there are no Windows services on this machine',
  })
})

test('a manifest with a path that leads out is refused, and nothing is written out there', async () => {
  const path = join(backup, 'manifest.json')
  const manifest = JSON.parse(await readFile(path, 'utf8')) as {files: {path: string}[]}
  const [first] = manifest.files
  if (first !== undefined) first.path = '../escaped.txt'
  const text = JSON.stringify(manifest)
  await writeFile(path, text)
  const {hash} = await import('node:crypto')
  await writeFile(join(backup, 'manifest.json.sha256'), `${hash('sha256', text)}  manifest.json\n`)
  await expect(back()).rejects.toMatchObject({code: 'BACKUP_DAMAGED', exit: 'data'})
  expect((await readdir(world.folder)).sort()).toEqual(['Data', 'backups'])
})

test('what changes in its place at once is told, with the way back', async () => {
  await goOn()
  const store: BackupStore = {
    ...world.store,
    hash: async (folder, path, how) => {
      const hash = await world.store.hash(folder, path, how)
      // The service was started too early.
      const isThere = folder === world.data && path === 'gone.txt' && hash !== undefined
      return isThere ? {...hash, sha256: '0'.repeat(64)} : hash
    },
  }
  await expect(back({store})).rejects.toMatchObject({
    code: 'RESTORE_DIFFERS',
    exit: 'data',
    message: `${world.data} is not what the backup holds: gone.txt`,
    fix: expect.stringContaining('.before-restore-'),
  })
})

test.each([
  ['8.0.1.1', 'install version 8.0.1.1.'],
  [undefined, 'install the version that made this backup.'],
])('the way back from 8.1 names the version %s', async (serverVersion, says) => {
  const {folder} = await backUp(world.request({serverVersion}), world.deps, NEVER)
  const {runbook} = await back({backup: folder})
  expect(runbook.map(({text}) => text).find((text) => text.startsWith('Going back'))).toContain(says)
})
