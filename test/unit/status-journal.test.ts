import {describe, expect, it} from 'vitest'

import type {ObjectId} from '../../src/lib/model/brand.js'
import type {RunKind} from '../../src/lib/ports/journal.js'
import {groupFacts} from '../../src/lib/status/group-facts.js'
import {readRecorded, recordPilot, recordStep} from '../../src/lib/status/record.js'
import {FakeClock} from '../fakes/clock.js'
import {MemoryJournal} from '../fakes/memory-journal.js'

const TENANT = 'tenant-1'
const GROUP = {id: 'group-1' as ObjectId, displayName: 'Pilot'}
const never = new AbortController().signal

function world() {
  const clock = new FakeClock()
  const journal = new MemoryJournal(clock)
  /** One finished run with these outcomes. */
  const run = async (
    kind: RunKind,
    outcomes: Readonly<Record<string, string>>,
    options: Readonly<Record<string, unknown>> = {users: []},
    summary: Readonly<Record<string, unknown>> = {},
  ) => {
    clock.advance(60_000)
    const at = clock.now().toISOString()
    const {run} = await journal.beginRun({
      kind,
      tenantId: TENANT,
      group: GROUP,
      sourceLabel: 'bundle',
      sourceFingerprint: 'f',
      options,
      resumeKey: `${kind} ${at}`,
      startedAt: at,
    })
    for (const [user, outcome] of Object.entries(outcomes)) {
      const userPrincipalName = `${user}@contoso.com`
      const record = {run: run.id, user: user as ObjectId, userPrincipalName, outcome, findings: [], at}
      await journal.userResult(record)
    }
    await journal.endRun(run.id, 'finished', summary, at)
    return run.id
  }
  return {clock, journal, run, deps: {journal, clock}}
}

describe('how a group stands', () => {
  it('is its last whole run', async () => {
    const {journal, run} = world()
    await run('migrate', {a: 'failed', b: 'failed'})
    const id = await run(
      'migrate',
      {a: 'migrated', b: 'unchanged', c: 'unmatched', d: 'disabled'},
      undefined,
      {
        smsOrVoiceOnly: 2,
      },
    )
    expect(await groupFacts(journal, TENANT)).toMatchObject([
      {
        displayName: 'Pilot',
        users: 4,
        migrated: 2,
        unmatched: 1,
        disabled: 1,
        failed: 0,
        smsOrVoiceOnly: 2,
        run: id,
      },
    ])
  })

  it('counts what later runs did to some of its users', async () => {
    const {journal, run} = world()
    await run('migrate', {a: 'migrated', b: 'failed', c: 'partly'})
    const retried = await run(
      'migrate',
      {b: 'migrated', c: 'failed'},
      {users: ['b@contoso.com', 'c@contoso.com']},
    )
    await run('undo', {a: 'migrated'}, {users: ['a@contoso.com']})
    expect(await groupFacts(journal, TENANT)).toMatchObject([
      {users: 3, migrated: 1, failed: 1, partly: 0, run: retried},
    ])
  })

  it('knows users who came with a later run', async () => {
    const {journal, run} = world()
    await run('migrate', {a: 'migrated'})
    await run('migrate', {b: 'migrated'}, {users: ['b@contoso.com']})
    expect(await groupFacts(journal, TENANT)).toMatchObject([{users: 2, migrated: 2}])
  })

  it('is nothing where only other tenants were migrated', async () => {
    const {journal, run} = world()
    await run('migrate', {a: 'migrated'})
    expect(await groupFacts(journal, 'tenant-2')).toEqual([])
  })
})

describe('what people put on record', () => {
  const told = {tenantId: TENANT, by: 'ada on host1'}

  it('is each pilot user with the newest answers', async () => {
    const {journal, deps, clock} = world()
    await recordPilot(
      'Ada@contoso.com',
      {'sign-in': 'failed', notifications: 'passed'},
      undefined,
      told,
      deps,
      never,
    )
    clock.advance(60_000)
    await recordPilot('ada@contoso.com', {'sign-in': 'passed'}, 'after a new number', told, deps, never)
    expect((await readRecorded(journal, TENANT)).pilots).toEqual([
      {
        userPrincipalName: 'ada@contoso.com',
        answers: {'sign-in': 'passed', notifications: 'passed'},
        at: clock.now().toISOString(),
      },
    ])
  })

  it('is a confirmed step until it is taken back', async () => {
    const {journal, deps, clock} = world()
    await recordStep('portal', true, 'redirected', told, deps, never)
    const at = clock.now().toISOString()
    expect([...(await readRecorded(journal, TENANT)).attested]).toEqual([
      ['portal', {at, by: 'ada on host1', note: 'redirected'}],
    ])
    clock.advance(60_000)
    await recordStep('portal', false, undefined, told, deps, never)
    expect((await readRecorded(journal, TENANT)).attested.size).toBe(0)
  })
})
