import {readdir, readFile} from 'node:fs/promises'
import {join} from 'node:path'

import {beforeAll, describe, expect, it} from 'vitest'

const root = join(import.meta.dirname, '../..')
/** Commands of oclif's plugins, and flags that oclif itself knows. */
const PLUGINS = new Set(['help', 'autocomplete'])
const ANYWHERE = ['help', 'version']

interface Flag {
  readonly name: string
  readonly char?: string
  readonly allowNo?: boolean
}

/** Text with the names of files and folders that hold it. */
async function pages(): Promise<ReadonlyMap<string, string>> {
  const docs = await readdir(join(root, 'docs'), {recursive: true})
  const names = [
    'README.md',
    'SECURITY.md',
    'CONTRIBUTING.md',
    'CHANGELOG.md',
    'examples/contoso/README.md',
    ...docs.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`),
  ]
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(root, name), 'utf8')] as const)),
  )
}

/** Command lines in code blocks and in inline code, lines that end with a backslash joined. */
function commandLines(text: string): readonly string[] {
  const blocks = [...text.matchAll(/^```\w*\r?\n([\s\S]*?)^```/gm)].map(([, body = '']) => body)
  const inline = text.replace(/^```[\s\S]*?^```/gm, '').match(/`[^`\n]+`/g) ?? []
  const lines = [
    ...blocks.flatMap((body) => body.replaceAll(/\\\r?\n\s*/g, '').split(/\r?\n/)),
    ...inline.map((code) => code.slice(1, -1)),
  ]
  return lines
    .map((line) => /^(?:\$ )?(?:npx )?mfa (.+)$/.exec(line.trim())?.[1])
    .filter((line) => line !== undefined)
}

describe('command lines in the documentation', () => {
  let commands: ReadonlyMap<string, readonly Flag[]>
  let texts: ReadonlyMap<string, string>

  beforeAll(async () => {
    const manifest = JSON.parse(await readFile(join(root, 'oclif.manifest.json'), 'utf8')) as {
      commands: Record<string, {flags?: Record<string, Flag>}>
    }
    commands = new Map(
      Object.entries(manifest.commands).map(([id, {flags}]) => [
        id.replaceAll(':', ' '),
        Object.values(flags ?? {}),
      ]),
    )
    texts = await pages()
  })

  /** What is wrong with one line; undefined if it is right. */
  function fault(line: string): string | undefined {
    const words = line.split(/\s+(?=(?:[^"]*"[^"]*")*[^"]*$)/)
    const name = [3, 2, 1].map((count) => words.slice(0, count).join(' ')).find((each) => commands.has(each))
    const flags = name === undefined ? undefined : commands.get(name)
    if (flags === undefined) {
      const isTopic = [...commands.keys()].some((each) => each.startsWith(`${words.join(' ')} `))
      const isPlain = PLUGINS.has(words[0] ?? '') || /^(--(help|version)|COMMAND\b)/.test(line)
      return isTopic || isPlain ? undefined : `no such command: mfa ${line}`
    }
    const known = new Set([
      ...ANYWHERE.map((flag) => `--${flag}`),
      ...flags.flatMap((flag) => [
        `--${flag.name}`,
        ...(flag.allowNo === true ? [`--no-${flag.name}`] : []),
        ...(flag.char === undefined ? [] : [`-${flag.char}`]),
      ]),
    ])
    const [spoken = ''] = line.replaceAll(/"[^"]*"/g, 'TEXT').split(/\s#\s|\s\|\s/)
    const wrong = (spoken.match(/(?<=^|\s)--?[a-z][a-z-]*/g) ?? []).filter((flag) => !known.has(flag))
    return wrong.length === 0 ? undefined : `${wrong.join(', ')} in: mfa ${line}`
  }

  it('name commands and flags that exist', () => {
    const lines = [...texts].flatMap(([page, text]) => commandLines(text).map((line) => ({page, line})))
    const faults = lines.flatMap(({page, line}) => {
      const found = fault(line)
      return found === undefined ? [] : [`${page}: ${found}`]
    })
    expect(lines.length).toBeGreaterThan(100)
    expect(faults).toEqual([])
  })

  it('would be told of, were they wrong', () => {
    expect(fault('migarte --yes')).toBe('no such command: mfa migarte --yes')
    expect(fault('migrate --group "MFA --pilot" --yess')).toBe(
      '--yess in: mfa migrate --group "MFA --pilot" --yess',
    )
    expect(fault('runs show last --failed')).toBeUndefined()
    expect(fault('app certificate rotate --keep-old 7d')).toBeUndefined()
    expect(fault('app certificate rotat')).toBe('no such command: mfa app certificate rotat')
  })
})
