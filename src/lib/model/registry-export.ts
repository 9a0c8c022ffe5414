import {MfaError} from '../errors/mfa-error.js'

/** REG_SZ and REG_EXPAND_SZ, REG_DWORD, REG_QWORD, REG_MULTI_SZ; anything else as its bytes. */
export type RegistryValue = string | number | bigint | readonly string[] | Uint8Array

/** Key paths and value names as they were first written; the default value of a key has the name `''`. */
export type RegistryExport = ReadonlyMap<string, ReadonlyMap<string, RegistryValue>>

/** Where the server keeps its settings: a 32-bit program on 64-bit Windows, and as the program itself sees it. */
export const PHONEFACTOR_KEYS = [
  'HKEY_LOCAL_MACHINE\\SOFTWARE\\Wow6432Node\\Positive Networks\\PhoneFactor',
  'HKEY_LOCAL_MACHINE\\SOFTWARE\\Positive Networks\\PhoneFactor',
] as const

/**
 * Reads a file that `reg export` or the Registry Editor wrote (`decodeRegistryExport` makes the text of its bytes).
 * Keys and names that differ in case only are one, as in the registry; a later line takes the place of an earlier one.
 * Throws MfaError `data` with every fault and its line; `file` is what the message calls the text.
 */
export function parseRegistryExport(text: string, file = 'the registry export'): RegistryExport {
  const reader = new Reader()
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\n|\r/)
  const header = lines.findIndex((line) => line.trim() !== '')
  const kind = HEADERS.get(lines[header]?.trim() ?? '')
  if (kind === undefined)
    throw problem(file, [
      `line ${Math.max(header, 0) + 1}: not a registry export; it begins with "Windows Registry Editor Version 5.00"`,
    ])
  for (let at = header + 1; at < lines.length; at++) {
    const first = at
    let line = (lines[at] ?? '').trim()
    // Bytes go on in the next line after a backslash; a text may end with one.
    while (/=\s*hex(?:\([\da-f]+\))?:[^;"]*\\$/i.test(line) && at + 1 < lines.length)
      line = line.slice(0, -1) + (lines[++at] ?? '').trim()
    reader.take(line, first + 1, kind)
  }
  if (reader.faults.length > 0) throw problem(file, reader.faults)
  return reader.found()
}

/** The value under a key; upper and lower case do not matter, and `HKLM` is the same as `HKEY_LOCAL_MACHINE`. */
export function registryValue(found: RegistryExport, key: string, name: string): RegistryValue | undefined {
  const wanted = folded(key)
  for (const [path, values] of found) {
    if (folded(path) !== wanted) continue
    for (const [other, value] of values) if (other.toLowerCase() === name.toLowerCase()) return value
  }
  return undefined
}

/** Text of an export's bytes: UTF-16LE as the Registry Editor writes it, else UTF-8, else Windows-1252 (REGEDIT4). */
export function decodeRegistryExport(bytes: Uint8Array): string {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] !== 0 && bytes[1] === 0))
    return new TextDecoder('utf-16le').decode(bytes)
  try {
    return new TextDecoder('utf-8', {fatal: true}).decode(bytes)
  } catch {
    return new TextDecoder('windows-1252').decode(bytes)
  }
}

type Kind = 'utf-16le' | 'windows-1252'
const HEADERS: ReadonlyMap<string, Kind> = new Map([
  ['Windows Registry Editor Version 5.00', 'utf-16le'],
  ['REGEDIT4', 'windows-1252'],
])
const VALUE = /^(?:@|"((?:[^"\\]|\\.)*)")\s*=\s*(.*)$/
const TEXT = /^"((?:[^"\\]|\\.)*)"\s*(?:;.*)?$/
const BYTES = /^hex(?:\(([\da-f]+)\))?:\s*((?:[\da-f]{1,2}\s*,\s*)*(?:[\da-f]{1,2})?)\s*(?:;.*)?$/i
const DWORD = /^dword:\s*([\da-f]{1,8})\s*(?:;.*)?$/i

interface Key {
  readonly path: string
  readonly values: Map<string, readonly [name: string, value: RegistryValue]>
}

