import type {ActionId, ObjectId, RunId, SourceKey} from '../model/brand.js'
import type {EntraMethods, PhoneSlot} from '../model/entra-user.js'
import type {Outcome} from '../model/outcome.js'

/** The first three write to users; the others change the tenant itself (see `changes/`). */
export type RunKind = (typeof RUN_KINDS)[number]
/** Of runs that change users' methods; the others change the tenant itself. */
export const USER_RUN_KINDS = ['migrate', 'undo', 'sync'] as const
export type TenantRunKind = Exclude<RunKind, (typeof USER_RUN_KINDS)[number]>
export const RUN_KINDS = [
  'migrate',
  'undo',
  'sync',
  'app',
  'rollout',
  'federation',
  'rollback',
  'status',
  'readiness',
] as const
/** `open`: going on, or died without a word. */
export type RunStatus = 'open' | 'finished' | 'interrupted' | 'stopped'

export interface RunStart {
  readonly kind: RunKind
  readonly tenantId: string
  readonly group?: {readonly id: ObjectId; readonly displayName: string} | undefined
  readonly sourceLabel: string
  readonly sourceFingerprint: string
  /** The command's choices, for people; never a secret. */
  readonly options: Readonly<Record<string, unknown>>
  /** Same key: an interrupted run of it is taken up again instead of starting another. */
  readonly resumeKey: string
  readonly startedAt: string
  readonly logFile?: string | undefined
}

export interface RunRecord extends RunStart {
  readonly id: RunId
  readonly status: RunStatus
  readonly endedAt?: string | undefined
  readonly summary?: Readonly<Record<string, unknown>> | undefined
}

/** One write: what it was to be, and what became of it. `outcome` is absent while nobody knows. */
export interface ActionRecord {
  readonly run: RunId
  readonly user: ObjectId
  readonly userPrincipalName: string
  readonly action: ActionId
  /** The planned action as JSON data; never a secret. */
  readonly intent: Readonly<Record<string, unknown>>
  readonly intentAt: string
  readonly outcome?: Outcome | undefined
  /** Ids that Graph gave: deviceId, methodId. */
  readonly made?: Readonly<Record<string, string>> | undefined
  readonly outcomeAt?: string | undefined
}

/** What earlier runs left behind about one user. */
export interface UserMemory {
  /** U5: fingerprints of the last successful migration. */
  readonly migrated?: {
    readonly run: RunId
    readonly source: SourceKey
    readonly serverFingerprint: string
    readonly optionsFingerprint: string
    /** M7, as it was then. */
    readonly smsOrVoiceOnly: boolean
    readonly at: string
  }
  /** U5: runs of ours have written to the user after `migrated`, and the user was not proven since. */
  readonly writtenSince?: boolean | undefined
  /** P6: numbers that runs of ours wrote, in Graph's form. */
  readonly numbers: Readonly<Partial<Record<PhoneSlot, readonly string[]>>>
  /** D4, O1: tokens that runs of ours created or activated. */
  readonly tokens: readonly {readonly secretHash: string; readonly serialNumber: string}[]
  /** Intents of earlier runs that were never settled: the user must be read back until stable (R1). */
  readonly unsettled: readonly ActionRecord[]
}

export interface UserResultRecord {
  readonly run: RunId
  readonly user: ObjectId
  readonly userPrincipalName: string
  readonly source?: SourceKey | undefined
  readonly outcome: string
  readonly findings: readonly unknown[]
  readonly at: string
}

/**
 * What has become of a user of a group, by every run so far; `nothing-to-carry`: the record on the server has nothing for Entra;
 * `left` is no longer among those a run of the group covers.
 */
export type Stands =
  'migrated' | 'nothing-to-carry' | 'partly' | 'failed' | 'unmatched' | 'disabled' | 'put-back' | 'left'

/**
 * What all results of a user of a group come to. Kept with the results, in the same transaction, so that nobody has to read the
 * results of every run: rounds of `mfa sync` leave none for users about whom there is nothing new.
 */
export interface LatestResult {
  readonly user: ObjectId
  readonly userPrincipalName: string
  readonly group: ObjectId
  /** The last result of a migration that says anything: `unchanged` without a finding says only that nothing was to be done. */
  readonly told?:
    | (Pick<UserResultRecord, 'run' | 'source' | 'outcome' | 'findings'> & {
        /** ISO 8601 */
        readonly at: string
      })
    | undefined
  /** Rounds (runs of kind `sync`) in a row that ended with `failed` or `partly`, those that left the user out not counted. */
  readonly failures: number
  readonly stands: Stands
}

/** Which runs; all of it must hold. */
export interface RunQuery {
  readonly tenantId?: string | undefined
  readonly kinds?: readonly RunKind[] | undefined
  readonly statuses?: readonly RunStatus[] | undefined
  /** By its id. */
  readonly group?: ObjectId | undefined
  readonly resumeKey?: string | undefined
  /** The first letters of the id. */
  readonly idPrefix?: string | undefined
  /** Begun before this one. */
  readonly before?: RunId | undefined
  /** Ended then (ISO 8601) or later, or not at all. */
  readonly endedSince?: string | undefined
  /** No more than the newest so many. */
  readonly limit?: number | undefined
}

/** What runs were over. */
export interface RunScope {
  readonly tenantId: string
  readonly kind: RunKind
  readonly group?: {readonly id: ObjectId; readonly displayName: string} | undefined
  readonly newest: RunId
}

