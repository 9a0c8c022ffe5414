import {spawnSync} from 'node:child_process'
import {mkdir, readFile, rm, symlink, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test} from 'vitest'

import {backUp} from '../../src/lib/backup/backup.js'
import {MfaError} from '../../src/lib/errors/mfa-error.js'
import type {BackupStore} from '../../src/lib/ports/backup-store.js'
import {type BackupWorld, NEVER, newBackupWorld, snapshot} from '../helpers/backup-world.js'

let world: BackupWorld
beforeEach(async () => {
  world = await newBackupWorld()
})
afterEach(() => world.remove())

const made = () => backUp(world.request(), world.deps, NEVER)

test('a replica is refused unless told', async () => {
  const request = world.request({role: 'subordinate'})
  await expect(backUp(request, world.deps, NEVER)).rejects.toMatchObject({
    exit: 'refused',
    fix: expect.stringContaining('--allow-replica'),
  })
  const {manifest} = await backUp({...request, allowReplica: true}, world.deps, NEVER)
  expect(manifest.role).toBe('subordinate')
  expect(world.ui.warnings).toContain('this is the replica of a subordinate, not the data of the primary')
})

test('what should be known is told: role, data file, same disk', async () => {
  await rm(join(world.data, 'PhoneFactor.pfdata'))
  await backUp(world.request({role: 'unknown'}), world.deps, NEVER)
  expect(world.ui.warnings).toEqual([
    `there is no PhoneFactor.pfdata in ${world.data}`,
    expect.stringContaining('--role primary'),
    expect.stringContaining('is on the same disk as the data'),
  ])
})

test('another disk is no warning', async () => {
  const store: BackupStore = {
    ...world.store,
    ensure: async (folder) => ({...(await world.store.ensure(folder)), device: -1}),
  }
  await backUp(world.request(), {...world.deps, store}, NEVER)
  expect(world.ui.warnings).toEqual([])
})

test.each(['', 'sub', 'sub/deeper/still'])('a target within the data is refused: Data/%s', async (below) => {
  const before = await snapshot(world.data)
  const to = join(world.data, below)
  await expect(backUp(world.request({to}), world.deps, NEVER)).rejects.toMatchObject({
    code: 'INSIDE_DATA',
    exit: 'usage',
  })
  expect(await snapshot(world.data)).toEqual(before)
})

test('a target that leads into the data by a link is refused', async () => {
  await symlink(world.data, join(world.folder, 'way'))
  const to = join(world.folder, 'way', 'backups')
  await expect(backUp(world.request({to}), world.deps, NEVER)).rejects.toMatchObject({code: 'INSIDE_DATA'})
})

test('a target beside the data with the same beginning is no target within', async () => {
  const {folder} = await backUp(world.request({to: `${world.data}-backups`}), world.deps, NEVER)
  expect(folder).toContain('Data-backups')
})

test('no room: says how much is needed, and begins nothing', async () => {
  const store: BackupStore = {
    ...world.store,
    ensure: async (folder) => ({...(await world.store.ensure(folder)), freeBytes: 11}),
  }
  await expect(backUp(world.request(), {...world.deps, store}, NEVER)).rejects.toMatchObject({
    exit: 'unavailable',
    message: expect.stringMatching(/has room for 11 bytes; the backup takes 12 bytes/),
  })
  expect(await snapshot(world.to)).toEqual({'': expect.any(String)})
})

test('nothing to back up is no backup', async () => {
  const empty = join(world.folder, 'Empty')
  await mkdir(join(empty, 'a'), {recursive: true})
  await expect(backUp(world.request({data: empty}), world.deps, NEVER)).rejects.toMatchObject({
    code: 'NOTHING_THERE',
    exit: 'data',
  })
})

