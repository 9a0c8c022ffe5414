import type {OpenedPlan} from '../migration/plan-file.js'
import type {PlanHeader, UserPlan} from '../migration/plan.js'
import {countOf} from '../model/count-of.js'
import type {Scratch} from '../ports/scratch.js'
import {held} from './lazy-list.js'
import {namedOnce, planColumns, planRows, type PlanRow, planTableColumns} from './plan-rows.js'
import {type Show, TABLE_LIMIT, writeCsv} from './show.js'

/** What `mfa plan show` read: the plan's head, its counts, its users. */
export interface ShownPlan extends PlanHeader, Readonly<Record<string, unknown>> {
  readonly summary: {
    readonly users: number
    readonly actions: number
    readonly outcomes: Readonly<Record<string, number>>
  }
  /** Any number, one at a time. */
  readonly plans: Iterable<UserPlan>
}

/** `mfa plan show`: what the plan is for, everything in it, and its counts. Users are on disk, not in memory. */
export async function showSavedPlan(
  {header, plans}: OpenedPlan,
  scratch: Scratch,
  show: Show,
  csv: string | undefined,
): Promise<ShownPlan> {
  const {out} = show
  const bag = scratch.bag<UserPlan>('shown-plan')
  const outcomes: Record<string, number> = {}
  let actions = 0
  const users = await held(plans, bag, (plan) => {
    outcomes[plan.outcome] = (outcomes[plan.outcome] ?? 0) + 1
    actions += plan.actions.length
  })

  out.line(`Plan of ${header.createdAt} for group "${header.group.displayName}" in tenant ${header.tenantId}`)
  out.line(`Source ${header.source.label}`)
  await out.table(planTableColumns, namedOnce(rows(users)), {limit: TABLE_LIMIT})
  await writeCsv(csv, planColumns, rows(users), show)
  const shown = {...header, summary: {users: bag.size, actions, outcomes}, plans: users}
  out.line(planVerdict(shown))
  out.line('Next: mfa migrate --plan FILE --source WHERE   (applies exactly this, or refuses)')
  return shown
}

/** `181 changes for 76 users: 60 migrate, 16 unchanged` */
export function planVerdict({summary: {users, actions, outcomes}}: ShownPlan): string {
  const counts = Object.entries(outcomes).map(([outcome, count]) => `${count} ${outcome}`)
  return `${countOf(actions, 'change')} for ${countOf(users, 'user')}: ${counts.join(', ')}`
}

function* rows(plans: Iterable<UserPlan>): Iterable<PlanRow> {
  for (const plan of plans) yield* planRows(plan)
}
