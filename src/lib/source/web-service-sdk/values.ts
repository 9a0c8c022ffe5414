import {createHash} from 'node:crypto'
import type {NameTable} from './operations.js'
import {textOf, type XmlNode} from './xml.js'

/** A record by meaning, see NameTable; an element that is not there is not in it. */
export type Values = ReadonlyMap<string, string>

export function valuesOf(node: XmlNode, table: NameTable): Values {
  const values = new Map<string, string>()
  for (const [meaning, name] of table) {
    const text = textOf(node, name)
    if (text !== undefined) values.set(meaning, text)
  }
  return values
}

export function digestOf(values: Values): string {
  return createHash('sha256')
    .update(JSON.stringify([...values]))
    .digest('base64')
}

/** xs:boolean; its white space is no part of it. Undefined for anything else. */
export function flag(text: string | undefined): boolean | undefined {
  const word = text?.replaceAll(/^[ \t\r\n]+|[ \t\r\n]+$/g, '')
  if (word === 'true' || word === '1') return true
  return word === 'false' || word === '0' ? false : undefined
}

/** xs:int; undefined for anything else. */
export function integer(text: string | undefined): number | undefined {
  const word = text?.replaceAll(/^[ \t\r\n]+|[ \t\r\n]+$/g, '') ?? ''
  return /^[+-]?\d{1,10}$/.test(word) ? Number(word) : undefined
}
