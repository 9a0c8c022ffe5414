import fc from 'fast-check'
import {describe, expect, test} from 'vitest'

import {type Answer, type Answers, openDependencies, standing} from '../../src/lib/assessment/answers.js'
import {assess, type AssessedFinding, type AssessmentFacts} from '../../src/lib/assessment/assess.js'
import {askPeople, withGiven} from '../../src/lib/assessment/ask.js'
import {CATALOGUE, DEPENDENCY_IDS, type DependencyId} from '../../src/lib/assessment/catalogue.js'
import {USER_CODES} from '../../src/lib/assessment/survey-users.js'
import type {MethodsPolicy} from '../../src/lib/model/methods-policy.js'
import type {Readable, ServerSettings} from '../../src/lib/ports/server-settings.js'
import {FakeUi} from '../fakes/ui.js'
import {facts, named, PLAIN_SETTINGS, survey} from '../helpers/assessment.js'

const C = ['C1', 'C2', 'C3', 'C4', 'C5', 'C6'] as const
const NO: Answer = {answer: 'no'}
const SETTLED: Answers = Object.fromEntries(DEPENDENCY_IDS.map((id) => [id, NO]))

async function finding(id: string, over: Partial<AssessmentFacts> = {}): Promise<AssessedFinding> {
  const found = assess(await facts(over)).findings.filter((one) => one.id === id)
  expect(found).toHaveLength(1)
  const [one] = found
  if (one === undefined) throw new Error(`no ${id}`)
  return one
}

/** The plain server with some values of one record changed. */
function set<K extends keyof ServerSettings>(
  name: K,
  value: ServerSettings[K] extends Readable<infer T> ? Partial<T> : never,
): ServerSettings {
  const before = PLAIN_SETTINGS[name]
  if (!before.read) throw new Error('plain settings are all read')
  const changed = Array.isArray(value) ? value : {...(before.value as object), ...(value as object)}
  return {...PLAIN_SETTINGS, [name]: {...before, value: changed}}
}

const unread = (name: keyof ServerSettings): ServerSettings => ({
  ...PLAIN_SETTINGS,
  [name]: {read: false, why: `${name} was refused`},
})

describe('the catalogue', () => {
  test('has every dependency once, each with a way out', () => {
    expect(CATALOGUE.map(({id}) => id)).toEqual(DEPENDENCY_IDS)
    for (const {id, title, why, action, who, question, severity} of CATALOGUE) {
      expect(
        [title, why, action, who].every((text) => text.length > 3),
        id,
      ).toBe(true)
      // Nothing that asks for work is decided without a question.
      const asks = severity === 'high' || severity === 'medium'
      expect(!asks || question?.endsWith('?'), id).toBe(true)
    }
  })

  test('C1 to C6 stand in the way of federation, and nothing else does', () => {
    expect(CATALOGUE.filter(({blocks}) => blocks.includes('federation')).map(({id}) => id)).toEqual(C)
  })
})

