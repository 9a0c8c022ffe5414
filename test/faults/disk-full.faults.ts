import {spawn, spawnSync} from 'node:child_process'
import {existsSync} from 'node:fs'
import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterEach, expect, test, vi} from 'vitest'

import {PACKAGE} from '../helpers/mfa.js'
import {notInTenant, recordedIn, unsettledIn} from './checks.js'
import {undisturbedRun} from './ordeal.js'
import {MIGRATE, newWorld, stateOf, UNPACED, type World} from './world.js'

const USERS = 100
/** A mount namespace with a small file system for the state: nobody else sees it. */
const canMount =
  process.platform === 'linux' &&
  spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0

let world: World | undefined
afterEach(async () => {
  await world?.stop()
})

/** None where there is no state yet. */
async function intentsIn(folder: string): Promise<number> {
  if (!existsSync(join(folder, 'state.db'))) return 0
  const {actions} = await recordedIn(folder)
  return actions.length
}

const SCRIPT = `
set -u
mkdir -p "$MFA_STATE"
mount -t tmpfs -o "size=$ROOM" tmpfs "$MFA_STATE"
"$@" > out-1 2> err-1; echo $? > code-1
cp -r "$MFA_STATE" copy-1; touch ended-1
while [ ! -e go ]; do sleep 0.1; done
mount -o remount,size=64m "$MFA_STATE"
"$@" > out-2 2> err-2; echo $? > code-2
cp -r "$MFA_STATE" copy-2; touch ended-2
`

test.runIf(canMount).for(['160k', '250k', '350k', '450k', '600k', '800k'])(
  'a disk of %s for the state: stops with the path, wrote nothing that is not on record, goes on with more room',
  async (room) => {
    const undisturbed = await undisturbedRun(USERS)
    world = await newWorld({users: USERS, faults: {delay: 2}})
    const {place, watcher} = world
    const read = async (name: string): Promise<string> => readFile(join(place.work, name), 'utf8')
    const command = [process.execPath, join(PACKAGE, 'bin', 'run.js'), ...MIGRATE, ...UNPACED]
    const child = spawn('unshare', ['-m', 'sh', '-c', SCRIPT, 'sh', ...command], {
      cwd: place.work,
      env: place.environment({ROOM: room}),
      stdio: 'ignore',
    })
    await vi.waitFor(() => expect(existsSync(join(place.work, 'ended-1'))).toBe(true), {
      timeout: 120_000,
      interval: 50,
    })
    const [code, out, err] = [(await read('code-1')).trim(), await read('out-1'), await read('err-1')]
    expect(['6', '64'], `${out}${err}`).toContain(code)
    const {error} = JSON.parse(out) as {error: {message: string; fix: string}}
    expect(error.message).toContain(place.state)
    expect(error.fix).not.toBe('')
    const {written} = watcher.figures()
    expect(await intentsIn(join(place.work, 'copy-1'))).toBeGreaterThanOrEqual(written)
    process.stdout.write(`room ${room}: exit ${code} after ${written} writes: ${error.message}\n`)

    await writeFile(join(place.work, 'go'), '')
    await new Promise((resolve) => child.once('close', resolve))
    const ended = {code: (await read('code-2')).trim(), err: await read('err-2')}
    expect(ended).toEqual({code: '0', err: ended.err})
    expect(stateOf(world.sandbox.dump())).toEqual(undisturbed.state)
    expect(watcher.twice()).toEqual([])
    const recorded = await recordedIn(join(place.work, 'copy-2'))
    expect(unsettledIn(recorded)).toEqual([])
    expect(notInTenant(recorded, world.sandbox.dump())).toEqual([])
  },
)
