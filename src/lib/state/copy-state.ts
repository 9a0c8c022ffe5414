import {createHash} from 'node:crypto'

import {MfaError} from '../errors/mfa-error.js'
import {COPIED, type CopiedTable, type CopyEnd} from './copy-tables.js'
import type {Row} from './database.js'

export interface Copied {
  readonly from: string
  readonly to: string
  /** Rows by table. */
  readonly rows: Readonly<Record<string, number>>
  /** SHA-256 over all of it, the same on both sides. */
  readonly sha256: string
}

/**
 * `mfa state copy`: everything but locks, from one state into an empty one, whole or not at all; then both are read and compared.
 * Throws MfaError `locked` (somebody works on the source), `usage` (the target holds something), `data` (they differ).
 */
export async function copyState(from: CopyEnd, to: CopyEnd, signal: AbortSignal): Promise<Copied> {
  const holders = await from.holders()
  if (holders.length > 0)
    throw new MfaError('STATE_IN_USE', `${from.label} is in use: ${holders.join('; ')}`, {
      exit: 'locked',
      fix: 'Let it end, then copy; see mfa locks list.',
    })
  for (const table of COPIED) {
    // The key alone is made as soon as somebody opens a state; without runs it has hashed nothing.
    if (table.name === 'meta' || (await to.page(table, undefined)).length === 0) continue
    throw new MfaError('STATE_NOT_EMPTY', `${to.label} holds something already (${table.name})`, {
      exit: 'usage',
      fix: 'Copy into a new state; nothing is ever merged.',
    })
  }
  const rows: Record<string, number> = {}
  await to.fill(async (put) => {
    for (const table of COPIED) {
      rows[table.name] = 0
      for await (const page of pages(from, table)) {
        signal.throwIfAborted()
        await put(table, page)
        rows[table.name] = (rows[table.name] ?? 0) + page.length
      }
    }
  })
  const [before, after] = [await digest(from), await digest(to)]
  if (before !== after)
    throw new MfaError('STATE_DIFFERS', `${to.label} is not what ${from.label} is`, {
      exit: 'data',
      fix: 'Was something written meanwhile? Empty the target and copy again; do not use it.',
    })
  return {from: from.label, to: to.label, rows, sha256: after}
}

async function digest(end: CopyEnd): Promise<string> {
  const hash = createHash('sha256')
  for (const table of COPIED) {
    hash.update(`${table.name}\n`)
    for await (const page of pages(end, table))
      for (const row of page)
        hash.update(`${JSON.stringify(table.columns.map((name) => plain(row[name])))}\n`)
  }
  return hash.digest('hex')
}

const plain = (value: unknown): unknown =>
  value instanceof Uint8Array ? Buffer.from(value).toString('base64') : (value ?? null)

async function* pages(end: CopyEnd, table: CopiedTable): AsyncGenerator<readonly Row[]> {
  let after: readonly unknown[] | undefined
  for (;;) {
    const rows = await end.page(table, after)
    const last = rows.at(-1)
    if (last === undefined) return
    yield rows
    after = table.key.map((name) => last[name])
  }
}
