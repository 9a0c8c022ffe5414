import {mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

import {afterEach, beforeEach, expect, it} from 'vitest'

import {makeFolders} from '../../src/lib/disk/make-folders.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mfa-folders-'))
})
afterEach(() => rm(folder, {recursive: true, force: true}))

it('makes what is missing and says where it began', async () => {
  const deep = join(folder, 'a', 'b', 'c')
  expect(await makeFolders(deep, 0o700)).toBe(join(folder, 'a'))
  expect((await stat(deep)).isDirectory()).toBe(true)
  expect(await makeFolders(deep)).toBeUndefined()
})

it('made by many at once, it is there', async () => {
  const deep = join(folder, 'x', 'y')
  await Promise.all(Array.from({length: 20}, () => makeFolders(deep)))
  expect((await stat(deep)).isDirectory()).toBe(true)
})

it('refuses a file in the way', async () => {
  await writeFile(join(folder, 'file'), '')
  await expect(makeFolders(join(folder, 'file'))).rejects.toMatchObject({code: 'ENOTDIR'})
  await expect(makeFolders(join(folder, 'file', 'below'))).rejects.toMatchObject({code: 'ENOTDIR'})
  await mkdir(join(folder, 'good'))
  expect(await makeFolders(join(folder, 'good'))).toBeUndefined()
})

it.skipIf(process.platform !== 'linux')('comes back where nothing can be made', async () => {
  await expect(makeFolders('/proc/mfa/below')).rejects.toMatchObject({code: 'ENOENT'})
})

it('is how every folder is made: nothing else makes those above it', async () => {
  const source = join(import.meta.dirname, '../../src')
  const files = (await readdir(source, {recursive: true})).filter((name) => name.endsWith('.ts'))
  expect(files.length).toBeGreaterThan(300)
  for (const name of files)
    expect([name, /mkdir(Sync)?\([^)]*recursive/.test(await readFile(join(source, name), 'utf8'))]).toEqual([
      name,
      false,
    ])
})
