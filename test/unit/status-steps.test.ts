import fc from 'fast-check'
import {describe, expect, it} from 'vitest'

import {attention, nextStep, stepsOf} from '../../src/lib/status/evaluate.js'
import {known, type GroupFact, type StatusFacts} from '../../src/lib/status/facts.js'
import {PILOT_CHECK_IDS, type PilotAnswer} from '../../src/lib/status/pilot-checks.js'
import {ATTESTED, STEPS, type StepId} from '../../src/lib/status/steps.js'

const NOW = new Date('2026-12-01T08:00:00Z')
const unseen = {known: false as const, why: 'not looked at'}

const NOTHING: StatusFacts = {
  now: NOW,
  tenantId: undefined,
  cloud: 'global',
  signIn: {kind: 'none'},
  dependencies: unseen,
  backup: unseen,
  groups: [],
  pilots: [],
  rollout: unseen,
  federation: unseen,
  attested: new Map(),
}

const GROUP: GroupFact = {
  id: 'g1',
  displayName: 'Pilot',
  users: 3,
  migrated: 3,
  partly: 0,
  failed: 0,
  unmatched: 0,
  disabled: 0,
  putBack: 0,
  nothingToCarry: 0,
  smsOrVoiceOnly: 1,
  run: '01ABC',
  finished: true,
  at: '2026-11-30T10:00:00.000Z',
}
const passed = Object.fromEntries(PILOT_CHECK_IDS.map((id) => [id, 'passed' as const]))
const attested = new Map(
  ATTESTED.map((step) => [step, {at: '2026-11-30T11:00:00.000Z', by: 'ada on host1'}] as const),
)

const EVERYTHING: StatusFacts = {
  ...NOTHING,
  tenantId: 't1',
  signIn: {kind: 'certificate'},
  certificate: {thumbprintSha256: 'AB', notAfter: '2027-10-01T00:00:00.000Z'},
  configuredAt: '2026-11-01T00:00:00.000Z',
  dependencies: known({file: 'mfa.answers.yaml', at: '2026-11-02T00:00:00.000Z', open: []}),
  backup: known({
    name: 'b1',
    madeAt: '2026-11-20T00:00:00.000Z',
    verifiedAt: '2026-11-20T01:00:00.000Z',
  }),
  groups: [GROUP],
  pilots: [{userPrincipalName: 'ada@contoso.com', answers: passed, at: '2026-11-30T00:00:00.000Z'}],
  rollout: known({isEnabled: true, groups: ['Pilot'], waves: []}),
  federation: known([{domain: 'contoso.com', federatedIdpMfaBehavior: 'rejectMfaByFederatedIdp'}]),
  attested,
}

const stateOf = (facts: StatusFacts, id: StepId) => stepsOf(facts).find((step) => step.id === id)

