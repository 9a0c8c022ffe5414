import {readFile} from 'node:fs/promises'
import {join} from 'node:path'

import {beforeAll, describe, expect, it} from 'vitest'

import {FINDING_CODES} from '../../src/lib/migration/plan.js'

const root = join(import.meta.dirname, '../..')
const RULES = {U: 7, P: 9, B: 4, D: 7, O: 5, M: 7, R: 8}
const ids = Object.entries(RULES).flatMap(([letter, last]) =>
  Array.from({length: last}, (_, index) => `${letter}${index + 1}`),
)

describe('docs/rules.md', () => {
  let text: string
  beforeAll(async () => {
    text = await readFile(join(root, 'docs/rules.md'), 'utf8')
  })
  const firstCells = () => [...text.matchAll(/^\| `?([\w-]+)`? \|/gm)].map(([, cell]) => cell)

  it('has one row for every rule', () => {
    expect(
      firstCells()
        .filter((cell) => /^[A-Z]\d$/.test(cell ?? ''))
        .toSorted(),
    ).toEqual(ids.toSorted())
  })

  it('has one row for every finding code, and none for another', () => {
    const [, codes = ''] = text.split('## Finding codes')
    const rows = [...codes.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, code = '']) => code)
    expect(rows.toSorted()).toEqual(FINDING_CODES.toSorted())
  })

  it('names each finding code at the rule that makes it', () => {
    const [rules = ''] = text.split('## Finding codes')
    // Whoever has nothing to carry is found by way of any match.
    const missing = FINDING_CODES.filter(
      (code) => code !== 'nothing-to-carry' && !rules.includes(`\`${code}\``),
    )
    expect(missing).toEqual([])
  })
})