test('every file that cannot be read is named, and nothing is left', async () => {
  const store: BackupStore = {
    ...world.store,
    begin: async (...args) => {
      const draft = await world.store.begin(...args)
      const put: typeof draft.put = async ({path}) => {
        throw new MfaError('UNREADABLE', `${path} cannot be read`, {exit: 'data', fix: 'Be somebody else.'})
      }
      return new Proxy(draft, {
        get: (target, name) => {
          if (name === 'put') return put
          const value: unknown = Reflect.get(target, name, target)
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
    },
  }
  await expect(backUp(world.request(), {...world.deps, store}, NEVER)).rejects.toMatchObject({
    exit: 'data',
    message: expect.stringMatching(
      /2 faults:\n {2}PhoneFactor\.pfdata cannot be read\n {2}sub\/settings\.xml cannot be read$/,
    ),
    fix: 'Be somebody else.',
  })
  expect(await snapshot(world.to)).toEqual({'': expect.any(String)})
})

test('links: to a file, its content; to a folder or nowhere, the link; each with a warning', async () => {
  await world.file('elsewhere/real.txt', 'real')
  await symlink('../elsewhere/real.txt', join(world.data, 'file-link'))
  await symlink('../elsewhere', join(world.data, 'folder-link'))
  await symlink('nowhere', join(world.data, 'broken-link'))
  await symlink('circle', join(world.data, 'circle'))
  const before = await snapshot(world.data)
  const {manifest, folder} = await made()
  expect(manifest.files.map(({path}) => path)).toContain('file-link')
  expect(await readFile(join(folder, 'data', 'file-link'), 'utf8')).toBe('real')
  expect(manifest.links).toEqual([
    {path: 'broken-link', target: 'nowhere'},
    {path: 'circle', target: 'circle'},
    {path: 'folder-link', target: '../elsewhere'},
  ])
  expect(world.ui.warnings.filter((text) => text.includes('is a link'))).toHaveLength(4)
  expect(await snapshot(world.data)).toEqual(before)
})

test.runIf(process.platform !== 'win32')('a pipe is left out with a warning, and never opened', async () => {
  expect(spawnSync('mkfifo', [join(world.data, 'pipe')]).status).toBe(0)
  const {manifest} = await made()
  expect(manifest.files).toHaveLength(2)
  expect(world.ui.warnings).toContain('pipe is neither file nor folder: not backed up')
})

test.runIf(process.platform === 'linux')('a name that is not Unicode is named as a fault', async () => {
  await writeFile(Buffer.concat([Buffer.from(`${world.data}/`), Buffer.from([0x62, 0xff, 0x64])]), 'x')
  await expect(made()).rejects.toMatchObject({code: 'NAME_NOT_UNICODE', exit: 'data'})
})

test('names of any script, and either form of an accent, come back as they are', async () => {
  const names = [
    'Ünïcode ✓',
    'e\u0301',
    '\u00e9',
    'データ',
    '🙂',
    'quote\'"$`;&',
    ' outer spaces ',
    '-dash',
    'a\\b',
  ]
  const files = process.platform === 'win32' ? names.slice(0, 5) : names
  for (const name of files) await world.file(`Data/${name}`, name)
  const {sha256, folder} = await made()
  expect(Object.keys(sha256).sort()).toEqual([...files, 'PhoneFactor.pfdata', 'sub/settings.xml'].sort())
  for (const name of files) expect(await readFile(join(folder, 'data', name), 'utf8')).toBe(name)
})

test('the installer is kept, and has to be a file', async () => {
  const installer = await world.file('Setup 8.0.exe', 'MZ')
  const {manifest, folder} = await backUp(world.request({installer}), world.deps, NEVER)
  expect(manifest.installer).toMatchObject({
    name: 'Setup 8.0.exe',
    bytes: 2,
    stored: 'installer/Setup 8.0.exe',
  })
  expect(await readFile(join(folder, 'installer', 'Setup 8.0.exe'), 'utf8')).toBe('MZ')
  for (const wrong of [world.data, join(world.folder, 'none.exe')])
    await expect(backUp(world.request({installer: wrong}), world.deps, NEVER)).rejects.toMatchObject({
      exit: 'usage',
      message: `--installer: ${wrong} is no file`,
    })
})

test('what does not come back from the target as it was written is no backup', async () => {
  const store: BackupStore = {
    ...world.store,
    hash: async (folder, path, how) => {
      const hash = await world.store.hash(folder, path, how)
      return path === 'data/PhoneFactor.pfdata' ? {bytes: 8, sha256: '0'.repeat(64)} : hash
    },
  }
  await expect(backUp(world.request(), {...world.deps, store}, NEVER)).rejects.toMatchObject({
    code: 'BACKUP_DAMAGED',
    message: expect.stringContaining('data/PhoneFactor.pfdata is not what was backed up'),
  })
  expect(await snapshot(world.to)).toEqual({'': expect.any(String)})
})
