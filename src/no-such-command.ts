import {MfaError} from './lib/errors/mfa-error.js'

/**
 * The error for a command line whose first words are no command; names the nearest one, if one is near.
 * `known`: ids of the commands, their words separated by colons.
 */
export function noSuchCommand(argv: readonly string[], known: readonly string[]): MfaError {
  const end = argv.findIndex((arg) => arg.startsWith('-'))
  const words = argv.slice(0, end < 0 ? argv.length : end)
  const near = nearest(words, known)
  const hint = near === undefined ? [] : [`Did you mean "mfa ${near}"?`]
  const said = words.length === 0 ? (argv[0] ?? '') : words.join(' ')
  return new MfaError('NO_SUCH_COMMAND', `"${said}" is no mfa command`, {
    exit: 'usage',
    fix: [...hint, 'mfa help lists the commands, mfa help TOPIC those of a topic.'].join('\n'),
  })
}

/** What follows a command's words may be its arguments. */
function nearest(words: readonly string[], known: readonly string[]): string | undefined {
  const ranked = known
    .map((id) => {
      const name = id.split(':')
      const typed = words.slice(0, name.length).join(' ').toLowerCase()
      return {name: name.join(' '), typed, edits: edits(typed, name.join(' '))}
    })
    .filter(
      ({name, typed, edits}) => edits <= Math.max(1, Math.ceil(Math.min(name.length, typed.length) / 3)),
    )
  return ranked.toSorted((one, other) => one.edits - other.edits)[0]?.name
}

/** Levenshtein: how many letters to add, drop or change; two swapped ones count as two. */
function edits(one: string, other: string): number {
  let row = Array.from({length: other.length + 1}, (_, index) => index)
  for (const [done, char] of [...one].entries()) {
    const next = [done + 1]
    for (let at = 1; at <= other.length; at++) {
      const changed = (row[at - 1] ?? 0) + (char === other[at - 1] ? 0 : 1)
      next.push(Math.min(changed, (row[at] ?? 0) + 1, (next[at - 1] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
