import type {Outcome} from '../model/outcome.js'

/**
 * One change of the tenant itself (not of a user's methods), as data: it is what the journal keeps as the intent, so it
 * holds no secret (R5). `before` makes it undoable.
 */
export interface TenantChange {
  /** Stable: the same property of the same object gives the same id, also in a later run. */
  readonly id: string
  /** `create-application`, `set-federation`, … */
  readonly kind: string
  readonly target: {readonly id: string; readonly name: string}
  /** What the tenant showed before, as JSON; null where there was nothing. */
  readonly before: unknown
  readonly after: unknown
  /** For people, in the imperative: "add group Pilot to the staged rollout". */
  readonly says: string
}

/** What came of one request. */
export interface SentChange {
  readonly outcome: Outcome
  /** Ids that Graph gave. */
  readonly made?: Readonly<Record<string, string>> | undefined
}

export interface AppliedChange extends SentChange {
  /** Whether the tenant shows it by now; Entra is eventually consistent (R4). */
  readonly visible: boolean
}

/** How one change is sent and recognised. */
export interface ChangeHandling {
  /**
   * Sends it once. What concerns this change alone comes back as the outcome; what ends the run (signed out, forbidden,
   * throttled past the budget, interrupted) is thrown.
   */
  send(signal: AbortSignal): Promise<SentChange>
  /** Does the tenant show it? Ids that a lost answer would have given come back as `made`. */
  shows(signal: AbortSignal): Promise<{readonly made?: Readonly<Record<string, string>>} | undefined>
}
