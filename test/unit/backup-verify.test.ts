import {hash} from 'node:crypto'
import {
  appendFile,
  chmod,
  cp,
  mkdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test} from 'vitest'

import {backUp} from '../../src/lib/backup/backup.js'
import {listBackups, newestGood} from '../../src/lib/backup/list-backups.js'
import {verifyBackup} from '../../src/lib/backup/verify-backup.js'
import {MfaError} from '../../src/lib/errors/mfa-error.js'
import {type BackupWorld, NEVER, newBackupWorld, snapshot} from '../helpers/backup-world.js'

let world: BackupWorld
let folder: string
beforeEach(async () => {
  world = await newBackupWorld({'PhoneFactor.pfdata': 'invented data', 'sub/settings.xml': '<a/>', empty: ''})
  const installer = await world.file('Setup.exe', 'MZ')
  ;({folder} = await backUp(world.request({installer}), world.deps, NEVER))
})
afterEach(() => world.remove())

const verify = (fast = false) =>
  verifyBackup({backup: folder, fast, identities: undefined}, world.deps, NEVER)
async function faultsOf(work: Promise<unknown>): Promise<readonly string[]> {
  const error: unknown = await work.then(
    () => new Error('nothing was wrong'),
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof MfaError)) throw error
  expect({exit: error.exit, code: error.code}).toEqual({exit: 'data', code: 'BACKUP_DAMAGED'})
  return error.message.split('\n').slice(1)
}

async function flip(path: string, at: number): Promise<void> {
  const bytes = await readFile(path)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  await writeFile(path, bytes)
}

test.each([true, false])(
  'a whole backup is good (fast: %s), and only the record of it changes',
  async (fast) => {
    const before = await snapshot(folder)
    const {verification, hashedBytes} = await verify(fast)
    expect(verification).toMatchObject({good: true, faults: 0, mode: fast ? 'fast' : 'full', opened: null})
    expect(hashedBytes).toBe(13 + 4 + 2)
    const {'verified.json': _one, '': _two, ...after} = await snapshot(folder)
    expect(before).toMatchObject(after)
  },
)

test.each<readonly [string, (backup: string) => Promise<void>, RegExp]>([
  [
    'a flipped bit',
    (at) => flip(join(at, 'data/PhoneFactor.pfdata'), 3),
    /^ {2}data\/PhoneFactor\.pfdata is not what was/,
  ],
  [
    'a file cut off',
    (at) => truncate(join(at, 'data/PhoneFactor.pfdata'), 4),
    /pfdata has 4 bytes \(4\) instead of 13$/,
  ],
  [
    'a file that grew',
    (at) => appendFile(join(at, 'data/empty'), 'x'),
    /data\/empty has 1 byte \(1\) instead of 0$/,
  ],
  ['a missing file', (at) => rm(join(at, 'data/sub/settings.xml')), /data\/sub\/settings\.xml is missing$/],
  ['a missing installer', (at) => rm(join(at, 'installer/Setup.exe')), /installer\/Setup\.exe is missing$/],
  [
    'a damaged installer',
    (at) => flip(join(at, 'installer/Setup.exe'), 0),
    /installer\/Setup\.exe is not what/,
  ],
  [
    'a file too many',
    (at) => writeFile(join(at, 'data/extra'), ''),
    /data\/extra does not belong to this backup$/,
  ],
  ['no manifest hash', (at) => rm(join(at, 'manifest.json.sha256')), /manifest\.json\.sha256 is missing$/],
  [
    'a manifest that is no JSON',
    (at) => truncate(join(at, 'manifest.json'), 30),
    /manifest\.json is no JSON$/,
  ],
])('%s', async (_, damage, message) => {
  await damage(folder)
  const faults = await faultsOf(verify())
  expect(faults.filter((fault) => message.test(fault))).toHaveLength(1)
  // And it is on record from then on, where the record can be trusted.
  const [listed] = await listBackups(world.to, world.deps)
  expect(listed).toMatchObject({good: false})
})

test('a changed manifest is seen, whatever was changed', async () => {
  const path = join(folder, 'manifest.json')
  await writeFile(path, (await readFile(path, 'utf8')).replace('8.0.1.1', '8.0.1.2'))
  expect(await faultsOf(verify())).toEqual([
    expect.stringContaining('manifest.json is not as it was written'),
  ])
})

test('a manifest with other fields names each of them', async () => {
  const path = join(folder, 'manifest.json')
  const manifest = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>
  await writeFile(path, JSON.stringify({...manifest, madeAt: 'yesterday', role: 'boss', formatVersion: 9}))
  const faults = await faultsOf(verify())
  for (const field of ['madeAt', 'role', 'formatVersion'])
    expect(faults.filter((fault) => fault.includes(`field ${field}:`))).toHaveLength(1)
})

test('every fault is named at once', async () => {
  await flip(join(folder, 'data/PhoneFactor.pfdata'), 0)
  await rm(join(folder, 'data/empty'))
  await rm(join(folder, 'installer/Setup.exe'))
  await symlink('/etc/hostname', join(folder, 'data/link'))
  expect(await faultsOf(verify())).toHaveLength(4)
})

