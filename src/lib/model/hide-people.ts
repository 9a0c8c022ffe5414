/** Scheme and host of an address are of no person, whatever stands before the @ in them. */
const HOST = String.raw`[a-z][a-z\d+.-]*:\/\/[^\s/"']*`
const NAMES = new RegExp(
  [
    HOST,
    // User principal name or mail address, as it is or within a path.
    String.raw`[^\s"'<>(),;:/\\|=@]+(?:@|%40)[\p{L}\d-]+(?:\.[\p{L}\d-]+)+`,
    // DOMAIN\account, and not a part of a longer path.
    String.raw`(?<![\p{L}\d._:\\/$-])[\p{L}\d][\p{L}\d.-]*\\[\p{L}\d][\p{L}\d._$-]*(?![\\\p{L}\d._$-])`,
    String.raw`\bS-1-5-21(?:-\d+)+`,
  ].join('|'),
  'giu',
)
const NUMBERS = /\+\d[\d ().-]{5,}\d(?:x\d+)?/g

/**
 * Text without what is shaped like a person's name on either side: user principal name, mail address, DOMAIN\account, SID,
 * phone number. A plain word that is an account is not seen; whoever quotes one says so (`UiEvent.quotes`).
 */
export function hidePeople(text: string): string {
  return text
    .replace(NAMES, (found) => (found.includes('://') ? found : '[user]'))
    .replace(NUMBERS, '[number]')
}
