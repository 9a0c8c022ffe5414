/** A file that `mfa ha generate` or `mfa portal redirect` makes. */
export interface GeneratedFile {
  readonly name: string
  /** Whole, with the line ends that its program wants. */
  readonly text: string
}

/** Files for Windows have CRLF. */
export const windowsText = (lines: readonly string[]): string => lines.map((line) => `${line}\r\n`).join('')

export const unixText = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('')
