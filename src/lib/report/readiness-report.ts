import type {RegisteredMethod} from '../model/usable-methods.js'
import {countOf} from '../model/count-of.js'
import {shellWord} from '../model/shell-word.js'
import type {Column} from '../ports/output.js'
import type {LockOutReason, ReadinessState, Step, UserReadiness} from '../readiness/judge.js'
import type {Readiness} from '../readiness/readiness.js'
import {htmlPage, section} from './html.js'
import {enableLine, methodsToEnable} from './methods-to-enable.js'
import {only, type Show, TABLE_LIMIT, usersOf, writeCsv} from './show.js'

type Json = Readonly<Record<string, unknown>>

export const METHOD_WORDS: Readonly<Record<RegisteredMethod['kind'], string>> = {
  push: 'Microsoft Authenticator',
  softwareOath: 'software OATH token',
  hardwareOath: 'hardware OATH token',
  mobilePhone: 'mobile phone',
  alternateMobilePhone: 'alternate mobile phone',
  officePhone: 'office phone',
  passkey: 'passkey or security key',
  deviceBound: 'credential of one device',
}

const REASONS: Readonly<Record<LockOutReason, string>> = {
  'no-method': 'no method is registered',
  policy: 'the policy does not allow what is registered',
  inactive: 'the token was never activated',
  'one-device': 'can sign in on one device only',
  'sms-voice-ended': 'SMS and voice have ended',
}

const STEPS: Readonly<Record<Step, string>> = {
  'enable-method': 'enable the method in the policy',
  'issue-tap': 'issue a Temporary Access Pass',
  'activate-token': 'activate the token',
  register: 'have the user register Microsoft Authenticator or a passkey',
  look: 'look at this user again',
}

const STATES: Readonly<Record<ReadinessState, string>> = {
  'locked-out': 'locked out',
  unknown: 'not known',
  legacy: 'only by legacy settings',
  'sms-or-voice': 'SMS or voice only',
  ready: 'ready',
}

const standing = ({state, reason, unusable}: UserReadiness): readonly string[] => [
  reason === undefined ? STATES[state] : `${STATES[state]}: ${REASONS[reason]}`,
  ...(state === 'ready' || reason === 'no-method' ? [] : unusable),
]

const columns: readonly Column<UserReadiness>[] = [
  {key: 'userPrincipalName', title: 'User', value: ({userPrincipalName}) => userPrincipalName},
  {key: 'id', title: 'Object id', value: ({id}) => id},
  {key: 'state', title: 'State', value: ({state}) => state},
  {key: 'reason', title: 'Reason', value: ({reason}) => reason},
  {key: 'by', title: 'Can sign in by', value: ({by}) => by.map((kind) => METHOD_WORDS[kind])},
  {key: 'unusable', title: 'Of no use', value: ({unusable}) => unusable},
  {key: 'hasPass', title: 'Has a pass', value: ({hasPass}) => hasPass},
  {key: 'steps', title: 'What to do', value: ({steps}) => steps.map((step) => STEPS[step])},
]

/** Short enough for a narrow terminal. */
const SHORT_STEPS: Readonly<Record<Step, string>> = {
  'enable-method': 'enable the method',
  'issue-tap': 'issue a pass (TAP)',
  'activate-token': 'activate the token',
  register: 'register app or passkey',
  look: 'look again',
}

const tableColumns: readonly Column<UserReadiness>[] = [
  {key: 'user', title: 'User', value: ({userPrincipalName}) => userPrincipalName, min: 22},
  {key: 'standing', title: 'After the cut-over', value: standing, weight: 2},
  {
    key: 'steps',
    title: 'What to do',
    value: ({steps, hasPass}) => [
      ...steps.map((step) => SHORT_STEPS[step]),
      ...(hasPass ? ['(has a Temporary Access Pass)'] : []),
    ],
    min: 23,
  },
]

export interface ReadinessTelling {
  readonly csv: string | undefined
  readonly folder: string
  readonly again: string
}

/** `mfa readiness` */
export async function showReadiness(found: Readiness, telling: ReadinessTelling, show: Show): Promise<Json> {
  const {out} = show
  const waiting = () => only(usersIn(found), ({state}) => state !== 'ready')
  if (found.users > found.counts.ready) await out.table(tableColumns, waiting(), {limit: TABLE_LIMIT})
  await writeCsv(telling.csv, columns, usersIn(found), show)
  const by = counted(found.by).map(([kind, users]) => `${METHOD_WORDS[kind]} ${users}`)
  if (by.length > 0) out.prose(`Users who can sign in by: ${by.join(', ')}.`)
  const left = [
    ...(found.disabled > 0 ? [countOf(found.disabled, 'disabled account')] : []),
    ...(found.guests > 0 ? [`${countOf(found.guests, 'guest')}, who answer MFA at home`] : []),
  ]
  if (left.length > 0) out.prose(`Not judged: ${left.join('; ')}.`)
  for (const line of waysOut(found)) out.prose(line)
  for (const line of nextLines(found, telling.again)) out.line(line)
  out.line(verdictOf(found))
  return json(found, telling, show)
}

