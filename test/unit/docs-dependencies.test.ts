import {readFile} from 'node:fs/promises'
import {join} from 'node:path'

import {describe, expect, it} from 'vitest'

const root = join(import.meta.dirname, '../..')

describe('docs/dependencies.md', () => {
  it.each([
    ['dependencies', '## What ships', '## For development only'],
    ['devDependencies', '## For development only', undefined],
  ] as const)('has one full row for each of the %s, and for nothing else', async (field, from, to) => {
    const text = await readFile(join(root, 'docs/dependencies.md'), 'utf8')
    const rows = text
      .slice(text.indexOf(from), to === undefined ? undefined : text.indexOf(to))
      .match(/^\| `.*$/gm)
    const named = (rows ?? []).map((row) => row.split('|').map((cell) => cell.trim()))
    const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Record<string, object>
    expect(named.map(([, name]) => name?.replaceAll('`', '')).toSorted()).toEqual(
      Object.keys(manifest[field] ?? {}).toSorted(),
    )
    for (const [, name, ...cells] of named) {
      expect(
        cells.slice(0, 3).every((cell) => cell.length > 3),
        `${name} has an empty cell`,
      ).toBe(true)
    }
  })
})
