import {mkdir, readdir} from 'node:fs/promises'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test} from 'vitest'

import {shellWord} from '../../src/lib/model/shell-word.js'
import {sizeText} from '../../src/lib/model/size-text.js'
import {renameFolder} from '../../src/lib/storage/rename-folder.js'
import {type BackupWorld, newBackupWorld} from '../helpers/backup-world.js'

let world: BackupWorld
beforeEach(async () => {
  world = await newBackupWorld()
})
afterEach(() => world.remove())

/** Somebody holds the folder for so many tries. */
function held(times: number, code: string) {
  const log: string[] = []
  return {
    log,
    deps: (platform: NodeJS.Platform) => ({
      platform,
      rename: async () => {
        log.push('rename')
        if (log.filter((entry) => entry === 'rename').length <= times)
          throw Object.assign(new Error(code), {code})
      },
      sleep: async () => void log.push('sleep'),
    }),
  }
}

test('on Windows a folder that is held for a moment is tried again', async () => {
  for (const code of ['EPERM', 'EBUSY', 'EACCES']) {
    const {deps, log} = held(2, code)
    await renameFolder(world.data, join(world.folder, 'x'), deps('win32'))
    expect(log).toEqual(['rename', 'sleep', 'rename', 'sleep', 'rename'])
  }
})

test('not for ever, not for another reason, and not elsewhere', async () => {
  const to = join(world.folder, 'x')
  const forEver = held(1000, 'EBUSY')
  await expect(renameFolder(world.data, to, forEver.deps('win32'))).rejects.toThrow('EBUSY')
  expect(forEver.log.filter((entry) => entry === 'rename')).toHaveLength(25)
  for (const [code, platform] of [
    ['EXDEV', 'win32'],
    ['EBUSY', 'linux'],
  ] as const) {
    const {deps, log} = held(1, code)
    await expect(renameFolder(world.data, to, deps(platform))).rejects.toThrow(code)
    expect(log).toEqual(['rename'])
  }
})

test('an empty folder in the way is not replaced', async () => {
  const to = join(world.folder, 'empty')
  await mkdir(to)
  await expect(renameFolder(world.data, to)).rejects.toMatchObject({code: 'EEXIST'})
  expect(await readdir(to)).toEqual([])
})

test.each([
  [0, '0 bytes'],
  [1, '1 byte'],
  [999, '999 bytes'],
  [1000, '1 KB'],
  [1234, '1.23 KB'],
  [999_499, '999 KB'],
  [999_500, '1 MB'],
  [10_000_000_000, '10 GB'],
  [123_456_789_012_345, '123 TB'],
])('%i is %s', (bytes, text) => {
  expect(sizeText(bytes)).toBe(text)
})

test.each([
  ['/var/backups/x', '/var/backups/x'],
  ['E:\\Backups', 'E:\\Backups'],
  ['E:\\My Backups', '"E:\\My Backups"'],
  ['', '""'],
  ['$(whoami)', "'$(whoami)'"],
  ['the "new" ones', `'the "new" ones'`],
  ["Ann's `x`", `'Ann'\\''s \`x\`'`],
])('%j is typed as %s', (text, word) => {
  expect(shellWord(text)).toBe(word)
})
