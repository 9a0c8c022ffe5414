import {mkdir, readdir, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {afterEach, beforeEach, expect, test} from 'vitest'

import {snapshot} from '../helpers/backup-world.js'
import {newPlace, type Place, type RunningMfa} from '../helpers/mfa.js'

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

const names = async (...path: readonly string[]): Promise<readonly string[]> =>
  readdir(join(place.work, ...path)).catch(() => [])
const finished = async (): Promise<readonly string[]> =>
  (await names('backups')).filter((name) => !name.startsWith('.'))
const drafts = async (...path: readonly string[]): Promise<readonly string[]> =>
  (await names(...path)).filter((name) => name.endsWith('.part'))
const verified = async (backup: string): Promise<number | null> =>
  (await place.mfa(['server', 'verify-backup', backup])).code

/** Ends it with a signal once the draft below `path` holds so many files, if it is not faster. */
async function cutAt(files: number, running: RunningMfa, name: NodeJS.Signals, path: string, below: string) {
  const ended = {code: undefined as number | null | undefined}
  void running.ended.then(({code}) => (ended.code = code))
  while (ended.code === undefined) {
    const [draft] = await drafts(path)
    if (draft !== undefined && (await names(path, draft, below)).length >= files) break
    await sleep(2)
  }
  running.process.kill(name)
  return running.ended
}

test.each([
  {name: 'SIGKILL', code: null, left: 1},
  {name: 'SIGTERM', code: 130, left: 0},
] as const)(
  '$name at many places of a backup: nothing half under a final name, the next one is good and clears up',
  async ({name, code, left}) => {
    const before = await snapshot(join(place.work, 'Data'))
    const cuts: {readonly code: number | null; readonly appeared: number; readonly left: number}[] = []
    for (const files of [0, 1, 10, 25, FILES - 1, FILES]) {
      const there = (await finished()).length
      const {code} = await cutAt(files, place.start(BACKUP), name, 'backups', 'data')
      const now = (await finished()).length
      cuts.push({code, appeared: now - there, left: (await drafts('backups')).length})
    }
    // One that was faster than the signal is a backup like any other.
    const cut = cuts.filter((one) => one.code !== 0)
    expect(cut.length).toBeGreaterThan(1)
    expect(cut).toEqual(cut.map(() => ({code, appeared: 0, left})))
    const made = await place.mfa(BACKUP)
    expect(made.code).toBe(0)
    expect(await drafts('backups')).toEqual([])
    for (const backup of await finished()) expect(await verified(join('backups', backup))).toBe(0)
    expect(await snapshot(join(place.work, 'Data'))).toEqual(before)
  },
)

test('two at once into one folder: both are whole, and neither takes the other for a leftover', async () => {
  const both = await Promise.all([place.mfa(BACKUP), place.mfa([...BACKUP, '--server', 'other'])])
  for (const made of both) {
    expect(made.code, made.stdout).toBe(0)
    expect(await verified(String(made.json()['backup']))).toBe(0)
  }
  expect(await finished()).toHaveLength(2)
  expect(await drafts('backups')).toEqual([])
})

/** Which data stand in a folder, by its first file; only where all the others are there too. */
async function state(folder: string): Promise<'old' | 'new' | 'missing' | 'broken'> {
  const files = await names(folder)
  if (files.length === 0) return 'missing'
  if (files.length !== FILES) return 'broken'
  for (let index = 1; index < FILES; index++) {
    const content = await readFile(join(place.work, folder, `${index}.bin`))
    if (!content.equals(Buffer.alloc(BYTES, index))) return 'broken'
  }
  return (await readFile(join(place.work, folder, '0.bin'), 'utf8')) === 'changed' ? 'old' : 'new'
}

test('SIGKILL at many places of a restore: old data or new ones, never half; the same command finishes', async () => {
  const backup = String((await place.mfa(BACKUP)).json()['backup'])
  const restore = ['server', 'restore', backup, '--data', 'Data', '--yes']
  const asides = async (): Promise<readonly string[]> =>
    (await names()).filter((name) => name.startsWith('Data.before-restore'))
  const seen: string[] = []
  let cut = 0
  for (const files of [0, 10, 30, FILES]) {
    await writeFile(join(place.work, 'Data', '0.bin'), 'changed')
    const {code} = await cutAt(files, place.start(restore), 'SIGKILL', '', '.')
    if (code !== 0) cut += 1
    const is = await state('Data')
    // Between the two renames the old data stand beside.
    const beside = is === 'missing' ? await state((await asides()).at(-1) ?? 'nowhere') : ''
    seen.push(`${is} ${beside}`.trim())
    if (is === 'missing') await place.mfa(restore)
  }
  expect(cut).toBeGreaterThan(0)
  expect(seen.filter((one) => !['old', 'new', 'missing old'].includes(one))).toEqual([])
  await writeFile(join(place.work, 'Data', '0.bin'), 'changed')
  expect((await place.mfa(restore)).code).toBe(0)
  expect(await state('Data')).toBe('new')
  expect(await drafts('')).toEqual([])
  expect(await state((await asides()).at(-1) ?? '')).toBe('old')
})
