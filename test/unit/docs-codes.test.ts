import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, test} from 'vitest'

import {METHOD_NAMES} from '../../src/lib/audit/words.js'
import {BLOCKER_CODES} from '../../src/lib/rollout/blockers.js'

const page = (name: string) => readFile(join(import.meta.dirname, '../../docs', name), 'utf8')

test('the guide to staged rollout has every code that can be accepted, with what that means', async () => {
  const text = await page('staged-rollout.md')
  for (const [code, meaning] of Object.entries(BLOCKER_CODES))
    expect(text).toContain(`| \`${code}\` | ${meaning} |`)
})

test('the guide to the audit log has every method code, with what it means', async () => {
  const text = await page('audit.md')
  for (const [code, name] of Object.entries(METHOD_NAMES)) expect(text).toContain(`| ${code} | ${name} |`)
})
