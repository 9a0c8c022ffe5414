import {createHmac, createSecretKey} from 'node:crypto'
import type {KeyObject} from 'node:crypto'

/** Making the key object costs five times what the hash costs. Forgotten together with the key; a key must not be changed in place. */
const prepared = new WeakMap<Uint8Array, KeyObject>()

/** HMAC-SHA-256 in hex. */
export function keyedHash(key: Uint8Array, text: string): string {
  let ready = prepared.get(key)
  if (ready === undefined) {
    ready = createSecretKey(key)
    prepared.set(key, ready)
  }
  return createHmac('sha256', ready).update(text).digest('hex')
}
