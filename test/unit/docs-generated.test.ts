import {readdir, readFile} from 'node:fs/promises'
import {join} from 'node:path'

import {beforeAll, describe, expect, it} from 'vitest'

import {KNOWN_COMMANDS, pages} from '../../scripts/docs-pages.js'
import {EXIT, EXIT_MEANING} from '../../src/lib/errors/exit-codes.js'
import type {ExitName} from '../../src/lib/errors/exit-codes.js'

const root = join(import.meta.dirname, '../..')
const rows = Object.entries(EXIT).map(([name, code]) => ({
  code,
  name,
  meaning: EXIT_MEANING[name as ExitName],
}))
const json = async (path: string): Promise<unknown> => JSON.parse(await readFile(join(root, path), 'utf8'))

describe('docs made by `npm run docs`', () => {
  let made: ReadonlyMap<string, string>
  let manifest: {readonly commands: Readonly<Record<string, unknown>>}

  beforeAll(async () => {
    manifest = (await json('oclif.manifest.json')) as typeof manifest
    const {oclif} = (await json('package.json')) as {oclif: unknown}
    made = pages(manifest, oclif, rows)
  })

  it('are committed as they would be made now', async () => {
    for (const [path, text] of made) {
      const committed = await readFile(join(root, 'docs', path), 'utf8')
      expect(committed.replaceAll('\r\n', '\n'), `docs/${path}: run npm run docs`).toBe(text)
    }
  })

  it('leave no page of a command that is gone', async () => {
    const there = (await readdir(join(root, 'docs/commands'))).map((name) => `commands/${name}`)
    expect(there.toSorted()).toEqual(
      [...made.keys()].filter((path) => path.startsWith('commands/')).toSorted(),
    )
  })

  it('have no line break within a sentence: terminals are of any width', () => {
    for (const [id, command] of Object.entries(manifest.commands)) {
      const {description = ''} = command as {readonly description?: string}
      expect([id, description.match(/[^.:!?\n]\n(?![\n -]).*/g) ?? []]).toEqual([id, []])
    }
  })

  it('name every command once, and the exit codes of each', () => {
    const ids = Object.keys(manifest.commands)
    expect(ids.filter((id) => !KNOWN_COMMANDS.includes(id))).toEqual([])
    const index = made.get('commands/README.md') ?? ''
    for (const id of ids) expect(index).toContain(`\`mfa ${id.replaceAll(':', ' ')}\``)
  })

  it('are the same whatever the order of the commands', async () => {
    const {oclif} = (await json('package.json')) as {oclif: unknown}
    const turned = {commands: Object.fromEntries(Object.entries(manifest.commands).toReversed())}
    expect(pages(turned, oclif, rows)).toEqual(made)
  })
})
