import {MfaError} from '../errors/mfa-error.js'
import type {BackupStore, Copied, Draft, FileEntry, FileHash, Recode, Tree} from '../ports/backup-store.js'
import type {Clock} from '../ports/clock.js'
import type {Ui} from '../ports/ui.js'
import {collecting, together} from './faults.js'

/** Milliseconds between two passes. */
const PAUSE = 1000
/** Bytes below which nobody waits. */
const SHOWN = 10e6

export interface CopyDeps {
  readonly store: BackupStore
  readonly clock: Clock
  readonly ui: Ui
}

export interface SettledCopy {
  /** When the pass began that found everything as it had been copied: the copy shows that moment. */
  readonly at: Date
  readonly passes: number
  readonly tree: Tree
  readonly files: ReadonlyMap<string, {readonly entry: FileEntry; readonly stored: string} & Copied>
}

/**
 * Copies a folder that may be changing: reads it again and again, copies what differs from the copy, until one pass over
 * everything finds nothing different. Then there was a moment in which the folder was what the copy is.
 * Throws MfaError `data` with every file that cannot be read, and where it is still changing after `attempts` passes.
 */
export async function copySettled(
  from: string,
  to: {
    readonly draft: Draft
    readonly recode: Recode | undefined
    readonly storedAs: (path: string) => string
  },
  attempts: number,
  {store, clock, ui}: CopyDeps,
  signal: AbortSignal,
): Promise<SettledCopy> {
  const files = new Map<string, {entry: FileEntry; stored: string} & Copied>()
  let changed: string[] = []
  for (let pass = 1; pass <= attempts; pass++) {
    if (pass > 2) await clock.sleep(PAUSE, signal)
    const at = clock.now()
    const tree = await store.scan(from)
    const entries = tree.entries.filter((entry) => entry.kind === 'file')
    const faults = [...tree.faults]
    const progress = meter(ui, pass === 1 ? 'MB copied' : 'MB compared', entries)
    changed = []
    for (const entry of entries) {
      signal.throwIfAborted()
      const before = files.get(entry.path)
      const reading = {signal, onBytes: progress}
      await collecting(faults, async () => {
        const now = before === undefined ? undefined : await store.hash(from, entry.path, reading)
        if (before !== undefined && now !== undefined && same(before.read, now)) {
          files.set(entry.path, {...before, entry})
          return
        }
        changed.push(entry.path)
        const stored = to.storedAs(entry.path)
        const how = {...reading, recode: to.recode, modified: entry.modified}
        const copied = await to.draft.put({folder: from, path: entry.path}, stored, how)
        if (copied === undefined) files.delete(entry.path)
        else files.set(entry.path, {entry, stored, ...copied})
      })
    }
    ui.emit({type: 'phase-end', phase: pass === 1 ? 'MB copied' : 'MB compared'})
    if (faults.length > 0) throw together('UNREADABLE', `${from} cannot be backed up`, faults)
    const there = new Set(entries.map(({path}) => path))
    for (const [path, {stored}] of files) {
      if (there.has(path)) continue
      changed.push(path)
      files.delete(path)
      await to.draft.drop(stored)
    }
    if (pass > 1 && changed.length === 0) return {at, passes: pass, tree, files}
  }
  throw new MfaError(
    'KEEPS_CHANGING',
    `${from} keeps changing: read ${attempts} times, and never the same twice: ${changed.join(', ')}`,
    {
      exit: 'data',
      fix: 'Stop the service MultiFactorAuth for as long as the backup takes, or give more --attempts.',
    },
  )
}

export const same = (one: FileHash, other: FileHash): boolean =>
  one.bytes === other.bytes && one.sha256 === other.sha256

/** Shows how much of the files was read, in megabytes. */
export function meter(
  ui: Ui,
  phase: string,
  files: readonly {readonly bytes: number}[],
): (bytes: number) => void {
  const total = files.reduce((sum, {bytes}) => sum + bytes, 0)
  let done = 0
  return (bytes) => {
    done += bytes
    if (total < SHOWN) return
    ui.emit({type: 'progress', phase, done: Math.round(done / 1e6), total: Math.round(total / 1e6)})
  }
}
