import {countOf} from '../model/count-of.js'
import type {MethodsPolicy} from '../model/methods-policy.js'
import type {ServerSettings} from '../ports/server-settings.js'
import {type Answers, type Standing, standing} from './answers.js'
import {type Blocks, CATALOGUE, type Dependency, type Severity} from './catalogue.js'
import {evidenceOf, methodsInUse, methodsOffered, MODE_NAMES} from './evidence.js'
import {checkPolicy, POLICY_NAMES, type UsedMethod} from './policy-check.js'
import type {Evidence} from './settings-evidence.js'
import type {Affected, UserSurvey} from './survey-users.js'
import {type SmsVoiceEnd, userFindings} from './user-findings.js'

/** Everything that the assessment is made of. */
export interface AssessmentFacts {
  /** Undefined: the source has none (an export bundle). */
  readonly settings: ServerSettings | undefined
  readonly users: UserSurvey
  readonly answers: Answers
  /** Undefined: no tenant was named. */
  readonly policy: MethodsPolicy | undefined
  readonly smsVoiceEnd: SmsVoiceEnd
  /** What the users have in Entra was read too. */
  readonly entraRead: boolean
}

/**
 * `open`: there is something to do. `unanswered`: nobody knows yet whether there is. `done`: it was done. `absent`: there
 * is none of it. `information`: nothing is to be done either way.
 */
export type FindingState = 'open' | 'unanswered' | 'done' | 'absent' | 'information'

export interface AssessedFinding {
  /** `A1` … `C6`, or a code such as `no-method`. */
  readonly id: string
  readonly area: 'methods' | 'portal' | 'services' | 'users'
  readonly title: string
  readonly state: FindingState
  readonly severity: Severity
  /** What it stands in the way of now; empty once it is done or absent. */
  readonly blocks: readonly Blocks[]
  /** Where it was read, and what stood there. */
  readonly evidence: string
  readonly why: string
  readonly action: string
  readonly who: string
  /** Names of clients, parties or ranges that are open. */
  readonly items: readonly string[]
  readonly users?: {readonly count: number; readonly first: readonly Affected[]} | undefined
  readonly note?: string | undefined
  /** What to answer, where people have to. */
  readonly question?: string | undefined
}

export interface Assessment {
  readonly findings: readonly AssessedFinding[]
  readonly summary: {
    readonly blocking: Readonly<Record<Blocks, number>>
    /** Findings in the way of anything, each once. */
    readonly blockers: number
    readonly open: number
    readonly unanswered: number
  }
}

/** Pure: every dependency of the guide once, then what was found out about users. */
export function assess(facts: AssessmentFacts): Assessment {
  const findings = [...CATALOGUE.map((each) => judge(each, facts)), ...aboutUsers(facts)]
  const blocked = (what: Blocks): number => findings.filter(({blocks}) => blocks.includes(what)).length
  return {
    findings,
    summary: {
      blocking: {rollout: blocked('rollout'), federation: blocked('federation')},
      blockers: findings.filter(({blocks}) => blocks.length > 0).length,
      open: findings.filter(({state}) => state === 'open').length,
      unanswered: findings.filter(({state}) => state === 'unanswered').length,
    },
  }
}

function judge(entry: Dependency, facts: AssessmentFacts): AssessedFinding {
  const {id, severity, blocks, title, why, action, who, question} = entry
  const evidence = evidenceOf(id, facts.settings, facts.users)
  const answer = facts.answers[id]
  const said = standing(answer)
  const checked = id === 'B4' ? byPolicy(facts) : undefined
  // What the tenant cannot tell for certain, people may have seen to.
  const seenTo = checked?.state === 'open' && checked.blocks.length === 0 && said.state === 'done'
  const state = seenTo ? 'done' : (checked?.state ?? stateOf(entry, evidence, said))
  const inTheWay = state === 'open' || state === 'unanswered'
  const contradicted = evidence.applies === 'yes' && said.state === 'absent'
  return {
    id,
    area: AREAS[id.charAt(0)] ?? 'services',
    title,
    state,
    severity,
    blocks: inTheWay ? (checked?.blocks ?? blocks) : [],
    evidence: [
      evidence.detail,
      ...(contradicted ? ['The answers file says no; what was read counts.'] : []),
      ...(checked === undefined ? [] : [checked.detail]),
    ].join(' '),
    why,
    action,
    who: answer?.who ?? who,
    items: said.state === 'open' && said.items.length > 0 ? said.items.map(itemText) : (evidence.items ?? []),
    note: answer?.note,
    ...(state === 'unanswered' ? {question} : {}),
  }
}

