import type {Attestation, GroupFact, StatusFacts} from '../status/facts.js'
import {PILOT_CHECKS, type PilotCheckId, type PilotUser} from '../status/pilot-checks.js'
import type {Evidence, Phase, StepState, StepStatus} from '../status/steps.js'
import {countOf} from '../model/count-of.js'
import type {Column} from '../ports/output.js'
import {htmlPage, type Part, section} from './html.js'
import {type Show, writeCsv} from './show.js'
import {utc} from './utc.js'

export interface StatusView {
  readonly facts: StatusFacts
  readonly steps: readonly StepStatus[]
  readonly next: StepStatus | undefined
  readonly attention: readonly string[]
}

const MARKS: Readonly<Record<StepState, string>> = {
  done: 'done',
  partly: 'partly',
  open: 'open',
  unknown: 'unknown',
  optional: 'optional',
}
const PHASES: Readonly<Record<Phase, string>> = {
  preparations: '1 Preparations',
  migrations: '2 Migrations',
  finalise: '3 Finalise',
}

const evidence = ({what, at, by}: Evidence): string =>
  `${what} (${by}${at === undefined ? '' : `, ${utc(at)}`})`

const columns: readonly Column<StepStatus>[] = [
  {key: 'phase', title: 'Phase', value: ({phase}) => PHASES[phase], weight: 0, min: 14},
  {key: 'step', title: 'Step', value: ({title}) => title},
  {key: 'state', title: 'State', value: ({state}) => MARKS[state], weight: 0, min: 8},
  {key: 'evidence', title: 'How we know', value: (step) => step.evidence.map(evidence), weight: 2},
]
const nextColumn: Column<StepStatus> = {key: 'next', title: 'Next', value: ({next}) => next}

const groupColumns: readonly Column<GroupFact>[] = [
  {key: 'displayName', title: 'Group', value: ({displayName}) => displayName},
  {key: 'users', title: 'Users', value: ({users}) => users, weight: 0, min: 5},
  {key: 'migrated', title: 'Migrated', value: ({migrated}) => migrated, weight: 0, min: 8},
  {key: 'partly', title: 'Partly', value: ({partly}) => partly, weight: 0, min: 6},
  {key: 'failed', title: 'Failed', value: ({failed}) => failed, weight: 0, min: 6},
  {key: 'unmatched', title: 'Unmatched', value: ({unmatched}) => unmatched, weight: 0, min: 9},
  {key: 'smsOrVoiceOnly', title: 'SMS/voice only', value: ({smsOrVoiceOnly}) => smsOrVoiceOnly, weight: 0},
]

const SHORT: Readonly<Record<PilotCheckId, string>> = {
  'methods-visible': 'Methods',
  'calls-and-texts': 'Calls',
  'sign-in': 'Sign-in',
  notifications: 'Push',
  'hardware-token': 'Token',
}

const pilotColumns: readonly Column<PilotUser>[] = [
  {key: 'userPrincipalName', title: 'Pilot user', value: ({userPrincipalName}) => userPrincipalName},
  ...PILOT_CHECKS.map(({id}): Column<PilotUser> => ({
    key: id,
    title: SHORT[id],
    value: ({answers}) => answers[id]?.replace('not-applicable', 'n/a'),
    weight: 0,
    min: SHORT[id].length,
  })),
]

/** The last line for people: how far it is, and the exact command. */
export function statusVerdict({steps, next}: StatusView): string {
  const counted = steps.filter(({state}) => state !== 'optional')
  const done = counted.filter(({state}) => state === 'done').length
  if (next === undefined) return `all ${counted.length} steps are done`
  return `${done} of ${counted.length} steps are done; next: ${next.title.toLowerCase()}`
}

