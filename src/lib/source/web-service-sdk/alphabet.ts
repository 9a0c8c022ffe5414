/**
 * What may come next in a name. Starts with every printable ASCII character and the white space that names were seen
 * with, and learns from every name that is read: its characters one by one, and its letters with their combining
 * marks, since a server that compares by culture does not find `e` + mark under `e`.
 */
export class Alphabet {
  readonly #units: string[] = []
  readonly #known = new Set<string>()
  readonly #ignoresCase: boolean

  constructor(ignoresCase: boolean) {
    this.#ignoresCase = ignoresCase
    for (let code = 0x20; code < 0x7f; code++) this.add(String.fromCodePoint(code))
    for (const char of '\t\n\r') this.add(char)
  }

  /** In the order they became known; grows. */
  get units(): readonly string[] {
    return this.#units
  }

  add(unit: string): void {
    const one = this.#ignoresCase ? simpleFold(unit) : unit
    if (this.#known.has(one)) return
    this.#known.add(one)
    this.#units.push(one)
  }

  learn(name: string): void {
    if (PLAIN.test(name)) return
    for (const char of name) this.add(char)
    for (const {segment} of SEGMENTER.segment(name)) this.add(segment)
  }
}

const PLAIN = /^[\u0020-\u007e]*$/
const SEGMENTER = new Intl.Segmenter('und', {granularity: 'grapheme'})

/** ASCII only: which other letters a server takes for the same is not known. */
function simpleFold(unit: string): string {
  return /^[A-Z]$/.test(unit) ? unit.toLowerCase() : unit
}

/** First letters beyond ASCII that are tried where a search cannot be proven whole: Latin, Greek, Cyrillic, Hebrew, Arabic, kana. */
export function widerUnits(): string[] {
  const units: string[] = []
  for (const [first, last] of RANGES) {
    for (let code = first; code <= last; code++) {
      const char = String.fromCodePoint(code)
      if (/^[\p{L}\p{N}\p{P}\p{S}]$/u.test(char)) units.push(char)
    }
  }
  return units
}

const RANGES: readonly (readonly [number, number])[] = [
  [0xa1, 0x17f],
  [0x386, 0x3ce],
  [0x400, 0x45f],
  [0x5d0, 0x5ea],
  [0x621, 0x64a],
  [0x3041, 0x30fe],
]
