import type {SourceKey} from '../../model/brand.js'
import type {Bag, Scratch} from '../../ports/scratch.js'
import type {CsvRow} from '../csv/csv-file.js'
import type {RowRef} from '../csv/raw-rows.js'
import {MaybeSet} from './maybe-set.js'

export interface StoredRow extends RowRef {
  readonly badQuotes: boolean
}
export interface StoredUser extends StoredRow {
  readonly username: string
  readonly key: SourceKey
  /** Lines of all rows with this Username. */
  readonly sameName: readonly number[]
}

export type ItemKind = 'devices' | 'tokens'

/** start, end, line, bad quotes; for a user whose key is not the Username also the key */
type Packed = readonly [number, number, number, 0 | 1, SourceKey?]

/** Bag values under names; most names that are not there are known without asking the scratch. */
class Rows {
  readonly #bag: Bag<Packed>
  readonly #seen = new MaybeSet()

  constructor(bag: Bag<Packed>) {
    this.#bag = bag
  }

  add(name: string, row: Packed): void {
    this.#seen.add(name)
    this.#bag.add(name, row)
  }

  get(name: string): readonly Packed[] {
    return this.#seen.has(name) ? this.#bag.get(name) : []
  }

  *names(): Iterable<string> {
    for (const [name] of this.#bag.entries()) yield name
  }
}

/** Where each row stands, by Username: on disk, made anew by each full pass. */
export class BundleIndex {
  readonly #users: Rows
  readonly #items: Readonly<Record<ItemKind, Rows>>
  /** Username of the few rows whose key is another. */
  readonly #renamed: Bag<string>

  constructor(scratch: Scratch, name: string) {
    this.#users = new Rows(scratch.bag(`${name}/users`))
    this.#items = {
      devices: new Rows(scratch.bag(`${name}/devices`)),
      tokens: new Rows(scratch.bag(`${name}/tokens`)),
    }
    this.#renamed = scratch.bag(`${name}/renamed`)
  }

  /** The key of this row: the Username, with the line added where an earlier row has taken it. */
  addUser(username: string, row: CsvRow): SourceKey {
    let key = toKey(username)
    while (this.#taken(key)) key = toKey(`${key} (line ${row.line})`)
    if (key !== username) this.#renamed.add(key, username)
    this.#users.add(username, key === username ? pack(row) : [...pack(row), key])
    return key
  }

  user(key: SourceKey): StoredUser | undefined {
    const renamed = this.#renamed.size > 0 ? this.#renamed.get(key)[0] : undefined
    return this.named(renamed ?? key).find((row) => row.key === key)
  }

  /** All rows with this Username, in the file's order. */
  named(username: string): readonly StoredUser[] {
    const rows = this.#users.get(username)
    const sameName = rows.map(([, , line]) => line)
    return rows.map((row) => Object.assign(unpack(row), {username, key: row[4] ?? toKey(username), sameName}))
  }

  isUser(username: string): boolean {
    return this.#users.get(username).length > 0
  }

  usernames(): Iterable<string> {
    return this.#users.names()
  }

  addItem(kind: ItemKind, username: string, row: CsvRow): void {
    this.#items[kind].add(username, pack(row))
  }

  items(kind: ItemKind, username: string): readonly StoredRow[] {
    return this.#items[kind].get(username).map(unpack)
  }

  #taken(key: SourceKey): boolean {
    return this.isUser(key) || (this.#renamed.size > 0 && this.#renamed.get(key).length > 0)
  }
}

/** The one place where a text becomes a key of this source. */
function toKey(text: string): SourceKey {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return text as SourceKey
}

function pack(row: CsvRow): readonly [number, number, number, 0 | 1] {
  return [row.start, row.end, row.line, row.badQuotes ? 1 : 0]
}

function unpack([start, end, line, bad]: Packed): StoredRow {
  return {start, end, line, badQuotes: bad === 1}
}