class Reader {
  readonly faults: string[] = []
  readonly #keys = new Map<string, Key>()
  #key: Key | 'deleted' | undefined

  take(line: string, number: number, kind: Kind): void {
    if (line === '' || line.startsWith(';')) return
    if (line.startsWith('[')) return this.#begin(line, number)
    const [, name = '', written = ''] = VALUE.exec(line) ?? []
    if (!VALUE.test(line))
      return this.#fault(number, 'not a key in brackets, nor a name in quotes, = and a value')
    if (this.#key === undefined) return this.#fault(number, 'a value before the first key')
    if (this.#key === 'deleted') return this.#fault(number, 'a value below a key that is deleted')
    const plain = unescaped(name)
    if (written.trim() === '-') {
      this.#key.values.delete(plain.toLowerCase())
      return
    }
    const value = valueOf(written.trim(), kind)
    if (value === undefined) return this.#fault(number, `the value of "${plain}" cannot be read`)
    const first = this.#key.values.get(plain.toLowerCase())?.[0] ?? plain
    this.#key.values.set(plain.toLowerCase(), [first, value])
  }

  found(): RegistryExport {
    return new Map([...this.#keys.values()].map(({path, values}) => [path, new Map(values.values())]))
  }

  #begin(line: string, number: number): void {
    const [, deleted, path] = /^\[(-?)([^[\]].*)\]$/.exec(line) ?? []
    if (path === undefined) {
      this.#key = undefined
      return this.#fault(number, 'a key without its closing bracket')
    }
    const id = folded(path)
    if (deleted === '-') {
      for (const other of this.#keys.keys()) if (`${other}\\`.startsWith(`${id}\\`)) this.#keys.delete(other)
      this.#key = 'deleted'
      return
    }
    this.#key = this.#keys.get(id) ?? {path, values: new Map()}
    this.#keys.set(id, this.#key)
  }

  #fault(line: number, what: string): void {
    this.faults.push(`line ${line}: ${what}`)
  }
}

/** Undefined for what is no value. */
function valueOf(written: string, kind: Kind): RegistryValue | undefined {
  const text = TEXT.exec(written)?.[1]
  if (text !== undefined) return unescaped(text)
  const dword = DWORD.exec(written)?.[1]
  if (dword !== undefined) return Number.parseInt(dword, 16)
  const [, type = '3', list] = BYTES.exec(written) ?? []
  if (list === undefined) return undefined
  const pieces = list.split(',').map((piece) => piece.trim())
  const bytes = Uint8Array.from(
    pieces.filter((piece) => piece !== ''),
    (piece) => Number.parseInt(piece, 16),
  )
  return typed(bytes, Number.parseInt(type, 16), kind)
}

/** By the numbers of the registry's types: 1 text, 2 text with variables, 4 and 5 32 bits, 7 texts, b 64 bits. */
function typed(bytes: Uint8Array, type: number, kind: Kind): RegistryValue | undefined {
  const view = new DataView(bytes.buffer)
  if (type === 1 || type === 2) return new TextDecoder(kind).decode(bytes).replace(/\0+$/, '')
  if (type === 7) return new TextDecoder(kind).decode(bytes).replace(/\0+$/, '').split('\0')
  if (type === 4 || type === 5) return bytes.length === 4 ? view.getUint32(0, type === 4) : undefined
  if (type === 11) return bytes.length === 8 ? view.getBigUint64(0, true) : undefined
  return bytes
}

const unescaped = (text: string): string => text.replaceAll(/\\(.)/g, '$1')

const folded = (key: string): string => key.toLowerCase().replace(/^hklm(?=\\|$)/, 'hkey_local_machine')

function problem(file: string, faults: readonly string[]): MfaError {
  const message =
    faults.length === 1
      ? `${file}, ${faults[0]}`
      : `${file}:\n${faults.map((fault) => `  ${fault}`).join('\n')}`
  return new MfaError('REGISTRY_EXPORT', message, {
    exit: 'data',
    fix: 'Export the key again: reg export "HKLM\\SOFTWARE\\Wow6432Node\\Positive Networks\\PhoneFactor" phonefactor.reg',
  })
}
