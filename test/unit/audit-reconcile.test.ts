import {describe, expect, it} from 'vitest'

import {type Difference, reconcile} from '../../src/lib/audit/reconcile.js'
import {summarise} from '../../src/lib/audit/summary.js'
import type {ActionId, ObjectId, RunId} from '../../src/lib/model/brand.js'
import type {Outcome} from '../../src/lib/model/outcome.js'
import type {AuditActor} from '../../src/lib/ports/audit-log.js'
import type {ActionRecord, RunQuery, RunRecord} from '../../src/lib/ports/journal.js'
import {FakeClock} from '../fakes/clock.js'
import {FakeAuditLog, type Logged, SERVICE} from '../fakes/fake-audit-log.js'
import {memoryScratch} from '../fakes/memory-scratch.js'
import {FakeUi} from '../fakes/ui.js'

const APP: AuditActor = {kind: 'app', id: 'our-app', name: 'mfa'}
const ADMIN: AuditActor = {kind: 'person', id: 'admin', name: 'admin@contoso.com'}
const RUN: RunRecord = {
  id: '01J0000000000000000000000A' as RunId,
  kind: 'migrate',
  tenantId: 'tenant-1',
  sourceLabel: './export',
  sourceFingerprint: 'f',
  options: {},
  resumeKey: 'k',
  startedAt: '2026-11-26T10:00:00.000Z',
  endedAt: '2026-11-26T10:10:00.000Z',
  status: 'finished',
}
const DONE: Outcome = {status: 'done'}
const at = (minutes: number): string => new Date(Date.parse(RUN.startedAt) + minutes * 60_000).toISOString()
const never = new AbortController().signal

interface Written {
  readonly user: string
  readonly kind: string
  readonly more?: object
  readonly minute?: number
  readonly outcome?: Outcome | undefined
}

const action = (each: Written, n: number): ActionRecord => ({
  run: RUN.id,
  user: each.user as ObjectId,
  userPrincipalName: `${each.user}@contoso.com`,
  action: `${each.kind} ${n}` as ActionId,
  intent: {kind: each.kind, ...each.more},
  intentAt: at(each.minute ?? 1),
  ...('outcome' in each && each.outcome === undefined
    ? {}
    : {outcome: each.outcome ?? DONE, outcomeAt: at(each.minute ?? 1)}),
})
const phone = (number: string) => ({slot: 'mobile', number})
const setPhone = (user: string, more: Partial<Written> = {}): Written => ({
  user,
  kind: 'set-phone',
  more: phone('+1 4255550110'),
  ...more,
})
const numberEntry = (user: string, minute: number, number: string | null, actor = APP): Logged => ({
  at: at(minute),
  user,
  actor,
  properties: [
    {
      property: 'StrongAuthenticationUserDetails',
      before: JSON.stringify([{PhoneNumber: '+1 4255550100'}]),
      after: JSON.stringify([{PhoneNumber: number}]),
    },
  ],
})

async function compared(
  written: readonly Written[],
  entries: readonly Logged[],
  {
    run = RUN,
    beyondMs = 0,
    now = '2026-11-27T10:00:00.000Z',
    later = true,
    others = [] as readonly (RunRecord & {readonly written: readonly Written[]})[],
  } = {},
) {
  const log = new FakeAuditLog()
  log.add(...entries)
  // Something else happened later on in the tenant: the log reaches that far.
  if (later) log.add({at: '2026-11-27T09:00:00.000Z', user: 'somebody'})
  const clock = new FakeClock(now)
  const journal = {
    runs: async ({tenantId, kinds, endedSince}: RunQuery = {}) =>
      [run, ...others].filter(
        (one) =>
          one.tenantId === tenantId &&
          kinds?.includes(one.kind) === true &&
          (one.endedAt === undefined || one.endedAt >= (endedSince ?? '')),
      ),
    async *actions(id: RunId) {
      yield* (others.find((other) => other.id === id)?.written ?? written).map(action)
    },
  }
  const deps = {log, journal, scratch: memoryScratch(), ui: new FakeUi(), clock, ours: {appId: 'our-app'}}
  const result = await reconcile({run, beyondMs}, deps, never)
  const differences = Array.from(result.differences.entries(), ([, each]) => each)
  const kinds = differences.map(({kind, userPrincipalName}: Difference) => `${kind} ${userPrincipalName}`)
  return {...result, all: differences, kinds}
}