/** `mfa status` */
export async function showStatus(
  view: StatusView,
  show: Show,
  csv: string | undefined,
): Promise<Readonly<Record<string, unknown>>> {
  const {out} = show
  const {facts, steps, next, attention} = view
  await out.table(columns, steps)
  if (facts.groups.length > 0) await out.table(groupColumns, facts.groups)
  if (facts.pilots.length > 0) await out.table(pilotColumns, facts.pilots)
  for (const text of attention) out.prose(`! ${text}`)
  await writeCsv(csv, [...columns, nextColumn], steps, show)
  out.line()
  out.line(statusVerdict(view))
  if (next?.next !== undefined) out.line(`Next: ${next.next}`)
  return statusJson(view)
}

function statusJson(view: StatusView): Readonly<Record<string, unknown>> {
  const {facts, steps, next, attention} = view
  const {tenantId, certificate, backup, lastSync, smsVoiceEnd} = facts
  const total = (key: 'users' | 'migrated' | 'failed' | 'partly' | 'smsOrVoiceOnly') =>
    facts.groups.reduce((sum, group) => sum + group[key], 0)
  return {
    tenantId: tenantId ?? null,
    at: facts.now.toISOString(),
    steps: steps.map((step) => ({...step, next: step.next ?? null})),
    next: next === undefined ? null : {step: next.id, command: next.next ?? null},
    verdict: statusVerdict(view),
    attention,
    groups: facts.groups,
    overall: {
      users: total('users'),
      migrated: total('migrated'),
      partly: total('partly'),
      failed: total('failed'),
      smsOrVoiceOnly: total('smsOrVoiceOnly'),
    },
    pilots: facts.pilots,
    confirmed: Object.fromEntries<Attestation>(facts.attested),
    certificate:
      certificate === undefined
        ? null
        : {...certificate, daysLeft: daysUntil(certificate.notAfter, facts.now)},
    backup: backup.known ? (backup.value ?? null) : null,
    lastSync: lastSync ?? null,
    smsVoiceEnd: smsVoiceEnd ?? null,
    smsVoiceDaysLeft: smsVoiceEnd === undefined ? null : daysUntil(smsVoiceEnd, facts.now),
  }
}

const daysUntil = (iso: string, now: Date): number =>
  Math.floor((Date.parse(iso) - now.getTime()) / 86_400_000)

const TONES: Readonly<Record<StepState, Part['tone']>> = {
  done: 'good',
  partly: 'fine',
  open: 'quiet',
  unknown: 'warning',
  optional: 'fine',
}

/** `mfa status --report FILE.html` */
export function statusPage(view: StatusView): Iterable<string> {
  const {facts, steps, next, attention} = view
  const count = (state: StepState) => steps.filter((step) => step.state === state).length
  return htmlPage({
    title: 'Where this migration stands',
    facts: [
      ['Tenant', facts.tenantId ?? 'not known'],
      ['Time', facts.now.toISOString()],
      ...(next?.next === undefined ? [] : [['Next', next.next] as const]),
      ...attention.map((text) => ['Attention', text] as const),
    ],
    verdict: statusVerdict(view),
    bar: {
      title: 'Steps',
      parts: (['done', 'partly', 'open', 'unknown'] as const).map((state) => ({
        label: MARKS[state],
        count: count(state),
        tone: TONES[state],
      })),
    },
    counts: {
      title: `Migrated users by group (${countOf(facts.groups.length, 'group')})`,
      parts: facts.groups.map(({displayName, migrated, nothingToCarry, users}) => ({
        label: `${displayName}, of ${users}`,
        count: migrated,
        of: users,
        tone: migrated + nothingToCarry === users ? ('good' as const) : ('warning' as const),
      })),
    },
    sections: [
      section({title: 'Steps of the migration guide', columns: [...columns, nextColumn], rows: () => steps}),
      section({title: 'Groups', columns: groupColumns, rows: () => facts.groups}),
      section({title: 'Pilot users', columns: pilotColumns, rows: () => facts.pilots}),
    ],
  })
}