/** That an application has used a permission, and when last. */
export interface PermissionUse {
  /** The least permission of an operation that succeeded. */
  readonly permission: string
  readonly lastUsed: string
}

export interface LockHolder {
  readonly name: string
  readonly host: string
  readonly user: string
  readonly pid: number
  readonly command: string
  readonly since: string
  readonly heartbeat: string
  readonly expires: string
}

export interface Lock {
  /** Nobody else ever has the same: what is handed out under this lock names it. */
  readonly ticket: string
  /** Aborted when the lock was lost (R2). */
  readonly lost: AbortSignal
  release(): Promise<void>
}

/**
 * What happened, durably. A call that resolves survives a crash. Reading survives a torn end. Holds no secret (R5).
 */
export interface Journal {
  /** Takes up an open or interrupted run with the same resumeKey, or starts one. The caller holds the lock. */
  beginRun(start: RunStart): Promise<{readonly run: RunRecord; readonly resumed: boolean}>
  endRun(
    run: RunId,
    status: Exclude<RunStatus, 'open'>,
    summary: Readonly<Record<string, unknown>>,
    at: string,
  ): Promise<void>
  /** Newest first. Runs grow by tens of thousands a year: whoever needs few asks for few. */
  runs(query?: RunQuery): Promise<readonly RunRecord[]>
  /** Each tenant, kind and group that runs were over, as it was named last, with the newest run; newest first. */
  runScopes(): Promise<readonly RunScope[]>
  run(id: string): Promise<RunRecord | undefined>
  /** Before the request (R1). */
  intent(record: Omit<ActionRecord, 'outcome' | 'outcomeAt' | 'made'>): Promise<void>
  /** After the answer (R1). Remembers numbers and tokens of successful writes for P6, D4 and O1. */
  outcome(
    run: RunId,
    user: ObjectId,
    action: ActionId,
    result: {
      readonly outcome: Outcome
      readonly made?: Readonly<Record<string, string>> | undefined
      readonly remember?:
        | {readonly number: {readonly slot: PhoneSlot; readonly value: string}}
        | {readonly token: {readonly secretHash: string; readonly serialNumber: string}}
        | undefined
    },
    at: string,
  ): Promise<void>
  actions(run: RunId, user?: ObjectId): AsyncIterable<ActionRecord>
  /** Everything that runs wrote to a user, from run `since` on if it is given: by run, oldest first. */
  writesTo(tenantId: string, user: ObjectId, since?: RunId): Promise<readonly ActionRecord[]>
  /** The first image of a user in a run stays; later ones are ignored (R3). */
  beforeImage(run: RunId, user: ObjectId, image: EntraMethods, at: string): Promise<void>
  beforeImageOf(run: RunId, user: ObjectId): Promise<EntraMethods | undefined>
  /** Also brings the user's `LatestResult` in the run's group up to date. */
  userResult(record: UserResultRecord): Promise<void>
  /** Of everybody, or of these users alone. */
  userResults(run: RunId, users?: readonly ObjectId[]): AsyncIterable<UserResultRecord>
  /** Of these users, in every group of the tenant or in one; who has none is not among them. */
  latestOf(tenantId: string, users: readonly ObjectId[], group?: ObjectId): Promise<readonly LatestResult[]>
  /** Of everybody in a group, who has left it among them, or only of those with failures; in the order of the user ids. */
  latestIn(tenantId: string, group: ObjectId, only?: 'failing'): AsyncIterable<LatestResult>
  /** How many users of a group stand how. */
  latestCounts(tenantId: string, group: ObjectId): Promise<Readonly<Partial<Record<Stands, number>>>>
  /** U5; call only after a user was proven. */
  migrated(user: ObjectId, tenantId: string, memory: NonNullable<UserMemory['migrated']>): Promise<void>
  memory(tenantId: string, users: readonly ObjectId[]): Promise<ReadonlyMap<ObjectId, UserMemory>>
  /** The user counts as never migrated; an undo comes before (U5). */
  forgetMigrated(tenantId: string, user: ObjectId): Promise<void>
  /**
   * Erases one run, or everything about one user (by user principal name or id) in every run, or both: that user in that
   * run. What is erased is overwritten on the disk. Answers how many users' records went.
   */
  forget(what: {readonly run?: RunId | undefined; readonly user?: string | undefined}): Promise<number>
  /** Erases every run, image, memory and use of permissions of a tenant; the key and locks stay. */
  forgetTenant(tenantId: string): Promise<void>
  /** Operations of a client in a tenant succeeded at `at`: the least permission of each. An older date changes nothing. */
  permissionsUsed(
    tenantId: string,
    clientId: string,
    permissions: readonly string[],
    at: string,
  ): Promise<void>
  /** In the order of their names. */
  permissionUse(tenantId: string, clientId: string): Promise<readonly PermissionUse[]>
  /** The key of all keyed hashes of this state; made on first use, 32 bytes. */
  hashKey(): Promise<Uint8Array>
  /**
   * Throws MfaError `locked` that says whose the lock is, where and since when. Heartbeats by itself. Work that was lent out under
   * it before is waited for, until `signal` is aborted: its reason is thrown then.
   */
  lock(name: string, command: string, signal?: AbortSignal): Promise<Lock>
  locks(): Promise<readonly LockHolder[]>
  /** Takes a lock away from whoever holds it; the holder stops before its next write. False if nobody does. */
  breakLock(name: string): Promise<boolean>
  close(): Promise<void>
}