describe('a run against the audit log', () => {
  it('finds every change', async () => {
    const result = await compared(
      [setPhone('ann'), {user: 'bob', kind: 'assign-token', more: {serialNumber: 'T-1'}}],
      [
        numberEntry('ann', 1, '+1 4255550110'),
        {
          at: at(1),
          user: 'bob',
          actor: SERVICE,
          properties: [
            {property: 'StrongAuthenticationPhoneAppDetail', before: '[]', after: '[{"DeviceName":"T-1"}]'},
          ],
        },
      ],
    )
    expect([result.changes, result.found, result.kinds]).toEqual([2, 2, []])
    expect(result.actors).toEqual([
      {name: 'mfa', entries: 1},
      {name: 'Azure MFA StrongAuthenticationService', entries: 1},
    ])
    expect(result.reaches).toBe('2026-11-27T09:00:00.000Z')
  })

  it('misses a change that is not there, and one with another number', async () => {
    const result = await compared(
      [setPhone('ann'), setPhone('bob')],
      [numberEntry('bob', 1, '+1 4255550199')],
    )
    expect(result.kinds).toEqual([
      'missing ann@contoso.com',
      'missing bob@contoso.com',
      'foreign bob@contoso.com',
    ])
    expect(result.counts).toEqual({missing: 2, 'not-yet': 0, foreign: 1, 'in-doubt': 0})
    expect(result.all[0]?.change).toBe('set-phone mobile')
  })

  it('knows what another run of ours did to the users, such as the undo; not what somebody else did', async () => {
    const undo = {
      ...RUN,
      id: '01J0000000000000000000000B' as RunId,
      kind: 'undo' as const,
      startedAt: at(20),
      endedAt: at(25),
      written: [
        {user: 'ann', kind: 'remove-phone', more: {slot: 'mobile'}, minute: 21},
        {user: 'bob', kind: 'remove-phone', more: {slot: 'mobile'}, minute: 21},
      ],
    }
    const entries = [
      numberEntry('ann', 1, '+1 4255550110'),
      numberEntry('ann', 21, null),
      numberEntry('ann', 22, null, ADMIN),
      numberEntry('bob', 21, null),
    ]
    const beyond = {beyondMs: 3_600_000}
    const found = await compared([setPhone('ann')], entries, {...beyond, others: [undo]})
    expect(found.kinds).toEqual(['foreign ann@contoso.com'])
    expect(found.all[0]?.at).toBe(at(22))
    expect(found.otherRuns).toEqual([{run: undo.id, kind: 'undo', entries: 1}])
    const elsewhere = await compared([setPhone('ann')], entries, {
      ...beyond,
      others: [{...undo, tenantId: 'tenant-2'}],
    })
    expect(elsewhere.counts.foreign).toBe(2)
  })

  it('waits for entries that may still come: the log does not reach so far, or the run was just now', async () => {
    const behind = await compared([setPhone('ann')], [numberEntry('zoe', -3, '+1 4255550199')], {
      later: false,
    })
    expect(behind.kinds).toEqual(['not-yet ann@contoso.com'])
    expect(behind.reaches).toBe(at(-3))
    const justNow = await compared([setPhone('ann')], [], {now: at(20)})
    expect(justNow.kinds).toEqual(['not-yet ann@contoso.com'])
  })

  it('reports what else happened to its users while it ran, and later where asked', async () => {
    const entries = [
      numberEntry('ann', 1, '+1 4255550110'),
      numberEntry('ann', 3, null, ADMIN),
      numberEntry('ann', 60, '+1 4255550155', ADMIN),
      // Not one of its users; not about MFA; before it began.
      numberEntry('zoe', 3, null, ADMIN),
      {
        at: at(4),
        user: 'ann',
        actor: ADMIN,
        properties: [{property: 'Department', before: '[]', after: '["x"]'}],
      },
      numberEntry('ann', -2, '+1 4255550100', ADMIN),
    ]
    const result = await compared([setPhone('ann')], entries)
    expect(result.all.map(({kind, at: when}) => [kind, when])).toEqual([['foreign', at(3)]])
    const beyond = await compared([setPhone('ann')], entries, {beyondMs: 3_600_000})
    expect(beyond.all.map(({at: when}) => when)).toEqual([at(3), at(60)])
  })

  it('does not take the same change by somebody else for ours', async () => {
    const result = await compared(
      [setPhone('ann'), setPhone('bob')],
      [numberEntry('ann', 1, '+1 4255550110'), numberEntry('bob', 1, '+1 4255550110', ADMIN)],
    )
    expect(result.kinds).toEqual(['missing bob@contoso.com', 'foreign bob@contoso.com'])
  })

  it('does not take a method that came along for a default that we set', async () => {
    const methods = (minute: number, after: object): Logged => ({
      at: at(minute),
      user: 'ann',
      actor: APP,
      properties: [
        {property: 'StrongAuthenticationMethod', before: '[{"MethodType":5}]', after: JSON.stringify(after)},
      ],
    })
    const sms = {MethodType: 5, Default: true}
    const written = [{user: 'ann', kind: 'set-default', more: {method: 'sms'}}]
    const result = await compared(written, [
      methods(1, [sms]),
      methods(2, [{MethodType: 5}, {MethodType: 2}]),
    ])
    expect([result.found, result.kinds]).toEqual([1, ['foreign ann@contoso.com']])
  })

  it('takes the name that most of our changes stand under, where nobody knows it beforehand', async () => {
    const gateway: AuditActor = {kind: 'app', id: 'gateway', name: 'Some Gateway'}
    const result = await compared([setPhone('ann')], [numberEntry('ann', 1, '+1 4255550110', gateway)])
    expect([result.kinds, result.actors]).toEqual([[], [{name: 'Some Gateway', entries: 1}]])
  })

  it('asks nothing for what was refused or in place already, and nothing of the inventory', async () => {
    const failed: Outcome = {status: 'failed', code: 'X', message: 'no'}
    const result = await compared(
      [
        setPhone('ann', {outcome: failed}),
        setPhone('bob', {outcome: {status: 'already-done'}}),
        {user: 'cyd', kind: 'create-token', more: {serialNumber: 'T-1'}},
      ],
      // A first attempt whose answer was lost had landed after all.
      [numberEntry('bob', 1, '+1 4255550110')],
    )
    expect([result.changes, result.notCompared, result.kinds]).toEqual([0, 1, []])
  })

  it('shows what the journal is in doubt about and the log knows', async () => {
    const doubtful = [setPhone('ann', {outcome: undefined}), setPhone('bob', {outcome: undefined})]
    const result = await compared(doubtful, [numberEntry('ann', 1, '+1 4255550110')])
    expect(result.kinds).toEqual(['in-doubt ann@contoso.com'])
  })

  it('does not count what failed in the log', async () => {
    const entry = {...numberEntry('ann', 1, '+1 4255550110'), result: 'failure'}
    expect((await compared([setPhone('ann')], [entry])).counts.missing).toBe(1)
  })

  it('refuses a run that did not change users', async () => {
    const run = {...RUN, kind: 'federation' as const}
    await expect(compared([], [], {run})).rejects.toMatchObject({code: 'NOT_A_RUN_OF_USERS', exit: 'usage'})
  })
})

