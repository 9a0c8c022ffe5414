import type {Bag, Scratch} from '../../src/lib/ports/scratch.js'

/** Scratch in a Map. Values make the trip through JSON, as they do on disk. */
export function memoryScratch(): Scratch {
  const bags = new Map<string, Bag<unknown>>()
  return {
    bag<T>(name: string): Bag<T> {
      const bag = bags.get(name) ?? memoryBag()
      bags.set(name, bag)
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the caller says what it put in
      return bag as Bag<T>
    },
    close() {
      bags.clear()
    },
  }
}

function memoryBag(): Bag<unknown> {
  const values = new Map<string, string[]>()
  let size = 0
  return {
    add(key, value) {
      const list = values.get(key)
      if (list) list.push(JSON.stringify(value))
      else values.set(key, [JSON.stringify(value)])
      size += 1
    },
    set(key, value) {
      size += 1 - (values.get(key)?.length ?? 0)
      values.set(key, [JSON.stringify(value)])
    },
    get(key) {
      return (values.get(key) ?? []).map((text) => JSON.parse(text) as unknown)
    },
    *entries() {
      const all = [...values].toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      const then = all.map(([key, texts]) => [key, [...texts]] as const)
      for (const [key, texts] of then) {
        for (const text of texts) yield [key, JSON.parse(text) as unknown] as const
      }
    },
    get size() {
      return size
    },
  }
}
