import type {Block} from '../runbook/blocks.js'
import {escape, pageAround, tableStart} from './html.js'

/** A document of blocks as one self-contained page. */
export function* documentPage(
  language: string,
  title: string,
  blocks: Iterable<Block>,
  {letters = false}: {readonly letters?: boolean} = {},
): Iterable<string> {
  yield* pageAround(language, title, letters ? inLetters(blocks) : each(blocks))
}

function* each(blocks: Iterable<Block>): Iterable<string> {
  let title = ''
  for (const block of blocks) {
    if (block.kind === 'heading') title = block.text
    yield htmlOf(block, title)
  }
}

/** Each second-level heading begins a letter: a page of its own on paper. */
function* inLetters(blocks: Iterable<Block>): Iterable<string> {
  let open = false
  for (const block of blocks) {
    if (block.kind === 'heading' && block.level === 2) {
      yield `${open ? '</section>\n' : ''}<section class="letter">\n`
      open = true
    }
    yield htmlOf(block, '')
  }
  if (open) yield '</section>\n'
}

function htmlOf(block: Block, title: string): string {
  switch (block.kind) {
    case 'heading':
      return `<h${block.level}>${escape(block.text)}</h${block.level}>\n`
    case 'paragraph':
      return `<p>${linked(block.text)}</p>\n`
    case 'steps':
      return `<ol>${block.items.map((item) => `<li>${linked(item)}</li>`).join('')}</ol>\n`
    case 'commands':
      return `<pre><code>${block.lines.map(escape).join('\n')}</code></pre>\n`
    case 'table': {
      const head = block.head.map((text) => `<th scope="col">${escape(text)}</th>`).join('')
      const rows = block.rows.map(
        (row) => `<tr>${row.map((text) => `<td>${linked(text)}</td>`).join('')}</tr>`,
      )
      return `${tableStart(title, block.head)}<thead><tr>${head}</tr></thead>\n<tbody>${rows.join('\n')}</tbody>\n</table></div>\n`
    }
    default:
      return block satisfies never
  }
}

/** Only the one address of our own words becomes a link; what comes from data stays text. */
const linked = (text: string): string =>
  escape(text).replaceAll(
    'https://aka.ms/mfasetup',
    '<a href="https://aka.ms/mfasetup">https://aka.ms/mfasetup</a>',
  )
