import type {AssessedFinding, Assessment} from '../assessment/assess.js'
import type {Affected, UserSurvey} from '../assessment/survey-users.js'
import {countOf} from '../model/count-of.js'
import {shellWord} from '../model/shell-word.js'
import type {Column} from '../ports/output.js'
import type {Bag} from '../ports/scratch.js'
import {junit, type JunitCase} from './junit.js'
import {sarif, type SarifResult} from './sarif.js'
import {type Show, TABLE_LIMIT, writeCsv} from './show.js'

/** Everything that `mfa server assess` found, and where it looked. */
export interface Assessed {
  readonly assessment: Assessment
  readonly users: UserSurvey
  readonly source: {readonly kind: string; readonly label: string}
  /** Undefined: all users of the source. */
  readonly group:
    {readonly displayName: string; readonly members: number; readonly unmatched: number} | undefined
  readonly tenantChecked: boolean
  readonly answersFile: string | undefined
}

export interface AssessFiles {
  readonly csv?: string | undefined
  readonly usersCsv?: string | undefined
  readonly sarif?: string | undefined
  readonly junit?: string | undefined
  /** Writes the page, if one was asked for, and says where it is. */
  readonly page?: (() => Promise<void>) | undefined
}

const STATE_WORDS = {
  open: 'to do',
  unanswered: 'not answered',
  done: 'done',
  absent: 'not there',
  information: 'nothing to do',
} as const satisfies Record<AssessedFinding['state'], string>
const SEVERITIES = ['high', 'medium', 'low', 'info'] as const

export const stateWords = ({state}: AssessedFinding): string => STATE_WORDS[state]
export const needsWork = ({state}: AssessedFinding): boolean => state === 'open' || state === 'unanswered'

/** Those in the way first, then by severity; the guide's order otherwise. */
export function byWeight(findings: readonly AssessedFinding[]): readonly AssessedFinding[] {
  const weight = (one: AssessedFinding): number =>
    (one.blocks.length > 0 ? 0 : 10) + SEVERITIES.indexOf(one.severity)
  return findings.toSorted((one, other) => weight(one) - weight(other))
}

const id: Column<AssessedFinding> = {key: 'id', title: 'Id', value: (one) => one.id, min: 17}
const title: Column<AssessedFinding> = {key: 'title', title: 'Finding', value: (one) => one.title, weight: 2}
const state: Column<AssessedFinding> = {key: 'state', title: 'State', value: stateWords}
const blocks: Column<AssessedFinding> = {key: 'blocks', title: 'Blocks', value: (one) => one.blocks, min: 10}
const users: Column<AssessedFinding> = {
  key: 'users',
  title: 'Users',
  value: (one) => one.users?.count,
  align: 'right',
}
const action: Column<AssessedFinding> = {
  key: 'action',
  title: 'What to do',
  value: (one) => one.question ?? one.action,
  weight: 3,
  // Narrower, it is a ribbon of single words; then the rows are better shown as lists.
  min: 30,
}

export const findingColumns: readonly Column<AssessedFinding>[] = [
  id,
  {key: 'area', title: 'Area', value: (one) => one.area},
  title,
  state,
  {key: 'severity', title: 'Severity', value: (one) => one.severity},
  blocks,
  users,
  {key: 'evidence', title: 'What was found', value: (one) => one.evidence},
  {key: 'items', title: 'Items', value: (one) => one.items},
  {key: 'why', title: 'Why it matters', value: (one) => one.why},
  {...action, value: (one) => one.action},
  {key: 'who', title: 'Who', value: (one) => one.who},
  {key: 'question', title: 'Question', value: (one) => one.question},
  {key: 'note', title: 'Note', value: (one) => one.note},
]

interface UserRow extends Affected {
  readonly code: string
}
const userColumns: readonly Column<UserRow>[] = [
  {key: 'finding', title: 'Finding', value: ({code}) => code},
  {key: 'user', title: 'User', value: ({user}) => user},
  {key: 'detail', title: 'Detail', value: ({detail}) => detail},
]

/** `mfa server assess` for people, and the files that were asked for. */
export async function showAssessed(
  found: Assessed,
  show: Show,
  files: AssessFiles,
  {version, again}: {readonly version: string; readonly again: string},
): Promise<void> {
  const {findings} = found.assessment
  const {out} = show
  await out.table([id, title, state, blocks, users, action], byWeight(findings.filter(needsWork)), {
    limit: TABLE_LIMIT,
    empty: 'Nothing is left to do.',
  })
  const rest = findings.filter((one) => !needsWork(one)).map((one) => one.id)
  if (rest.length > 0) out.prose(`Nothing to do about: ${rest.join(', ')}`)
  const {group} = found
  if (group !== undefined && group.unmatched > 0)
    out.prose(
      `${countOf(group.unmatched, 'member')} of "${group.displayName}" matched no server user, and ${group.unmatched === 1 ? 'is' : 'are'} not looked at here; mfa users list shows who.`,
    )
  await writeFiles(found, show, files, version)
  out.line(`\n${assessVerdict(found)}`)
  for (const line of nextSteps(found, again)) out.line(line)
}

