import type {Column} from '../ports/output.js'

/** One slice of a bar. `tone` chooses the colour: good, fine, warning, bad, or quiet. */
export interface Part {
  readonly label: string
  readonly count: number
  readonly tone: 'good' | 'fine' | 'warning' | 'bad' | 'quiet'
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

/** Keeps a section's row type to itself, so that sections of different rows stand in one list. */
export const section = <Row>(value: Section<Row>): Section<never> => value as unknown as Section<never>

/** One self-contained page, in pieces: no script, nothing from elsewhere, readable in print and in the dark. */
export function* htmlPage(page: Page): Iterable<string> {
  yield `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escape(page.title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escape(page.title)}</h1>
<dl>${page.facts.map(([name, value]) => `<dt>${escape(name)}</dt><dd>${escape(value)}</dd>`).join('')}</dl>
<p class="verdict">${escape(page.verdict)}</p>
${stackedBar(page.bar)}
${[page.counts, ...(page.charts ?? [])].map(countBars).join('\n')}
`
  for (const {title, columns, rows} of page.sections) yield* table(title, columns, rows())
  yield '</body>\n</html>\n'
}

function* table<Row>(title: string, columns: readonly Column<Row>[], rows: Iterable<Row>): Iterable<string> {
  yield `<h2>${escape(title)}</h2>\n<table>\n<thead><tr>${columns.map((column) => `<th>${escape(column.title)}</th>`).join('')}</tr></thead>\n<tbody>\n`
  let empty = true
  for (const row of rows) {
    empty = false
    yield `<tr>${columns.map((column) => `<td>${cell(column.value(row))}</td>`).join('')}</tr>\n`
  }
  if (empty) yield `<tr><td colspan="${columns.length}">none</td></tr>\n`
  yield '</tbody>\n</table>\n'
}

function cell(value: ReturnType<Column<never>['value']>): string {
  if (value === undefined) return ''
  return typeof value === 'object' ? value.map(escape).join('<br>') : escape(String(value))
}

const WIDTH = 720
const HEIGHT = 28

function stackedBar({title, parts}: Page['bar']): string {
  const shown = parts.filter(({count}) => count > 0)
  const total = shown.reduce((sum, {count}) => sum + count, 0)
  let x = 0
  const bars = shown.map(({label, count, tone}) => {
    const width = (WIDTH * count) / total
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
    ({label, count, tone}) =>
      `<tr><td>${escape(label)}</td><td class="count">${count}</td><td class="bar"><svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="${tone}" width="${((100 * count) / most).toFixed(1)}" height="10"></rect></svg></td></tr>`,
  )
  return `<h2>${escape(title)}</h2>\n<table class="bars"><tbody>${rows.join('')}</tbody></table>`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Names come from data: nothing in them is markup. */
const escape = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character)

const STYLE = `
:root{color-scheme:light dark;--ink:#1b1f24;--paper:#fff;--line:#d5d9de;--good:#1a7f4b;--fine:#5b9bd5;--warning:#c98a00;--bad:#c0392b;--quiet:#9aa3ad}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ec;--paper:#16191d;--line:#3a4048}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:1080px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem}dt{opacity:.7}dd{margin:0;overflow-wrap:anywhere}
.verdict{font-size:1.2rem;font-weight:600;border-left:.35rem solid var(--fine);padding:.3rem .8rem}
svg{width:100%;height:1.9rem;display:block}.bars svg{height:.8rem}
rect.good{fill:var(--good)}rect.fine{fill:var(--fine)}rect.warning{fill:var(--warning)}rect.bad{fill:var(--bad)}rect.quiet{fill:var(--quiet)}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;padding:0}.legend li::before{content:"";display:inline-block;width:.8rem;height:.8rem;margin-right:.4rem;background:currentColor}
.legend .good::before{background:var(--good)}.legend .fine::before{background:var(--fine)}.legend .warning::before{background:var(--warning)}.legend .bad::before{background:var(--bad)}.legend .quiet::before{background:var(--quiet)}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
.bars td{border:0}.count{text-align:right;width:4rem}.bar{width:45%}
@media print{body{margin:0}}
`
