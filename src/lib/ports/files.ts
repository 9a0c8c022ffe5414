/** Files that the tool writes for its owner only (R8), and reads back. */
export interface Files {
  /** Whole or not at all: written beside and renamed. 0600, an ACL on Windows. */
  write(path: string, chunks: Iterable<string> | AsyncIterable<string>): Promise<void>
  /** Those that are not there do no harm. */
  remove(paths: readonly string[]): Promise<void>
  /** `from` takes the place of `to` in one step. MfaError `usage` where that does not work. */
  move(from: string, to: string): Promise<void>
  /** Line by line. MfaError `data` where the file is missing or unreadable. */
  lines(path: string): AsyncIterable<string>
}
