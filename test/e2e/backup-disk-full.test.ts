import {spawn, spawnSync} from 'node:child_process'
import {readFile, writeFile, mkdir, chmod} from 'node:fs/promises'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'

import {snapshot} from '../helpers/backup-world.js'
import {newPlace, PACKAGE, type Place} from '../helpers/mfa.js'

/** A mount namespace with a small file system: nobody else sees it. */
const canMount =
  process.platform === 'linux' &&
  spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0
const REASON = canMount ? '' : ' (skipped: only root can mount a small disk)'

let place: Place
beforeEach(async () => {
  place = await newPlace()
  await mkdir(join(place.work, 'Data'))
  for (const name of ['small', 'many']) await mkdir(join(place.work, name))
  for (const name of ['PhoneFactor.pfdata', 'other.bin'])
    await writeFile(join(place.work, 'Data', name), Buffer.alloc(1_500_000, name))
})
afterEach(() => place.remove())

/** Runs a script where `small` is a disk of `room`; `mfa` is a function there. Gives stdout. */
async function onSmallDisk(room: string, script: string): Promise<string> {
  const run = join(PACKAGE, 'bin', 'run.js')
  const head = `set -u\nmount -t tmpfs -o size=${room} tmpfs small\nmfa() { '${process.execPath}' '${run}' "$@"; }\n`
  await writeFile(join(place.work, 'script.sh'), head + script)
  await chmod(join(place.work, 'script.sh'), 0o700)
  const child = spawn('unshare', ['-m', 'sh', 'script.sh'], {cwd: place.work, env: place.environment()})
  let out = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (out += text))
  await new Promise((resolve) => child.once('close', resolve))
  return out
}

describe.runIf(canMount)(`a full disk${REASON}`, () => {
  test('too small from the start: said before anything is copied', async () => {
    const out = await onSmallDisk(
      '2m',
      'mfa server backup --data Data --to small/b; echo "code $?"; ls -A small/b',
    )
    expect(out).toMatch(/has room for 2\.1 MB; the backup takes 3 MB/)
    expect(out).toMatch(/code 6\n$/)
  })

  test('full in the middle: says where, leaves nothing, and goes through with more room', async () => {
    // Each takes a whole page of the disk: more than their sizes let expect.
    for (let index = 0; index < 400; index++)
      await writeFile(join(place.work, 'many', `${index}.bin`), 'tiny')
    const before = await snapshot(join(place.work, 'many'))
    const out = await onSmallDisk(
      '1m',
      [
        'mfa server backup --data many --to small/b > out; echo "code $?"',
        'echo "left: $(ls -A small/b)"',
        'mount -o remount,size=16m small',
        'mfa server backup --data many --to small/b > out 2> err; echo "code $?"',
        'mfa server verify-backup small/b/mfa-server-*; echo "code $?"',
      ].join('\n'),
    )
    expect(out).toMatch(/error: .*\/small\/b\/.* cannot be written: the disk is full/)
    expect(out).toMatch(/code 6\nleft: \n/)
    expect(out.match(/code 0\n/g)).toHaveLength(2)
    expect(await snapshot(join(place.work, 'many'))).toEqual(before)
  })

  test('another disk is no reason to warn', async () => {
    const out = await onSmallDisk('8m', 'mfa server backup --data Data --to small/b --role primary')
    expect(out).not.toContain('same disk')
    expect(out).toContain('backup of 2 files is good')
  })

  test('full while restoring: the data stay as they are', async () => {
    const out = await onSmallDisk(
      '5m',
      [
        'cp -rp Data small/Data',
        'mfa server backup --data Data --to b > out 2>&1',
        'mfa server restore b/mfa-server-* --data small/Data --yes; echo "code $?"',
        'cmp Data/other.bin small/Data/other.bin && ls -A small',
      ].join('\n'),
    )
    expect(out).toMatch(/code 6\nData\n$/)
    expect(out).toMatch(/has room for .*; the backup takes 3 MB/)
  })
})

test.runIf(canMount)(`a read-only place: says so${REASON}`, async () => {
  const out = await onSmallDisk(
    '1m',
    'mount -o remount,ro small; mfa server backup --data Data --to small/b; echo "code $?"',
  )
  expect(out).toMatch(/small\/b cannot be written: the file system is read-only[\s\S]*code 64\n$/)
  expect(await readFile(join(place.work, 'Data/other.bin'))).toHaveLength(1_500_000)
})
