import {spawn} from 'node:child_process'
import {mkdir, open, readdir} from 'node:fs/promises'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test} from 'vitest'

import {newPlace, PACKAGE, type Place} from '../helpers/mfa.js'

const SMALL = 1_000_000

let place: Place
beforeEach(async () => {
  place = await newPlace()
  // Told by the process itself when it ends: nothing else can tell its peak.
  const told = 'process.stderr.write(`\\npeak ${process.resourceUsage().maxRSS}\\n`)'
  await place.file('peak.mjs', `process.on('exit', () => ${told})`)
})
afterEach(() => place.remove())

/** A file that takes no room on the disk. */
async function sparse(folder: string, bytes: number): Promise<void> {
  await mkdir(join(place.work, folder))
  const file = await open(join(place.work, folder, 'PhoneFactor.pfdata'), 'w')
  await file.truncate(bytes)
  await file.close()
}

/** Bytes of memory that a command took at most. */
async function peak(args: readonly string[]): Promise<number> {
  const hook = join(place.work, 'peak.mjs')
  const child = spawn(process.execPath, ['--import', hook, join(PACKAGE, 'bin', 'run.js'), ...args], {
    cwd: place.work,
    env: place.environment(),
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const code = await new Promise((resolve) => child.once('close', resolve))
  expect(code, stderr).toBe(0)
  return Number(/peak (\d+)/.exec(stderr)?.[1]) * 1024
}

async function peaks(
  folder: string,
  seal: readonly string[],
  key: readonly string[],
): Promise<Record<'backup' | 'verify' | 'restore', number>> {
  const to = `of-${folder}`
  const backup = await peak(['server', 'backup', '--data', folder, '--to', to, ...seal])
  const [name = ''] = await readdir(join(place.work, to))
  const verify = await peak(['server', 'verify-backup', join(to, name), ...key])
  const restore = await peak(['server', 'restore', join(to, name), '--data', `${to}-back`, '--yes', ...key])
  return {backup, verify, restore}
}

/** `room`: a garbage collector that is not in a hurry leaves more of what was sealed, and still far from all of it. */
test.each([
  {kind: 'plain', bytes: 300_000_000, room: 50_000_000},
  {kind: 'sealed', bytes: 300_000_000, room: 150_000_000},
])('memory is flat in the size of a file: $kind', {timeout: 240_000}, async ({kind, bytes, room}) => {
  const age = await import('age-encryption')
  const identity = await age.generateX25519Identity()
  await place.file('key.txt', identity)
  const sealed = kind === 'sealed'
  const seal = sealed ? ['--recipient', await age.identityToRecipient(identity)] : []
  const key = sealed ? ['--identity', 'key.txt'] : []
  await sparse('small', SMALL)
  await sparse('big', bytes)
  const [small, big] = [await peaks('small', seal, key), await peaks('big', seal, key)]
  process.stdout.write(`peak memory, ${kind}: ${JSON.stringify({small, big})}\n`)
  for (const work of ['backup', 'verify', 'restore'] as const)
    expect(big[work] - small[work], work).toBeLessThan(room)
})