test('a link in the place of a file is no file, even if it leads to the same', async () => {
  const path = join(folder, 'data/PhoneFactor.pfdata')
  await rename(path, join(world.folder, 'moved'))
  await symlink(join(world.folder, 'moved'), path)
  expect(await faultsOf(verify())).toEqual(['  data/PhoneFactor.pfdata is no file'])
})

test.each(['../../outside', '/etc/passwd', 'a/../../b', 'data//x', '.'])(
  'a manifest that names %s touches nothing out there',
  async (stored) => {
    const path = join(folder, 'manifest.json')
    const manifest = JSON.parse(await readFile(path, 'utf8')) as {
      files: {stored: string; storedBytes: number}[]
    }
    const [first] = manifest.files
    if (first !== undefined) first.stored = stored
    await writeFile(path, JSON.stringify(manifest))
    expect(await faultsOf(verify())).toContain(`  ${stored} is missing`)
  },
)

interface Paths {
  readonly files: {path: string}[]
  readonly folders: {path: string; mode: number}[]
  readonly links: {path: string; target: string}[]
}
test.each<readonly [string, (manifest: Paths) => void, string]>([
  ['a file that leads out', ({files}) => files.forEach((file) => (file.path = '../x')), 'files.0.path'],
  ['a file from the root', ({files}) => files.forEach((file) => (file.path = '/x')), 'files.0.path'],
  [
    'a folder that leads out',
    ({folders}) => folders.push({path: 'a/../../x', mode: 0o700}),
    'folders.2.path',
  ],
  ['a link that leads out', ({links}) => links.push({path: '..', target: 'x'}), 'links.0.path'],
  ['two of one name', ({links}) => links.push({path: 'empty', target: 'x'}), 'links.0.path'],
  ['a link above a file', ({links}) => links.push({path: 'sub', target: '/tmp'}), 'links.0.path'],
  ['a file below a file', ({folders}) => folders.push({path: 'empty/x', mode: 0o700}), 'folders.2.path'],
])(
  'a manifest whose hash is right but that could not be put back is damaged: %s',
  async (_, change, field) => {
    const path = join(folder, 'manifest.json')
    const manifest = JSON.parse(await readFile(path, 'utf8')) as Paths
    change(manifest)
    const text = JSON.stringify(manifest)
    await writeFile(path, text)
    await writeFile(join(folder, 'manifest.json.sha256'), `${hash('sha256', text)}  manifest.json\n`)
    expect((await faultsOf(verify()))[0]).toContain(`manifest.json, field ${field}: `)
    expect(await listBackups(world.to, world.deps)).toMatchObject([{good: false}])
  },
)

test('fast reads no big file, and full does', async () => {
  await world.file('Data/big.bin', Buffer.alloc(9_000_000))
  ;({folder} = await backUp(world.request(), world.deps, NEVER))
  await flip(join(folder, 'data/big.bin'), 5_000_000)
  expect((await verify(true)).hashedBytes).toBe(17)
  expect(await faultsOf(verify())).toHaveLength(1)
  // What full found, fast does not take back.
  await verify(true)
  expect((await listBackups(world.to, world.deps)).find((one) => one.folder === folder)?.good).toBe(false)
})

test('what is no backup is said to be none', async () => {
  const no = (backup: string) => verifyBackup({backup, fast: true, identities: undefined}, world.deps, NEVER)
  await expect(no(join(world.folder, 'none'))).rejects.toMatchObject({
    exit: 'usage',
    message: /is no folder$/,
  })
  await expect(no(world.to)).rejects.toMatchObject({exit: 'usage', fix: expect.stringContaining(folder)})
  await mkdir(join(world.folder, 'hollow'))
  expect(await faultsOf(no(join(world.folder, 'hollow')))).toEqual(['  manifest.json is missing'])
})

test('the list: the newest first, damaged ones too, nothing that is no backup', async () => {
  world.clock.advance(3_600_000)
  const second = await backUp(world.request(), world.deps, NEVER)
  world.clock.advance(3_600_000)
  const third = await backUp(world.request(), world.deps, NEVER)
  await rm(join(third.folder, 'manifest.json'))
  // A damaged one stands at its time, as far as its name tells it.
  await mkdir(join(world.to, 'mfa-server-20200101T000000Z'))
  await mkdir(join(world.to, 'holiday pictures'))
  await cp(second.folder, join(world.to, 'renamed copy'), {recursive: true})
  await writeFile(join(world.to, 'notes.txt'), '')
  const listed = await listBackups(world.to, world.deps)
  expect(listed.map(({name, good}) => [name, good])).toEqual([
    [third.name, false],
    ['renamed copy', true],
    [second.name, true],
    [folder.slice(world.to.length + 1), true],
    ['mfa-server-20200101T000000Z', false],
  ])
  expect(newestGood(listed)).toMatchObject({
    madeAt: second.manifest.madeAt,
    verifiedAt: expect.any(String),
    serverVersion: '8.0.1.1',
    encrypted: false,
    installer: null,
    server: 'mfa1',
  })
  expect(await listBackups(join(world.folder, 'none'), world.deps)).toEqual([])
})

test.runIf(process.getuid?.() !== 0)(
  'a backup that cannot be written to is verified all the same',
  async () => {
    await chmod(folder, 0o500)
    await verify()
    expect(world.ui.warnings).toEqual([expect.stringContaining('could not be put on record')])
    await chmod(folder, 0o700)
  },
)
