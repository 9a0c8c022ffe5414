/** What a user has to be told, in the order in which letters say it. */
export const CASES = [
  'nothing-to-do',
  'not-found',
  'not-moved',
  'disabled',
  'no-method',
  'register-push',
  'codes-carried',
  'number-unusable',
  'number-kept',
  'number-changed',
  'token-not-carried',
  'guest-no-token',
  'too-many-devices',
  'default-changed',
  'sms-voice-only',
  'sms-voice-ends',
] as const
export type Case = (typeof CASES)[number]

/** A user's plan as far as it matters here (`UserPlan`). */
export interface PlannedUser {
  readonly userPrincipalName: string
  readonly outcome: 'migrate' | 'unchanged' | 'unmatched' | 'disabled' | 'failed'
  readonly actions: readonly {readonly kind: string; readonly serialNumber?: string}[]
  readonly alreadyThere: readonly {readonly target: string}[]
  readonly findings: readonly {
    readonly code: string
    readonly rule: string
    readonly item: string
    readonly detail: string
    readonly target?: string | undefined
  }[]
  readonly smsOrVoiceOnly: boolean
}

/** What a finding means to the user; `undefined` where only operators are concerned. */
export const CASE_OF: Readonly<Record<string, Case | undefined>> = {
  'no-server-user': 'not-found',
  'ambiguous-match': 'not-found',
  'sid-mismatch': 'not-found',
  'domain-needed': 'not-found',
  'ad-not-found': 'not-found',
  'ad-not-asked': 'not-found',
  'ad-ambiguous': 'not-found',
  'ad-sid-unknown': 'not-found',
  'mapping-invalid': 'not-found',
  disabled: 'disabled',
  'mode-invalid': 'not-moved',
  'row-invalid': 'not-moved',
  unreadable: 'not-moved',
  'field-invalid': undefined,
  'guest-no-oath': 'guest-no-token',
  'extension-dropped': 'number-changed',
  'backup-skipped': 'number-changed',
  'backup-promoted': 'number-changed',
  'slot-taken': 'number-changed',
  'phone-invalid': 'number-unusable',
  'country-unknown': 'number-unusable',
  'phone-kept': 'number-kept',
  'same-number': undefined,
  'sms-sign-in-disabled': undefined,
  'device-limit': 'too-many-devices',
  'token-limit': 'too-many-devices',
  'duplicate-device-name': undefined,
  'device-order-unknown': undefined,
  'push-needs-registration': 'register-push',
  'device-matched': undefined,
  'app-codes-skipped': undefined,
  'token-assigned-elsewhere': 'token-not-carried',
  'token-shared': 'token-not-carried',
  'seed-missing': 'token-not-carried',
  'seed-invalid': 'token-not-carried',
  'seed-conflict': 'token-not-carried',
  'time-step-invalid': 'token-not-carried',
  'activation-refused': 'token-not-carried',
  'token-details-differ': undefined,
  'duplicate-token': undefined,
  'default-replaced': 'default-changed',
  'default-none': 'no-method',
  'policy-unknown': undefined,
  'policy-disallows': undefined,
  'system-preferred': undefined,
  'default-not-used': undefined,
  'sms-or-voice-only': undefined,
  'nothing-to-carry': 'no-method',
  'in-doubt': 'not-moved',
  'cannot-undo': undefined,
  'changed-since': undefined,
}

/** One user's cases, and what the words about them need. */
export interface UserCases {
  readonly userPrincipalName: string
  readonly cases: readonly Case[]
  /** Serial numbers of hardware tokens that are not carried, as far as they are known. */
  readonly tokens: readonly string[]
}

/** Serial numbers that stand for the codes of the mobile app (D6). */
const APP_CODES = /^MFAS-/

/**
 * Pure. Every user has at least one case; a finding that nobody has thought of makes it `not-moved`, so that somebody
 * looks. `ends`: whether a date is known on which SMS and voice end.
 */
export function casesOf(plan: PlannedUser, ends: boolean): UserCases {
  const {userPrincipalName, outcome} = plan
  if (outcome === 'disabled') return {userPrincipalName, cases: ['disabled'], tokens: []}
  const found = new Set<Case>()
  if (outcome === 'unmatched') found.add('not-found')
  if (outcome === 'failed') found.add('not-moved')
  const tokens = new Set<string>()
  for (const {code, item, target} of plan.findings) {
    const what = code in CASE_OF ? CASE_OF[code] : 'not-moved'
    // An app's secret is no hardware token of the user's: `register-push` and the codes say what is left.
    if (what === 'token-not-carried' && !item.startsWith('token:')) continue
    if (what !== undefined) found.add(what)
    if (what === 'token-not-carried' && target !== undefined) tokens.add(target)
  }
  if (plan.smsOrVoiceOnly) found.add(ends ? 'sms-voice-ends' : 'sms-voice-only')
  if (carriesCodes(plan)) found.add('codes-carried')
  // What goes on working leaves nothing to do.
  if ([...found].every((one) => one === 'codes-carried')) found.add('nothing-to-do')
  return {userPrincipalName, cases: CASES.filter((one) => found.has(one)), tokens: [...tokens].sort()}
}

const carriesCodes = ({actions, alreadyThere}: PlannedUser): boolean =>
  actions.some(({kind, serialNumber}) => kind === 'activate-token' && APP_CODES.test(serialNumber ?? '')) ||
  alreadyThere.some(({target}) => APP_CODES.test(target))

/** How many users have each case and each finding. */
export interface CaseCounts {
  readonly users: number
  readonly changes: number
  readonly letters: number
  readonly unchangedWithoutFindings: number
  readonly cases: ReadonlyMap<Case, number>
  /** Key `code rule`, users. */
  readonly findings: ReadonlyMap<
    string,
    {readonly code: string; readonly rule: string; readonly users: number}
  >
}

/** Counts while users stream by. */
export class CaseCounter {
  #users = 0
  #changes = 0
  #letters = 0
  #silent = 0
  readonly #cases = new Map<Case, number>()
  readonly #findings = new Map<string, {code: string; rule: string; users: number}>()

  add(plan: PlannedUser, {cases}: UserCases): void {
    this.#users++
    this.#changes += plan.actions.length
    if (hasLetter(cases)) this.#letters++
    if (plan.outcome === 'unchanged' && plan.findings.length + plan.alreadyThere.length === 0) this.#silent++
    for (const one of cases) this.#cases.set(one, (this.#cases.get(one) ?? 0) + 1)
    const seen = new Map(plan.findings.map(({code, rule}) => [`${code} ${rule}`, {code, rule}]))
    for (const [key, {code, rule}] of seen) {
      const counted = this.#findings.get(key) ?? {code, rule, users: 0}
      counted.users++
      this.#findings.set(key, counted)
    }
  }

  counts(): CaseCounts {
    return {
      users: this.#users,
      changes: this.#changes,
      letters: this.#letters,
      unchangedWithoutFindings: this.#silent,
      cases: this.#cases,
      findings: this.#findings,
    }
  }
}

/** Whoever is disabled gets none. */
export const hasLetter = (cases: readonly Case[]): boolean => !cases.includes('disabled')
