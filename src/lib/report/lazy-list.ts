import type {Bag} from '../ports/scratch.js'

/**
 * A list that is made anew each time somebody goes through it, so that a result may name any number of users in flat
 * memory. `jsonText` writes it element by element; `JSON.stringify` takes it for an array.
 */
export class LazyList<T> implements Iterable<T> {
  readonly #make: () => Iterable<T>

  constructor(make: () => Iterable<T>) {
    this.#make = make
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#make()[Symbol.iterator]()
  }

  toJSON(): readonly T[] {
    return [...this]
  }
}

/** What a bag holds, in its order, one value at a time. */
export function* valuesOf<T>(bag: Bag<T>): Iterable<T> {
  for (const [, value] of bag.entries()) yield value
}

/** Puts what streams by into an empty bag, so that it may be gone through any number of times in flat memory. */
export async function held<T>(
  values: AsyncIterable<T>,
  bag: Bag<T>,
  see: (value: T) => void = () => {},
): Promise<LazyList<T>> {
  for await (const value of values) {
    see(value)
    bag.add('', value)
  }
  return new LazyList(() => valuesOf(bag))
}

/** Characters that a piece has at least, but for the last. */
const PIECE = 64 * 1024

/** `JSON.stringify(value, null, 2)` in pieces; of a LazyList among the values only one element is in memory at a time. */
export function* jsonText(value: Readonly<Record<string, unknown>>): Generator<string> {
  let piece = ''
  for (const part of parts(value)) {
    piece += part
    if (piece.length < PIECE) continue
    yield piece
    piece = ''
  }
  yield piece
}

function* parts(value: Readonly<Record<string, unknown>>): Generator<string> {
  let before = '{\n  '
  for (const [key, entry] of Object.entries(value)) {
    if (entry === undefined) continue
    yield `${before}${JSON.stringify(key)}: `
    before = ',\n  '
    if (entry instanceof LazyList) yield* elements(entry)
    else yield indented(entry, '  ')
  }
  yield before.startsWith('{') ? '{}' : '\n}'
}

function* elements(list: LazyList<unknown>): Generator<string> {
  let before = '[\n    '
  for (const element of list) {
    yield `${before}${indented(element, '    ')}`
    before = ',\n    '
  }
  yield before.startsWith('[') ? '[]' : '\n  ]'
}

/** What JSON has no word for is null in a list. */
function indented(value: unknown, indent: string): string {
  const text = JSON.stringify(value, null, 2) as string | undefined
  return (text ?? 'null').replaceAll('\n', `\n${indent}`)
}
