import {describe, expect, test} from 'vitest'

import {FINDING_CODES} from '../../src/lib/migration/plan.js'
import type {Topology} from '../../src/lib/model/topology.js'
import {type Block, markdown} from '../../src/lib/runbook/blocks.js'
import {bookBlocks, type BookFacts, CHECKS} from '../../src/lib/runbook/book.js'
import {CASE_OF, CaseCounter, casesOf, hasLetter, type PlannedUser} from '../../src/lib/runbook/cases.js'
import {type Catalogue, wordsOf} from '../../src/lib/runbook/catalogue.js'
import DE from '../../src/lib/runbook/languages/de.json' with {type: 'json'}
import EN from '../../src/lib/runbook/languages/en.json' with {type: 'json'}
import {dateIn, type LetterFacts, letterTexts} from '../../src/lib/runbook/letter.js'
import {PILOT_CHECK_IDS} from '../../src/lib/status/pilot-checks.js'

const user: PlannedUser = {
  userPrincipalName: 'ada@contoso.com',
  outcome: 'migrate',
  actions: [],
  alreadyThere: [],
  findings: [],
  smsOrVoiceOnly: false,
}
const finding = (code: string, item = 'user', target?: string) => ({
  code,
  rule: 'U1',
  item,
  detail: code,
  target,
})
const facts: LetterFacts = {
  words: wordsOf(EN as Catalogue),
  smsVoiceEnd: dateIn('en', '2027-02-01'),
  oldPortal: false,
  contact: undefined,
}

test('every finding has a case, or was left out on purpose', () => {
  expect(Object.keys(CASE_OF).sort()).toEqual([...FINDING_CODES].sort())
})

test('the checks are those of the guide, in its order', () => {
  expect(CHECKS).toEqual(PILOT_CHECK_IDS)
})

describe('cases', () => {
  test.each<[string, Partial<PlannedUser>, readonly string[]]>([
    ['nothing', {}, ['nothing-to-do']],
    ['unchanged', {outcome: 'unchanged'}, ['nothing-to-do']],
    ['push', {findings: [finding('push-needs-registration', 'device:0')]}, ['register-push']],
    [
      'the codes of the app go on',
      {actions: [{kind: 'activate-token', serialNumber: 'MFAS-ABC'}]},
      ['nothing-to-do', 'codes-carried'],
    ],
    [
      'codes and push',
      {
        alreadyThere: [{target: 'MFAS-ABC'}],
        findings: [finding('push-needs-registration', 'device:0')],
      },
      ['register-push', 'codes-carried'],
    ],
    ['a number', {findings: [finding('phone-invalid', 'phone')]}, ['number-unusable']],
    [
      'a token of the app is no hardware token',
      {findings: [finding('seed-invalid', 'device:0')]},
      ['nothing-to-do'],
    ],
    ['unmatched', {outcome: 'unmatched'}, ['not-found']],
    ['failed', {outcome: 'failed', findings: [finding('mode-invalid')]}, ['not-moved']],
    ['a finding from a newer version', {findings: [finding('never-heard-of')]}, ['not-moved']],
    ['SMS only', {smsOrVoiceOnly: true, findings: [finding('sms-or-voice-only')]}, ['sms-voice-ends']],
    ['disabled beats all', {outcome: 'disabled', smsOrVoiceOnly: true}, ['disabled']],
  ])('%s', (_name, plan, cases) => {
    expect(casesOf({...user, ...plan}, true).cases).toEqual(cases)
  })

  test('where no end is announced, the letter names none', () => {
    const one = casesOf({...user, smsOrVoiceOnly: true}, false)
    expect(one.cases).toEqual(['sms-voice-only'])
    const text = letterTexts(one, {...facts, smsVoiceEnd: undefined}).join('\n')
    expect(text).not.toMatch(/2027|before/)
  })

  test('hardware tokens are named by their serial numbers', () => {
    const one = casesOf(
      {
        ...user,
        findings: [finding('seed-missing', 'token:1', 'B2'), finding('seed-missing', 'token:0', 'A1')],
      },
      true,
    )
    expect(one.tokens).toEqual(['A1', 'B2'])
    expect(letterTexts(one, facts).join('\n')).toContain('(A1, B2)')
  })

  test('nobody is lost: each user counts once, and only the disabled get no letter', () => {
    const counter = new CaseCounter()
    const plans: PlannedUser[] = [
      user,
      {...user, outcome: 'disabled'},
      {
        ...user,
        findings: [finding('phone-invalid'), finding('phone-invalid'), finding('seed-missing', 'token:0')],
      },
    ]
    for (const plan of plans) counter.add(plan, casesOf(plan, true))
    const {users, letters, findings} = counter.counts()
    expect([users, letters]).toEqual([3, 2])
    // Twice at one user is one user.
    expect(findings.get('phone-invalid U1')?.users).toBe(1)
    expect(hasLetter(['disabled'])).toBe(false)
  })
})