const AREAS: Readonly<Record<string, AssessedFinding['area']>> = {A: 'methods', B: 'portal', C: 'services'}

const itemText = ({name, who}: {readonly name: string; readonly who?: string | undefined}): string =>
  who === undefined ? name : `${name} (${who})`

/** What was read decides whether there is any of it; whether it was done people say. */
function stateOf({question}: Dependency, {applies}: Evidence, said: Standing): FindingState {
  if (question === undefined) return applies === 'no' ? 'absent' : 'information'
  if (said.state === 'done') return 'done'
  if (applies === 'yes' || said.state === 'open') return 'open'
  if (applies === 'no' || said.state === 'absent') return 'absent'
  return 'unanswered'
}

/** B4, where the tenant can be asked: its policy says whether the methods in use are on. */
function byPolicy({
  policy,
  settings,
  users,
}: AssessmentFacts):
  {readonly state: FindingState; readonly detail: string; readonly blocks: readonly Blocks[]} | undefined {
  if (policy === undefined) return undefined
  const used = methodsInUse(users)
  const {off, limited, uncertain} = checkPolicy(policy, used)
  const unused = methodsOffered(settings).filter((mode) => !used.includes(mode))
  const missed = checkPolicy(policy, unused).off
  const names = (methods: readonly UsedMethod[]): string =>
    methods
      .map(({mode, method}) => {
        const count = countOf(users.modes[mode] ?? 0, 'user')
        return `${POLICY_NAMES[method]} (${MODE_NAMES[mode]}, ${count})`
      })
      .join(', ')
  const some = [
    ...(limited.length === 0
      ? []
      : [
          `On for some users only: ${names(limited)}; mfa migrate --dry-run tells who is left out (policy-disallows).`,
        ]),
    ...(missed.length === 0
      ? []
      : [
          `Users may choose these on the server, nobody has, and the tenant has them off: ${missed.map(({method}) => POLICY_NAMES[method]).join(', ')}.`,
        ]),
  ]
  if (off.length > 0) {
    const detail = `The policy of the tenant has these off: ${names(off)}.`
    const legacy =
      'Legacy settings may allow them, since the policy migration is not complete: try it with one user.'
    return {
      state: 'open',
      blocks: uncertain ? [] : ['rollout'],
      detail: [detail, ...(uncertain ? [legacy] : []), ...some].join(' '),
    }
  }
  if (some.length > 0) return {state: 'open', blocks: [], detail: some.join(' ')}
  return {
    state: 'done',
    blocks: [],
    detail: 'The policy of the tenant has every method on that is in use.',
  }
}

function aboutUsers({users, settings, smsVoiceEnd, entraRead}: AssessmentFacts): readonly AssessedFinding[] {
  return userFindings(smsVoiceEnd, entraRead).map(({code, blocks, severity, ...text}) => {
    const count = users.counts[code]
    const state = count === 0 ? 'absent' : severity === 'info' ? 'information' : 'open'
    return {
      id: code,
      area: 'users',
      ...text,
      state,
      severity,
      blocks: count === 0 ? [] : blocks,
      evidence:
        code === 'language' && settings === undefined
          ? 'An export bundle does not hold languages.'
          : `${count} of ${countOf(users.users, 'user')}.`,
      items: [],
      users: {count, first: users.first[code]},
    }
  })
}
