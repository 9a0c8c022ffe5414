/**
 * Working space of one command, on disk beyond a few megabytes and gone afterwards. Values are JSON: a Secret does not
 * survive the trip, by design.
 */
export interface Scratch {
  bag<T>(name: string): Bag<T>
  close(): void
}

/** Values under keys; a key may hold several, in the order they came. */
export interface Bag<T> {
  add(key: string, value: T): void
  /** Takes the place of all values under the key. */
  set(key: string, value: T): void
  get(key: string): readonly T[]
  /** One entry a value, so a key with two values comes twice. Keys in ascending order of their UTF-8 bytes. */
  entries(): Iterable<readonly [string, T]>
  /** How many values there are. */
  readonly size: number
}
