import {hash} from 'node:crypto'
import {execFileSync, spawnSync} from 'node:child_process'
import {copyFile, readdir, readFile, rm, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'

import {backUp} from '../../src/lib/backup/backup.js'
import {restore} from '../../src/lib/backup/restore.js'
import {verifyBackup} from '../../src/lib/backup/verify-backup.js'
import {Secret} from '../../src/lib/model/secret.js'
import {ageCrypto} from '../../src/lib/storage/age.js'
import {type BackupWorld, NEVER, newBackupWorld} from '../helpers/backup-world.js'

/** The program itself, from the package of the system. */
const hasAge = spawnSync('age', ['--version']).status === 0
const hasScript = /util-linux/.test(spawnSync('script', ['--version'], {encoding: 'utf8'}).stdout ?? '')
const REASON = hasAge ? '' : ' (skipped: the program age is not installed)'

/** Invented for this test; opens nothing else. */
let identity: string
let recipient: string
let world: BackupWorld
beforeEach(async () => {
  const age = await import('age-encryption')
  identity = await age.generateX25519Identity()
  recipient = await age.identityToRecipient(identity)
  world = await newBackupWorld({
    'PhoneFactor.pfdata': 'x'.repeat(200_000),
    'sub/empty': '',
    'sub/edge': 'y'.repeat(65_536),
  })
})
afterEach(() => world.remove())

const forRecipient = () =>
  backUp(world.request({seal: {kind: 'recipients', recipients: [recipient]}}), world.deps, NEVER)
const withPassphrase = () => backUp(world.request({seal: {kind: 'passphrase'}}), world.deps, NEVER)
const key = (text = identity) => ({file: 'key.txt', text: new Secret(`# created for a test\n${text}\n`)})
const verify = (backup: string, identities?: ReturnType<typeof key>) =>
  verifyBackup({backup, fast: false, identities}, world.deps, NEVER)
const original = (path: string) => readFile(join(world.data, path))

describe('for a recipient', () => {
  test('nothing is stored in the clear, neither contents nor their hashes', async () => {
    const {folder, sha256} = await forRecipient()
    const files = await readdir(folder, {recursive: true, withFileTypes: true})
    for (const file of files.filter((entry) => entry.isFile())) {
      const text = await readFile(join(file.parentPath, file.name), 'latin1')
      for (const secret of ['x'.repeat(64), 'y'.repeat(64), ...Object.values(sha256), identity])
        expect(text, file.name).not.toContain(secret)
    }
    expect(Object.keys(sha256)).toHaveLength(3)
  })

  test('verified without the key: says that nothing was opened', async () => {
    const {folder} = await forRecipient()
    expect((await verify(folder)).verification).toMatchObject({good: true, opened: false})
    expect(world.ui.warnings.at(-1)).toContain('--identity')
    expect((await verify(folder, key())).verification).toMatchObject({good: true, opened: true})
  })

  test('another key is no damage, and leaves no record', async () => {
    const {folder} = await forRecipient()
    const record = await readFile(join(folder, 'verified.json'), 'utf8')
    const age = await import('age-encryption')
    const other = await age.generateX25519Identity()
    await expect(verify(folder, key(other))).rejects.toMatchObject({code: 'WRONG_KEY', exit: 'usage'})
    await expect(verify(folder, key('AGE-SECRET-KEY-1NONSENSE'))).rejects.toMatchObject({
      code: 'IDENTITY',
      message: 'key.txt, line 2: not an age identity (AGE-SECRET-KEY-1…)',
    })
    await expect(verify(folder, key(''))).rejects.toMatchObject({
      message: 'key.txt holds no age identity (AGE-SECRET-KEY-1…)',
    })
    expect(await readFile(join(folder, 'verified.json'), 'utf8')).toBe(record)
  })

  test('restored with the key, refused without', async () => {
    const {folder} = await forRecipient()
    const request = {
      backup: folder,
      data: join(world.folder, 'Back'),
      yes: true,
      controlService: false,
      preview: () => {},
    }
    await expect(restore({...request, identities: undefined}, world.deps, NEVER)).rejects.toMatchObject({
      code: 'NO_IDENTITY',
      fix: expect.stringContaining('--identity'),
    })
    await restore({...request, identities: key()}, world.deps, NEVER)
    for (const path of ['PhoneFactor.pfdata', 'sub/empty', 'sub/edge'])
      expect(await readFile(join(world.folder, 'Back', path))).toEqual(await original(path))
  })

  test('what is no recipient is named; a secret key is not repeated in full', async () => {
    for (const wrong of ['age1nonsense', 'ssh-ed25519 AAAA', '']) {
      const request = world.request({seal: {kind: 'recipients', recipients: [recipient, wrong]}})
      await expect(backUp(request, world.deps, NEVER)).rejects.toMatchObject({
        code: 'RECIPIENT',
        exit: 'usage',
      })
    }
    const request = world.request({seal: {kind: 'recipients', recipients: [identity]}})
    await expect(backUp(request, world.deps, NEVER)).rejects.toMatchObject({
      message: expect.not.stringContaining(identity.slice(20)),
    })
    expect(await readdir(world.folder)).toEqual(['Data'])
  })
})

describe('with a passphrase', () => {
  test('opened again at once, and later', async () => {
    const {folder, manifest} = await withPassphrase()
    expect(manifest.sealed).toBe('passphrase')
    expect(JSON.parse(await readFile(join(folder, 'verified.json'), 'utf8'))).toMatchObject({opened: true})
    expect((await verify(folder)).verification).toMatchObject({good: true, opened: true})
  })

  test('a wrong one is no damage; a damaged key file is', async () => {
    const {folder} = await withPassphrase()
    const deps = {...world.deps, passphrase: new Secret('another one')}
    const attempt = verifyBackup({backup: folder, fast: false, identities: undefined}, deps, NEVER)
    await expect(attempt).rejects.toMatchObject({code: 'PASSPHRASE', exit: 'usage'})
    await writeFile(join(folder, 'key.age'), 'nonsense')
    await expect(verify(folder)).rejects.toMatchObject({
      code: 'BACKUP_DAMAGED',
      message: expect.stringContaining('key.age'),
    })
    await rm(join(folder, 'key.age'))
    await expect(verify(folder)).rejects.toMatchObject({
      message: expect.stringContaining('key.age is missing'),
    })
  })

  test('asked for twice where the environment has none; an empty one is refused', async () => {
    const {FakeUi} = await import('../fakes/ui.js')
    const asked = (answers: readonly string[]) => ({
      ...world.deps,
      passphrase: undefined,
      ui: new FakeUi(answers),
    })
    const request = world.request({seal: {kind: 'passphrase'}})
    await expect(backUp(request, asked(['one', 'two']), NEVER)).rejects.toMatchObject({exit: 'usage'})
    await expect(backUp(request, asked(['', '']), NEVER)).rejects.toMatchObject({
      message: 'the passphrase is empty',
    })
    await expect(backUp(request, asked([]), NEVER)).rejects.toMatchObject({
      fix: 'Give MFA_BACKUP_PASSPHRASE.',
    })
    await backUp(request, asked(['the same', 'the same']), NEVER)
  })
})

test.each([0, 100, 70_000])(
  'a byte that changed in a sealed file is found with or without the key (at %i)',
  async (at) => {
    const {folder} = await forRecipient()
    const path = join(folder, 'data/PhoneFactor.pfdata.age')
    const bytes = await readFile(path)
    bytes[at] = (bytes[at] ?? 0) ^ 1
    await writeFile(path, bytes)
    for (const identities of [undefined, key()])
      await expect(verify(folder, identities)).rejects.toMatchObject({
        code: 'BACKUP_DAMAGED',
        message: expect.stringContaining('data/PhoneFactor.pfdata.age is not what was backed up'),
      })
  },
)

test('a file that somebody else sealed for the same key, with its hash put right, is found with the key', async () => {
  const {folder} = await forRecipient()
  const stored = 'data/sub/edge.age'
  const draft = await world.store.begin(world.folder, 'forged', 'owner-only')
  const text = 'z'.repeat(65_536)
  const {sha256} = await draft.write('edge', text, ageCrypto.sealFor([recipient]))
  await copyFile(join(draft.folder, 'edge'), join(folder, stored))
  const path = join(folder, 'manifest.json')
  const manifest = JSON.parse(await readFile(path, 'utf8')) as {
    files: {stored: string; storedSha256: string}[]
  }
  for (const file of manifest.files) if (file.stored === stored) file.storedSha256 = sha256
  const forged = JSON.stringify(manifest)
  await writeFile(path, forged)
  await writeFile(`${path}.sha256`, `${hash('sha256', forged)}  manifest.json\n`)
  expect((await verify(folder)).verification).toMatchObject({good: true, opened: false})
  await expect(verify(folder, key())).rejects.toMatchObject({
    code: 'BACKUP_DAMAGED',
    message: expect.stringContaining(`${stored} opens to something else`),
  })
})

test('what is cut off cannot be opened', async () => {
  const {folder} = await forRecipient()
  const open = ageCrypto.openWith(key().text, 'key.txt')
  const path = join(folder, 'data/PhoneFactor.pfdata.age')
  const bytes = await readFile(path)
  for (const length of [0, 10, 300, 65_800, bytes.length - 1]) {
    await writeFile(path, bytes.subarray(0, length))
    await expect(
      world.store.hash(folder, 'data/PhoneFactor.pfdata.age', {recode: open}),
      String(length),
    ).rejects.toMatchObject({code: 'CANNOT_DECRYPT', exit: 'data'})
  }
})

describe.runIf(hasAge)(`the program age opens it${REASON}`, () => {
  test('every file sealed for a recipient', async () => {
    const {folder} = await forRecipient()
    const file = await world.file('key.txt', identity)
    for (const path of ['PhoneFactor.pfdata', 'sub/empty', 'sub/edge'])
      expect(execFileSync('age', ['-d', '-i', file, join(folder, `data/${path}.age`)])).toEqual(
        await original(path),
      )
  })

  test('a key of age-keygen, in the file that it writes', async () => {
    const file = join(world.folder, 'key.txt')
    execFileSync('age-keygen', ['-o', file], {stdio: 'ignore'})
    const text = await readFile(file, 'utf8')
    recipient = /public key: (age1\w+)/.exec(text)?.[1] ?? ''
    const {folder} = await forRecipient()
    expect((await verify(folder, {file, text: new Secret(text)})).verification).toMatchObject({opened: true})
  })

  test.runIf(hasScript)('the key file of a passphrase, with the passphrase typed in', async () => {
    const {folder} = await withPassphrase()
    const out = join(world.folder, 'opened')
    const command = `age -d -i '${folder}/key.age' -o '${out}' '${folder}/data/PhoneFactor.pfdata.age'`
    const run = spawnSync('script', ['-qec', command, '/dev/null'], {
      input: 'invented passphrase of a test\n',
      encoding: 'utf8',
    })
    expect(run.stdout + run.stderr).not.toMatch(/error/i)
    expect(await readFile(out)).toEqual(await original('PhoneFactor.pfdata'))
  })

  test('a backup changed by a byte is refused by it too', async () => {
    const {folder} = await forRecipient()
    const file = await world.file('key.txt', identity)
    const path = join(folder, 'data/sub/edge.age')
    const bytes = await readFile(path)
    bytes[bytes.length - 5] = (bytes.at(-5) ?? 0) ^ 1
    await writeFile(path, bytes)
    expect(spawnSync('age', ['-d', '-i', file, '-o', join(world.folder, 'out'), path]).status).not.toBe(0)
  })
})