describe('what the server says', () => {
  test.each<[DependencyId, ServerSettings, string]>([
    ['A2', set('defaults', {pinMode: 'pin'}), 'open'],
    ['A2', set('defaults', {pinMode: 'returnPin'}), 'open'],
    ['A4', set('defaults', {phoneAppMode: 'pin'}), 'open'],
    [
      'B1',
      {
        ...set('features', {userPortal: true}),
        portal: set('portal', {url: 'https://mfa.contoso.com'}).portal,
      },
      'open',
    ],
    ['B2', set('portal', {allowUserEnrollment: true}), 'open'],
    ['B2', set('portal', {promptForBackupPhone: true}), 'open'],
    ['B2', set('adfs', {promptForOathToken: true}), 'open'],
    ['B3', set('portal', {allowOneTimeBypass: true}), 'open'],
    ['B4', set('portal', {usersCanSwitchMode: true}), 'open'],
    ['B4', set('adfs', {usersCanSwitchMode: true}), 'open'],
    ['B6', set('portal', {usersCanActivatePhoneApp: true}), 'open'],
    ['B7', set('portal', {enableSecurityQuestions: true}), 'open'],
    ['B8', set('portal', {usersCanEnrollOathToken: true}), 'open'],
    ['B8', set('adfs', {useOathTokenForFallback: true}), 'open'],
    ['B10', set('trustedIps', ['10.0.0.0/8']), 'open'],
  ])('%s is there', async (id, settings, state) => {
    expect(await finding(id, {settings})).toMatchObject({state, evidence: expect.stringContaining('Get')})
    // The same server without it.
    expect((await finding(id)).state).toBe('absent')
  })

  test.each<[DependencyId, keyof ServerSettings]>([
    ['A2', 'defaults'],
    ['A4', 'defaults'],
    ['B2', 'portal'],
    ['B2', 'adfs'],
    ['B3', 'portal'],
    ['B4', 'portal'],
    ['B6', 'portal'],
    ['B7', 'portal'],
    ['B8', 'portal'],
    ['B10', 'trustedIps'],
  ])('%s is a question where %s cannot be read, never silently fine', async (id, name) => {
    const found = await finding(id, {settings: unread(name)})
    expect(found).toMatchObject({state: 'unanswered', question: expect.stringMatching(/\?$/)})
    expect(found.evidence).toContain(`${name} was refused`)
  })

  test.each<[DependencyId, ServerSettings]>([
    ['A2', set('defaults', {pinMode: undefined})],
    ['B3', set('portal', {allowOneTimeBypass: undefined})],
    ['B7', set('adfs', {enableSecurityQuestions: undefined})],
  ])('%s is a question where the answer leaves the value out', async (id, settings) => {
    expect((await finding(id, {settings})).state).toBe('unanswered')
  })

  test('where AD FS is off its settings do not count', async () => {
    const settings = {
      ...set('adfs', {enableSecurityQuestions: true}),
      features: set('features', {adfs: false}).features,
    }
    expect((await finding('B7', {settings})).state).toBe('absent')
  })

  test('a bundle holds no settings: all that it does not show is asked', async () => {
    const {findings} = assess(await facts({settings: undefined}))
    const asked = CATALOGUE.filter(({question}) => question !== undefined).map(({id}) => id as string)
    expect(findings.filter(({state}) => state === 'unanswered').map(({id}) => id)).toEqual(asked)
  })

  test('users show what is in use, whatever the defaults are', async () => {
    const users = await survey([
      named('a', {mode: 'voiceCall', pinMode: 'pin'}),
      named('b', {mode: 'phoneApp', phoneAppMode: 'voiceprint'}),
      named('c', {oathTokens: [{serialNumber: '1'}]}),
    ])
    for (const id of ['A2', 'A4', 'B4', 'B8'] as const)
      for (const settings of [undefined, PLAIN_SETTINGS])
        expect((await finding(id, {users, settings})).state, id).toBe('open')
  })

  test.each<[ServerSettings | undefined, string]>([
    [undefined, 'unanswered'],
    [PLAIN_SETTINGS, 'unanswered'],
    [set('portal', {usersCanEnrollOathToken: true}), 'open'],
  ])(
    'B8: users whose default is OATH, and no token of anybody, are no proof that there is none',
    async (settings, state) => {
      const users = await survey([named('a', {mode: 'oathToken'})])
      const found = await finding('B8', {users, settings})
      expect(found.state).toBe(state)
      expect(found.evidence).toContain(
        'Users whose default is the OATH token: 1; no token was read of anybody.',
      )
    },
  )

  test('what a server leaves out is not put into numbers', async () => {
    const rules = async (over: object) =>
      (await finding('A6', {settings: set('defaults', {...over})})).evidence
    expect(await rules({})).toContain('PIN rules: none are said.')
    expect(await rules({minimumPinLength: 4, pinExpirationDays: 1, historicalPins: 0})).toContain(
      'PIN rules: length 4, expires after 1 day, 0 remembered.',
    )
    expect((await finding('B9')).evidence).toContain('When sessions of the portal end is not said')
    const said = await finding('B9', {settings: set('portal', {sessionTimeoutMinutes: 10})})
    expect(said.evidence).toContain('end after 10 minutes')
  })

  test('trusted ranges are listed to be copied', async () => {
    const found = await finding('B10', {settings: set('trustedIps', ['10.0.0.0/8', '192.0.2.1'])})
    expect(found.items).toEqual(['10.0.0.0/8', '192.0.2.1'])
  })
})

