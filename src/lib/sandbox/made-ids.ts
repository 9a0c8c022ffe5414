import {createHash} from 'node:crypto'

import type {Store} from './store.js'

/** A GUID that is the same for the same text. */
export function guidOf(text: string): string {
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

/** As Graph's ids of grants and assignments look; the same for the same text. */
export function linkId(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

/** The next id of this kind in this tenant: the same steps in an equal tenant give the same ids. */
export function nextId(store: Store, kind: string): string {
  const name = `made:${kind}`
  for (let number = Number(store.meta(name) ?? '0') + 1; ; number += 1) {
    const id = guidOf(`${store.meta('tenantId') ?? ''}/${kind}/${number}`)
    // A tenant file may have brought it along.
    const taken = store.get('SELECT 1 AS taken FROM facts WHERE owner = 0 AND (id = ? OR key = ?)', id, id)
    if (taken !== undefined) continue
    store.setMeta(name, String(number))
    return id
  }
}
