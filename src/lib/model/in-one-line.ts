/** Faults that are shown of a list. */
const SHOWN = 3

/** A message that lists faults below its first line, as one line with the first of them. The log has them all. */
export function inOneLine(message: string): string {
  const [first = '', ...faults] = message.split('\n').map((line) => line.trim())
  if (faults.length === 0) return first
  const more = faults.length > SHOWN ? `; and ${faults.length - SHOWN} more` : ''
  return `${first}: ${faults.slice(0, SHOWN).join('; ')}${more}`
}
