/**
 * Case folding of names, the only change ever made to a value before it is compared: each character becomes its
 * lower-case form, the same in every locale. A character whose lower-case form is longer (`İ`) or turns into an ASCII
 * letter (the Kelvin sign) stays as it is, so that no two names become equal that Active Directory tells apart.
 * Nothing is trimmed; composed and decomposed Unicode forms stay different.
 */
export function foldCase(text: string): string {
  if (isAscii(text)) return text.toLowerCase()
  let out = ''
  for (const letter of text) {
    const lower = letter.toLowerCase()
    out += lower.length !== letter.length || (isAscii(lower) && !isAscii(letter)) ? letter : lower
  }
  return out
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return false
  return true
}
