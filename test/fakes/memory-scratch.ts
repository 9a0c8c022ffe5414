import type {Bag, Scratch} from '../../src/lib/ports/scratch.js'

/** Scratch in memory. Values make the trip through JSON, as they do on disk. */
export class MemoryScratch implements Scratch {
  readonly #bags = new Map<string, MemoryBag<unknown>>()

  bag<T>(name: string): Bag<T> {
    const found = this.#bags.get(name) ?? new MemoryBag<unknown>()
    this.#bags.set(name, found)
    return found as unknown as Bag<T>
  }

  close(): void {
    this.#bags.clear()
  }
}

class MemoryBag<T> implements Bag<T> {
  readonly #values = new Map<string, string[]>()

  add(key: string, value: T): void {
    this.#values.set(key, [...(this.#values.get(key) ?? []), JSON.stringify(value)])
  }

  set(key: string, value: T): void {
    this.#values.set(key, [JSON.stringify(value)])
  }

  get(key: string): readonly T[] {
    return (this.#values.get(key) ?? []).map((text) => JSON.parse(text) as T)
  }

  *entries(): Iterable<readonly [string, T]> {
    const keys = [...this.#values.keys()].sort((one, other) =>
      Buffer.compare(Buffer.from(one), Buffer.from(other)),
    )
    for (const key of keys) for (const value of this.get(key)) yield [key, value]
  }

  get size(): number {
    return this.#values.size
  }
}
