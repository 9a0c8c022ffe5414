import {readdir, readFile} from 'node:fs/promises'
import {join} from 'node:path'

import {beforeAll, describe, expect, it} from 'vitest'

import {configFileSchema} from '../../src/lib/config/config-schema.js'
import {pickFlags} from '../../src/lib/config/settings-flags.js'

const root = join(import.meta.dirname, '../..')
/** Said to people elsewhere: where the file is, and in the text below the table. */
const ELSEWHERE = new Set(['$schema', 'config'])

describe('docs/configuration.md', () => {
  let rows: readonly (readonly string[])[]
  let text: string
  beforeAll(async () => {
    text = await readFile(join(root, 'docs/configuration.md'), 'utf8')
    const [, settings = ''] = text.split('## Settings')
    const [table = ''] = settings.split('## Other variables')
    rows = [...table.matchAll(/^\| (.*)\|$/gm)].map(([, row = '']) => row.split('|')).slice(1)
  })
  const names = (column: number, pattern: RegExp): readonly string[] =>
    rows.flatMap((row) => (row[column] ?? '').match(pattern) ?? [])

  it('has a row for every key of the config file, and for nothing else', () => {
    const keys = Object.keys(configFileSchema.shape).filter((key) => !ELSEWHERE.has(key))
    expect(names(0, /[a-z]\w+/gi).toSorted()).toEqual(keys.toSorted())
  })

  it('has every flag that is a setting', () => {
    const flags = Object.keys(pickFlags({})).filter((flag) => !ELSEWHERE.has(flag))
    const shown = names(1, /--[a-z][a-z-]*/g).filter((flag) => flag !== '--no-promote-backup')
    expect(shown.toSorted()).toEqual(flags.map((flag) => `--${flag}`).toSorted())
  })

  it('has every variable that the settings are read from, and no other', async () => {
    const folder = join(root, 'src/lib/config')
    const files = (await readdir(folder)).filter(
      (name) => name.endsWith('-settings.ts') && name !== 'pace-settings.ts',
    )
    const source = (await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')))).join('\n')
    const read = new Set(source.match(/(?<=')(?:MFA|AZURE)_[A-Z_]+(?=')/g))
    expect(files).toHaveLength(3)
    expect(new Set(names(2, /(?:MFA|AZURE)_[A-Z_]+/g))).toEqual(read)
  })

  it('shows an example that is right', () => {
    const example = /```json\n([\s\S]+?)```/.exec(text)?.[1] ?? ''
    const data: unknown = JSON.parse(example)
    expect(configFileSchema.safeParse(data).error).toBeUndefined()
  })
})
