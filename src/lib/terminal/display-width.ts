const GRAPHEMES = new Intl.Segmenter('en', {granularity: 'grapheme'})

/** What the user sees as one character each. */
export function graphemes(text: string): readonly string[] {
  if (/^[\x20-\x7e]*$/.test(text)) return text.split('')
  return Array.from(GRAPHEMES.segment(text), ({segment}) => segment)
}

/** Columns that a text takes in a terminal: 2 for East Asian wide characters and emoji, 0 for marks, else 1. */
export function displayWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length
  let width = 0
  for (const grapheme of graphemes(text)) width += graphemeWidth(grapheme)
  return width
}

/**
 * The widest that a terminal may draw it: a family of emoji that a terminal does not join is drawn as its members.
 * Too narrow breaks the layout; too wide costs a space.
 */
export function graphemeWidth(grapheme: string): number {
  let width = 0
  for (const character of grapheme) width += characterWidth(character)
  // With no letter before to join they stand for themselves.
  width += 2 * (LOOSE_JAMO.exec(grapheme)?.[0].length ?? 0)
  // A text character that a variation selector turns into an emoji is drawn wide.
  return width === 1 && grapheme.includes('\ufe0f') ? 2 : width
}

/** Marks and joiners, and the Hangul vowels and finals that join the letter before. */
const ZERO = /^(?:\p{Mn}|\p{Me}|\p{Cf}|[\u1160-\u11ff\ud7b0-\ud7ff])$/u
const LOOSE_JAMO = /^[\u1160-\u11ff\ud7b0-\ud7ff]+/u
const EMOJI = /^\p{Emoji_Presentation}$/u

function characterWidth(character: string): number {
  const code = character.codePointAt(0) ?? 0
  if (code < 0x300) return code === 0xad ? 0 : 1
  if (ZERO.test(character)) return 0
  return isWide(code) || EMOJI.test(character) ? 2 : 1
}

/** Unicode's East Asian Width W and F, in blocks (UAX #11, version 16). */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2329, 0x232a],
  [0x2630, 0x2637],
  [0x268a, 0x268f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4dc0, 0x4dff],
  [0x4e00, 0xa4cf],
  [0xa960, 0xa97c],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6b],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18dff],
  [0x1aff0, 0x1b2fb],
  [0x1d300, 0x1d376],
  [0x1f200, 0x1f265],
  [0x20000, 0x3fffd],
]

function isWide(code: number): boolean {
  return WIDE.some(([first, last]) => code >= first && code <= last)
}

/** The beginning of a text, at most `width` columns, with `…` where something was cut. */
export function cut(text: string, width: number, mark = '…'): string {
  if (displayWidth(text) <= width) return text
  const room = width - displayWidth(mark)
  if (room < 0) return ''
  return `${take(graphemes(text), room)}${mark}`
}

/**
 * Lines of at most `width` columns: broken at spaces, and inside a word that is longer than a line, there before `@` or
 * after a slash if that leaves no short line.
 */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/(?<= )/)) {
    if (displayWidth(trimSpaces(line + word)) <= width) {
      line += word
      continue
    }
    if (trimSpaces(line) !== '') lines.push(trimSpaces(line))
    line = word
    while (displayWidth(trimSpaces(line)) > width) {
      const part = atJoint(take(graphemes(line), width), line)
      if (part === '') return [...lines, cut(line, width)]
      lines.push(part)
      line = line.slice(part.length)
    }
  }
  if (trimSpaces(line) !== '' || lines.length === 0) lines.push(trimSpaces(line))
  return lines
}

/** The beginning of a word that is broken: names of users and paths at a joint of theirs. */
function atJoint(part: string, word: string): string {
  if (part === word) return part
  const at = word[part.length] === '@' ? part.length : part.lastIndexOf('@')
  const joint = Math.max(at, part.lastIndexOf('\\') + 1, part.lastIndexOf('/') + 1)
  return joint >= part.length / 3 ? part.slice(0, joint) : part
}

/** Only what `wrap` breaks at; other blanks are text. */
function trimSpaces(text: string): string {
  return text.replace(/ +$/, '')
}

function take(characters: readonly string[], width: number): string {
  let taken = ''
  let room = width
  for (const character of characters) {
    room -= graphemeWidth(character)
    if (room < 0) break
    taken += character
  }
  return taken
}
