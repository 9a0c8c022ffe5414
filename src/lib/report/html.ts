import type {Column} from '../ports/output.js'
import {STYLE} from './html-style.js'
import {utc} from './utc.js'

/** One slice of a bar. `tone` chooses the colour: good, fine, warning, bad, or quiet. */
export interface Part {
  readonly label: string
  readonly count: number
  readonly tone: 'good' | 'fine' | 'warning' | 'bad' | 'quiet'
  /** In bars below each other: what a full bar stands for; the highest count unless given. */
  readonly of?: number | undefined
}

export interface Section<Row> {
  readonly title: string
  readonly columns: readonly Column<Row>[]
  readonly rows: () => Iterable<Row>
}

export interface Page {
  readonly title: string
  /** Facts below the title: tenant, group, source, time. */
  readonly facts: readonly (readonly [name: string, value: string])[]
  readonly verdict: string
  readonly bar: {readonly title: string; readonly parts: readonly Part[]}
  /** Counts as horizontal bars, the longest first. */
  readonly counts: {readonly title: string; readonly parts: readonly Part[]}
  /** More of the same kind. */
  readonly charts?: readonly Page['counts'][] | undefined
  readonly sections: readonly Section<never>[]
}

/** Rows of a table; more of them are folded up in parts of so many, which a browser lays out only when they are opened. */
export const FOLD = 500

/** Keeps a section's row type to itself, so that sections of different rows stand in one list. */
export const section = <Row>(value: Section<Row>): Section<never> => value as unknown as Section<never>

/** One self-contained page, in pieces: no script, nothing from elsewhere, readable in print and in the dark. */
export function* htmlPage(page: Page): Iterable<string> {
  yield* pageAround('en', page.title, body(page))
}

/** What every page begins and ends with. `language` is that of its text (BCP 47). */
export function* pageAround(language: string, title: string, content: Iterable<string>): Iterable<string> {
  yield `<!doctype html>
<html lang="${escape(language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escape(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
`
  yield* content
  yield '</main>\n</body>\n</html>\n'
}

function* body(page: Page): Iterable<string> {
  yield `<h1>${escape(page.title)}</h1>
<p class="verdict ${worstOf(page.bar.parts)}">${escape(page.verdict)}</p>
<dl>${page.facts.map(([name, value]) => `<dt>${escape(name)}</dt><dd>${fact(value)}</dd>`).join('')}</dl>
${stackedBar(page.bar)}
${[page.counts, ...(page.charts ?? [])].map(countBars).join('\n')}
`
  for (const {title, columns, rows} of page.sections) {
    yield `<h2>${escape(title)}</h2>\n`
    yield* tables(title, columns, rows())
  }
}

/** An instant is written as people read it. */
const fact = (value: string): string =>
  /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? `<time datetime="${value}">${utc(value)}</time>` : words(value)

/** The tone of the whole: the worst that there is any of. */
const worstOf = (parts: readonly Part[]): Part['tone'] =>
  (['bad', 'warning', 'quiet', 'fine', 'good'] as const).find((tone) =>
    parts.some((part) => part.tone === tone && part.count > 0),
  ) ?? 'fine'

/** One table, or several that can be unfolded; of the rows one part is in memory at a time. */
function* tables<Row>(title: string, columns: readonly Column<Row>[], rows: Iterable<Row>): Iterable<string> {
  let part: Row[] = []
  let before = 0
  for (const row of rows) {
    if (part.length === FOLD) {
      yield* folded(title, columns, part, before)
      before += part.length
      part = []
    }
    part.push(row)
  }
  if (before > 0) yield* folded(title, columns, part, before)
  else yield table(title, columns, part)
}

function* folded<Row>(
  title: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  before: number,
): Iterable<string> {
  const name = `rows ${before + 1} to ${before + rows.length}`
  const what = [rows[0], rows.at(-1)].map((row) => (row === undefined ? '' : firstWords(columns, row)))
  yield `<details${before === 0 ? ' open' : ''}><summary>${name}: ${what.map(escape).join(' … ')}</summary>\n`
  yield table(`${title}, ${name}`, columns, rows)
  yield '</details>\n'
}

/** What tells a row from others: the first column with more than a mark in it. */
function firstWords<Row>(columns: readonly Column<Row>[], row: Row): string {
  for (const {value} of columns) {
    const text = [value(row) ?? ''].flat().join(' ')
    if (text.length > 1) return text
  }
  return ''
}

