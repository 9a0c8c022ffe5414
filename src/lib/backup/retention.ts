import type {ListedBackup} from './list-backups.js'

export interface Retention {
  /** So many good backups stay. */
  readonly keep: number | undefined
  /** Older ones go, in milliseconds. */
  readonly maxAgeMs: number | undefined
}

/**
 * Which backups go: those of the same server and data folder as the newest that are beyond `keep` or older than `maxAgeMs`.
 * Never the newest good one, and never a damaged one: it counts for nothing, and may be all that is left of something.
 */
export function outlived(
  backups: readonly ListedBackup[],
  newest: Pick<ListedBackup, 'server' | 'data'>,
  {keep, maxAgeMs}: Retention,
  now: Date,
): readonly ListedBackup[] {
  const [, ...older] = backups.filter(
    ({good, server, data}) => good && server === newest.server && data === newest.data,
  )
  return older.filter(
    ({madeAt}, index) =>
      (keep !== undefined && index + 1 >= keep) ||
      (maxAgeMs !== undefined && madeAt !== null && now.getTime() - Date.parse(madeAt) > maxAgeMs),
  )
}
