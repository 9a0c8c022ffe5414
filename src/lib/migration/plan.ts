import type {ActionId, ObjectId, SourceKey} from '../model/brand.js'
import type {DefaultMethod, PhoneSlot} from '../model/entra-user.js'
import type {HashFunction} from '../model/server-user.js'

/** Ids of SYNC-RULES: U users, P phones, B backup phone, D devices, O OATH tokens, M default method, R run. */
export type RuleId = `${'U' | 'P' | 'B' | 'D' | 'O' | 'M' | 'R'}${number}`

/** The part of a server user that something is about. Devices and tokens are counted in the server's order from 0. */
export type ItemRef = 'user' | 'phone' | 'backupPhone' | 'default' | `device:${number}` | `token:${number}`

interface ActionBase {
  readonly id: ActionId
  readonly rule: RuleId
  readonly item: ItemRef
  /** Actions of the same user that must be in place first. Always earlier in the list. */
  readonly needs: readonly ActionId[]
}

/** P1–P8, B1–B4. `number` and `previous` are in Graph's form: `+CC number[xEXT]`. */
export interface SetPhone extends ActionBase {
  readonly kind: 'set-phone'
  readonly slot: PhoneSlot
  readonly number: string
  readonly change: 'create' | 'replace'
  readonly previous?: string | undefined
}

export interface TokenParameters {
  readonly serialNumber: string
  readonly manufacturer: string
  readonly model: string
  readonly timeIntervalInSeconds: 30 | 60
  readonly hashFunction: HashFunction
}

/** O2, D6: a new token in the tenant's inventory. The secret is read from the source again when it is sent. */
export interface CreateToken extends ActionBase, TokenParameters {
  readonly kind: 'create-token'
}

/** O1: an unassigned inventory token brought up to date. */
export interface UpdateToken extends ActionBase, TokenParameters {
  readonly kind: 'update-token'
  readonly deviceId: string
  /** What the inventory says before; undo writes it back. */
  readonly previous?: Omit<TokenParameters, 'serialNumber'> | undefined
}

export interface AssignToken extends ActionBase {
  readonly kind: 'assign-token'
  readonly serialNumber: string
  /** Absent where an action of this plan creates the token. */
  readonly deviceId?: string | undefined
}

export interface ActivateToken extends ActionBase {
  readonly kind: 'activate-token'
  readonly serialNumber: string
  /** Which token, where a user may hold several of one serial number. Absent where this plan creates it, or Graph does not say. */
  readonly deviceId?: string | undefined
  readonly timeIntervalInSeconds: 30 | 60
  readonly hashFunction: HashFunction
  /** True where the token was in the inventory or assigned before: a refusal then means another secret (O2). */
  readonly existed: boolean
}

/** M1–M5. */
export interface SetDefault extends ActionBase {
  readonly kind: 'set-default'
  readonly method: DefaultMethod
  readonly previous?: DefaultMethod | undefined
}

/** P9: only where an earlier write of ours switched SMS sign-in on and was cut off before it could switch it off again. */
export interface DisableSmsSignIn extends ActionBase {
  readonly kind: 'disable-sms-sign-in'
  readonly methodId: string
}

/** O2: takes back an assignment of this run whose activation was refused. Never planned; happens while applying. */
export interface UnassignToken extends ActionBase {
  readonly kind: 'unassign-token'
  readonly serialNumber: string
  readonly methodId: string
}

/** Undo only: a number that a run added. */
export interface RemovePhone extends ActionBase {
  readonly kind: 'remove-phone'
  readonly slot: PhoneSlot
  readonly number: string
}

/** Undo only: there was no default method before. */
export interface ClearDefault extends ActionBase {
  readonly kind: 'clear-default'
  readonly previous: DefaultMethod
}

/** Undo only: a token that was assigned before the run, which activated it. */
export interface DeactivateToken extends ActionBase {
  readonly kind: 'deactivate-token'
  readonly serialNumber: string
  readonly methodId: string
}

/** Undo only: a token that a run brought into the inventory; unassigned first. */
export interface DeleteToken extends ActionBase {
  readonly kind: 'delete-token'
  readonly serialNumber: string
  readonly deviceId: string
}

export type Action =
  | SetPhone
  | CreateToken
  | UpdateToken
  | AssignToken
  | ActivateToken
  | SetDefault
  | DisableSmsSignIn
  | UnassignToken
  | RemovePhone
  | ClearDefault
  | DeactivateToken
  | DeleteToken