function table<Row>(title: string, columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const values = rows.map((row) => columns.map((column) => column.value(row)))
  const names = columns.map(({title: name}) => name.trim())
  const kinds = names.map((_name, index) =>
    values.length > 0 && values.every((row) => typeof row[index] === 'number') ? ' class="n"' : '',
  )
  const head = names.map((name, index) =>
    name === ''
      ? '<th scope="col"><span class="unseen">Mark</span></th>'
      : `<th scope="col"${kinds[index]}>${escape(name)}</th>`,
  )
  const lines = values.map(
    (row) => `<tr>${row.map((value, index) => `<td${kinds[index]}>${cell(value)}</td>`).join('')}</tr>\n`,
  )
  if (rows.length === 0) lines.push(`<tr><td colspan="${columns.length}">none</td></tr>\n`)
  return `${tableStart(title, rows.length === 0 ? [] : names)}<thead><tr>${head.join('')}</tr></thead>\n<tbody>\n${lines.join('')}</tbody>\n</table></div>\n`
}

/**
 * A table that is wider than its place is moved sideways, also with the keyboard; on a phone each row becomes a block of lines that
 * begin with the column's name. The first column without a name holds single characters.
 */
export function tableStart(title: string, names: readonly string[]): string {
  const mark = names.indexOf('')
  const kind = mark < 0 ? '' : ` class="mark${mark + 1}"`
  const labels = names.map((name, index) => `--c${index + 1}:${cssText(name)}`).join(';')
  return `<div class="wide" role="region" tabindex="0" aria-label="${escape(title)}"><table${kind} style="${escape(labels)}">${caption(title)}\n`
}

/** A string of CSS; what could end it is written by its number. */
const cssText = (text: string): string =>
  `"${text.replaceAll(/["\\\n<]/g, (character) => `\\${character.charCodeAt(0).toString(16)} `)}"`

function cell(value: ReturnType<Column<never>['value']>): string {
  if (value === undefined) return ''
  return typeof value === 'object' ? value.map(words).join('<br>') : words(String(value))
}

/** Names of accounts break where people would break them, if they have to; the name of a flag, or a day, does not. */
const words = (text: string): string =>
  escape(text)
    .replaceAll(/[@\\](?=.)/g, '$&<wbr>')
    .replaceAll(/(?<=^|\s)--[a-z][a-z-]{0,30}(?![\w-])|^\d{4}-\d\d-\d\d$/g, '<span class="whole">$&</span>')

/** The heading above says it to the eye; a screen reader's list of tables needs it as well. */
const caption = (title: string): string =>
  title === '' ? '' : `<caption><span class="unseen">${escape(title)}</span></caption>`

const WIDTH = 720
const HEIGHT = 28
/** One user of fifty thousand is still seen; the legend has the figures. */
const LEAST = 12

function stackedBar({title, parts}: Page['bar']): string {
  const shown = parts.filter(({count}) => count > 0)
  if (shown.length === 0) return ''
  const total = shown.reduce((sum, {count}) => sum + count, 0)
  const shares = shown.map(({count}) => Math.max(LEAST, (WIDTH * count) / total))
  const all = shares.reduce((sum, share) => sum + share, 0)
  let x = 0
  const bars = shown.map(({label, count, tone}, at) => {
    const width = (WIDTH * (shares[at] ?? 0)) / all
    const rect = `<rect class="${tone}" x="${x.toFixed(1)}" y="0" width="${width.toFixed(1)}" height="${HEIGHT}"><title>${escape(label)}: ${count}</title></rect>`
    x += width
    return rect
  })
  const legend = shown.map(
    ({label, count, tone}) => `<li class="${tone}">${escape(label)} <b>${count}</b></li>`,
  )
  const spoken = shown.map(({label, count}) => `${label} ${count}`).join(', ')
  return `<h2>${escape(title)}</h2>
<svg role="img" aria-label="${escape(spoken)}" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none">${bars.join('')}</svg>
<ul class="legend">${legend.join('')}</ul>`
}

function countBars({title, parts}: Page['counts']): string {
  if (parts.length === 0) return ''
  const most = Math.max(1, ...parts.map(({count}) => count))
  const rows = parts.map(
    ({label, count, tone, of = most}) =>
      `<tr><th scope="row">${escape(label)}</th><td class="count">${count}</td><td class="bar"><svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="10"></rect><rect class="${tone}" width="${((100 * count) / Math.max(1, of)).toFixed(1)}" height="10"></rect></svg></td></tr>`,
  )
  return `<h2>${escape(title)}</h2>\n<table class="bars">${caption(title)}<tbody>${rows.join('')}</tbody></table>`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Names come from data: nothing in them is markup. */
export const escape = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
