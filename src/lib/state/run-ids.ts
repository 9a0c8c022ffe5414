import {randomBytes} from 'node:crypto'
import type {RunId} from '../model/brand.js'

/** Crockford's Base32, as ULIDs use it: sorts like the number it writes. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/**
 * A ULID: 48 bits of milliseconds, 80 bits of chance, 26 characters, sortable as text. Never below `last`: within one
 * millisecond, or when the clock went back, it is the successor of `last`.
 */
export function nextRunId(now: Date, last?: string): RunId {
  const chance = BigInt(`0x${randomBytes(10).toString('hex')}`)
  const fresh = encode((BigInt(now.getTime()) << 80n) | chance)
  const id = last === undefined || fresh.slice(0, 10) > last.slice(0, 10) ? fresh : encode(decode(last) + 1n)
  return id as RunId
}

function encode(value: bigint): string {
  let text = ''
  for (let rest = value, i = 0; i < 26; i++, rest >>= 5n) text = ALPHABET.charAt(Number(rest & 31n)) + text
  return text
}

function decode(text: string): bigint {
  let value = 0n
  for (const letter of text) value = (value << 5n) | BigInt(Math.max(0, ALPHABET.indexOf(letter)))
  return value
}
