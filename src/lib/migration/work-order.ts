import type {RunId} from '../model/brand.js'
import {MfaError} from '../errors/mfa-error.js'
import type {Collected} from './collect.js'
import type {MatchedMember} from './match-members.js'
import type {MigrationRequest} from './request.js'

/** Raised when the shape changes: machines of two versions must not misunderstand each other. */
const VERSION = 1

/** So many fill a batch, and no more are held up by one worker's death. */
const USERS_A_PACKAGE = 20

/**
 * What a worker has to know to plan and write some users as the leader would: who they are, with whom on the server they were
 * matched, and under which options. No phone number, no secret: the worker reads those from its own source.
 */
export interface WorkOrder {
  readonly version: number
  readonly run: RunId
  readonly tenantId: string
  /** Name of the leader's lock; its ticket is the lot. Without it nobody works. */
  readonly lock: string
  /** What was asked for: whoever leads next and asks for the same takes the work up. */
  readonly key: string
  readonly options: MigrationRequest['options']
  readonly all: boolean
  readonly consistencyMs: number
  /** The leader has seed files; who has none would leave tokens out. */
  readonly seeds: boolean
  readonly users: readonly MatchedMember[]
  /** Of these users: serial numbers that several claim, with the names of all of them (O1). */
  readonly shared: readonly (readonly [string, readonly string[]])[]
}

type Common = Omit<WorkOrder, 'version' | 'users' | 'shared'>

/** Packages of all users who have something to be written, in the order of their names. */
export function* workOrders(collected: Collected, common: Common): Generator<WorkOrder> {
  let users: MatchedMember[] = []
  for (const [, plan] of collected.plans.entries()) {
    if (plan.actions.length === 0) continue
    const [one] = collected.matched.get(plan.id)
    if (one === undefined) throw new Error(`${plan.id} has actions and no match`)
    // The display name decides nothing.
    const {displayName: _displayName, ...member} = one.member
    users.push({member, match: one.match})
    if (users.length < USERS_A_PACKAGE) continue
    yield order(users)
    users = []
  }
  if (users.length > 0) yield order(users)

  function order(users: WorkOrder['users']): WorkOrder {
    const names = new Set(users.map(({member}) => member.userPrincipalName))
    const shared = [...collected.shared].filter(([, claimants]) => claimants.some((name) => names.has(name)))
    return {version: VERSION, ...common, users, shared}
  }
}

/** The data of a package that was put as a work order. Throws MfaError `usage` if another version of mfa put it. */
export function asWorkOrder(data: unknown): WorkOrder {
  const order = data as WorkOrder
  if (order.version === VERSION) return order
  throw new MfaError('WORK_VERSION', 'the leader is another version of mfa', {
    exit: 'usage',
    fix: 'Use one version on every machine.',
  })
}
