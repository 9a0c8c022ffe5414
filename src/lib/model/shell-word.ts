/**
 * A word of a command line that somebody copies: as it is where no shell minds, in double quotes where any shell takes them so, else
 * in single quotes, which keep what a POSIX shell or PowerShell would replace.
 */
export function shellWord(text: string): string {
  if (/^[\w./:\\@=+-]+$/.test(text)) return text
  return /["$`!]/.test(text) ? `'${text.replaceAll("'", `'\\''`)}'` : `"${text}"`
}
