import {describe, expect, it} from 'vitest'

import {MfaError} from '../../src/lib/errors/mfa-error.js'
import {pastChanges} from '../../src/lib/changes/past-changes.js'
import type {ObjectId} from '../../src/lib/model/brand.js'
import type {EntraIdentity, EntraMethods} from '../../src/lib/model/entra-user.js'
import type {ReadFailure} from '../../src/lib/ports/directory.js'
import type {Campaign, PassSealing} from '../../src/lib/ports/sign-in-help.js'
import {
  covers,
  NO_CAMPAIGN,
  sameCampaign,
  withGroup,
  withoutGroup,
} from '../../src/lib/readiness/campaign-plan.js'
import {type CampaignRequest, setCampaign} from '../../src/lib/readiness/campaign.js'
import {type IssueRequest, issuePasses} from '../../src/lib/readiness/issue-passes.js'
import {judgeUser} from '../../src/lib/readiness/judge.js'
import {readiness} from '../../src/lib/readiness/readiness.js'
import {FakeClock} from '../fakes/clock.js'
import {FakeCampaigns, FakePasses, PASS_POLICY} from '../fakes/fake-sign-in-help.js'
import {MemoryFiles} from '../fakes/memory-files.js'
import {MemoryJournal} from '../fakes/memory-journal.js'
import {memoryScratch} from '../fakes/memory-scratch.js'
import {FakeUi} from '../fakes/ui.js'
import {collect} from '../helpers/collect.js'
import {allowed, methods, allowedOnly} from '../fixtures/users.js'

const {signal} = new AbortController()
const ALL = allowed()
const NOTHING = allowedOnly()
const EMPTY = methods()
const PHONE = {phones: [{id: 'p', slot: 'mobile' as const, number: '+1 4255550110'}]}
const APP = {authenticators: [{id: 'a'}]}
const other = (type: string) => ({others: [{id: 'o', type}]})
const person = (name: string, more: Partial<EntraIdentity> = {}): EntraIdentity => ({
  id: name as ObjectId,
  userPrincipalName: `${name}@contoso.com`,
  accountEnabled: true,
  isGuest: false,
  ...more,
})

describe('how a user stands after the cut-over', () => {
  const judged = (methods: Partial<EntraMethods>, allowed = ALL, phonesEnded = false) => {
    const {state, reason, steps, by, forbidden} = judgeUser({
      user: person('ann'),
      methods: {...EMPTY, ...methods},
      allowed,
      phonesEnded,
    })
    return {state, reason, steps, by, forbidden}
  }
  const legacy = {...NOTHING, uncertain: true}
  const token = (status: 'assigned' | 'activated') => ({
    hardwareOath: [{id: 'h', serialNumber: 'T-1', status}],
  })

  it.each([
    ['an app', APP, ALL, {state: 'ready', steps: [], by: ['push']}],
    ['an app and a phone', {...APP, ...PHONE}, ALL, {state: 'ready', by: ['push', 'mobilePhone']}],
    ['a passkey', other('fido2'), ALL, {state: 'ready', by: ['passkey']}],
    ['a phone', PHONE, ALL, {state: 'sms-or-voice', steps: ['register'], by: ['mobilePhone']}],
    ['nothing', {}, ALL, {state: 'locked-out', reason: 'no-method', steps: ['issue-tap', 'register']}],
    [
      'a pass and nothing else',
      other('temporaryAccessPass'),
      ALL,
      {state: 'locked-out', reason: 'no-method', steps: ['register']},
    ],
    [
      'an app that the policy forbids',
      APP,
      NOTHING,
      {state: 'locked-out', reason: 'policy', steps: ['enable-method'], forbidden: ['push']},
    ],
    ['a phone by legacy settings', PHONE, legacy, {state: 'legacy', forbidden: ['mobilePhone']}],
    [
      'a token that was never activated',
      token('assigned'),
      ALL,
      {state: 'locked-out', reason: 'inactive', steps: ['activate-token']},
    ],
    [
      'Windows Hello alone',
      other('windowsHelloForBusiness'),
      ALL,
      {state: 'locked-out', reason: 'one-device', steps: ['register']},
    ],
  ] as const)('%s', (_, methods, allowed, expected) => {
    expect(judged(methods, allowed)).toMatchObject(expected)
  })

  it('counts phones for nothing once SMS and voice have ended', () => {
    expect(judged(PHONE, ALL, true)).toMatchObject({
      state: 'locked-out',
      reason: 'sms-voice-ended',
      steps: ['issue-tap', 'register'],
      by: [],
    })
    expect(judged({...PHONE, ...APP}, ALL, true)).toMatchObject({state: 'ready', by: ['push']})
    // Enabling SMS would not help any more.
    expect(judged(PHONE, NOTHING, true)).toMatchObject({reason: 'sms-voice-ended', forbidden: []})
  })

  it('does not judge who could not be read', () => {
    const failure: ReadFailure = {code: 'X', message: 'no answer'}
    const found = judgeUser({user: person('ann'), methods: failure, allowed: ALL, phonesEnded: false})
    expect([found.state, found.unusable, found.steps]).toEqual(['unknown', ['no answer'], ['look']])
  })
})

