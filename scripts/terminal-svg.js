// Terminal output with ANSI colours as an SVG image. Pure: same text, same bytes out.

const [WIDTH, HEIGHT, PAD, TOP] = [8.4, 18, 16, 40]
const COLOURS = ['#3b4048', '#e06c75', '#98c379', '#e5c07b', '#61afef', '#c678dd', '#56b6c2', '#dcdfe4']
const ENTITIES = {'&': '&amp;', '<': '&lt;', '>': '&gt;'}
const escape = (text) => text.replaceAll(/[&<>]/g, (character) => ENTITIES[character])

/**
 * @param {string} text lines with SGR sequences; every other control sequence is left out
 * @param {{title: string, description: string}} words for the window's bar, and for whoever cannot see the image
 * @returns {string}
 */
export function terminalSvg(text, {title, description}) {
  const lines = text.replaceAll('\r', '').trimEnd().split('\n').map(runsOf)
  const columns = Math.max(40, ...lines.map((runs) => lengthOf(runs)))
  const width = Math.ceil(columns * WIDTH + 2 * PAD)
  const height = TOP + lines.length * HEIGHT + PAD
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title description" font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="14">
<title id="title">${escape(title)}</title>
<desc id="description">${escape(description)}</desc>
<rect width="${width}" height="${height}" rx="8" fill="#1e2127"/>
<circle cx="20" cy="18" r="5" fill="#e06c75"/><circle cx="38" cy="18" r="5" fill="#e5c07b"/><circle cx="56" cy="18" r="5" fill="#98c379"/>
<text x="${width / 2}" y="23" text-anchor="middle" fill="#9aa3ad">${escape(title)}</text>
${lines.flatMap((runs, row) => drawn(runs, TOP + row * HEIGHT + 12)).join('\n')}
</svg>
`
}

const lengthOf = (runs) => runs.reduce((sum, {text}) => sum + [...text].length, 0)

/** Pieces of one line that look alike. */
function runsOf(line) {
  const runs = []
  let style = {bold: false, dim: false, colour: undefined}
  // eslint-disable-next-line no-control-regex
  for (const [, codes, other, text] of line.matchAll(
    /\u001B\[([\d;]*)m|(\u001B\[[\d;?]*[A-Za-z])|([^\u001B]+)/g,
  )) {
    if (text !== undefined) runs.push({text, ...style})
    else if (other === undefined)
      for (const code of (codes || '0').split(';')) style = styled(style, Number(code))
  }
  return runs
}

function styled(style, code) {
  if (code === 0) return {bold: false, dim: false, colour: undefined}
  if (code === 1) return {...style, bold: true}
  if (code === 2) return {...style, dim: true}
  if (code === 22) return {...style, bold: false, dim: false}
  if (code === 39) return {...style, colour: undefined}
  if (code >= 30 && code <= 37) return {...style, colour: COLOURS[code - 30]}
  if (code >= 90 && code <= 97) return {...style, colour: COLOURS[code - 90]}
  return style
}

/** Each piece is as wide as its characters, whatever the font: tables stay straight. */
function drawn(runs, y) {
  let column = 0
  return runs.flatMap(({text, bold, dim, colour}) => {
    const [from, length] = [column, [...text].length]
    column += length
    if (text.trim() === '') return []
    const look = `${bold ? ' font-weight="bold"' : ''}${dim ? ' opacity=".7"' : ''}`
    return [
      `<text x="${(PAD + from * WIDTH).toFixed(1)}" y="${y}" textLength="${(length * WIDTH).toFixed(1)}" lengthAdjust="spacingAndGlyphs" xml:space="preserve" fill="${colour ?? '#dcdfe4'}"${look}>${escape(text)}</text>`,
    ]
  })
}