describe('the steps of the guide', () => {
  it('begin with the dependencies where nothing is known', () => {
    const steps = stepsOf(NOTHING)
    expect(steps.map(({id}) => id)).toEqual(STEPS.map(({id}) => id))
    expect(nextStep(steps)).toMatchObject({
      id: 'assess',
      state: 'open',
      next: 'mfa server assess --source WHERE --answers mfa.answers.yaml',
    })
  })

  it('end with nothing to do where everything is proven or confirmed', () => {
    const steps = stepsOf(EVERYTHING)
    expect(nextStep(steps)).toBeUndefined()
    expect(steps.every(({evidence}) => evidence.length > 0)).toBe(true)
  })

  it.each<readonly [string, Partial<StatusFacts>, StepId, string, string | undefined]>([
    [
      'a backup that was never verified',
      {backup: known({name: 'b1', madeAt: NOW.toISOString()}), attested: new Map()},
      'back-up',
      'partly',
      'mfa server verify-backup b1',
    ],
    ['a person signs in', {signIn: {kind: 'user'}}, 'configure', 'partly', 'mfa app configure'],
    [
      'users who failed',
      {groups: [{...GROUP, migrated: 2, failed: 1}]},
      'migrate',
      'partly',
      'mfa migrate --retry 01ABC --source WHERE',
    ],
    [
      'a run that did not end',
      {groups: [{...GROUP, finished: false}]},
      'migrate',
      'partly',
      'mfa migrate --retry 01ABC --source WHERE',
    ],
    [
      'a pilot who failed',
      {
        pilots: [
          {userPrincipalName: 'a@b', answers: {...passed, 'sign-in': 'failed'}, at: NOW.toISOString()},
        ],
      },
      'pilot',
      'partly',
      'mfa status check UPN',
    ],
    [
      'a policy that is off',
      {
        rollout: known({isEnabled: false, groups: ['Pilot'], waves: []}),
        federation: known([{domain: 'c', federatedIdpMfaBehavior: null}]),
      },
      'rollout',
      'partly',
      'mfa rollout check --group NAME',
    ],
    [
      'users with nothing to carry over',
      {groups: [{...GROUP, users: 5, migrated: 3, nothingToCarry: 2}]},
      'migrate',
      'done',
      undefined,
    ],
    [
      'waves that have not reached everybody',
      {
        rollout: known({
          isEnabled: true,
          groups: ['Pilot'],
          waves: [{source: 'Sales', waves: 2, placed: 20, left: 5}],
        }),
        federation: known([{domain: 'c', federatedIdpMfaBehavior: null}]),
      },
      'rollout',
      'partly',
      'mfa rollout advance',
    ],
    [
      'one of two domains',
      {
        federation: known([
          {domain: 'a.com', federatedIdpMfaBehavior: 'rejectMfaByFederatedIdp'},
          {domain: 'b.com', federatedIdpMfaBehavior: null},
        ]),
      },
      'federation',
      'partly',
      'mfa federation set reject --domain b.com',
    ],
    [
      'an open dependency',
      {dependencies: known({file: 'f', at: NOW.toISOString(), open: ['C2']}), attested: new Map()},
      'dependencies',
      'open',
      'mfa server assess --source WHERE --answers mfa.answers.yaml',
    ],
    [
      'what cannot be read',
      {federation: {known: false, why: 'the permission is missing', fix: 'mfa app grant'}},
      'federation',
      'unknown',
      'mfa app grant',
    ],
  ])('%s', (_, change, id, state, next) => {
    expect(stateOf({...EVERYTHING, ...change}, id)).toMatchObject({state, next})
  })

  it('say who confirmed, and when', () => {
    const step = stateOf({...NOTHING, attested}, 'inform')
    expect(step?.state).toBe('done')
    expect(step?.evidence.at(-1)).toEqual({
      what: 'confirmed',
      at: '2026-11-30T11:00:00.000Z',
      by: 'ada on host1',
    })
  })

  it('name a command or are done, whatever is known', () => {
    expect.hasAssertions()
    const group = fc.record({
      users: fc.nat(5),
      migrated: fc.nat(5),
      failed: fc.nat(2),
      finished: fc.boolean(),
    })
    const answers = fc.dictionary(
      fc.constantFrom(...PILOT_CHECK_IDS),
      fc.constantFrom<PilotAnswer>('passed', 'failed', 'not-applicable'),
    )
    fc.assert(
      fc.property(
        fc.array(group, {maxLength: 3}),
        fc.array(answers, {maxLength: 2}),
        fc.constantFrom('none', 'user', 'certificate', 'federated-token'),
        fc.subarray([...ATTESTED]),
        fc.option(fc.boolean(), {nil: undefined}),
        (groups, pilots, kind, said, rejects) => {
          const facts: StatusFacts = {
            ...NOTHING,
            signIn: {kind},
            groups: groups.map((each) => ({...GROUP, ...each})),
            pilots: pilots.map((each) => ({
              userPrincipalName: 'a@b',
              answers: each,
              at: NOW.toISOString(),
            })),
            attested: new Map(said.map((step) => [step, {at: NOW.toISOString(), by: 'x'}])),
            federation:
              rejects === undefined
                ? unseen
                : known([{domain: 'd', federatedIdpMfaBehavior: rejects ? 'rejectMfaByFederatedIdp' : null}]),
          }
          const steps = stepsOf(facts)
          const stuck = steps.filter(({state, next, evidence}) =>
            state === 'done'
              ? evidence.length === 0
              : state !== 'optional' && state !== 'unknown' && next === undefined,
          )
          expect(stuck).toEqual([])
        },
      ),
    )
  })
})

describe('what needs attention', () => {
  it('is nothing where all is well', () => {
    expect(attention({...EVERYTHING, groups: [{...GROUP, smsOrVoiceOnly: 0}]})).toEqual([])
  })

  it('counts the days', () => {
    const facts: StatusFacts = {
      ...EVERYTHING,
      certificate: {thumbprintSha256: 'AB', notAfter: '2026-12-11T08:00:00Z'},
      backup: known({name: 'b', madeAt: '2026-10-01T08:00:00Z'}),
      smsVoiceEnd: '2027-02-01',
      lastSync: {at: '2026-11-28T08:00:00Z', status: 'finished'},
      rolledBackAt: '2026-11-29T08:00:00Z',
    }
    expect(attention(facts)).toEqual([
      'the client certificate ends in 10 days: mfa app certificate rotate',
      'the backup is 61 days old; what changed on the server since is not in it: mfa server backup',
      '1 user will have SMS or voice only, which end in 61 days (2027-02-01)',
      'the last synchronisation is 3 days old: mfa sync once',
      'sign-ins were sent back on-premises on 2026-11-29',
    ])
  })

  it('says that a certificate has expired', () => {
    const facts = {...EVERYTHING, certificate: {thumbprintSha256: 'AB', notAfter: '2026-11-30T08:00:00Z'}}
    expect(attention(facts)[0]).toBe(
      'the client certificate expired on 2026-11-30: mfa app certificate rotate',
    )
  })
})
