import type {ObjectId} from '../model/brand.js'
import type {Clock} from '../ports/clock.js'
import type {Directory} from '../ports/directory.js'
import type {DirectoryLookup} from '../ports/directory-lookup.js'
import type {Journal} from '../ports/journal.js'
import type {Scratch} from '../ports/scratch.js'
import type {Source} from '../ports/source.js'
import type {Ui} from '../ports/ui.js'
import type {MatchOptions, MigrationOptions} from './plan.js'

export interface MappingRow {
  readonly userPrincipalName: string
  readonly username: string
  readonly line: number
}

/** What the operator asked for. */
export interface MigrationRequest {
  /** Display name or object id of one group (U1); not looked at with `everyone`. */
  readonly group: string
  /** All users of the tenant instead of a group. */
  readonly everyone?: boolean | undefined
  /** Only these members, by user principal name; empty means all. */
  readonly users: readonly string[]
  readonly options: MigrationOptions
  readonly match: MatchOptions
  readonly mapping: readonly MappingRow[]
  /** Left out this time: who failed lately and is tried again later. */
  readonly postponed?: ReadonlySet<ObjectId> | undefined
  /** A source in which nobody is found ends the run: an export that is being written, not a server without users. */
  readonly needsUsers?: boolean | undefined
  /** U5 off: migrate unchanged users again. */
  readonly all: boolean
  /** Milliseconds that Entra may take to show what was written (R4). */
  readonly consistencyMs: number
}

/** Everything that planning may touch. There is no port in it that can write (decision 1 of the design). */
export interface PlanningDeps {
  readonly source: Source
  readonly directory: Directory
  /** U2 (4), where Active Directory is configured. */
  readonly lookup: DirectoryLookup | undefined
  readonly journal: Journal
  readonly scratch: Scratch
  readonly clock: Clock
  readonly ui: Ui
}
