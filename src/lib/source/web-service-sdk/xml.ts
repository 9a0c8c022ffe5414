import {XMLParser, XMLValidator} from 'fast-xml-parser'

/**
 * Why not the `soap` package's own parser: it trims, also with `preserveWhitespace` where text and CDATA meet; it takes
 * any text but "true" for a false, and a number out of "12abc"; it leaves CRLF as it is; and it would build objects that
 * hold PINs. Here a value is the text that stands in the element, with XML's own rules (line ends, entities) applied,
 * and an element that was not asked for does not get past the parser.
 */
export class XmlReader {
  readonly #parser: XMLParser

  /** `wanted` are local names, of containers too. `items` come as arrays even when there is one. */
  constructor(wanted: Iterable<string>, items: Iterable<string> = []) {
    const keep = new Set(wanted)
    const lists = new Set(items)
    this.#parser = new XMLParser({
      ignoreAttributes: true,
      ignoreDeclaration: true,
      removeNSPrefix: true,
      parseTagValue: false,
      trimValues: false,
      entityDecoder: DECODER,
      isArray: (name) => lists.has(name),
      updateTag: (name) => (keep.has(name) ? name : false),
    })
  }

  /** Throws XmlFault; its text holds no value. */
  read(text: string): XmlNode {
    if (/<!DOCTYPE/i.test(text)) throw new XmlFault('it has a DOCTYPE')
    const valid = XMLValidator.validate(text)
    if (valid !== true) throw new XmlFault(`not well-formed XML at line ${valid.err.line}`)
    try {
      return this.#parser.parse(text) as XmlNode
    } catch (error) {
      throw error instanceof XmlFault ? error : new XmlFault('not well-formed XML')
    }
  }
}

export class XmlFault extends Error {}

export type XmlValue = string | XmlNode | readonly (string | XmlNode)[]
export interface XmlNode {
  readonly [name: string]: XmlValue | undefined
}

/** The element inside; undefined if it is absent, has text only, or is empty. */
export function inside(node: XmlNode | undefined, name: string): XmlNode | undefined {
  const value = node?.[name]
  return typeof value === 'object' && !Array.isArray(value) ? (value as XmlNode) : undefined
}

/** The text of an element, exactly; undefined if it is absent. */
export function textOf(node: XmlNode | undefined, name: string): string | undefined {
  const value = node?.[name]
  return typeof value === 'string' ? value : undefined
}

/** The items of a list, in order; whitespace between them is no item. */
export function itemsOf(node: XmlNode | undefined, name: string): readonly XmlNode[] {
  const value = node?.[name]
  const all = Array.isArray(value) ? (value as readonly (string | XmlNode)[]) : []
  return all.map((item) => (typeof item === 'string' ? {} : item))
}

const NAMED: Readonly<Record<string, string>> = {amp: '&', lt: '<', gt: '>', quot: '"', apos: "'"}

function decodeEntities(text: string): string {
  if (!text.includes('&')) return text
  return text.replaceAll(
    /&(?:#x([0-9a-f]{1,6})|#([0-9]{1,7})|(\w+));/gi,
    (_, hex?: string, decimal?: string, name?: string) => {
      if (name !== undefined) {
        const known = NAMED[name]
        if (known === undefined) throw new XmlFault('it has an unknown entity')
        return known
      }
      const code = hex === undefined ? Number.parseInt(decimal ?? '', 10) : Number.parseInt(hex, 16)
      if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        throw new XmlFault('it has an impossible character')
      // ASP.NET writes control characters this way; dropping one would change a name.
      return String.fromCodePoint(code)
    },
  )
}

const DECODER = {
  decode: decodeEntities,
  reset: (): void => undefined,
  addInputEntities: (): void => undefined,
  setExternalEntities: (): void => undefined,
  setXmlVersion: (): void => undefined,
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

/** So that the server reads exactly this text: line breaks and control characters as references too. */
export function escapeXml(text: string): string {
  return text.replaceAll(
    /[&<>"'\u0000-\u001f\u007f-\u009f\u2028]/g,
    (char) => ESCAPES[char] ?? `&#x${char.charCodeAt(0).toString(16)};`,
  )
}
