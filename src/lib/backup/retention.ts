import type {ListedBackup} from './list-backups.js'

export interface Retention {
  /** So many good backups stay. */
  readonly keep: number | undefined
  /** Older ones go, in milliseconds. */
  readonly maxAgeMs: number | undefined
}

/**
 * Which backups go: those of the same server and data folder as the one just made that are beyond `keep` or older than
 * `maxAgeMs`. Never the one just made, which was read back, even where a clock that was wrong calls another one newer; and
 * never a damaged one: it counts for nothing, and may be all that is left of something.
 */
export function outlived(
  backups: readonly ListedBackup[],
  made: Pick<ListedBackup, 'name' | 'server' | 'data'>,
  {keep, maxAgeMs}: Retention,
  now: Date,
): readonly ListedBackup[] {
  const mine = backups.filter(({good, server, data}) => good && server === made.server && data === made.data)
  const stays = mine.find(({name}) => name === made.name) ?? mine[0]
  const others = mine.filter((backup) => backup !== stays)
  return others.filter(
    ({madeAt}, index) =>
      (keep !== undefined && index + 1 >= keep) ||
      (maxAgeMs !== undefined && madeAt !== null && now.getTime() - Date.parse(madeAt) > maxAgeMs),
  )
}
