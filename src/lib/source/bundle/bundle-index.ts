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

/** start, end, line, bad quotes; for a user whose key is not the Username also the Username */
type Packed = readonly [number, number, number, 0 | 1, string?]

/** Lines named of rows with the same Username. */
const LINES = 10

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

/** Where each row stands: on disk, made anew by each full pass. */
export class BundleIndex {
  /** By key, one each. */
  readonly #users: Rows
  readonly #items: Readonly<Record<ItemKind, Rows>>
  /** First lines by Username, where a row could not have it as its key: mostly since it stands twice. */
  readonly #lines: Bag<readonly number[]>

  constructor(scratch: Scratch, name: string) {
    this.#users = new Rows(scratch.bag(`${name}/users`))
    this.#items = {
      devices: new Rows(scratch.bag(`${name}/devices`)),
      tokens: new Rows(scratch.bag(`${name}/tokens`)),
    }
    this.#lines = scratch.bag(`${name}/lines`)
  }

  /** The key of this row: the Username, with the line added where an earlier row has taken it. */
  addUser(username: string, row: CsvRow): SourceKey {
    const key = this.#freeKey(username, row.line)
    this.#users.add(key, key === username ? pack(row) : [...pack(row), username])
    if (key !== username) this.#remember(username, row.line)
    return key
  }

  user(key: SourceKey): StoredUser | undefined {
    const row = this.#users.get(key)[0]
    if (!row) return undefined
    const username = row[4] ?? key
    const sameName = (this.#lines.size > 0 ? this.#lines.get(username)[0] : undefined) ?? []
    return {...unpack(row), key, username, sameName}
  }

  /** The user whose row begins in this line. */
  userInLine(username: string, line: number): StoredUser | undefined {
    let key = toKey(username)
    for (;;) {
      const user = this.user(key)
      if (!user || user.line === line) return user
      key = withLine(key, line)
    }
  }

  isUser(username: string): boolean {
    const row = this.#users.get(username)[0]
    return row !== undefined && (row[4] === undefined || this.#lines.get(username).length > 0)
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

  #remember(username: string, line: number): void {
    const plain = this.user(toKey(username))
    const lines = this.#lines.get(username)[0] ?? (plain?.username === username ? [plain.line] : [])
    if (lines.length <= LINES) this.#lines.set(username, [...lines, line])
  }

  #freeKey(username: string, line: number): SourceKey {
    let key = toKey(username)
    while (this.#users.get(key).length > 0) key = withLine(key, line)
    return key
  }
}

function withLine(key: SourceKey, line: number): SourceKey {
  return toKey(`${key} (line ${line})`)
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
