import type {PlannedOutcome} from '../migration/plan.js'
import {findingTitle} from './describe.js'
import {htmlPage, type Part, section} from './html.js'
import {planVerdict, type ShownPlan} from './plan-report.js'
import {findingKinds, findingRows, type FindingRow, planColumns, planRows, type PlanRow} from './plan-rows.js'

const OUTCOMES: readonly (readonly [PlannedOutcome, string, Part['tone']])[] = [
  ['migrate', 'would be migrated', 'good'],
  ['unchanged', 'nothing to write', 'fine'],
  ['failed', 'cannot be migrated', 'bad'],
  ['unmatched', 'unmatched', 'warning'],
  ['disabled', 'disabled', 'quiet'],
]

/** `mfa plan show --report FILE.html`: for whoever is to approve the plan. */
export function planPage(plan: ShownPlan, at: string): Iterable<string> {
  const {group, tenantId, source, createdAt, summary, plans} = plan
  const changes: Record<string, number> = {}
  for (const {actions} of plans) for (const {kind} of actions) changes[kind] = (changes[kind] ?? 0) + 1
  const findings = function* (): Iterable<FindingRow> {
    for (const user of plans) yield* findingRows({...user, source: user.source ?? null})
  }
  return htmlPage({
    title: `Plan for "${group.displayName}"`,
    facts: [
      ['Tenant', tenantId],
      ['Source', source.label],
      ['Planned', createdAt],
      [
        'Options',
        Object.entries(plan.options)
          .map(
            ([name, value]) =>
              `${name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)}: ${String(value)}`,
          )
          .join(', '),
      ],
      ['Page made', at],
    ],
    verdict: planVerdict(plan),
    bar: {
      title: 'Users',
      parts: OUTCOMES.map(([outcome, label, tone]) => ({label, count: summary.outcomes[outcome] ?? 0, tone})),
    },
    counts: {
      title: 'Changes by kind',
      parts: Object.entries(changes)
        .sort(([, one], [, other]) => other - one)
        .map(([kind, count]) => ({label: kind.replaceAll('-', ' '), count, tone: 'good'})),
    },
    charts: [
      {
        title: 'Findings by kind (users)',
        parts: findingKinds(findings()).map(({code, rule, users}) => ({
          label: `${findingTitle(code)} (${rule})`,
          count: users,
          tone: 'fine' as const,
        })),
      },
    ],
    sections: [
      section<PlanRow>({
        title: 'Changes, what is there already, and findings',
        columns: planColumns,
        rows: function* () {
          for (const user of plans) yield* planRows(user)
        },
      }),
    ],
  })
}
