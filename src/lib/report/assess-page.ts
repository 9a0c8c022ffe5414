import type {AssessedFinding} from '../assessment/assess.js'
import {
  type Assessed,
  assessVerdict,
  byWeight,
  findingColumns,
  needsWork,
  stateWords,
} from './assess-report.js'
import {htmlPage, type Part, section} from './html.js'

const MODE_WORDS: Readonly<Record<string, string>> = {
  voiceCall: 'Phone call',
  smsText: 'Text message',
  phoneApp: 'Mobile app',
  oathToken: 'OATH token',
  invalid: 'Not valid',
}
const TONES: Readonly<Record<AssessedFinding['severity'], Part['tone']>> = {
  high: 'bad',
  medium: 'warning',
  low: 'fine',
  info: 'quiet',
}

/** `mfa server assess --report FILE.html`: one self-contained page. */
export function assessPage(found: Assessed, sourceLabel: string, at: string): Iterable<string> {
  const {assessment, users, group, answersFile, tenantChecked} = found
  const {findings} = assessment
  const count = (wanted: (one: AssessedFinding) => boolean): number => findings.filter(wanted).length
  const isBlocker = ({blocks}: AssessedFinding): boolean => blocks.length > 0
  return htmlPage({
    title: 'Leaving MFA Server: what stands in the way',
    facts: [
      ['Source', sourceLabel],
      [
        'Users',
        group === undefined ? `all ${users.users}` : `${users.users} of group "${group.displayName}"`,
      ],
      ['Tenant', tenantChecked ? 'its authentication methods policy was read' : 'not checked'],
      ['Answers', answersFile ?? 'none given'],
      ['Time', at],
    ],
    verdict: assessVerdict(found),
    bar: {
      title: 'Findings',
      parts: [
        {label: 'in the way', count: count(isBlocker), tone: 'bad'},
        {label: 'to do', count: count((one) => needsWork(one) && !isBlocker(one)), tone: 'warning'},
        {label: 'done', count: count(({state}) => state === 'done'), tone: 'good'},
        {label: 'not there', count: count(({state}) => state === 'absent'), tone: 'fine'},
        {label: 'nothing to do', count: count(({state}) => state === 'information'), tone: 'quiet'},
      ],
    },
    counts: {
      title: 'Users by finding',
      parts: byWeight(findings)
        .filter(({users: who}) => (who?.count ?? 0) > 0)
        .map(({title, severity, users: who}) => ({
          label: title,
          count: who?.count ?? 0,
          tone: TONES[severity],
        })),
    },
    charts: [
      {
        title: 'Users by default method on MFA Server',
        parts: Object.entries(users.modes)
          .filter(([, number]) => number > 0)
          .map(([mode, number]) => ({
            label: MODE_WORDS[mode] ?? mode,
            count: number,
            tone: mode === 'invalid' ? ('bad' as const) : ('fine' as const),
          })),
      },
      {
        title: 'Users who have',
        parts: [
          {label: 'a number that can be dialled', count: users.having.phone, tone: 'fine' as const},
          {label: 'the mobile app', count: users.having.app, tone: 'fine' as const},
          {label: 'an OATH token', count: users.having.token, tone: 'fine' as const},
        ].filter(({count: number}) => number > 0),
      },
    ],
    sections: [
      section({title: 'In the way', columns: WORK, rows: () => byWeight(findings.filter(isBlocker))}),
      section({
        title: 'To do',
        columns: WORK,
        rows: () => byWeight(findings.filter((one) => needsWork(one) && !isBlocker(one))),
      }),
      section({
        title: 'Nothing to do',
        columns: columns('id', 'title', 'state', 'evidence', 'note'),
        rows: () => findings.filter((one) => !needsWork(one)),
      }),
      section({
        title: 'Users, the first of each finding',
        columns: [
          {key: 'finding', title: 'Finding', value: ({one}: Named) => one.title},
          {key: 'user', title: 'User', value: ({user}: Named) => user},
          {key: 'detail', title: 'Detail', value: ({detail}: Named) => detail},
        ],
        rows: () => firstUsers(findings),
      }),
    ],
  })
}

interface Named {
  readonly one: AssessedFinding
  readonly user: string
  readonly detail: string
}

function* firstUsers(findings: readonly AssessedFinding[]): Iterable<Named> {
  for (const one of byWeight(findings)) for (const each of one.users?.first ?? []) yield {one, ...each}
}

const columns = (...keys: readonly string[]) => findingColumns.filter(({key}) => keys.includes(key))

/** Few and wide: a word should not break. */
const WORK = [
  {
    key: 'title',
    title: 'Finding',
    value: (one: AssessedFinding) => [
      `${one.id} ${one.title}`,
      [stateWords(one), ...one.blocks.map((what) => `blocks ${what}`)].join(', '),
    ],
  },
  {
    key: 'evidence',
    title: 'What was found',
    value: (one: AssessedFinding) => [one.evidence, ...one.items.map((item) => `• ${item}`)],
  },
  ...columns('why'),
  {
    key: 'action',
    title: 'What to do',
    value: (one: AssessedFinding) => [
      ...(one.question === undefined ? [] : [one.question]),
      one.action,
      `Who: ${one.who}`,
      ...(one.note === undefined ? [] : [`Note: ${one.note}`]),
    ],
  },
]
