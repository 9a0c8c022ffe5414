import {hash} from 'node:crypto'
import {chmod, mkdir, readdir, readFile, rm, stat, symlink, utimes, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'

import {inside} from '../../src/lib/storage/folder-paths.js'
import {type BackupWorld, newBackupWorld, OWNER, snapshot, storeOf} from '../helpers/backup-world.js'

let world: BackupWorld
beforeEach(async () => {
  world = await newBackupWorld({'a.txt': 'alpha', 'b/c.txt': 'gamma'})
  await mkdir(world.to)
})
afterEach(() => world.remove())

const drafts = async (): Promise<readonly string[]> => (await readdir(world.to)).sort()

describe('reading', () => {
  test('look: what a place is, with links resolved; undefined for nothing', async () => {
    await symlink(world.data, join(world.folder, 'way'))
    const place = await world.store.look(join(world.folder, 'way', 'b'))
    expect(place).toMatchObject({
      path: join(world.data, 'b'),
      kind: 'folder',
      device: (await stat(world.data)).dev,
    })
    expect(place?.freeBytes).toBeGreaterThan(0)
    expect(await world.store.look(join(world.data, 'a.txt'))).toMatchObject({kind: 'file', bytes: 5})
    expect(await world.store.look(join(world.data, 'no'))).toBeUndefined()
    expect(await world.store.look(join(world.data, 'a.txt', 'no'))).toBeUndefined()
  })

  test('scan: everything once, parents first, in order, links not gone through', async () => {
    await symlink('..', join(world.data, 'b', 'up'))
    const {entries, faults} = await world.store.scan(world.data)
    expect(entries.map(({kind, path}) => `${kind} ${path}`)).toEqual([
      'file a.txt',
      'folder b',
      'file b/c.txt',
      'link b/up',
    ])
    expect(faults).toEqual([])
    await expect(world.store.scan(join(world.data, 'no'))).rejects.toMatchObject({exit: 'data'})
  })

  test('hash: of the content, undefined where it is gone, told piece by piece', async () => {
    const big = Buffer.alloc(1_000_000, 'x')
    await writeFile(join(world.data, 'big'), big)
    const pieces: number[] = []
    const found = await world.store.hash(world.data, 'big', {onBytes: (bytes) => pieces.push(bytes)})
    expect(found).toEqual({bytes: 1_000_000, sha256: hash('sha256', big)})
    expect(pieces.length).toBeGreaterThan(2)
    expect(pieces.reduce((sum, piece) => sum + piece, 0)).toBe(1_000_000)
    expect(await world.store.hash(world.data, 'no')).toBeUndefined()
    await expect(world.store.hash(world.data, 'b')).rejects.toMatchObject({
      exit: 'data',
      message: `${join(world.data, 'b')} cannot be read: it is a folder`,
    })
  })

  test('a stop comes between two pieces', async () => {
    await writeFile(join(world.data, 'big'), Buffer.alloc(1_000_000))
    const stop = new AbortController()
    const onBytes = (): void => stop.abort(new Error('enough'))
    await expect(world.store.hash(world.data, 'big', {signal: stop.signal, onBytes})).rejects.toThrow(
      'enough',
    )
  })

  test('text: whole, and undefined where there is none', async () => {
    expect(await world.store.text(world.data, 'b/c.txt')).toBe('gamma')
    expect(await world.store.text(world.data, 'no')).toBeUndefined()
  })

  test.runIf(process.platform !== 'win32').for(['hash', 'copy'] as const)(
    'no permission: says so, names the path (%s)',
    async (what, {skip}) => {
      if (process.getuid?.() === 0) skip('root may read everything')
      await chmod(join(world.data, 'a.txt'), 0)
      const draft = await world.store.begin(world.to, 'x', 'owner-only')
      const work =
        what === 'hash'
          ? world.store.hash(world.data, 'a.txt')
          : draft.put({folder: world.data, path: 'a.txt'}, 'a.txt')
      await expect(work).rejects.toMatchObject({
        exit: 'data',
        message: `${join(world.data, 'a.txt')} cannot be read: no permission`,
      })
    },
  )
})

describe('a draft', () => {
  const begin = () => world.store.begin(world.to, 'final', 'owner-only')
  const from = (path: string) => ({folder: world.data, path})

  test('is hidden until it is published, and then whole', async () => {
    const draft = await begin()
    expect(await drafts()).toEqual([expect.stringMatching(/^\.final\..*\.part$/)])
    const time = new Date('2026-01-02T03:04:05.678Z')
    await draft.put(from('b/c.txt'), 'x/y/c.txt', {mode: 0o640, modified: time.getTime()})
    expect(await draft.write('note.txt', 'note')).toEqual({bytes: 4, sha256: hash('sha256', 'note')})
    await draft.addFolder('empty')
    await draft.addLink('link', 'nowhere')
    await draft.setModes([
      {path: '', mode: 0o750},
      {path: 'x', mode: 0o700},
    ])
    expect(await draft.publish()).toBe(join(world.to, 'final'))
    expect(await drafts()).toEqual(['final'])
    const made = join(world.to, 'final')
    expect(Object.keys(await snapshot(made)).sort()).toEqual(
      ['', 'empty', 'link', 'note.txt', 'x', 'x/y', 'x/y/c.txt'].sort(),
    )
    const copy = await stat(join(made, 'x/y/c.txt'))
    expect(copy.mode & 0o7777).toBe(0o640)
    expect(copy.mtime).toEqual(time)
    expect((await stat(made)).mode & 0o7777).toBe(0o750)
    expect((await stat(join(made, 'note.txt'))).mode & 0o7777).toBe(0o600)
  })

  test('a copy tells what was read and what was written, recoded or not', async () => {
    const draft = await begin()
    const plain = {bytes: 5, sha256: hash('sha256', 'alpha')}
    expect(await draft.put(from('a.txt'), 'a')).toEqual({read: plain, written: plain})
    const doubled = async (bytes: ReadableStream<Uint8Array>) =>
      ReadableStream.from(
        (async function* () {
          for await (const piece of bytes) {
            yield piece
            yield piece
          }
        })(),
      )
    expect(await draft.put(from('a.txt'), 'aa', {recode: doubled})).toEqual({
      read: plain,
      written: {bytes: 10, sha256: hash('sha256', 'alphaalpha')},
    })
    expect(await world.store.hash(draft.folder, 'a', {recode: doubled})).toMatchObject({bytes: 10})
    expect(await world.store.text(draft.folder, 'a', doubled)).toBe('alphaalpha')
  })

  test('a file may be copied again, dropped, or be gone', async () => {
    const draft = await begin()
    await draft.put(from('a.txt'), 'a')
    await writeFile(join(world.data, 'a.txt'), 'al')
    await draft.put(from('a.txt'), 'a')
    expect(await readFile(join(draft.folder, 'a'), 'utf8')).toBe('al')
    await draft.drop('a')
    await draft.drop('a')
    expect(await draft.put(from('no'), 'no')).toBeUndefined()
    expect(await readdir(draft.folder)).toEqual([])
  })

  test('discard leaves nothing; a name that is taken is refused', async () => {
    const first = await begin()
    const second = await begin()
    await first.publish()
    await expect(second.publish()).rejects.toMatchObject({exit: 'usage', message: /final cannot be written/})
    expect(await second.publish('another')).toBe(join(world.to, 'another'))
    const third = await begin()
    await third.discard()
    await third.discard()
    expect(await drafts()).toEqual(['another', 'final'])
  })

  test('a path or a name that is too long says so', async () => {
    const draft = await begin()
    const name = 'n'.repeat(300)
    await expect(draft.put(from('a.txt'), name)).rejects.toMatchObject({
      exit: 'usage',
      message: expect.stringMatching(/n{300} cannot be written: the path is too long for this file system$/),
      fix: 'Choose a folder with a shorter path.',
    })
  })

  test.each(['../x', '/x', 'a/../../x', 'a//b', '', '.', 'a\0b'])(
    'a path that leads out is refused: %j',
    async (path) => {
      const draft = await begin()
      await expect(draft.put(from('a.txt'), path)).rejects.toMatchObject({code: 'UNSAFE_PATH'})
      await expect(draft.put(from(path), 'a')).rejects.toMatchObject({code: 'UNSAFE_PATH'})
      await expect(draft.addLink(path, 'x')).rejects.toMatchObject({code: 'UNSAFE_PATH'})
    },
  )
})

describe('leftovers', () => {
  const from = async (pid: number, host = OWNER.host, scope = OWNER.scope): Promise<string> => {
    const draft = await storeOf({...OWNER, pid, host, scope}, world.ui).begin(world.to, 'x', 'owner-only')
    await draft.write('half', 'half')
    return draft.folder
  }

  test('of dead processes go, of live ones stay, of others are told; until they are a day old', async () => {
    const live = await from(process.pid)
    const dead = await from(99_999_998)
    const elsewhere = await from(5, 'mfa2')
    const rebooted = await from(5, OWNER.host, 'another boot')
    const swept = await world.store.sweep(world.to)
    expect(swept).toEqual({removed: [dead], kept: [elsewhere, rebooted].sort()})
    const yesterday = new Date(Date.now() - 25 * 3_600_000)
    for (const path of [live, elsewhere, rebooted]) await utimes(path, yesterday, yesterday)
    expect((await world.store.sweep(world.to)).removed.toSorted()).toEqual([elsewhere, rebooted].sort())
    expect(await drafts()).toEqual([live.slice(world.to.length + 1)])
  })

  test('nothing else is taken for one', async () => {
    for (const name of ['.part', '.x.part', 'x.12-aaaaaaaa-bbbbbbbb-1-cccccccc.part', '.git'])
      await mkdir(join(world.to, name))
    expect(await world.store.sweep(world.to)).toEqual({removed: [], kept: []})
    expect(await world.store.sweep(join(world.to, 'no'))).toEqual({removed: [], kept: []})
  })
})

test('ensure makes a folder for its owner, once; a file in its way is named', async () => {
  const deep = join(world.folder, 'x/y')
  expect(await world.store.ensure(deep)).toMatchObject({path: deep, kind: 'folder'})
  expect((await stat(deep)).mode & 0o777).toBe(0o700)
  await chmod(deep, 0o755)
  await world.store.ensure(deep)
  expect((await stat(deep)).mode & 0o777).toBe(0o755)
  await expect(world.store.ensure(join(world.data, 'a.txt', 'x'))).rejects.toMatchObject({
    exit: 'usage',
    message: expect.stringContaining('a.txt'),
  })
  await expect(world.store.ensure(join(world.data, 'a.txt'))).rejects.toMatchObject({exit: 'usage'})
})

test('keepText replaces a file whole, and leaves nothing beside it', async () => {
  await world.store.keepText(world.data, 'a.txt', 'new')
  expect(await readFile(join(world.data, 'a.txt'), 'utf8')).toBe('new')
  expect(await readdir(world.data)).toEqual(['a.txt', 'b'])
})

test('move and remove take a whole folder; move never replaces one', async () => {
  await world.store.move(world.data, join(world.folder, 'Moved'))
  await mkdir(world.data)
  await expect(world.store.move(join(world.folder, 'Moved'), world.data)).rejects.toMatchObject({
    exit: 'usage',
  })
  await world.store.remove(world.folder, 'Moved')
  expect((await readdir(world.folder)).sort()).toEqual(['Data', 'backups'])
  await rm(world.data, {recursive: true})
})

test('folders: names of folders alone', async () => {
  await mkdir(join(world.data, 'a folder'))
  await symlink('b', join(world.data, 'link'))
  expect(await world.store.folders(world.data)).toEqual(['a folder', 'b'])
})

test('inside joins what is below a folder', () => {
  expect(inside('/x', 'a/b c/…')).toBe(join('/x', 'a', 'b c', '…'))
})
