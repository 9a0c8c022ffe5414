import {XmlFault} from './xml.js'

const LONGEST_ROW = 1024 * 1024

/**
 * Cuts the elements of one name out of XML that comes in pieces, so that an answer of any length takes no more memory
 * than one row. What is left around them is the skeleton of the answer, read at the end like any other.
 */
export class RowScanner {
  readonly #onRow: (xml: string) => void
  readonly #token: RegExp
  #held = ''
  #from = 0
  /** Where the open row starts in `#held`; -1 outside of rows. */
  #row = -1
  #skeleton = ''

  constructor(item: string, onRow: (xml: string) => void) {
    this.#onRow = onRow
    // Markup inside CDATA and comments is no markup; the last three say that more text is needed.
    this.#token = new RegExp(
      String.raw`<!\[CDATA\[[^]*?\]\]>|<!--[^]*?-->|<(/?)(?:[\w.-]+:)?${item}(?=[\s/>])[^>]*?(/?)>|<(?:!\[CDATA\[|!--|[^>]*$)`,
      'g',
    )
  }

  push(text: string): void {
    this.#held += text
    this.#token.lastIndex = this.#from
    for (let found = this.#token.exec(this.#held); found !== null; found = this.#token.exec(this.#held)) {
      const [markup, closing, empty] = found
      if (isUnfinished(markup)) {
        this.#from = found.index
        return this.#release(found.index)
      }
      if (closing === undefined) continue
      const end = found.index + markup.length
      if (closing === '/') this.#close(end)
      else if (empty === '/') this.#close(end, found.index)
      else if (this.#row === -1) this.#open(found.index)
      this.#token.lastIndex = this.#from
    }
    this.#release(this.#held.length)
    this.#from = this.#held.length
  }

  /** The answer without its rows. */
  end(): string {
    return this.#skeleton + this.#held
  }

  #open(at: number): void {
    this.#skeleton += this.#held.slice(0, at)
    this.#held = this.#held.slice(at)
    this.#row = 0
    this.#from = 1
  }

  #close(end: number, emptyAt?: number): void {
    if (this.#row === -1 && emptyAt === undefined) throw new XmlFault('a row ends that did not begin')
    if (this.#row === -1 && emptyAt !== undefined) this.#skeleton += this.#held.slice(0, emptyAt)
    const xml = this.#held.slice(emptyAt !== undefined && this.#row === -1 ? emptyAt : 0, end)
    this.#held = this.#held.slice(end)
    this.#row = -1
    this.#from = 0
    this.#onRow(xml)
  }

  /** Text before `until` that belongs to no row needs to be looked at no more. */
  #release(until: number): void {
    if (this.#row !== -1) {
      if (this.#held.length > LONGEST_ROW) throw new XmlFault('one row is longer than 1 MiB')
      return
    }
    this.#skeleton += this.#held.slice(0, until)
    this.#held = this.#held.slice(until)
    this.#from = 0
    if (this.#skeleton.length > LONGEST_ROW) throw new XmlFault('it is long and has no rows')
  }
}

function isUnfinished(markup: string): boolean {
  if (markup.startsWith('<![CDATA[')) return !markup.endsWith(']]>')
  if (markup.startsWith('<!--')) return !markup.endsWith('-->') || markup.length < 7
  return !markup.endsWith('>')
}
