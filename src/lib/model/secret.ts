import {hash} from 'node:crypto'
import {inspect} from 'node:util'
import {keyedHash} from './keyed-hash.js'

/** A value that must not reach a log, a table, a plan file or a stack trace (R5). */
export class Secret {
  readonly #value: string
  /** The last answer of `hashOf`: the rules ask for the same one several times a user. */
  #hashed: {readonly key: Uint8Array; readonly hash: string} | undefined

  constructor(value: string) {
    this.#value = value
  }

  /** Only for the adapter that sends the value. A test lists the callers. */
  reveal(): string {
    return this.#value
  }

  /** HMAC-SHA-256 in hex: tells two secrets apart without telling what they are. */
  keyedHash(key: Uint8Array): string {
    return this.hashOf(this.#value, key)
  }

  /** `text` is the value or its one normal form. */
  protected hashOf(text: string, key: Uint8Array): string {
    if (this.#hashed?.key !== key) this.#hashed = {key, hash: keyedHash(key, text)}
    return this.#hashed.hash
  }

  get isEmpty(): boolean {
    return this.#value.length === 0
  }

  toJSON(): string {
    return '[secret]'
  }

  toString(): string {
    return '[secret]'
  }

  [inspect.custom](): string {
    return '[secret]'
  }
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const MAX_LENGTH = 128
/** By character code, either case. */
const VALUES: readonly number[] = Array.from({length: 128}, (_, code) =>
  BASE32.indexOf(String.fromCharCode(code).toUpperCase()),
)

/** The shared key of a code generator, Base32 text as it came from the source. */
export class OathSecret extends Secret {
  #serial: string | undefined

  /** O5: undefined if Graph takes it (A–Z, 2–7, at most 128 characters, either case; padding and spaces are not allowed). */
  fault(): 'not-base32' | 'too-long' | undefined {
    const text = this.reveal()
    if (!/^[A-Za-z2-7]+$/.test(text)) return 'not-base32'
    return text.length > MAX_LENGTH ? 'too-long' : undefined
  }

  /** The same key in another letter case is the same key. */
  override keyedHash(key: Uint8Array): string {
    return this.hashOf(this.reveal().toUpperCase(), key)
  }

  /** D6: `MFAS-` and the first 16 Base32 characters of SHA-256 over the key's bytes; the same on every machine. */
  carriedSerial(): string {
    this.#serial ??= `MFAS-${toBase32(hash('sha256', this.bytes(), 'buffer').subarray(0, 10))}`
    return this.#serial
  }

  /** The key's bytes, RFC 4648; a rest of fewer than eight bits is dropped. */
  bytes(): Buffer {
    const text = this.reveal()
    const out = Buffer.alloc((text.length * 5) >> 3)
    let bits = 0
    let held = 0
    let at = 0
    for (let index = 0; index < text.length; index++) {
      held = (held << 5) | (VALUES[text.charCodeAt(index)] ?? -1)
      bits += 5
      if (bits >= 8) {
        bits -= 8
        out[at++] = (held >> bits) & 0xff
        held &= (1 << bits) - 1
      }
    }
    return out
  }
}

function toBase32(bytes: Uint8Array): string {
  let out = ''
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      out += BASE32[(held >> bits) & 31]
      held &= (1 << bits) - 1
    }
  }
  return out
}