describe('what people say', () => {
  test.each<[Answer | undefined, string]>([
    [undefined, 'unanswered'],
    [{answer: 'unknown', status: 'done'}, 'unanswered'],
    [{answer: 'no'}, 'absent'],
    [{answer: 'yes'}, 'open'],
    [{answer: 'yes', status: 'open'}, 'open'],
    [{answer: 'yes', status: 'done'}, 'done'],
    [{answer: 'yes', items: []}, 'open'],
    [{answer: 'yes', items: [{name: 'VPN', status: 'done'}]}, 'done'],
    [{answer: 'yes', items: [{name: 'VPN', status: 'open'}]}, 'open'],
    [{answer: 'yes', status: 'done', items: [{name: 'VPN', status: 'open'}]}, 'open'],
    [{answer: 'yes', status: 'open', items: [{name: 'VPN', status: 'done'}]}, 'open'],
  ])('%j is %s', async (answer, state) => {
    expect(standing(answer).state).toBe(state)
    const answers: Answers = answer === undefined ? {} : {C1: answer}
    const found = await finding('C1', {answers})
    expect(found.state).toBe(state)
    expect(found.blocks).toEqual(state === 'open' || state === 'unanswered' ? ['federation'] : [])
  })

  test('what was read counts against a no, and a done against what was read', async () => {
    const settings = set('portal', {allowOneTimeBypass: true})
    expect(await finding('B3', {settings, answers: {B3: {answer: 'no'}}})).toMatchObject({
      state: 'open',
      evidence: expect.stringContaining('The answers file says no'),
    })
    expect((await finding('B3', {settings, answers: {B3: {answer: 'yes', status: 'done'}}})).state).toBe(
      'done',
    )
    expect((await finding('B3', {answers: {B3: {answer: 'yes'}}})).state).toBe('open')
  })

  test('who and what they name is shown', async () => {
    const answers: Answers = {
      C2: {
        answer: 'yes',
        who: 'network team',
        note: 'in March',
        items: [
          {name: 'VPN', status: 'open', who: 'Kim'},
          {name: 'old', status: 'done'},
        ],
      },
    }
    expect(await finding('C2', {answers})).toMatchObject({
      who: 'network team',
      note: 'in March',
      items: ['VPN (Kim)'],
    })
  })

  test('openDependencies names what keeps federation from being changed', () => {
    expect(openDependencies(undefined).map(({id}) => id)).toEqual(C)
    expect(openDependencies({}).every(({state}) => state === 'unanswered')).toBe(true)
    expect(openDependencies(SETTLED)).toEqual([])
    const answers: Answers = {
      ...SETTLED,
      C1: {
        answer: 'yes',
        items: [
          {name: 'VPN', status: 'open'},
          {name: 'Wifi', status: 'done'},
        ],
      },
      C6: {answer: 'unknown'},
      // Not in the way of federation.
      A8: {answer: 'unknown'},
    }
    expect(openDependencies(answers)).toMatchObject([
      {id: 'C1', state: 'open', items: ['VPN']},
      {id: 'C6', state: 'unanswered', items: []},
    ])
  })

  test('at a terminal: yes, no, or nothing; other words are asked again', async () => {
    const {findings} = assess(await facts())
    const ui = new FakeUi(['yes', 'what', 'NO', '', 'y', 'n', 'unknown', 'no', 'no', 'no'])
    const given = await askPeople(findings, ui)
    expect(given).toEqual({A7: 'yes', A8: 'no', C2: 'yes', C3: 'no', C5: 'no', C6: 'no'})
    expect(withGiven({A7: {answer: 'unknown', note: 'ask Kim'}}, given)).toMatchObject({
      A7: {answer: 'yes', note: 'ask Kim'},
      C6: {answer: 'no'},
    })
  })
})

