/** Why `set` refuses. Each kind has a code, which `--accept` takes where it may be accepted. */
export interface Blocker {
  readonly code: string
  /** The user or the thing concerned; absent where it is the whole command. */
  readonly item?: string | undefined
  readonly detail: string
  /** Whether `--accept CODE` lets it pass. */
  readonly acceptable: boolean
}

/**
 * Codes that `--accept` may name. What is not here cannot be waived: without an emergency account nobody can come back in to undo
 * the change, and an unreadable policy means that nothing was checked.
 */
export const ACCEPTABLE = {
  'no-usable-method': 'a user would be asked for MFA by Entra and has no method that the policy allows',
  'method-uncertain': 'only legacy settings of the tenant may allow what the user has',
  'methods-unreadable': 'what the user has could not be read',
  'users-not-checked': 'users of the domain are outside the group that was checked',
  'not-migrated': 'the server record of a user is not carried over, or no run on record tells',
  'dependencies-unknown': 'nobody answered what still depends on MFA Server',
  'onprem-mfa': 'you attest that MFA works at the identity provider',
} as const satisfies Readonly<Record<string, string>>
export type AcceptableCode = keyof typeof ACCEPTABLE | `dependency-${string}`

/** C1–C6 are accepted one by one: `dependency-C4`. */
const DEPENDENCY = /^dependency-C[1-6]$/i

export const isAcceptable = (code: string): boolean =>
  Object.hasOwn(ACCEPTABLE, code) || DEPENDENCY.test(code)

export const acceptable = (code: AcceptableCode, detail: string, item?: string): Blocker => ({
  code,
  item,
  detail,
  acceptable: true,
})

export const final = (code: string, detail: string, item?: string): Blocker => ({
  code,
  item,
  detail,
  acceptable: false,
})

/** How many there are of each code, in the order in which they were met. */
export function countByCode(blockers: Iterable<Blocker>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const {code} of blockers) counts.set(code, (counts.get(code) ?? 0) + 1)
  return counts
}
