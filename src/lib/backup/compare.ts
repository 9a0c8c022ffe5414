import type {FileHash} from '../ports/backup-store.js'

/** A file as it is now; `hash` is undefined where it cannot be read. */
export interface PresentFile {
  readonly path: string
  readonly modified: number
  readonly hash: FileHash | undefined
}

export interface BackedUpFile {
  readonly path: string
  readonly bytes: number
  readonly sha256: string
}

/** What a restore does to one file of the folder: `replaced` by another content, `set-aside` without one, or it `comes-back`. */
export interface Difference {
  readonly path: string
  readonly what: 'replaced' | 'set-aside' | 'comes-back'
  /** When it was last changed, ISO 8601; null where it is not there now. */
  readonly modified: string | null
  /** Changed after the backup was made: that change is lost from the folder. */
  readonly lost: boolean
}

export interface Comparison {
  readonly differences: readonly Difference[]
  /** Files that are the same. */
  readonly same: number
}

/** What would change if the backup took the place of the folder. */
export function compareFolders(
  present: readonly PresentFile[],
  backup: readonly BackedUpFile[],
  madeAt: Date,
): Comparison {
  const now = new Map(present.map((file) => [file.path, file]))
  const then = new Map(backup.map((file) => [file.path, file]))
  const differences: Difference[] = []
  let same = 0
  for (const {path, modified, hash} of present) {
    const before = then.get(path)
    if (before !== undefined && before.sha256 === hash?.sha256) {
      same += 1
      continue
    }
    differences.push({
      path,
      what: before === undefined ? 'set-aside' : 'replaced',
      modified: new Date(modified).toISOString(),
      lost: modified > madeAt.getTime(),
    })
  }
  for (const {path} of backup)
    if (!now.has(path)) differences.push({path, what: 'comes-back', modified: null, lost: false})
  return {differences: differences.toSorted((a, b) => (a.path < b.path ? -1 : 1)), same}
}