export const FINDING_CODES = [
  // users
  'no-server-user',
  'ambiguous-match',
  'sid-mismatch',
  'domain-needed',
  'ad-not-found',
  'ad-not-asked',
  'ad-ambiguous',
  'ad-sid-unknown',
  'disabled',
  'guest-no-oath',
  'mode-invalid',
  'row-invalid',
  'field-invalid',
  'mapping-invalid',
  // phones
  'extension-dropped',
  'backup-skipped',
  'backup-promoted',
  'phone-invalid',
  'country-unknown',
  'phone-kept',
  'same-number',
  'sms-sign-in-disabled',
  'slot-taken',
  // devices
  'device-limit',
  'duplicate-device-name',
  'device-order-unknown',
  'push-needs-registration',
  'device-matched',
  'app-codes-skipped',
  // tokens
  'token-limit',
  'token-assigned-elsewhere',
  'token-shared',
  'token-details-differ',
  'seed-missing',
  'seed-invalid',
  'seed-conflict',
  'time-step-invalid',
  'activation-refused',
  'duplicate-token',
  // default method
  'default-replaced',
  'default-none',
  'policy-unknown',
  'policy-disallows',
  'system-preferred',
  'default-not-used',
  // user as a whole
  'sms-or-voice-only',
  'nothing-to-carry',
  // run
  'in-doubt',
  'cannot-undo',
  'changed-since',
  'unreadable',
] as const
export type FindingCode = (typeof FINDING_CODES)[number]

/** Something that a person should know. Never holds a secret; may hold a phone number. */
export interface Finding {
  readonly code: FindingCode
  readonly rule: RuleId
  readonly item: ItemRef
  /** One plain sentence: what is, and what to do about it. */
  readonly detail: string
  /** The Entra side, where it is about one thing there: a phone slot, a serial number, or the id of a method. */
  readonly target?: string | undefined
}

/** An item that needs nothing because Entra has it. */
export interface AlreadyThere {
  readonly item: ItemRef
  readonly rule: RuleId
  /** The Entra side: a phone slot, a serial number, or a default method. */
  readonly target: string
}

/** What is to become of one user of the group. */
export type PlannedOutcome = 'migrate' | 'unchanged' | 'unmatched' | 'disabled' | 'failed'

export interface UserPlan {
  readonly id: ObjectId
  readonly userPrincipalName: string
  /** Absent for a group member without a server user. */
  readonly source?: SourceKey | undefined
  readonly outcome: PlannedOutcome
  readonly actions: readonly Action[]
  readonly alreadyThere: readonly AlreadyThere[]
  readonly findings: readonly Finding[]
  /** Keyed hash of the server record (U5); absent for an unmatched user. */
  readonly serverFingerprint?: string | undefined
  /** Hash of what Graph showed (R6); absent where Graph was not asked. */
  readonly entraFingerprint?: string | undefined
  /** M7: true if SMS or voice is all that the user will have. */
  readonly smsOrVoiceOnly: boolean
}

export type DefaultMethodChoice = 'always' | 'if-unset' | 'most-secure'

/** The choices that change what a plan says. Part of a plan and of U5's fingerprint. */
export interface MigrationOptions {
  readonly defaultMethod: DefaultMethodChoice
  readonly phones: 'safe' | 'replace' | 'keep'
  readonly appCodes: 'carry' | 'skip'
  readonly smsSignIn: 'prevent' | 'allow'
  readonly promoteBackup: boolean
  readonly includeDisabled: boolean
  /** ISO 3166 alpha-2, upper case. */
  readonly defaultCountry?: string | undefined
  readonly cloud: 'global' | 'usgov' | 'usgovdod' | 'china'
}

/** How names of the server relate to names in Entra (U2). */
export interface MatchOptions {
  /** Pins a plain `name` to one Active Directory domain, DNS or NetBIOS name. */
  readonly defaultDomain?: string | undefined
  /** NetBIOS name (upper case) → DNS domain (lower case). */
  readonly netbios: Readonly<Record<string, string>>
  /** U2 (4): the attribute of Active Directory that holds the name, where users are looked up there. */
  readonly directoryAttribute?: string | undefined
}

/** The first part of a saved plan; one UserPlan a user follows. */
export interface PlanHeader {
  readonly schemaVersion: 1
  readonly kind: 'mfa-plan'
  readonly createdAt: string
  readonly tenantId: string
  readonly group: {readonly id: ObjectId; readonly displayName: string}
  readonly users?: readonly string[] | undefined
  readonly source: {readonly label: string; readonly fingerprint: string}
  readonly options: MigrationOptions
  readonly match: MatchOptions
  /** Lines of the hand-edited mapping file. */
  readonly mapping: readonly {
    readonly userPrincipalName: string
    readonly username: string
    readonly line: number
  }[]
  /** U5 was off. */
  readonly all: boolean
}

export interface PlanFile extends PlanHeader {
  readonly plans: readonly UserPlan[]
}
