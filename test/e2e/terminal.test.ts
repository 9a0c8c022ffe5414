import {spawn, spawnSync} from 'node:child_process'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'

import {CONTOSO, newPlace, PACKAGE, type Place} from '../helpers/mfa.js'
import {startTenant, type Tenant} from '../helpers/tenant.js'

/** util-linux's `script` makes a pseudo-terminal. */
const hasScript = /util-linux/.test(spawnSync('script', ['--version'], {encoding: 'utf8'}).stdout ?? '')
const REASON = hasScript ? '' : ' (skipped: there is no `script` of util-linux to make a terminal with)'

const BIRDS = ['--group', 'MFA early birds', '--source', CONTOSO, '--seed-file', `${CONTOSO}/seeds.csv`]

let place: Place
let tenant: Tenant
beforeEach(async () => {
  tenant = await startTenant()
  place = await newPlace(tenant.env)
})
afterEach(async () => {
  await tenant.stop()
  await place.remove()
})

/** Runs mfa at a terminal; types `keys` once the screen shows `at`. */
async function atTerminal(
  args: readonly string[],
  at: RegExp,
  keys: string,
): Promise<{code: number | null; screen: string}> {
  const command = [process.execPath, join(PACKAGE, 'bin', 'run.js'), ...args]
    .map((word) => `'${word}'`)
    .join(' ')
  const env = {...place.environment(), TERM: 'xterm-256color', SHELL: '/bin/sh'}
  const child = spawn('script', ['-qefc', `stty cols 100 rows 40; ${command}`, '/dev/null'], {
    env,
    cwd: place.work,
  })
  let screen = ''
  let typed = false
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text
    if (typed || !at.test(screen)) return
    typed = true
    child.stdin.write(keys)
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), 25_000)
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  clearTimeout(timer)
  return {code, screen}
}

const QUESTION = /Write 22 changes to Microsoft Entra\?/

describe.skipIf(!hasScript)(`at a terminal${REASON}`, () => {
  test('the plan is shown, and no (9) changes nothing', async () => {
    const {code, screen} = await atTerminal(['migrate', ...BIRDS], QUESTION, 'n\r')
    expect(screen).toContain('set mobile to +1 4255550101')
    expect(screen).toContain('nothing was changed')
    expect(code).toBe(9)
    expect(tenant.writes()).toBe(0)
  })

  test('just Enter is no', async () => {
    expect((await atTerminal(['migrate', ...BIRDS], QUESTION, '\r')).code).toBe(9)
    expect(tenant.writes()).toBe(0)
  })

  test('Ctrl-C at the question is 130 and changes nothing', async () => {
    expect((await atTerminal(['migrate', ...BIRDS], QUESTION, '\u0003')).code).toBe(130)
    expect(tenant.writes()).toBe(0)
  })

  test('a mistyped command is told, not asked about', async () => {
    // Nothing is typed: with a question this would not end.
    const {code, screen} = await atTerminal(['migrat', '--json'], /(?!)/, '')
    expect(code).toBe(64)
    expect(JSON.parse(screen)).toMatchObject({error: {code: 'NO_SUCH_COMMAND'}})
  })

  test('yes migrates', async () => {
    const {code, screen} = await atTerminal(['migrate', ...BIRDS], QUESTION, 'y\r')
    expect(screen).toContain('all 6 users of "MFA early birds" are migrated; 0 failed')
    expect(code).toBe(0)
  })
})
