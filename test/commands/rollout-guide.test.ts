import {readFile} from 'node:fs/promises'
import {join} from 'node:path'

import {afterAll, beforeAll, describe, expect, it} from 'vitest'

import {BLOCKER_CODES} from '../../src/lib/rollout/blockers.js'
import {newPlace, PACKAGE, type Place} from '../helpers/mfa.js'

const page = () => readFile(join(PACKAGE, 'docs', 'staged-rollout.md'), 'utf8')

describe('the guide to staged rollout', () => {
  let place: Place
  beforeAll(async () => {
    place = await newPlace()
  })
  afterAll(() => place.remove())

  it('has a rehearsal whose lines work as they stand, in order', {timeout: 180_000}, async () => {
    const [, block = ''] = /## A rehearsal[\s\S]*?```\n([\s\S]*?)```/.exec(await page()) ?? []
    const lines = block.trim().split('\n')
    expect(lines.length).toBeGreaterThan(10)
    for (const line of lines) {
      const [command = '', remark = ''] = line.split(/\s+#\s/)
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
  })

  it('has every code that can be accepted, with what that means', async () => {
    const text = await page()
    for (const [code, meaning] of Object.entries(BLOCKER_CODES))
      expect(text).toContain(`| \`${code}\` | ${meaning} |`)
  })
})
