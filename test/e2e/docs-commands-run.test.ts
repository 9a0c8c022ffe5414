import {execFile} from 'node:child_process'
import {cp, readdir, readFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {promisify} from 'node:util'
import {describe, expect, test} from 'vitest'

import {type CommandBlock, commandBlocks, scriptOf} from '../helpers/docs-commands.js'
import {CONTOSO, newPlace, PACKAGE} from '../helpers/mfa.js'

const ROOT = join(import.meta.dirname, '../..')
const pages = [
  'README.md',
  ...(await readdir(join(ROOT, 'docs'))).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`),
]
const blocks = (
  await Promise.all(pages.map(async (page) => commandBlocks(page, await readFile(join(ROOT, page), 'utf8'))))
).flat()
const run = blocks.filter(({notRun}) => notRun === undefined)
const byPage = Map.groupBy(run, ({page}) => page)

/** Runs a page's blocks in a place of its own, the sandbox being the tenant; what did not end as it should. */
async function failuresOf(some: readonly CommandBlock[]): Promise<string> {
  const place = await newPlace({MFA_TENANT_ID: 'sandbox'})
  try {
    await cp(CONTOSO, join(place.work, 'examples', 'contoso'), {recursive: true})
    await cp(CONTOSO, join(place.work, 'export'), {recursive: true})
    const {stdout, stderr} = await promisify(execFile)('bash', ['-c', scriptOf(some)], {
      cwd: place.work,
      env: place.environment({
        PATH: `${dirname(process.execPath)}:${process.env['PATH']}`,
        MFA_RUN: join(PACKAGE, 'bin', 'run.js'),
        OUT: join(place.folder, 'out.txt'),
        // Whatever a page says, nothing leaves this machine.
        HTTPS_PROXY: 'http://127.0.0.1:9',
        NO_PROXY: '127.0.0.1,localhost',
      }),
      maxBuffer: 16 * 1024 * 1024,
    })
    return `${stdout}${stderr}`
  } finally {
    await place.remove()
  }
}

describe('every block of commands in README and docs', () => {
  test.concurrent.each([...byPage])(
    '%s runs as it stands',
    async (_page, some) => {
      expect(await failuresOf(some)).toBe('')
    },
    90_000,
  )

  test.each(blocks.filter(({notRun}) => notRun !== undefined))(
    '$page, line $line, is not run: $notRun',
    ({notRun, commands}) => {
      expect(notRun?.split(' ').length).toBeGreaterThan(1)
      expect(commands).not.toEqual([])
    },
  )

  test('the tutorial and the README are run, not excused', () => {
    expect(blocks.filter(({page, notRun}) => page === 'docs/tutorial.md' && notRun !== undefined)).toEqual([])
    expect(byPage.get('README.md')?.length).toBeGreaterThan(5)
    expect(byPage.size).toBeGreaterThan(10)
  })
})

test('what does not end as a page says is found, with page, line and output', async () => {
  const page = ['text', '```', 'mfa --no-such-flag', 'export A=1', 'test "$A" = 1', '```'].join('\n')
  const [block] = commandBlocks('bad.md', page)
  expect(await failuresOf(block === undefined ? [] : [block])).toMatch(
    /^bad\.md, line 2: not 0 but 64: mfa --no-such-flag\nerror: [\s\S]*no-such-flag/,
  )
  expect(() => commandBlocks('bad.md', '```\nsome text\nmfa status\n```')).toThrow('a block of data')
})
