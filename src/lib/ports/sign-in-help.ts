import type {ObjectId} from '../model/brand.js'
import type {Outcome} from '../model/outcome.js'
import type {Secret} from '../model/secret.js'

export interface CampaignTarget {
  /** Object id, or `all_users`. */
  readonly id: string
  readonly targetType: 'group' | 'user'
  /** What people are asked to register: `microsoftAuthenticator`. */
  readonly method?: string | undefined
}

/** The registration campaign: whom Entra asks at sign-in to register a stronger method. */
export interface Campaign {
  /** `default`: Microsoft decides. */
  readonly state: 'default' | 'enabled' | 'disabled' | 'unknownFutureValue'
  /** How long somebody may put it off, in days. */
  readonly snoozeDays: number
  readonly include: readonly CampaignTarget[]
  readonly exclude: readonly Omit<CampaignTarget, 'method'>[]
}

/** The campaign in the authentication methods policy. Throws MfaError `auth` (permission missing: named), `unavailable`. */
export interface Campaigns {
  /** Undefined where the cloud's Graph does not show one. */
  read(signal: AbortSignal): Promise<Campaign | undefined>
  /** Writes all of it: what is left out is gone. */
  write(campaign: Campaign, signal: AbortSignal): Promise<Outcome>
}

/** What the policy says of Temporary Access Passes. */
export interface PassPolicy {
  readonly enabled: boolean
  /** Object ids of groups, or `all_users`. */
  readonly include: readonly string[]
  readonly exclude: readonly string[]
  /** Minutes. */
  readonly minimum: number
  readonly maximum: number
  readonly standard: number
  /** Every pass is good for one sign-in only. */
  readonly isUsableOnce: boolean
}

export interface ExistingPass {
  readonly id: string
  /** False once it has run out. */
  readonly isUsable: boolean
}

export interface PassRequest {
  readonly lifetimeMinutes: number
  readonly isUsableOnce?: boolean | undefined
  /** ISO 8601; at once unless given. */
  readonly startsAt?: string | undefined
}

/** A new pass. Its text is shown once, in the answer to the request, and hides itself. */
export interface IssuedPass {
  readonly id: string
  readonly pass: Secret
  readonly startsAt: string
  readonly lifetimeMinutes: number
  readonly isUsableOnce: boolean
}

/**
 * Temporary Access Passes; a user has one at most. Throws MfaError `auth` (permission missing: named), `unavailable`; what concerns
 * one user is an outcome. A POST is never sent twice.
 */
export interface TemporaryPasses {
  policy(signal: AbortSignal): Promise<PassPolicy>
  of(user: ObjectId, signal: AbortSignal): Promise<readonly ExistingPass[]>
  issue(
    user: ObjectId,
    request: PassRequest,
    signal: AbortSignal,
  ): Promise<{readonly outcome: Outcome; readonly issued?: IssuedPass | undefined}>
  /** Gone already: `already-done`. */
  remove(user: ObjectId, id: string, signal: AbortSignal): Promise<Outcome>
}

/** A pass with its owner, as it goes into the sealed file. */
export interface PassFor {
  readonly userPrincipalName: string
  readonly issued: IssuedPass
  readonly expiresAt: string
}

/** Seals passes so that only the holder of a key can read them. */
export interface PassSealing {
  /** Throws MfaError `usage` that names the recipient that is none. */
  mustTake(recipients: readonly string[]): void
  /** Text in armor; `age -d` gives CSV. */
  seal(passes: readonly PassFor[], recipients: readonly string[]): Promise<string>
}
