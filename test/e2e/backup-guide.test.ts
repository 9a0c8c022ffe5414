import {spawn} from 'node:child_process'
import {readdir, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, test} from 'vitest'

import {newPlace, PACKAGE} from '../helpers/mfa.js'

/** What the guide tells to type, and what it says will be there afterwards. */
test('the rehearsal in docs/backup.md runs as it stands', async () => {
  const place = await newPlace()
  const page = await readFile(join(PACKAGE, 'docs', 'backup.md'), 'utf8')
  const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block = '']) => block)
  expect(blocks).toHaveLength(3)
  const mfa = `mfa() { '${process.execPath}' '${join(PACKAGE, 'bin', 'run.js')}' "$@"; }`
  await writeFile(join(place.folder, 'script.sh'), ['set -e', mfa, ...blocks].join('\n'))
  const child = spawn('sh', ['../script.sh'], {cwd: place.work, env: place.environment()})
  let out = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (out += text))
  expect(await new Promise((resolve) => child.once('close', resolve)), out).toBe(0)
  expect(await place.read('Data/PhoneFactor.pfdata')).toBe('invented data\n')
  expect((await readdir(place.work)).sort()).toEqual([
    'Data',
    expect.stringMatching(/^Data\.before-restore-/),
    'Setup-8.0.exe',
    'backups',
  ])
  expect(out).toContain('ready for the upgrade')
  await place.remove()
})