async function writeFiles(found: Assessed, show: Show, files: AssessFiles, version: string): Promise<void> {
  const {findings} = found.assessment
  await writeCsv(files.csv, findingColumns, findings, show)
  await writeCsv(files.usersCsv, userColumns, userRows(found.users.affected), show)
  if (files.sarif !== undefined) {
    await show.files.write(files.sarif, [`${JSON.stringify(assessSarif(found, version), null, 2)}\n`])
    show.out.line(`SARIF: ${files.sarif}`)
  }
  if (files.junit !== undefined) {
    await show.files.write(files.junit, [junit('mfa server assess', findings.map(junitCase))])
    show.out.line(`JUnit: ${files.junit}`)
  }
  await files.page?.()
}

function* userRows(affected: Bag<Affected>): Iterable<UserRow> {
  for (const [code, one] of affected.entries()) yield {code, ...one}
}

/** One plain line; scripts look for `nothing blocks`. */
export function assessVerdict({assessment, users, tenantChecked}: Assessed): string {
  const {blocking, open, unanswered} = assessment.summary
  const parts = (['rollout', 'federation'] as const)
    .filter((what) => blocking[what] > 0)
    .map(
      (what) => `${countOf(blocking[what], 'finding')} ${blocking[what] === 1 ? 'blocks' : 'block'} ${what}`,
    )
  const head = parts.length === 0 ? 'nothing blocks rollout or federation' : parts.join(', ')
  const rest = [
    `${open} to do`,
    `${unanswered} not answered`,
    countOf(users.users, 'user'),
    ...(tenantChecked ? [] : ['tenant not checked']),
  ]
  return `${head}; ${rest.join(', ')}`
}

function nextSteps({assessment, answersFile, tenantChecked}: Assessed, again: string): readonly string[] {
  const {unanswered} = assessment.summary
  const steps = []
  if (!tenantChecked)
    steps.push('With --tenant the methods in use are held against the policy of the tenant.')
  if (unanswered > 0 && answersFile === undefined)
    steps.push(`Next: mfa server assess${again} --answers answers.yaml --init`)
  else if (unanswered > 0)
    steps.push(
      `Answer what is open in ${answersFile}, or add --ask.`,
      `Next: mfa server assess${again} --answers ${shellWord(answersFile ?? '')}`,
    )
  return steps
}

/** Stable keys for scripts. */
export function assessJson(found: Assessed): Readonly<Record<string, unknown>> {
  const {assessment, users, source, group, tenantChecked, answersFile} = found
  const {counts, modes, having, devices, tokens, pins, languages} = users
  return {
    source,
    group: group ?? null,
    tenantChecked,
    answersFile: answersFile ?? null,
    blocked: assessment.summary.blockers > 0,
    summary: assessment.summary,
    verdict: assessVerdict(found),
    users: {
      users: users.users,
      modes,
      having,
      devices,
      tokens,
      pins,
      languages: Object.fromEntries(languages),
      findings: counts,
    },
    findings: assessment.findings,
  }
}

/** Every finding is a rule; what needs work is a result that fails, the rest passed or do not apply. */
export function assessSarif({assessment, source}: Assessed, version: string): object {
  const rules = assessment.findings.map((one) => ({
    id: one.id,
    title: one.title,
    description: one.why,
    help: one.action,
  }))
  return sarif(
    {name: 'mfa server assess', version, rules},
    assessment.findings.map((one) => sarifResult(one, source.label)),
  )
}

function sarifResult(one: AssessedFinding, source: string): SarifResult {
  const kinds = {
    open: 'fail',
    unanswered: 'fail',
    done: 'pass',
    absent: 'notApplicable',
    information: 'informational',
  } as const
  const level = one.blocks.length > 0 ? 'error' : one.severity === 'low' ? 'note' : 'warning'
  return {
    ruleId: one.id,
    kind: kinds[one.state],
    level,
    message: sentence(one),
    logical: source,
    properties: {
      state: one.state,
      severity: one.severity,
      blocks: one.blocks,
      who: one.who,
      items: one.items,
      ...(one.users === undefined ? {} : {users: one.users.count}),
    },
  }
}

function sentence(one: AssessedFinding): string {
  const blocks = one.blocks.length === 0 ? '' : ` Stands in the way of: ${one.blocks.join(', ')}.`
  return `${one.title}: ${stateWords(one)}. ${one.evidence} ${one.question ?? one.action}${blocks}`
}

/** A failure stands in the way; other open ones pass a pipeline and are skipped with a word. */
function junitCase(one: AssessedFinding): JunitCase {
  const named = {name: `${one.id} ${one.title}`, className: `assess.${one.area}`}
  if (one.blocks.length > 0)
    return {
      ...named,
      outcome: {kind: 'failure', message: `blocks ${one.blocks.join(', ')}`, text: sentence(one)},
    }
  if (needsWork(one)) return {...named, outcome: {kind: 'skipped', message: sentence(one)}}
  return named
}

/** `--init` */
export function showInit(
  made: {
    readonly answersFile: string
    readonly questions: readonly string[]
    readonly found: readonly string[]
  },
  again: string,
  out: Show['out'],
): Readonly<Record<string, unknown>> {
  const {answersFile, questions, found} = made
  const list = (ids: readonly string[]): string => (ids.length === 0 ? 'none' : ids.join(', '))
  out.line(`Answers: ${answersFile}`)
  out.prose(`Questions to answer: ${list(questions)}`)
  out.prose(`Found already, to be marked as done once they are: ${list(found)}`)
  out.prose('Edit the file, then go on.')
  out.line(`Next: mfa server assess${again} --answers ${shellWord(answersFile)}`)
  return {...made}
}
