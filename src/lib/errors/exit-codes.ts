/** The only place where an exit code is given a number. `docs/exit-codes.md` is generated from this table. */
export const EXIT = {
  ok: 0,
  bug: 1,
  differences: 2,
  partial: 3,
  auth: 4,
  locked: 5,
  unavailable: 6,
  stale: 7,
  refused: 8,
  declined: 9,
  usage: 64,
  data: 65,
  interrupted: 130,
} as const

export type ExitName = keyof typeof EXIT

/** What each code means to a person or a script; the text of the exit-code page. */
export const EXIT_MEANING: Readonly<Record<ExitName, string>> = {
  ok: 'what was asked has happened, or there was nothing to do',
  bug: 'something unforeseen; the message names the log',
  differences:
    'only with --detailed-exitcode; and for verify, server assess, server preflight, ha check, readiness and audit reconcile: work or blockers remain',
  partial: 'ran to the end; some users failed or are in doubt',
  auth: 'not signed in, or a permission or role is missing: named',
  locked: 'another run holds the lock: whose, where, since when',
  unavailable: 'the service throttled or failed past the budget: when to try again',
  stale: 'the saved plan no longer fits: which users, and what changed',
  refused: 'a guard refused (--max-changes, lock-out check, one-way door): which flag accepts it',
  declined: 'answered no; nothing changed',
  usage: 'flags, arguments or configuration',
  data: 'input unreadable or invalid: every fault, each with file, line and field',
  interrupted: 'stopped cleanly; the same command goes on where it stopped',
}
