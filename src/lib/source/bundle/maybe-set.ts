const BITS = 2 ** 24

/**
 * A Bloom filter of fixed size (2 MB): `has` says no only where that is certain, which spares most questions to the scratch.
 * One in a thousand is a needless yes at a million names.
 */
export class MaybeSet {
  readonly #bits = new Uint32Array(BITS / 32)

  add(name: string): void {
    for (const bit of places(name)) this.#bits[bit >>> 5] = (this.#bits[bit >>> 5] ?? 0) | (1 << (bit & 31))
  }

  has(name: string): boolean {
    return places(name).every((bit) => ((this.#bits[bit >>> 5] ?? 0) >>> (bit & 31)) & 1)
  }
}

/** Three places, from two FNV-1a hashes. */
function places(name: string): readonly [number, number, number] {
  let one = 0x811c9dc5
  let two = 0x9747b28c
  for (let at = 0; at < name.length; at++) {
    const unit = name.charCodeAt(at)
    one = Math.imul(one ^ unit, 0x01000193)
    two = Math.imul(two ^ unit, 0x5bd1e995)
    two ^= two >>> 15
  }
  return [mix(one) & (BITS - 1), mix(two) & (BITS - 1), mix(one ^ mix(two)) & (BITS - 1)]
}

function mix(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  return (mixed ^ (mixed >>> 13)) >>> 0
}
