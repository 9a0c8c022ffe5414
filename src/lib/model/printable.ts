/**
 * C0, DEL and C1 controls, line separators, marks that turn the direction of text, tags and lone surrogates: what a name
 * could use to steer a terminal or to look like another name. Joiners stay, emoji and many scripts need them.
 */
const UNSAFE =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\u{e0001}-\u{e007f}]/gu

/**
 * Text from data, safe to print on one line: every control character is shown as its code (`\x1b`, `\u202e`) instead of
 * being obeyed. Everything else, backslashes too, stays as it is.
 */
export function printable(text: string): string {
  return text.replace(UNSAFE, escapeOne)
}

/** As `printable`, but line breaks stay: for messages of our own, which may hold text from data. */
export const printableLines = (text: string): string => text.split('\n').map(printable).join('\n')

function escapeOne(character: string): string {
  if (character === '\n') return '\\n'
  if (character === '\r') return '\\r'
  if (character === '\t') return '\\t'
  const code = character.codePointAt(0) ?? 0
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`
}
