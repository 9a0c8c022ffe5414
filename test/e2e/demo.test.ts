import {execFile} from 'node:child_process'
import {join} from 'node:path'
import {promisify} from 'node:util'
import {afterAll, beforeAll, expect, test} from 'vitest'

import {newPlace, PACKAGE, type Place} from '../helpers/mfa.js'

const run = promisify(execFile)
let place: Place
beforeAll(async () => {
  place = await newPlace()
})
afterAll(() => place.remove())

/** As `npm run demo` does, in the package's folder; what is remembered goes elsewhere. */
const inPackage = (script: string, args: readonly string[]) =>
  run(process.execPath, [join(PACKAGE, script), ...args], {cwd: PACKAGE, env: place.environment()})

test('the demo ends well, has nothing to warn of, and the commands that it prints work', async () => {
  const {stdout, stderr} = await inPackage('scripts/demo.js', [])
  const birds = stdout.slice(0, stdout.indexOf('# A pilot group'))
  expect(birds).toContain('all 6 users of "MFA early birds" are migrated; 0 failed')
  expect(`${birds}${stderr}`).not.toMatch(/bea\.renamed|warning:/)
  expect(stdout).toMatch(/\d+ of \d+ users of "MFA pilot" are migrated; 1 failed/)

  const printed = [...stdout.matchAll(/^ {2}npx mfa (.*)$/gm)].map(([, words = '']) =>
    [...words.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? ''),
  )
  expect(printed).toHaveLength(4)
  for (const args of printed) {
    // execFile rejects on any exit code but 0.
    const shown = await inPackage('bin/run.js', args)
    expect(`${shown.stdout}${shown.stderr}`).not.toMatch(/warning:|error:/)
    expect(shown.stdout).not.toBe('')
  }
})