describe('readiness of a group', () => {
  const people = [
    ...Array.from({length: 250}, (_, n) => person(`app${String(n).padStart(3, '0')}`)),
    person('zoe'),
    person('phil'),
    person('gus', {isGuest: true}),
    person('off', {accountEnabled: false}),
    person('lost'),
  ]
  const methodsOf = ({id}: {id: ObjectId}): EntraMethods | ReadFailure => {
    if (id === 'zoe') return EMPTY
    if (id === 'phil') return {...EMPTY, ...PHONE}
    return id === 'lost' ? {code: 'X', message: 'no answer'} : {...EMPTY, ...APP}
  }
  async function run(on: string, phonesEnd: string | undefined = '2027-02-01') {
    const asked: number[] = []
    const directory = {
      findGroup: () => Promise.resolve({id: 'g' as ObjectId, displayName: 'Pilot', isDynamic: false}),
      async *members() {
        yield people.slice(0, 240)
        yield people.slice(240)
      },
      everyone: () => {
        throw new Error('not asked for')
      },
      methods(users: readonly ObjectId[]) {
        asked.push(users.length)
        return Promise.resolve(new Map(users.map((id) => [id, methodsOf({id})])))
      },
    }
    const deps = {
      directory,
      campaigns: new FakeCampaigns(undefined),
      passes: new FakePasses(),
      allowed: () => Promise.resolve(() => ALL),
      scratch: memoryScratch(),
      ui: new FakeUi(),
    }
    const found = await readiness({group: 'Pilot', on: new Date(on), phonesEnd}, deps, signal)
    const waiting = Array.from(found.judged.entries(), ([, {id, state}]) => `${id} ${state}`).slice(0, 3)
    return {...found, waiting, asked}
  }

  it('counts, asks in batches, and names the worst first', async () => {
    const found = await run('2026-11-26T00:00:00Z')
    expect(found).toMatchObject({
      users: 253,
      disabled: 1,
      guests: 1,
      counts: {'locked-out': 1, unknown: 1, legacy: 0, 'sms-or-voice': 1, ready: 250},
      by: {push: 250, mobilePhone: 1},
      steps: {'issue-tap': 1, register: 2, look: 1},
      isCampaignOn: false,
    })
    expect(found.waiting).toEqual(['zoe locked-out', 'lost unknown', 'phil sms-or-voice'])
    expect(Math.max(...found.asked)).toBeLessThanOrEqual(100)
  })

  it('knows the day on which SMS and voice end, where there is one', async () => {
    expect((await run('2027-01-31T23:59:59Z')).counts['locked-out']).toBe(1)
    expect((await run('2027-02-01T00:00:00Z')).counts['locked-out']).toBe(2)
    const none = {...(await run('2030-01-01T00:00:00Z', '2999-01-01'))}
    expect(none.counts['locked-out']).toBe(1)
  })
})

const target = (id: string, method = 'microsoftAuthenticator') => ({id, targetType: 'group' as const, method})
const UNTOUCHED: Campaign = {state: 'default', snoozeDays: 1, include: [target('all_users')], exclude: []}
const ON: Campaign = {state: 'enabled', snoozeDays: 2, include: [target('other')], exclude: []}

