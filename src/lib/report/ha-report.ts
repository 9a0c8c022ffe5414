import {countOf} from '../model/count-of.js'
import type {Column} from '../ports/output.js'
import type {HaCheck, PlacedFinding} from '../topology/check.js'
import type {RuleId} from '../topology/finding.js'
import {htmlPage, section} from './html.js'
import {sarif, type SarifResult} from './sarif.js'
import {type Show, writeCsv} from './show.js'

/** Ids and titles, in order. */
export type RuleTitles = Readonly<Record<RuleId, string>>

const columns: readonly Column<PlacedFinding>[] = [
  {key: 'rule', title: 'Rule', value: ({rule}) => rule, weight: 0},
  {key: 'severity', title: 'Kind', value: ({severity}) => severity, weight: 0},
  {key: 'line', title: 'Line', value: ({line}) => line, weight: 0, align: 'right'},
  {key: 'field', title: 'Field', value: ({field}) => field},
  {key: 'message', title: 'What is wrong', value: ({message}) => message, weight: 3},
  {key: 'fix', title: 'What to do', value: ({fix}) => fix, weight: 3},
]
/** Narrow enough for a terminal. */
const shown: readonly Column<PlacedFinding>[] = [
  ...columns.filter(({key}) => ['rule', 'severity', 'line'].includes(key)),
  {
    key: 'what',
    title: 'What is wrong, and what to do',
    value: ({message, fix}) => [message, `> ${fix}`],
  },
]

export interface CheckFiles {
  readonly csv?: string | undefined
  readonly sarif?: string | undefined
}

/** `mfa ha check` */
export async function showHaCheck(
  found: HaCheck,
  titles: RuleTitles,
  show: Show,
  {csv, sarif: sarifFile}: CheckFiles,
): Promise<void> {
  const {out, files} = show
  if (found.findings.length > 0) await out.table(shown, found.findings)
  await writeCsv(csv, columns, found.findings, show)
  if (sarifFile !== undefined) {
    await files.write(sarifFile, [haSarif(found, titles)])
    out.line(`SARIF: ${sarifFile}`)
  }
  out.line(haVerdict(found, titles))
  out.line(
    found.blockers === 0
      ? `Next: mfa ha probe ${found.file}`
      : `Next: correct ${found.file}, then mfa ha check ${found.file}`,
  )
}

/** `reference.yaml: all 14 rules hold`, else `reference.yaml: 2 blockers, 1 warning; 12 of 14 rules hold`. */
export function haVerdict(found: HaCheck, titles: RuleTitles): string {
  const all = Object.keys(titles).length
  const broken = new Set(found.findings.map(({rule}) => rule)).size
  if (broken === 0) return `${found.file}: all ${all} rules hold`
  return `${found.file}: ${countOf(found.blockers, 'blocker')}, ${countOf(found.warnings, 'warning')}; ${all - broken} of ${all} rules hold`
}

const standing = (found: HaCheck, rule: string): 'holds' | 'blocker' | 'warning' => {
  const own = found.findings.filter((finding) => finding.rule === rule)
  if (own.some(({severity}) => severity === 'blocker')) return 'blocker'
  return own.length > 0 ? 'warning' : 'holds'
}

/** `counts`, since `warnings` are those of the command. */
export function haJson(found: HaCheck, titles: RuleTitles): Readonly<Record<string, unknown>> {
  return {
    file: found.file,
    name: found.name,
    verdict: haVerdict(found, titles),
    counts: {blockers: found.blockers, warnings: found.warnings},
    findings: found.findings,
    rules: Object.entries(titles).map(([id, title]) => ({id, title, standing: standing(found, id)})),
  }
}

export function haSarif(found: HaCheck, titles: RuleTitles): string {
  const rules = Object.entries(titles).map(([id, title]) => ({id, title}))
  const results = found.findings.map(({rule, severity, message, fix, line}): SarifResult => ({
    ruleId: rule,
    level: severity === 'blocker' ? 'error' : 'warning',
    message: `${message}. ${fix}`,
    file: {path: found.file, line},
  }))
  return `${JSON.stringify(sarif({name: 'mfa', rules}, results), null, 2)}\n`
}

/** `mfa ha check --report FILE.html` */
export function haPage(found: HaCheck, titles: RuleTitles, at: string): Iterable<string> {
  const rules = Object.entries(titles).map(([id, title]) => ({id, title, standing: standing(found, id)}))
  const count = (what: string) => rules.filter((rule) => rule.standing === what).length
  return htmlPage({
    title: `High availability of ${found.name}`,
    facts: [
      ['File', found.file],
      ['Time', at],
    ],
    verdict: haVerdict(found, titles),
    bar: {
      title: 'Rules',
      parts: [
        {label: 'hold', count: count('holds'), tone: 'good'},
        {label: 'with warnings', count: count('warning'), tone: 'warning'},
        {label: 'broken', count: count('blocker'), tone: 'bad'},
      ],
    },
    counts: {title: 'Findings by rule', parts: []},
    sections: [
      section({title: 'Findings', columns, rows: () => found.findings}),
      section({
        title: 'All rules',
        columns: [
          {key: 'id', title: 'Rule', value: (rule: (typeof rules)[number]) => rule.id},
          {key: 'title', title: 'What it asks for', value: ({title}) => title},
          {key: 'standing', title: 'Here', value: (rule) => rule.standing},
        ],
        rows: () => rules,
      }),
    ],
  })
}
