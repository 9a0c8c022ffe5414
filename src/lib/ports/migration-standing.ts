import type {ObjectId} from '../model/brand.js'
import type {EntraIdentity} from '../model/entra-user.js'
import type {Bag} from './scratch.js'

/** How far the migration of one user has come. `detail` is a clause for people. */
export type MigrationState =
  | {readonly is: 'migrated'}
  /** MFA Server has no record of the user. */
  | {readonly is: 'no-record'}
  | {readonly is: 'never'; readonly detail: string}
  /** Some of it was written, and the whole was not proven since. */
  | {readonly is: 'partly'; readonly detail: string}
  /** Migrated, but the record on the server is another one by now. */
  | {readonly is: 'changed'; readonly detail: string}

export interface UserStanding {
  readonly user: ObjectId
  readonly state: MigrationState
  /** Devices or tokens of the server that did not fit into Entra's limit (D7, O3), as a clause; absent if none. */
  readonly overLimit?: string | undefined
}

/**
 * What earlier migrations say of users, and the server itself where it can be read. Reads only; memory flat in the number of
 * users. Throws what the source and the journal throw.
 */
export interface MigrationStandings {
  /** Every one of these members once, some at a time. */
  of(members: Bag<EntraIdentity>, signal: AbortSignal): AsyncIterable<readonly UserStanding[]>
  /** Groups whose users runs of the migration have worked on in this tenant. */
  groups(): Promise<ReadonlySet<string>>
  /** Whether the server was read, or the memory of earlier runs answers alone. */
  readonly readsServer: boolean
}