describe('the registration campaign', () => {
  it('is switched on for the group and for nobody else by accident', () => {
    expect(withGroup(UNTOUCHED, 'g')).toEqual({...UNTOUCHED, state: 'enabled', include: [target('g')]})
    expect(withGroup(ON, 'g')).toEqual({...ON, include: [target('other'), target('g')]})
    expect(withGroup({...ON, exclude: [target('g')]}, 'g').exclude).toEqual([])
    expect(withGroup(ON, 'g', 5).snoozeDays).toBe(5)
  })

  it('leaves what covers the group already', () => {
    const everybody = {...ON, include: [target('all_users')]}
    expect(withGroup(everybody, 'g')).toBe(everybody)
    expect(covers(everybody, 'g')).toBe(true)
    expect(covers({...everybody, exclude: [target('g')]}, 'g')).toBe(false)
    expect(withGroup({...everybody, exclude: [target('g')]}, 'g')).toEqual(everybody)
    // It asks them to register something else.
    expect(covers({...ON, include: [target('g', 'fido2')]}, 'g')).toBe(false)
    expect(covers(UNTOUCHED, 'g')).toBe(false)
  })

  it('is switched off for the group', () => {
    const two = withGroup(ON, 'g')
    expect(sameCampaign(withoutGroup(two, 'g'), ON)).toBe(true)
    expect(withoutGroup({...ON, include: [target('g')]}, 'g')).toMatchObject({state: 'disabled', include: []})
    expect(withoutGroup(ON, 'g')).toBe(ON)
    expect(withoutGroup(NO_CAMPAIGN, 'g')).toBe(NO_CAMPAIGN)
  })

  function world(now: Campaign | undefined = UNTOUCHED, answers: readonly boolean[] = []) {
    const clock = new FakeClock()
    const campaigns = new FakeCampaigns(now)
    const journal = new MemoryJournal(clock)
    const ui = new FakeUi(answers)
    const directory = {
      tenantId: () => Promise.resolve('tenant-1'),
      findGroup: (name: string) =>
        Promise.resolve({id: name.toLowerCase() as ObjectId, displayName: name, isDynamic: false}),
    }
    const set = (more: Partial<CampaignRequest> = {}) =>
      setCampaign(
        {
          group: 'G',
          off: false,
          snoozeDays: undefined,
          yes: true,
          dryRun: false,
          consistencyMs: 5000,
          logFile: undefined,
          preview: () => {},
          ...more,
        },
        {campaigns, directory, journal, clock, ui},
        signal,
      )
    return {campaigns, journal, set, ui}
  }

  it('is written once, journalled with what was there, and brought back', async () => {
    const {campaigns, journal, set} = world()
    expect(await set()).toMatchObject({writes: 1, isNew: true, visible: true})
    expect(await set()).toMatchObject({writes: 0, isNew: false})
    expect(campaigns.writes).toBe(1)
    const [past] = await collect(pastChanges(journal, 'tenant-1', ['readiness']))
    expect(past?.change).toMatchObject({kind: 'set-campaign', before: UNTOUCHED, group: 'g'})
    expect(past?.outcome?.status).toBe('done')
    expect(await set({off: true})).toMatchObject({writes: 1, isUndo: true})
    expect(campaigns.now).toEqual(UNTOUCHED)
    expect(await set({off: true})).toMatchObject({writes: 0})
  })

  it('takes only the group out where somebody else has changed the campaign since', async () => {
    const {campaigns, set} = world()
    await set()
    campaigns.now = withGroup(campaigns.now ?? NO_CAMPAIGN, 'more')
    expect(await set({off: true})).toMatchObject({writes: 1, isUndo: false})
    expect(campaigns.now).toMatchObject({state: 'enabled', include: [target('more')]})
  })

  it('finds out what became of a lost answer before it writes again', async () => {
    const {campaigns, set} = world()
    campaigns.loseNext = true
    expect(await set()).toMatchObject({writes: 1, visible: true})
    expect(campaigns.writes).toBe(1)
  })

  it('goes on after a change that did not land, from what there is now and was shown', async () => {
    const {campaigns, set} = world(ON)
    campaigns.dropNext = 2
    await expect(set()).rejects.toMatchObject({code: 'CHANGE_IN_DOUBT'})
    // A colleague asks one more group before the same command is given again.
    campaigns.now = withGroup(ON, 'colleague')
    const shown: Campaign[] = []
    expect(await set({preview: ({after}) => void shown.push(after)})).toMatchObject({
      writes: 1,
      visible: true,
    })
    expect(campaigns.now).toEqual({...ON, include: [target('other'), target('colleague'), target('g')]})
    expect(shown).toEqual([campaigns.now])
    expect(await set({off: true})).toMatchObject({writes: 1, isUndo: true})
    expect(campaigns.now).toEqual(withGroup(ON, 'colleague'))
  })

  it('is not sent a second time over what a colleague changed since the first', async () => {
    const {campaigns, set} = world(ON)
    campaigns.dropNext = 1
    campaigns.onDropped = () => void (campaigns.now = withGroup(ON, 'colleague'))
    await expect(set()).rejects.toMatchObject({exit: 'stale'})
    expect(campaigns.now).toEqual(withGroup(ON, 'colleague'))
    expect(await set()).toMatchObject({writes: 1, visible: true})
    expect(campaigns.now?.include).toHaveLength(3)
  })

  it('writes nothing when declined, in a dry run, or where somebody else was quicker', async () => {
    const {campaigns, set} = world(UNTOUCHED, [false])
    await expect(set({yes: false})).rejects.toMatchObject({exit: 'declined'})
    expect(await set({dryRun: true})).toMatchObject({writes: 0, isNew: true})
    await expect(set({preview: () => void (campaigns.now = ON)})).rejects.toMatchObject({exit: 'stale'})
    expect(campaigns.writes).toBe(0)
  })
})