describe('the tenant', () => {
  const policy = (
    enabled: readonly string[],
    migrationState: string | undefined = 'migrationComplete',
  ): MethodsPolicy => ({
    migrationState,
    configurations: (['microsoftAuthenticator', 'hardwareOath', 'sms', 'voice'] as const).map((method) => ({
      method,
      enabled: enabled.includes(method),
      include: [{id: 'all_users'}],
      exclude: [],
    })),
  })
  const users = () => survey([named('a', {mode: 'smsText'}), named('b', {mode: 'phoneApp'})])

  test('methods in use that are off stand in the way of the rollout', async () => {
    expect(await finding('B4', {users: await users(), policy: policy(['sms'])})).toMatchObject({
      state: 'open',
      blocks: ['rollout'],
      evidence: expect.stringContaining('Microsoft Authenticator (mobile app, 1 user)'),
    })
  })

  test('with all of them on there is nothing left', async () => {
    const on = policy(['sms', 'microsoftAuthenticator'])
    expect(await finding('B4', {users: await users(), policy: on})).toMatchObject({state: 'done', blocks: []})
  })

  test('a method that is on for nobody is off', async () => {
    const on = policy(['sms', 'microsoftAuthenticator'])
    const nobody = {...on, configurations: on.configurations.map((each) => ({...each, include: []}))}
    expect((await finding('B4', {users: await users(), policy: nobody})).blocks).toEqual(['rollout'])
  })

  test('a method that is on for some only is told, and stops nobody', async () => {
    const on = policy(['sms', 'microsoftAuthenticator'])
    const some = {...on, configurations: on.configurations.map((each) => ({...each, exclude: ['a-group']}))}
    expect(await finding('B4', {users: await users(), policy: some})).toMatchObject({
      state: 'open',
      blocks: [],
      evidence: expect.stringContaining('On for some users only: SMS'),
    })
    const seenTo = {B4: {answer: 'yes', status: 'done'}} as const
    expect((await finding('B4', {users: await users(), policy: some, answers: seenTo})).state).toBe('done')
    // What is off is off, whatever people say.
    const off = policy([])
    expect((await finding('B4', {users: await users(), policy: off, answers: seenTo})).state).toBe('open')
  })

  test('a method that the server only offers is told, and stops nobody', async () => {
    const on = policy(['sms', 'microsoftAuthenticator'])
    const settings = set('portal', {usersCanSwitchMode: true, usersCanSwitchModeToOathToken: true})
    expect(await finding('B4', {users: await users(), policy: on, settings})).toMatchObject({
      state: 'open',
      blocks: [],
      evidence: expect.stringContaining('the tenant has them off: Hardware OATH tokens'),
    })
  })

  test('legacy settings may allow it: a word, no obstacle', async () => {
    const old = policy([], 'migrationInProgress')
    expect(await finding('B4', {users: await users(), policy: old})).toMatchObject({
      state: 'open',
      blocks: [],
      evidence: expect.stringContaining('Legacy settings may allow them'),
    })
  })

  test('without a tenant it stays to be done', async () => {
    expect(await finding('B4', {users: await users()})).toMatchObject({state: 'open', blocks: ['rollout']})
  })
})

describe('the whole', () => {
  test('blocks nothing where everything is settled', async () => {
    expect(assess(await facts({answers: SETTLED})).summary).toEqual({
      blocking: {rollout: 0, federation: 0},
      blockers: 0,
      open: 0,
      unanswered: 0,
    })
  })

  test.each([
    [{date: '2027-02-01', past: false}, [], 'ends them on 2027-02-01'],
    [{date: '2027-02-01', past: true}, ['rollout'], 'ended them on 2027-02-01'],
    [{date: undefined, past: false}, [], 'no date'],
  ] as const)('users with SMS or voice only, %j', async (smsVoiceEnd, blocks, why) => {
    const users = await survey([named('a')])
    expect(await finding('sms-or-voice-only', {users, smsVoiceEnd})).toMatchObject({
      state: 'open',
      blocks,
      why: expect.stringContaining(why),
    })
  })

  const answer = fc.record<Answer>(
    {
      answer: fc.constantFrom('yes', 'no', 'unknown'),
      status: fc.constantFrom('open', 'done'),
      items: fc.array(fc.record({name: fc.string(), status: fc.constantFrom('open', 'done')}), {
        maxLength: 3,
      }),
    },
    {requiredKeys: ['answer']},
  )
  const answersOf = fc.dictionary(fc.constantFrom(...DEPENDENCY_IDS), answer)
  const settingsOf = fc.constantFrom(undefined, PLAIN_SETTINGS, unread('portal'), unread('defaults'))

  test('whatever is answered: each finding once, and federation is open in both places or in neither', async () => {
    const plain = await facts()
    fc.assert(
      fc.property(answersOf, settingsOf, (answers, settings) => {
        const {findings, summary} = assess({...plain, answers: answers, settings})
        expect(findings.map(({id}) => id)).toEqual([
          ...DEPENDENCY_IDS,
          ...findings.slice(24).map(({id}) => id),
        ])
        expect(new Set(findings.slice(24).map(({id}) => id))).toEqual(new Set(USER_CODES))
        const federation = findings.filter(({blocks}) => blocks.includes('federation')).map(({id}) => id)
        expect(openDependencies(answers).map(({id}) => id)).toEqual(federation)
        expect(summary.blocking.federation).toBe(federation.length)
      }),
    )
  })
})
