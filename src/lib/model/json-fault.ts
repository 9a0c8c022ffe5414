/** A place in a text; lines and columns (in UTF-16 units) count from 1. */
export interface TextPlace {
  readonly line: number
  readonly column: number
}

/**
 * Where a text stops being JSON; undefined where it is JSON. An unfinished string is placed at its beginning.
 * For messages: the ones of JSON.parse quote the text, which may be a secret, and often leave the place out.
 */
export function jsonFault(text: string): TextPlace | undefined {
  const scan = new Scan()
  let at = 0
  for (;;) {
    SPACE.lastIndex = at
    SPACE.test(text)
    at = SPACE.lastIndex
    if (at === text.length) return scan.next === 'nothing' ? undefined : placeOf(text, at)
    TOKEN.lastIndex = at
    const token = TOKEN.exec(text)?.[0]
    if (token === undefined || !scan.accepts(token)) return placeOf(text, at)
    at = TOKEN.lastIndex
  }
}

const SPACE = /[ \t\n\r]*/y
const TOKEN =
  /[{}[\]:,]|"[^"\\\0-\u001f]*(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4})[^"\\\0-\u001f]*)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y

/** The grammar of JSON, token by token. */
class Scan {
  /** What may come next. */
  next: 'value' | 'value-or-end' | 'key' | 'key-or-end' | 'colon' | 'comma-or-end' | 'nothing' = 'value'
  readonly #open: ('{' | '[')[] = []

  accepts(token: string): boolean {
    switch (this.next) {
      case 'nothing':
        return false
      case 'colon':
        this.next = 'value'
        return token === ':'
      case 'comma-or-end':
        if (token !== ',') return this.#closes(token)
        this.next = this.#open.at(-1) === '{' ? 'key' : 'value'
        return true
      case 'key':
      case 'key-or-end':
        if (this.next === 'key-or-end' && token === '}') return this.#closes(token)
        this.next = 'colon'
        return token.startsWith('"')
      case 'value':
      case 'value-or-end':
        if (this.next === 'value-or-end' && token === ']') return this.#closes(token)
        return this.#begins(token)
      default:
        return this.next satisfies never
    }
  }

  #begins(token: string): boolean {
    if (token === '{' || token === '[') {
      this.#open.push(token)
      this.next = token === '{' ? 'key-or-end' : 'value-or-end'
      return true
    }
    this.#ends()
    return !/^[}\]:,]$/.test(token)
  }

  #closes(token: string): boolean {
    if (token !== (this.#open.pop() === '{' ? '}' : ']')) return false
    this.#ends()
    return true
  }

  #ends(): void {
    this.next = this.#open.length === 0 ? 'nothing' : 'comma-or-end'
  }
}

function placeOf(text: string, at: number): TextPlace {
  const before = text.slice(0, at)
  const line = before.split('\n').length
  return {line, column: at - before.lastIndexOf('\n')}
}
