/** A document as data: Markdown and HTML are made from the same blocks. Texts are plain; nothing in them is markup. */
export type Block =
  | {readonly kind: 'heading'; readonly level: 1 | 2 | 3; readonly text: string}
  | {readonly kind: 'paragraph'; readonly text: string}
  | {readonly kind: 'steps'; readonly items: readonly string[]}
  | {readonly kind: 'commands'; readonly lines: readonly string[]}
  | {
      readonly kind: 'table'
      readonly head: readonly string[]
      readonly rows: readonly (readonly string[])[]
    }

export const heading = (level: 1 | 2 | 3, text: string): Block => ({kind: 'heading', level, text})
export const paragraph = (text: string): Block => ({kind: 'paragraph', text})

/** CommonMark with GitHub's tables, block by block. */
export function* markdown(blocks: Iterable<Block>): Iterable<string> {
  let first = true
  for (const block of blocks) {
    yield `${first ? '' : '\n'}${textOf(block)}\n`
    first = false
  }
}

function textOf(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `${'#'.repeat(block.level)} ${plain(block.text)}`
    case 'paragraph':
      return plain(block.text)
    case 'steps':
      return block.items.map((item, index) => `${index + 1}. ${plain(item)}`).join('\n')
    case 'commands':
      return ['```', ...block.lines, '```'].join('\n')
    case 'table': {
      const row = (cells: readonly string[]) => `| ${cells.map(plain).join(' | ')} |`
      return [row(block.head), `|${block.head.map(() => '---|').join('')}`, ...block.rows.map(row)].join('\n')
    }
    default:
      return block satisfies never
  }
}

/** Names come from data: a character that Markdown would take for markup gets a backslash, a line break a space. */
function plain(text: string): string {
  const escaped = text
    .replaceAll(/\s*[\r\n]+\s*/g, ' ')
    .replaceAll(/(https:\/\/[\w./-]+)|[\\`*_[\]<>|#&~]/g, (found, link?: string) => link ?? `\\${found}`)
  return escaped.replace(/^(\d+)([.)])(?=\s)/, '$1\\$2').replace(/^([-+=])/, '\\$1')
}