describe('summary', () => {
  it('counts different users a day and in all', async () => {
    const log = new FakeAuditLog()
    const incumbent: AuditActor = {kind: 'app', name: 'Azure MFA Management'}
    log.add(
      numberEntry('ann', 0, '+1 4255550110'),
      numberEntry('ann', 1, '+1 4255550111'),
      numberEntry('ann', 2, '+1 4255550112', incumbent),
      numberEntry('bob', 3, '+1 4255550113', incumbent),
      numberEntry('cyd', 4, '+1 4255550114', SERVICE),
      numberEntry('ann', 24 * 60, '+1 4255550115'),
      // A pass: an entry, and nobody migrated.
      {at: at(6), user: 'eve', actor: APP, activity: 'Admin registered security info'},
      {at: at(5), user: 'dot', actor: ADMIN, properties: [{property: 'Department', after: '["x"]'}]},
    )
    const {days, total} = await summarise(log.entries({}), {appId: 'our-app'}, memoryScratch())
    expect(days.map(({day, migrated, byActor, entries}) => [day, migrated, byActor, entries])).toEqual([
      ['2026-11-26', 2, {app: 1, incumbent: 2, service: 1, other: 0}, 6],
      ['2026-11-27', 1, {app: 1, incumbent: 0, service: 0, other: 0}, 1],
    ])
    expect(total).toMatchObject({
      migrated: 2,
      byActor: {app: 1, incumbent: 2, service: 1},
      numbers: 6,
      entries: 7,
    })
  })
})
