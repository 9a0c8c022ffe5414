import {spawn} from 'node:child_process'
import {open, mkdir, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test} from 'vitest'

import {newPlace, PACKAGE, type Place} from '../helpers/mfa.js'

const SMALL = 1_000_000
const BIG = 300_000_000
/** As much more memory as a garbage collector that is not in a hurry takes, and far from the size of the file. */
const ROOM = 100_000_000

let place: Place
beforeEach(async () => {
  place = await newPlace()
  // Told by the process itself when it ends, since nothing else can tell its peak.
  await place.file(
    'peak.mjs',
    "process.on('exit', () => process.stderr.write(`\\npeak ${process.resourceUsage().maxRSS}\\n`))",
  )
})
afterEach(() => place.remove())

/** A file that takes no room on the disk. */
async function sparse(path: string, bytes: number): Promise<void> {
  await mkdir(join(place.work, path))
  const file = await open(join(place.work, path, 'PhoneFactor.pfdata'), 'w')
  await file.truncate(bytes)
  await file.close()
}

/** Bytes. */
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

test(
  'memory is flat in the size of a file: backing up, verifying, restoring, sealed or not',
  {timeout: 240_000},
  async () => {
    const age = await import('age-encryption')
    const identity = await age.generateX25519Identity()
    await writeFile(join(place.work, 'key.txt'), identity)
    const recipient = await age.identityToRecipient(identity)
    await sparse('small', SMALL)
    await sparse('big', BIG)
    const figures: Record<string, Record<string, number>> = {}
    for (const [kind, seal, key] of [
      ['plain', [], []],
      ['sealed', ['--recipient', recipient], ['--identity', 'key.txt']],
    ] as const)
      for (const size of ['small', 'big']) {
        const to = `${kind}-${size}`
        const of: Record<string, number> = {}
        of['backup'] = await peak(['server', 'backup', '--data', size, '--to', to, ...seal])
        const [name = ''] = await import('node:fs/promises').then(({readdir}) =>
          readdir(join(place.work, to)),
        )
        const backup = join(to, name)
        of['verify'] = await peak(['server', 'verify-backup', backup, ...key])
        of['restore'] = await peak(['server', 'restore', backup, '--data', `back-${to}`, '--yes', ...key])
        figures[to] = of
      }
    for (const kind of ['plain', 'sealed'])
      for (const [work, bytes] of Object.entries(figures[`${kind}-big`] ?? {}))
        expect(
          bytes - (figures[`${kind}-small`]?.[work] ?? 0),
          `${kind} ${work}: ${JSON.stringify(figures)}`,
        ).toBeLessThan(ROOM)
    expect((await readFile(join(place.work, 'key.txt'), 'utf8')).length).toBeGreaterThan(0)
    process.stdout.write(`peak memory in bytes: ${JSON.stringify(figures)}\n`)
  },
)
