import type {RunId} from '../model/brand.js'
import type {BehaviorWord} from '../model/mfa-behavior.js'
import type {Clock} from '../ports/clock.js'
import type {Directory} from '../ports/directory.js'
import type {Federations} from '../ports/federation.js'
import type {Journal, RunRecord} from '../ports/journal.js'
import type {RolloutPolicies} from '../ports/rollout.js'
import type {Ui} from '../ports/ui.js'
import type {ServerFacts, Step} from './steps.js'

export interface Skip {
  readonly step: string
  readonly why: string
}

export interface RollbackRequest extends ServerFacts {
  readonly to: BehaviorWord | undefined
  /** Only these domains; all federated ones if empty. */
  readonly domains: readonly string[]
  /** Migrations whose changes of methods are undone too, in this order. */
  readonly undo: readonly RunRecord[]
  readonly skip: readonly Skip[]
  /** What is on record of an earlier way back does not count. */
  readonly again: boolean
  /** Only this step. */
  readonly step: string | undefined
  readonly accept: readonly string[]
  /** Names of domains for the one-way door, where nobody can type them. */
  readonly confirm: readonly string[]
  readonly yes: boolean
  readonly dryRun: boolean
  /** Milliseconds (R4). */
  readonly consistencyMs: number
  readonly logFile: string | undefined
  readonly preview: (plan: RollbackPlan) => Promise<void>
  /** Told when a step is reached. */
  readonly reached: (step: Step) => void
}

export interface UndoneRun {
  readonly run: string | null
  /** Users who could not be put back as they were, or by half. */
  readonly failed: number
}

export interface RollbackDeps {
  readonly federations: Federations
  readonly directory: Directory
  readonly journal: Journal
  readonly clock: Clock
  readonly ui: Ui
  /** Signs a person in on first use: Graph lets nobody else change staged rollout. */
  rollout(): Promise<RolloutPolicies>
  /** Undoes one run as `mfa undo` does, with its own plan and question. */
  undo(run: RunRecord, yes: boolean, signal: AbortSignal): Promise<UndoneRun>
}

export interface RollbackPlan {
  readonly tenantId: string
  readonly steps: readonly Step[]
}

export interface RollbackReport extends RollbackPlan {
  readonly dryRun: boolean
  readonly run: RunId | undefined
  /** Every step is over. */
  readonly finished: boolean
  /** When sign-ins should follow at the latest, by the service's clock; undefined where nothing is waited for. */
  readonly effectiveBy: string | undefined
}

/** MFA works at the identity provider, says the operator; without it nobody would get in after this. */
export const ONPREM_MFA = 'onprem-mfa'

/** Methods are taken away while Entra may still ask for them. */
export const UNDO_EARLY = 'undo-early'

export const accepts = ({accept}: Pick<RollbackRequest, 'accept'>, code: string): boolean =>
  accept.some((each) => each.toLowerCase() === code)
