import type {SourceKey} from '../../model/brand.js'
import type {Bag, Scratch} from '../../ports/scratch.js'
import type {CsvRow} from '../csv/csv-file.js'
import type {RowRef} from '../csv/raw-rows.js'

export interface StoredRow extends RowRef {
  readonly badQuotes: boolean
}
export interface StoredUser extends StoredRow {
  readonly username: string
  readonly key: SourceKey
}

/** start, end, line, bad quotes; for users whose key is not their Username also key or Username */
type Packed = readonly [number, number, number, 0 | 1, string?]

/** Where each row stands, by Username: on disk, made anew by each full pass. */
export class BundleIndex {
  readonly #names: Bag<Packed>
  /** Rows whose key is not their Username. */
  readonly #extraKeys: Bag<Packed>
  readonly #items: {readonly devices: Bag<Packed>; readonly tokens: Bag<Packed>}
  #extra = 0

  constructor(scratch: Scratch, name: string) {
    this.#names = scratch.bag(`${name}/users`)
    this.#extraKeys = scratch.bag(`${name}/keys`)
    this.#items = {devices: scratch.bag(`${name}/devices`), tokens: scratch.bag(`${name}/tokens`)}
  }

  /** The key of this row: the Username, with the line added where an earlier row has taken it. */
  addUser(username: string, row: CsvRow): SourceKey {
    let key = username
    while (this.#taken(key)) key = `${key} (line ${row.line})`
    if (key !== username) {
      this.#extraKeys.add(key, pack(row, username))
      this.#extra += 1
    }
    this.#names.add(username, key === username ? pack(row) : pack(row, key))
    return key as SourceKey
  }

  user(key: SourceKey): StoredUser | undefined {
    const extra = this.#extra > 0 ? this.#extraKeys.get(key)[0] : undefined
    if (extra) return {...unpack(extra), username: extra[4] ?? key, key}
    const row = this.#names.get(key).find((each) => each[4] === undefined)
    return row && {...unpack(row), username: key, key}
  }

  /** All rows with this Username, in the file's order. */
  named(username: string): readonly StoredUser[] {
    return this.#names
      .get(username)
      .map((row) => ({...unpack(row), username, key: (row[4] ?? username) as SourceKey}))
  }

  *usernames(): Iterable<string> {
    for (const [username] of this.#names.entries()) yield username
  }

  addItem(kind: 'devices' | 'tokens', username: string, row: CsvRow): void {
    this.#items[kind].add(username, pack(row))
  }

  items(kind: 'devices' | 'tokens', username: string): readonly StoredRow[] {
    return this.#items[kind].get(username).map(unpack)
  }

  #taken(key: string): boolean {
    return this.#names.get(key).length > 0 || (this.#extra > 0 && this.#extraKeys.get(key).length > 0)
  }
}

function pack(row: CsvRow, name?: string): Packed {
  const packed = [row.start, row.end, row.line, row.badQuotes ? 1 : 0] as const
  return name === undefined ? packed : [...packed, name]
}

function unpack([start, end, line, bad]: Packed): StoredRow {
  return {start, end, line, badQuotes: bad === 1}
}