test('a date is said as the language says it', () => {
  expect(dateIn('de', '2027-02-01')).toBe('1. Februar 2027')
  const text = letterTexts(casesOf({...user, smsOrVoiceOnly: true}, true), facts).join('\n')
  expect(text).toContain('Microsoft ends both on February 1, 2027')
})

test('the old portal is named as long as RADIUS or LDAP hang on it, and only then', () => {
  const one = casesOf(user, true)
  const text = (oldPortal: boolean) => letterTexts(one, {...facts, oldPortal}).join('\n')
  expect(text(true)).toContain('go on changing your phone numbers, apps and tokens in the old user portal')
  expect(text(false)).toContain('do not use the old user portal any more')
})

describe('the runbook', () => {
  const book: BookFacts = {
    ...facts,
    tenantId: 't',
    group: 'MFA *pilot*',
    source: './export',
    plannedAt: '2026-01-01T08:30:00Z',
    flags: {
      tenant: ' --tenant contoso.com',
      reading: ' --seed-file seeds.csv',
      matching: ' --mapping map.csv',
      rules: ' --phones replace',
    },
    dependencies: [{id: 'C2', state: 'open', items: ['VPN']}],
    hasAnswers: true,
    topology: undefined,
  }
  const text = [...markdown(bookBlocks(new CaseCounter().counts(), book))].join('')

  test('has the five checks, who does them, and stops before the cut-over while something is open', () => {
    for (const id of PILOT_CHECK_IDS) expect(text).toContain(`| ${id} |`)
    expect(text).toContain('pilot user; the helpdesk watches')
    expect(text).toContain('Not yet. Open dependencies: 1. Stop')
    expect(text).toContain('| C2 RADIUS clients that cannot | open, VPN | Set up Network Policy Server')
  })

  test('names are no markup, and commands name the group as it is', () => {
    expect(text).toContain('MFA \\*pilot\\*')
    expect(text).toContain('mfa verify --group "MFA *pilot*" --source ./export')
  })

  test('commands have the flags of the plan, so that they carry over what it says', () => {
    const users =
      '--group "MFA *pilot*" --source ./export --seed-file seeds.csv --mapping map.csv --tenant contoso.com'
    const from = '--source ./export --seed-file seeds.csv --mapping map.csv --tenant contoso.com'
    for (const command of [
      'source check --source ./export --seed-file seeds.csv\n',
      `migrate ${users} --phones replace --dry-run --out plan.json`,
      `migrate --plan plan.json ${from}`,
      `verify ${users} --phones replace`,
      `rollout check "MFA *pilot*" ${from}`,
      `rollout add-group "MFA *pilot*" --wave 50 --every 1d ${from}`,
      `rollout advance ${from}`,
      `federation set reject --domain DOMAIN ${users} `,
      'undo last --user USER --tenant contoso.com --dry-run',
      'rollback --tenant contoso.com --dry-run',
    ])
      expect(text).toContain(`mfa ${command}`)
  })

  test('in German has no English table, number or time', () => {
    const counter = new CaseCounter()
    const plan = {...user, findings: [finding('phone-invalid')]}
    for (let n = 0; n < 1234; n++) counter.add(plan, casesOf(plan, true))
    const topology = {
      servers: [{name: 'mfa2', role: 'subordinate', host: 'mfa2', components: []}],
      webServers: [],
      balancedNames: [],
    } as unknown as Topology
    const words = wordsOf(DE as Catalogue)
    const german = [...markdown(bookBlocks(counter.counts(), {...book, words, topology}))].join('')
    expect(german).toContain('| Geplant | 1\\. Januar 2026 um 08:30 UTC |')
    expect(german).toContain('| Telefonnummer nicht anwählbar | 1.234 |')
    expect(german).toContain('| C2 RADIUS-Clients, die das nicht beherrschen | offen, VPN | Richten Sie ')
    expect(german).toContain('| mfa2 | untergeordnet | mfa2 |')
  })
})

test.each<[Block, string]>([
  [{kind: 'paragraph', text: '1. a_b <i> | [x](y)'}, '1\\. a\\_b \\<i\\> \\| \\[x\\](y)\n'],
  [{kind: 'paragraph', text: '- see https://aka.ms/mfa_setup'}, '\\- see https://aka.ms/mfa_setup\n'],
  [{kind: 'paragraph', text: 'two\nlines'}, 'two lines\n'],
])('Markdown of %o', (block, wanted) => {
  expect([...markdown([block])].join('')).toBe(wanted)
})
