/** One row of the exit-code table. */
export interface ExitRow {
  readonly code: number
  readonly name: string
  readonly meaning: string
}

/** Markdown by path below docs/, from oclif.manifest.json, the `oclif` part of package.json and the exit-code table. */
export function pages(
  manifest: unknown,
  oclif: unknown,
  table: readonly ExitRow[],
): ReadonlyMap<string, string>

/** Ids of the commands whose exit codes are known. */
export const KNOWN_COMMANDS: readonly string[]
