/** A block of commands on a page of the documentation. */
export interface CommandBlock {
  readonly page: string
  /** Of the fence; counts from 1. */
  readonly line: number
  /** Why it is not run, from `<!-- not run: … -->` before it. */
  readonly notRun: string | undefined
  readonly commands: readonly Command[]
}

export interface Command {
  readonly text: string
  /** 0, or what `# exit code N` behind the command or `<!-- run: exit N -->` before the block says. */
  readonly exit: number
}

/** First words by which a block is known as commands; others show data, messages or files. */
const FIRST_WORDS = /^(?:\$ |(?:mfa|npx|npm|node|export|unset|sed|mkdir|echo|cat|reg|age)(?: |$))/
const DATA_LANGUAGES: ReadonlySet<string> = new Set([
  'json',
  'yaml',
  'csv',
  'xml',
  'sql',
  'mermaid',
  'powershell',
])

/** Every block of commands, in the order of the page. Throws where a block of data has a command in it. */
export function commandBlocks(page: string, text: string): readonly CommandBlock[] {
  const lines = text.split('\n')
  const blocks: CommandBlock[] = []
  for (let at = 0; at < lines.length; at++) {
    const [, indent, language] = /^( *)```(\w*)\s*$/.exec(lines[at] ?? '') ?? []
    if (indent === undefined || language === undefined) continue
    const end = lines.findIndex((line, index) => index > at && line.trim() === '```')
    if (end < 0) throw new Error(`${page}, line ${at + 1}: the block has no end`)
    const content = lines.slice(at + 1, end).map((line) => line.slice(indent.length))
    const isCommands = FIRST_WORDS.test(content.find((line) => line.trim() !== '') ?? '')
    if (isCommands && !DATA_LANGUAGES.has(language)) {
      const directive = /<!-- (.*) -->/.exec(lines[at - 1] ?? '')?.[1] ?? ''
      blocks.push({
        page,
        line: at + 1,
        notRun: /^not run: (.+)/.exec(directive)?.[1],
        commands: commandsOf(content, Number(/^run: exit (\d+)$/.exec(directive)?.[1] ?? 0)),
      })
    } else if (!DATA_LANGUAGES.has(language) && content.some((line) => /^(\$ )?(npx )?mfa [a-z]/.test(line)))
      throw new Error(`${page}, line ${at + 1}: a block of data with a command in it`)
    at = end
  }
  return blocks
}

function commandsOf(content: readonly string[], exit: number): readonly Command[] {
  const shown = content.some((line) => line.startsWith('$ '))
  const texts = content
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
  return texts
    .filter((line) => line.trim() !== '' && !line.startsWith('#') && (!shown || line.startsWith('$ ')))
    .map((line) => {
      const text = line.replace(/^\$ /, '')
      return {text, exit: Number(/# exit code (\d+)/.exec(text)?.[1] ?? exit)}
    })
}

/**
 * A bash script that goes through the blocks in one shell, as a reader would, and prints what did not end as it should:
 * place, exit code, command and output. `MFA_RUN` names what `mfa` and `npx mfa` start.
 */
export function scriptOf(blocks: readonly CommandBlock[]): string {
  const lines = blocks.flatMap(({page, line, commands}) =>
    commands.map(
      ({text, exit}) => `{ ${text}
} </dev/null >"$OUT" 2>&1; code=$?
[ $code = ${exit} ] || { echo ${quoted(`${page}, line ${line}: not ${exit} but`)} $code: ${quoted(text)}; cat "$OUT"; }`,
    ),
  )
  return `mfa() { node "$MFA_RUN" "$@"; }
npx() { shift; mfa "$@"; }
${lines.join('\n')}
`
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
