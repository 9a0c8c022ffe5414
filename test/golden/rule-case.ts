import type {PlanUserInput} from '../../src/lib/migration/plan-user.js'

/** One line of the golden tables; what comes out stands in `rules/<rule>.json`, next to what went in. */
export interface RuleCase {
  readonly rule: string
  readonly name: string
  readonly input: PlanUserInput
}

export function table(rule: string, cases: Readonly<Record<string, PlanUserInput>>): readonly RuleCase[] {
  return Object.entries(cases).map(([name, input]) => ({rule, name, input}))
}
