import {hash} from 'node:crypto'
import {mkdir, readdir, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {afterEach, beforeEach, expect, test} from 'vitest'

import {snapshot} from '../helpers/backup-world.js'
import {newPlace, type Place} from '../helpers/mfa.js'

const FILES = 40
const BYTES = 1_000_000

let place: Place
beforeEach(async () => {
  place = await newPlace()
  await mkdir(join(place.work, 'Data'))
  for (let index = 0; index < FILES; index++)
    await writeFile(join(place.work, 'Data', `${index}.bin`), Buffer.alloc(BYTES, index))
})
afterEach(() => place.remove())

const BACKUP = ['server', 'backup', '--data', 'Data', '--to', 'backups', '--json']
const inBackups = async (): Promise<readonly string[]> => readdir(join(place.work, 'backups')).catch(() => [])
const finished = async (): Promise<readonly string[]> =>
  (await inBackups()).filter((name) => !name.startsWith('.'))
const drafts = async (): Promise<readonly string[]> =>
  (await inBackups()).filter((name) => name.startsWith('.'))

/** Resolves with the draft once it holds so many files; undefined if the process was faster. */
async function draftWith(files: number, ended: Promise<unknown>): Promise<string | undefined> {
  let over = false
  void ended.then(() => (over = true))
  while (!over) {
    for (const draft of await drafts()) {
      const copied = await readdir(join(place.work, 'backups', draft, 'data')).catch(() => [])
      if (copied.length >= files) return draft
    }
    await sleep(2)
  }
  return undefined
}

test.each(['SIGKILL', 'SIGTERM'] as const)(
  '%s at many places: nothing half under a final name, the next one cleans up and is good',
  async (name) => {
    const before = await snapshot(join(place.work, 'Data'))
    let cut = 0
    for (const files of [0, 1, 10, 25, FILES - 1, FILES]) {
      const whole = await finished()
      const running = place.start(BACKUP)
      await draftWith(files, running.ended)
      running.process.kill(name)
      const {code} = await running.ended
      if (code !== 0) {
        cut += 1
        expect(await finished()).toEqual(whole)
        if (name === 'SIGTERM') {
          expect(code).toBe(130)
          expect(await drafts()).toEqual([])
        }
      }
      for (const backup of await finished())
        expect((await place.mfa(['server', 'verify-backup', join('backups', backup)])).code).toBe(0)
    }
    expect(cut).toBeGreaterThan(2)
    const made = await place.mfa(BACKUP)
    expect(made.code).toBe(0)
    expect(await drafts()).toEqual([])
    expect((await place.mfa(['server', 'verify-backup', String(made.json()['backup'])])).code).toBe(0)
    expect(await snapshot(join(place.work, 'Data'))).toEqual(before)
  },
)

test('two at once into one folder: both are whole, and neither takes the other for a leftover', async () => {
  const both = await Promise.all([place.mfa(BACKUP), place.mfa([...BACKUP, '--server', 'other'])])
  for (const made of both) {
    expect(made.code, made.stdout).toBe(0)
    expect((await place.mfa(['server', 'verify-backup', String(made.json()['backup'])])).code).toBe(0)
  }
  expect(await finished()).toHaveLength(2)
  expect(await drafts()).toEqual([])
})

test('SIGKILL in the middle of a restore: the data are the old or the new ones, whole, and the same command finishes', async () => {
  const made = await place.mfa(BACKUP)
  const backup = String(made.json()['backup'])
  const hashes = made.json()['sha256'] as Record<string, string>
  await writeFile(join(place.work, 'Data', '0.bin'), 'changed')
  const old = await snapshot(join(place.work, 'Data'))
  const restore = ['server', 'restore', backup, '--data', 'Data', '--yes']
  const beside = async (): Promise<readonly string[]> =>
    (await readdir(place.work)).filter((name) => name.endsWith('.part'))
  for (const files of [0, 20, FILES]) {
    const running = place.start(restore)
    let over = false
    void running.ended.then(() => (over = true))
    for (;;) {
      const [draft] = await beside()
      const there = draft === undefined ? -1 : (await readdir(join(place.work, draft)).catch(() => [])).length
      if (over || there >= files) break
      await sleep(2)
    }
    running.process.kill('SIGKILL')
    if ((await running.ended).code === 0) continue
    const now = await snapshot(join(place.work, 'Data')).catch(() => undefined)
    // Missing only between the two renames; then the old data are beside it.
    if (now !== undefined && Object.keys(now).length > 0)
      expect([FILES + 1]).toContain(Object.keys(now).length)
  }
  expect((await place.mfa(restore)).code).toBe(0)
  for (const [path, sha256] of Object.entries(hashes))
    expect(hash('sha256', await readFile(join(place.work, 'Data', path)))).toBe(sha256)
  expect(await beside()).toEqual([])
  const kept = (await readdir(place.work)).filter((name) => name.startsWith('Data.before-restore'))
  const contents = await Promise.all(kept.map(async (name) => readFile(join(place.work, name, '0.bin'))))
  expect(contents.map(String)).toContain('changed')
  expect(Object.keys(old)).toHaveLength(FILES + 1)
})
