import {appendFile, rm, stat, utimes, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test} from 'vitest'

import {backUp} from '../../src/lib/backup/backup.js'
import {restore} from '../../src/lib/backup/restore.js'
import type {BackupStore} from '../../src/lib/ports/backup-store.js'
import {type BackupWorld, NEVER, newBackupWorld, snapshot} from '../helpers/backup-world.js'

let world: BackupWorld
beforeEach(async () => {
  world = await newBackupWorld({'PhoneFactor.pfdata': 'one', 'a.log': 'first', 'z.txt': 'z'})
})
afterEach(() => world.remove())

/** Somebody else works in the folder before the nth pass over it. */
function disturbed(store: BackupStore, work: (pass: number) => Promise<void>): BackupStore {
  let pass = -1
  return {
    ...store,
    scan: async (folder) => {
      // The first look is before any pass.
      if (folder === world.data) {
        pass += 1
        if (pass > 0) await work(pass)
      }
      return store.scan(folder)
    },
  }
}

test('two passes that agree are enough, and the source is as it was', async () => {
  const before = await snapshot(world.data)
  const {manifest, sha256} = await backUp(world.request(), world.deps, NEVER)
  expect(manifest.passes).toBe(2)
  expect(Object.keys(sha256)).toEqual(['PhoneFactor.pfdata', 'a.log', 'z.txt'])
  expect(await snapshot(world.data)).toEqual(before)
})

test('what changes, appears and disappears meanwhile: the copy is what the last two passes saw', async () => {
  const store = disturbed(world.store, async (pass) => {
    if (pass === 2) await appendFile(join(world.data, 'PhoneFactor.pfdata'), ' two')
    if (pass === 3) await writeFile(join(world.data, 'new.txt'), 'new')
    if (pass === 4) await rm(join(world.data, 'a.log'))
  })
  const {manifest, folder} = await backUp(world.request({attempts: 9}), {...world.deps, store}, NEVER)
  expect(manifest.passes).toBe(5)
  expect(manifest.files.map(({path, bytes}) => [path, bytes])).toEqual([
    ['PhoneFactor.pfdata', 7],
    ['new.txt', 3],
    ['z.txt', 1],
  ])
  const back = {backup: folder, data: join(world.folder, 'Back'), identities: undefined}
  const done = await restore(
    {...back, yes: true, controlService: false, preview: () => {}},
    world.deps,
    NEVER,
  )
  expect(done.differences.map(({path, what}) => `${path} ${what}`)).toEqual([
    'PhoneFactor.pfdata comes-back',
    'new.txt comes-back',
    'z.txt comes-back',
  ])
  const is = await snapshot(back.data)
  const was = await snapshot(world.data)
  // Times are kept to the millisecond, and a folder's own is when it was filled.
  const content = (tree: Readonly<Record<string, string>>): readonly string[] =>
    Object.entries(tree).map(([path, text]) => `${path} ${text.replace(/ \d+ /, ' ')}`)
  expect(content(is)).toEqual(content(was))
})

test('the same length and the same time do not hide another content', async () => {
  const path = join(world.data, 'PhoneFactor.pfdata')
  const store = disturbed(world.store, async (pass) => {
    if (pass !== 2) return
    const {atime, mtime} = await stat(path)
    await writeFile(path, 'owt')
    await utimes(path, atime, mtime)
  })
  const {manifest} = await backUp(world.request(), {...world.deps, store}, NEVER)
  expect(manifest.passes).toBe(3)
})

test('a file that never rests: names it, leaves nothing, gives up after the passes that were allowed', async () => {
  let writes = 0
  const store = disturbed(world.store, async () => {
    await writeFile(join(world.data, 'a.log'), `line ${writes++}`)
  })
  const attempt = backUp(world.request({attempts: 4}), {...world.deps, store}, NEVER)
  await expect(attempt).rejects.toMatchObject({
    code: 'KEEPS_CHANGING',
    exit: 'data',
    message: expect.stringMatching(/read 4 times.*: a\.log$/),
    fix: expect.stringContaining('--attempts'),
  })
  expect(writes).toBe(4)
  expect(await snapshot(world.to)).toEqual({'': expect.any(String)})
  expect(world.clock.sleeps).toEqual([1000, 1000])
})

test('the moment it shows is the beginning of the pass that found nothing', async () => {
  const store = disturbed(world.store, async (pass) => {
    world.clock.advance(60_000)
    if (pass === 2) await appendFile(join(world.data, 'a.log'), 'more')
  })
  const begun = world.clock.now().getTime()
  const {manifest} = await backUp(world.request(), {...world.deps, store}, NEVER)
  expect(manifest.passes).toBe(3)
  expect(Date.parse(manifest.madeAt) - begun).toBe(2 * 60_000 + 1000)
})

test('an interrupt between two pieces leaves nothing', async () => {
  const stop = new AbortController()
  const store = disturbed(world.store, async (pass) => {
    if (pass === 2) stop.abort(new Error('stopped'))
  })
  await expect(backUp(world.request(), {...world.deps, store}, stop.signal)).rejects.toThrow('stopped')
  expect(await snapshot(world.to)).toEqual({'': expect.any(String)})
})
