import {readFile} from 'node:fs/promises'
import {join} from 'node:path'

import {afterEach, beforeEach, describe, expect, it} from 'vitest'

import {METHOD_NAMES} from '../../src/lib/audit/words.js'
import {newPlace, PACKAGE, type Place} from '../helpers/mfa.js'

const page = (name: string) => readFile(join(PACKAGE, 'docs', name), 'utf8')

describe('the guides to the audit log and to readiness', () => {
  let place: Place
  beforeEach(async () => {
    place = await newPlace()
  })
  afterEach(() => place.remove())

  it.each(['audit.md', 'readiness.md'])(
    '%s has a rehearsal whose lines work as they stand, in order',
    {timeout: 180_000},
    async (name) => {
      const [, block = ''] = /## A rehearsal[\s\S]*?```\n([\s\S]*?)```/.exec(await page(name)) ?? []
      const lines = block.trim().split('\n')
      expect(lines.length).toBeGreaterThan(7)
      for (const line of lines) {
        const [command = '', remark = ''] = line.replace('OUT/', `${place.work}/`).split(/\s+#\s/)
        const [program, ...args] = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(
          ([, quoted, plain]) => quoted ?? plain ?? '',
        )
        const code = Number(/exit code (\d+)/.exec(remark)?.[1] ?? 0)
        // Paths of the guide begin where the package lies.
        const ended = await place.mfa(args, {cwd: PACKAGE})
        expect([program, line, ended.code, ended.code === code ? '' : ended.stderr]).toEqual([
          'mfa',
          line,
          code,
          '',
        ])
      }
    },
  )

  it('has every method code, with what it means', async () => {
    const text = await page('audit.md')
    for (const [code, name] of Object.entries(METHOD_NAMES)) expect(text).toContain(`| ${code} | ${name} |`)
  })
})