/** The last line; scripts look for it. */
export function verdictOf({users, counts, group, phonesEnd, on}: Readiness): string {
  const whose = group === undefined ? 'in the tenant' : `of "${group.displayName}"`
  if (users === 0) return `no users ${whose} to judge`
  const out = counts['locked-out']
  const head =
    out === 0
      ? `nobody of ${countOf(users, 'user')} ${whose} would be locked out`
      : `${out} of ${countOf(users, 'user')} ${whose} would be locked out`
  const phones = counts['sms-or-voice']
  const ended = phonesEnd !== undefined && on >= phonesEnd
  return [
    head,
    ...(phones > 0 && !ended
      ? [
          `${phones} ${phones === 1 ? 'depends' : 'depend'} on SMS or voice${phonesEnd === undefined ? '' : `, which end on ${phonesEnd}`}`,
        ]
      : []),
    ...(ended ? [`SMS and voice have ended by ${on}`] : []),
    ...(counts.legacy > 0 ? [`${counts.legacy} on legacy settings`] : []),
    ...(counts.unknown > 0 ? [`${counts.unknown} not known`] : []),
  ].join('; ')
}

function waysOut(found: Readiness): readonly string[] {
  const {toEnable, steps, passPolicy, phonesEnd, counts} = found
  const methods = counted(toEnable).map(
    ([kind, users]) => `${METHOD_WORDS[kind]} (${countOf(users, 'user')})`,
  )
  return [
    ...(methods.length > 0
      ? [
          `To enable in the authentication methods policy: ${methods.join(', ')}.`,
          'In the Entra admin center under Authentication methods, Policies: enable it, and target a group that these users are in (--csv FILE has all):',
          ...methodsToEnable(found).map(enableLine),
        ]
      : []),
    ...((steps['issue-tap'] ?? 0) > 0 && !passPolicy.enabled
      ? ['Temporary Access Pass is not enabled in the policy: enable it before passes can be issued.']
      : []),
    ...(counts['sms-or-voice'] > 0 && phonesEnd === undefined
      ? ['Microsoft has announced no date on which SMS and voice end in this cloud.']
      : []),
  ]
}

function nextLines({steps, judged, isCampaignOn, group}: Readiness, again: string): readonly string[] {
  const lines: string[] = []
  if ((steps['issue-tap'] ?? 0) > 0) {
    const first = firstWith(judged, 'issue-tap')
    lines.push(
      `Next: mfa readiness issue-tap --user ${shellWord(first)} --recipient age1… --out passes.age${again}`,
    )
  }
  if ((steps.register ?? 0) > 0 && group !== undefined && !isCampaignOn)
    lines.push(`Next: mfa readiness campaign --group ${shellWord(group.displayName)}${again}`)
  return lines
}

function firstWith(judged: Readiness['judged'], step: Step): string {
  for (const [, {userPrincipalName, steps}] of judged.entries())
    if (steps.includes(step)) return userPrincipalName
  return 'UPN'
}

async function json(found: Readiness, {folder}: ReadinessTelling, show: Show): Promise<Json> {
  const {judged: _judged, campaign, passPolicy, group, phonesEnd, ...rest} = found
  const {users: count, ...counts} = rest
  return {
    group: group ?? null,
    smsVoiceEnd: phonesEnd ?? null,
    summary: {users: count, ...counts},
    campaign: campaign ?? null,
    enable: methodsToEnable(found).map((each) => ({...each, also: each.also ?? null})),
    temporaryAccessPass: {enabled: passPolicy.enabled},
    ...(await usersOf(
      () => usersIn(found),
      count,
      ({state}) => state !== 'ready',
      `${folder}/readiness-users.jsonl`,
      show,
    )),
  }
}

/** `mfa readiness --report FILE.html` */
export function readinessPage(found: Readiness, at: string): Iterable<string> {
  const {counts, group, on, phonesEnd, disabled, guests} = found
  return htmlPage({
    title: `Readiness of ${group === undefined ? 'all users' : `"${group.displayName}"`}`,
    facts: [
      ['Asked for', on],
      ['SMS and voice end', phonesEnd ?? 'no date is announced in this cloud'],
      ['Registration campaign', found.isCampaignOn ? 'asks these users' : 'does not ask these users'],
      ['Temporary Access Pass', found.passPolicy.enabled ? 'enabled' : 'not enabled'],
      ['Not judged', `${countOf(disabled, 'disabled account')}, ${countOf(guests, 'guest')}`],
      ['Time', at],
    ],
    verdict: verdictOf(found),
    bar: {
      title: 'Users',
      parts: [
        {label: STATES.ready, count: counts.ready, tone: 'good'},
        {label: STATES['sms-or-voice'], count: counts['sms-or-voice'], tone: 'warning'},
        {label: STATES.legacy, count: counts.legacy, tone: 'fine'},
        {label: STATES.unknown, count: counts.unknown, tone: 'quiet'},
        {label: STATES['locked-out'], count: counts['locked-out'], tone: 'bad'},
      ],
    },
    counts: {
      title: 'Users who can sign in by',
      parts: counted(found.by).map(([kind, count]) => ({label: METHOD_WORDS[kind], count, tone: 'fine'})),
    },
    charts: [
      {
        title: 'What to do (users)',
        parts: counted(found.steps).map(([step, count]) => ({label: STEPS[step], count, tone: 'warning'})),
      },
      {
        title: 'Methods to enable in the policy (users)',
        parts: counted(found.toEnable).map(([kind, count]) => ({
          label: METHOD_WORDS[kind],
          count,
          tone: 'bad',
        })),
      },
    ],
    sections: [
      section({
        title: 'Users who are not ready',
        columns: tableColumns,
        rows: () => only(usersIn(found), ({state}) => state !== 'ready'),
      }),
    ],
  })
}

/** The most first. */
function counted<Key extends string>(
  counts: Readonly<Partial<Record<Key, number>>>,
): readonly [Key, number][] {
  return (Object.entries(counts) as [Key, number][]).sort((one, other) => other[1] - one[1])
}

function* usersIn({judged}: Readiness): Iterable<UserReadiness> {
  for (const [, user] of judged.entries()) yield user
}