describe('Temporary Access Passes', () => {
  /** Shows what would be sealed; only a test does. */
  const sealing: PassSealing = {
    mustTake(recipients) {
      if (recipients.includes('bad')) throw new MfaError('RECIPIENT', 'no recipient', {exit: 'usage'})
    },
    seal: (passes) =>
      Promise.resolve(
        passes
          .map(({userPrincipalName, issued}) => `${userPrincipalName}=${issued.pass.reveal()}`)
          .join('\n'),
      ),
  }
  const people = [
    person('ann'),
    person('bob'),
    person('gus', {isGuest: true}),
    person('off', {accountEnabled: false}),
  ]

  function world() {
    const clock = new FakeClock()
    const passes = new FakePasses()
    const journal = new MemoryJournal(clock)
    const files = new MemoryFiles()
    const groups: Readonly<Record<string, readonly EntraIdentity[]>> = {some: [person('ann')]}
    const directory = {
      tenantId: () => Promise.resolve('tenant-1'),
      findUser: (name: string) => Promise.resolve(people.find(({id}) => id === name)),
      async *members(group: ObjectId) {
        yield groups[group] ?? []
      },
    }
    const deps = {passes, sealing, directory, journal, files, clock, ui: new FakeUi(), now: () => clock.now()}
    const issue = (more: Partial<IssueRequest> = {}) =>
      issuePasses(
        {
          users: ['ann'],
          lifetimeMinutes: undefined,
          isUsableOnce: undefined,
          startsAt: undefined,
          recipients: ['age1'],
          out: 'passes.age',
          replace: false,
          yes: true,
          consistencyMs: 5000,
          logFile: undefined,
          ...more,
        },
        deps,
        signal,
      )
    return {passes, journal, files, issue}
  }

  it('go into the sealed file and nowhere else', async () => {
    const {journal, files, issue} = world()
    const report = await issue({users: ['ann', 'bob', 'ann'], lifetimeMinutes: 120})
    expect(files.text('passes.age')).toBe('ann@contoso.com=TAP-text-1\nbob@contoso.com=TAP-text-2')
    expect(report.issued).toMatchObject([
      {userPrincipalName: 'ann@contoso.com', expiresAt: '2026-03-01T11:00:00.000Z'},
      {userPrincipalName: 'bob@contoso.com', methodId: 'pass-2'},
    ])
    expect(JSON.stringify([report, journal.store.actions, [...journal.store.runs]])).not.toContain('TAP-text')
    const changes = await collect(pastChanges(journal, 'tenant-1', ['readiness']))
    expect(changes.map(({change, outcome}) => [change.says, outcome?.status])).toEqual([
      ['issue a Temporary Access Pass for ann@contoso.com', 'done'],
      ['issue a Temporary Access Pass for bob@contoso.com', 'done'],
    ])
  })

  it('are one a user; --replace removes the one that is there', async () => {
    const {passes, files, issue} = world()
    await issue()
    await expect(issue({out: 'two.age'})).rejects.toMatchObject({code: 'TAP_EXISTS', exit: 'refused'})
    expect(passes.posts).toBe(1)
    await issue({out: 'two.age', replace: true})
    expect(files.text('two.age')).toBe('ann@contoso.com=TAP-text-2')
    expect(passes.held.size).toBe(1)
  })

  it('that were lost on the way are not passed over in silence, nor issued twice', async () => {
    const {passes, files, issue} = world()
    passes.loseNext = true
    await expect(issue({users: ['ann', 'bob']})).rejects.toMatchObject({code: 'PASS_LOST', exit: 'partial'})
    expect([passes.posts, files.text('passes.age')]).toEqual([1, ''])
    await issue({users: ['ann', 'bob'], replace: true})
    expect(files.text('passes.age')).toBe('ann@contoso.com=TAP-text-2\nbob@contoso.com=TAP-text-3')
  })

  it('keep what was issued before a later one failed', async () => {
    const {passes, files, issue} = world()
    const once = passes.issue.bind(passes)
    passes.issue = (user, request) =>
      user === 'bob'
        ? Promise.resolve({outcome: {status: 'failed', code: 'x', message: 'no'}})
        : once(user, request)
    await expect(issue({users: ['ann', 'bob']})).rejects.toMatchObject({exit: 'partial'})
    expect(files.text('passes.age')).toBe('ann@contoso.com=TAP-text-1')
  })

  it.each([
    ['a recipient that is none', {recipients: ['bad']}, {}, {code: 'RECIPIENT'}],
    ['a user who is not there', {users: ['zoe']}, {}, {code: 'USER_NOT_FOUND', exit: 'usage'}],
    ['a guest', {users: ['gus']}, {}, {code: 'USER_CANNOT_USE_TAP', exit: 'refused'}],
    ['a disabled account', {users: ['off']}, {}, {code: 'USER_CANNOT_USE_TAP', exit: 'refused'}],
    ['a lifetime below the policy', {lifetimeMinutes: 59}, {}, {code: 'TAP_LIFETIME', exit: 'usage'}],
    ['a lifetime above the policy', {lifetimeMinutes: 481}, {}, {code: 'TAP_LIFETIME', exit: 'usage'}],
    ['a start that is over', {startsAt: '2026-02-28T00:00:00Z'}, {}, {code: 'TAP_START', exit: 'usage'}],
    [
      'several uses where the policy takes one',
      {isUsableOnce: false},
      {isUsableOnce: true},
      {code: 'TAP_ONCE'},
    ],
    ['a method that is off', {}, {enabled: false}, {code: 'TAP_OFF', exit: 'refused'}],
    ['a user outside of its groups', {users: ['bob']}, {include: ['some']}, {code: 'TAP_NOT_FOR_USER'}],
    ['a user who is excluded', {}, {exclude: ['some']}, {code: 'TAP_NOT_FOR_USER', exit: 'refused'}],
  ])('are not issued for %s', async (_, asked, rules, expected) => {
    const {passes, files, journal, issue} = world()
    passes.rules = {...PASS_POLICY, ...rules}
    await expect(issue(asked)).rejects.toMatchObject(expected)
    expect([passes.posts, files.texts.size, journal.store.runs.size]).toEqual([0, 0, 0])
  })

  it('are issued to members of the group that the method is for', async () => {
    const {passes, issue} = world()
    passes.rules = {...PASS_POLICY, include: ['some']}
    expect((await issue()).issued).toHaveLength(1)
  })
})
