import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {assert, asyncProperty, integer} from 'fast-check'
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, test} from 'vitest'
import {MfaError} from '../../src/lib/errors/mfa-error.js'
import type {ActionId, ObjectId, RunId, SourceKey} from '../../src/lib/model/brand.js'
import type {EntraMethods} from '../../src/lib/model/entra-user.js'
import type {Outcome} from '../../src/lib/model/outcome.js'
import {OathSecret} from '../../src/lib/model/secret.js'
import type {Clock} from '../../src/lib/ports/clock.js'
import type {Journal, RunStart} from '../../src/lib/ports/journal.js'
import {openState} from '../../src/lib/state/open-state.js'
import {openPostgres} from '../../src/lib/state/postgres/open-postgres.js'
import {FakeClock} from '../fakes/clock.js'
import {journalStore, MemoryJournal} from '../fakes/memory-journal.js'
import {collect} from '../helpers/collect.js'
import {dump, player, scriptOf} from '../helpers/journal-script.js'
import {hasPostgres, startPostgres, type TestPostgres} from '../helpers/postgres.js'

interface Harness {
  /** Opens the same state, again and again. */
  open(): Promise<Journal>
  clean(): Promise<void>
}

async function sqliteHarness(clock: Clock): Promise<Harness> {
  const path = await mkdtemp(join(tmpdir(), 'mfa-journal-'))
  return {
    open: async () => (await openState({kind: 'folder', path}, {clock})).journal,
    clean: () => rm(path, {recursive: true, force: true}),
  }
}

async function memoryHarness(clock: Clock): Promise<Harness> {
  const store = journalStore()
  return {open: async () => new MemoryJournal(clock, store), clean: async () => {}}
}

let postgres: TestPostgres | undefined
beforeAll(async () => {
  if (hasPostgres) postgres = await startPostgres()
})
afterAll(() => postgres?.stop())

async function postgresHarness(clock: Clock): Promise<Harness> {
  const address = postgres?.address() ?? ''
  return {
    open: () => openPostgres(address, {clock, password: postgres?.password}),
    clean: async () => {},
  }
}

const TENANT = 'tenant-1'
const ANN = 'ann' as ObjectId
const BOB = 'bob' as ObjectId
const MOBILE = 'set-phone:mobile' as ActionId
const AT = '2026-03-01T10:00:00.000Z'
const START: RunStart = {
  kind: 'migrate',
  tenantId: TENANT,
  group: {id: 'g' as ObjectId, displayName: 'MFA "pilot" ☎'},
  sourceLabel: 'examples/contoso',
  sourceFingerprint: 'f1',
  options: {defaultMethod: 'if-unset', nested: {list: [1, 'two', null]}},
  resumeKey: 'k1',
  startedAt: AT,
  logFile: '/var/log/one.jsonl',
}
const IMAGE: EntraMethods = {
  phones: [{id: 'p1', slot: 'mobile', number: '+1 4255550100'}],
  authenticators: [],
  softwareOath: [],
  hardwareOath: [],
  others: [{id: 'o', type: 'fido2'}],
  systemPreferred: true,
  preferred: 'sms',
}

const HARNESSES: readonly (readonly [string, (clock: Clock) => Promise<Harness>])[] = [
  ['SQLite', sqliteHarness],
  ['memory', memoryHarness],
  ['PostgreSQL', postgresHarness],
]

describe.each(HARNESSES.filter(([name]) => name !== 'PostgreSQL' || hasPostgres))(
  'journal: %s',
  (_name, make) => {
    let clock: FakeClock
    let harness: Harness
    let journal: Journal
    let run: RunId

    beforeEach(async () => {
      clock = new FakeClock()
      harness = await make(clock)
      journal = await harness.open()
      run = (await journal.beginRun(START)).run.id
    })
    afterEach(async () => {
      await journal.close()
      await harness.clean()
    })

    const intend = (of: RunId, user: ObjectId = ANN, action: ActionId = MOBILE): Promise<void> =>
      journal.intent({
        run: of,
        user,
        userPrincipalName: `${user}@contoso.com`,
        action,
        intent: {kind: 'set-phone', number: '+1 4255550100'},
        intentAt: AT,
      })
    const settle = (of: RunId, status: Outcome['status'], user: ObjectId = ANN): Promise<void> => {
      const outcome: Outcome =
        status === 'failed' || status === 'unknown' ? {status, code: 'reset', message: 'gone'} : {status}
      return journal.outcome(of, user, MOBILE, {outcome}, AT)
    }
    const next = async (key: string): Promise<RunId> =>
      (await journal.beginRun({...START, resumeKey: key})).run.id
    const memoryOf = async (user: ObjectId, tenant = TENANT) => {
      const memory = (await journal.memory(tenant, [user])).get(user)
      if (memory === undefined) throw new Error('no entry')
      return memory
    }

    describe('runs', () => {
      test('a run comes back as it was begun', async () => {
        expect(await journal.run(run)).toEqual({...START, id: run, status: 'open'})
        expect(await journal.run('nothing')).toBeUndefined()
      })

      test.each(['open', 'interrupted'] as const)(
        'an %s run of the same key is taken up again',
        async (status) => {
          if (status === 'interrupted') await journal.endRun(run, status, {users: 3}, AT)
          await journal.close()
          journal = await harness.open()
          const {logFile: _logFile, ...start} = START
          const again = await journal.beginRun({...start, sourceFingerprint: 'f2', startedAt: 'later'})
          expect(again).toEqual({resumed: true, run: {...START, id: run, status: 'open'}})
          expect(await journal.runs()).toHaveLength(1)
        },
      )

      test.each(['finished', 'stopped'] as const)('a %s run is not taken up again', async (status) => {
        await journal.endRun(run, status, {users: 3}, AT)
        const again = await journal.beginRun(START)
        expect(again.resumed).toBe(false)
        expect(again.run.id).not.toBe(run)
        expect(await journal.run(run)).toEqual({...START, id: run, status, summary: {users: 3}, endedAt: AT})
      })

      test('another key, kind or tenant is another run', async () => {
        for (const other of [{resumeKey: 'k2'}, {kind: 'undo'}, {tenantId: 't2'}] as const)
          expect((await journal.beginRun({...START, ...other})).resumed).toBe(false)
        expect(await journal.runs()).toHaveLength(4)
      })

      test('runs are listed newest first, their ids ascend, whatever the clock does', async () => {
        const ids = [run]
        for (let n = 0; n < 20; n++) {
          if (n === 5) clock.jump(-3_600_000)
          if (n === 10) clock.advance(1)
          ids.push(await next(`other ${n}`))
        }
        expect((await journal.runs()).map(({id}) => id)).toEqual(ids.toReversed())
        expect(ids.toSorted()).toEqual(ids)
        expect(new Set(ids).size).toBe(21)
        for (const id of ids) expect(id).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/)
      })

      test('ending a run that is not there is a bug, not silence', async () => {
        await expect(journal.endRun('nothing' as RunId, 'finished', {}, AT)).rejects.toThrow('nothing')
      })
    })

    describe('intents and outcomes', () => {
      test('an intent stands without an outcome until there is one', async () => {
        await intend(run)
        const [open] = await collect(journal.actions(run))
        expect(open).toEqual({
          run,
          user: ANN,
          userPrincipalName: 'ann@contoso.com',
          action: MOBILE,
          intent: {kind: 'set-phone', number: '+1 4255550100'},
          intentAt: AT,
        })
        const outcome = {status: 'failed', code: 'c', message: 'm', requestId: 'r'} as const
        await journal.outcome(run, ANN, MOBILE, {outcome, made: {methodId: 'm1'}}, 'later')
        expect(await collect(journal.actions(run))).toEqual([
          {...open, outcome, made: {methodId: 'm1'}, outcomeAt: 'later'},
        ])
      })

      test('an outcome without an intent is a bug, not silence', async () => {
        await expect(settle(run, 'done')).rejects.toThrow(MOBILE)
        await expect(intend('nothing' as RunId)).rejects.toThrow('nothing')
      })

      test('a second attempt does not hide what the first one made', async () => {
        await intend(run)
        await journal.outcome(run, ANN, MOBILE, {outcome: {status: 'done'}, made: {deviceId: 'd1'}}, AT)
        await intend(run)
        const attempts = await collect(journal.actions(run))
        expect(attempts.map(({made, outcome}) => [made?.['deviceId'], outcome?.status])).toEqual([
          ['d1', 'done'],
          [undefined, undefined],
        ])
      })

      test('settling an outcome later keeps what was made', async () => {
        await intend(run)
        const unknown = {status: 'unknown', code: 'c', message: 'm'} as const
        await journal.outcome(run, ANN, MOBILE, {outcome: unknown, made: {deviceId: 'd1'}}, AT)
        await journal.outcome(run, ANN, MOBILE, {outcome: {status: 'done'}}, AT)
        const [record] = await collect(journal.actions(run))
        expect(record).toMatchObject({outcome: {status: 'done'}, made: {deviceId: 'd1'}})
      })

      test('actions stream in the order of their intents, of a run or of one user, while others are added', async () => {
        const other = await next('other')
        for (let n = 0; n < 1200; n++) await intend(run, n % 2 === 0 ? ANN : BOB, `a${n}` as ActionId)
        await intend(other)
        const seen: string[] = []
        for await (const {action} of journal.actions(run, BOB)) {
          seen.push(action)
          if (seen.length === 1) await intend(run, ANN, 'more' as ActionId)
        }
        expect(seen).toEqual(Array.from({length: 600}, (_, n) => `a${n * 2 + 1}`))
        expect(await collect(journal.actions(other))).toHaveLength(1)
      })
    })

    describe('images and results', () => {
      test('the first before-image stays', async () => {
        await journal.beforeImage(run, ANN, IMAGE, AT)
        await journal.beforeImage(run, ANN, {...IMAGE, phones: []}, AT)
        expect(await journal.beforeImageOf(run, ANN)).toEqual(IMAGE)
        expect(await journal.beforeImageOf(run, BOB)).toBeUndefined()
        expect(await journal.beforeImageOf(await next('other'), ANN)).toBeUndefined()
      })

      test('the last result of a user stands', async () => {
        const result = {
          run,
          userPrincipalName: 'x@contoso.com',
          outcome: 'partly',
          findings: [{code: 'x'}],
          at: AT,
        }
        await journal.userResult({...result, user: ANN, source: 'CONTOSO\\ann' as SourceKey})
        await journal.userResult({...result, user: BOB, outcome: 'unmatched', findings: []})
        await journal.userResult({...result, user: ANN, outcome: 'migrated'})
        const back = await collect(journal.userResults(run))
        expect(back).toHaveLength(2)
        expect(back).toContainEqual({...result, user: ANN, outcome: 'migrated'})
        expect(back).toContainEqual({...result, user: BOB, outcome: 'unmatched', findings: []})
        expect(await collect(journal.userResults(run, [BOB, 'nobody' as ObjectId]))).toEqual([
          {...result, user: BOB, outcome: 'unmatched', findings: []},
        ])
        expect(await collect(journal.userResults(run, []))).toEqual([])
      })
    })

    describe('R8: forgetting', () => {
      const image: EntraMethods = {
      phones: [], authenticators: [], softwareOath: [], hardwareOath: [], others: [], systemPreferred: false,
    } // prettier-ignore
      const traces = async (user: ObjectId) => ({
        actions: (await collect(journal.actions(run, user))).length,
        image: (await journal.beforeImageOf(run, user)) !== undefined,
        results: (await collect(journal.userResults(run))).filter((one) => one.user === user).length,
        migrated: (await memoryOf(user)).migrated !== undefined,
      })
      const leave = async (user: ObjectId, name: string): Promise<void> => {
        await journal.beforeImage(run, user, image, AT)
        await journal.userResult({
          run,
          user,
          userPrincipalName: name,
          outcome: 'migrated',
          findings: [],
          at: AT,
        })
        await journal.migrated(user, TENANT, {
        run, source: name as SourceKey, serverFingerprint: 's', optionsFingerprint: 'o', smsOrVoiceOnly: false, at: AT,
      }) // prettier-ignore
      }
      const GONE = {actions: 0, image: false, results: 0, migrated: false}
      const KEPT = {actions: 0, image: true, results: 1, migrated: true}

      test('a user, by name in any case, and nobody else', async () => {
        await leave(ANN, 'ann@contoso.com')
        await leave(BOB, 'bob@contoso.com')
        expect(await journal.forget({user: 'ANN@contoso.com'})).toBe(1)
        expect([await traces(ANN), await traces(BOB)]).toEqual([GONE, KEPT])
        expect(await journal.forget({user: 'ann@contoso.com'})).toBe(0)
        expect(await journal.run(run)).toBeDefined()
      })

      test('a run with everybody in it', async () => {
        await leave(ANN, 'ann@contoso.com')
        await leave(BOB, 'bob@contoso.com')
        expect(await journal.forget({run})).toBe(2)
        expect([await traces(ANN), await traces(BOB)]).toEqual([GONE, GONE])
        expect(await journal.run(run)).toBeUndefined()
      })

      test('a user of a run, by id', async () => {
        await leave(ANN, 'ann@contoso.com')
        await leave(BOB, 'bob@contoso.com')
        expect(await journal.forget({run, user: BOB})).toBe(1)
        expect([await traces(ANN), await traces(BOB)]).toEqual([KEPT, GONE])
        expect(await journal.run(run)).toBeDefined()
      })

      test('that a user was migrated', async () => {
        await leave(ANN, 'ann@contoso.com')
        await journal.forgetMigrated('another', ANN)
        expect((await traces(ANN)).migrated).toBe(true)
        await journal.forgetMigrated(TENANT, ANN)
        expect(await traces(ANN)).toEqual({...KEPT, migrated: false})
      })
    })

    describe('memory', () => {
      test('of somebody unknown it is empty', async () => {
        expect(await memoryOf(ANN)).toEqual({numbers: {}, tokens: [], unsettled: []})
        expect(await journal.memory(TENANT, [])).toEqual(new Map())
      })

      test('U5: the last successful migration, per tenant', async () => {
        const migrated = {
          run,
          source: 'CONTOSO\\ann' as SourceKey,
          serverFingerprint: 's1',
          optionsFingerprint: 'o1',
          smsOrVoiceOnly: true,
          at: AT,
        }
        await journal.migrated(ANN, TENANT, migrated)
        await journal.migrated(ANN, TENANT, {...migrated, serverFingerprint: 's2'})
        expect((await memoryOf(ANN)).migrated).toEqual({...migrated, serverFingerprint: 's2'})

        expect((await memoryOf(ANN)).writtenSince).toBeUndefined()
        await intend(run)
        expect((await memoryOf(ANN)).writtenSince).toBeUndefined()
        await journal.migrated(ANN, TENANT, {
          ...migrated,
          serverFingerprint: 's2',
          at: '2026-03-01T09:59:59.999Z',
        })
        expect((await memoryOf(ANN)).writtenSince).toBe(true)
        expect((await memoryOf(BOB)).writtenSince).toBeUndefined()

        await journal.forgetTenant('another')
        expect((await memoryOf(ANN)).migrated?.serverFingerprint).toBe('s2')
        await journal.forgetTenant(TENANT)
        expect((await memoryOf(ANN)).migrated).toBeUndefined()
        expect(await journal.runs()).toEqual([])
        expect((await memoryOf(ANN, 'other')).migrated).toBeUndefined()
        expect((await memoryOf(BOB)).migrated).toBeUndefined()
      })

      test('P6, D4, O1: numbers and tokens of successful writes only, each once, per tenant', async () => {
        const write = async (status: 'done' | 'already-done' | 'failed', value: string): Promise<void> => {
          await intend(run)
          const outcome: Outcome = status === 'failed' ? {status, code: 'c', message: 'm'} : {status}
          await journal.outcome(run, ANN, MOBILE, {outcome, remember: {number: {slot: 'mobile', value}}}, AT)
        }
        await write('done', '+1 4255550100')
        await write('failed', '+1 4255550101')
        await write('already-done', '+1 4255550102')
        await write('done', '+1 4255550100')
        await intend(run)
        const token = {secretHash: 'h1', serialNumber: 'SN1'}
        await journal.outcome(run, ANN, MOBILE, {outcome: {status: 'done'}, remember: {token}}, AT)
        const memory = await memoryOf(ANN)
        expect(memory.numbers).toEqual({mobile: ['+1 4255550100', '+1 4255550102']})
        expect(memory.tokens).toEqual([token])
        expect((await memoryOf(ANN, 'other')).numbers).toEqual({})
      })

      test('R1: what was never settled, in any run, until a later attempt is', async () => {
        await intend(run)
        expect((await memoryOf(ANN)).unsettled).toMatchObject([{run, action: MOBILE}])
        await settle(run, 'unknown')
        const second = await next('second')
        await intend(second)
        expect((await memoryOf(ANN)).unsettled.map((one) => one.run)).toEqual([run, second])
        await settle(second, 'unknown')
        expect((await memoryOf(ANN)).unsettled).toHaveLength(2)
        await settle(second, 'failed')
        expect((await memoryOf(ANN)).unsettled).toEqual([])
      })

      test('R1: an earlier settled attempt, another action or another user settles nothing', async () => {
        await intend(run)
        await settle(run, 'done')
        await intend(run)
        await intend(run, BOB)
        await settle(run, 'done', BOB)
        await intend(run, ANN, 'other' as ActionId)
        await journal.outcome(run, ANN, 'other' as ActionId, {outcome: {status: 'done'}}, AT)
        expect((await memoryOf(ANN)).unsettled).toHaveLength(1)
        expect((await memoryOf(BOB)).unsettled).toEqual([])
        expect((await memoryOf(ANN, 'other')).unsettled).toEqual([])
      })

      test('of many users in one call', async () => {
        const users = Array.from({length: 3000}, (_, n) => `user-${n}` as ObjectId)
        await intend(run, users[2500])
        const memory = await journal.memory(TENANT, users)
        expect([...memory].filter(([, one]) => one.unsettled.length > 0).map(([user]) => user)).toEqual([
          'user-2500',
        ])
      })
    })

    test('R5: a secret that gets into an intent or the options does not get onto the disk', async () => {
      const secret = new OathSecret('JBSWY3DPEHPK3PXP')
      await journal.intent({
        run,
        user: ANN,
        userPrincipalName: 'a',
        action: MOBILE,
        intent: {secret},
        intentAt: AT,
      })
      const [record] = await collect(journal.actions(run))
      expect(record?.intent).toEqual({secret: '[secret]'})
    })

    test('the last use of a permission stays, for each tenant and client, until the tenant is forgotten', async () => {
      const later = '2026-03-02T10:00:00.000Z'
      await journal.permissionsUsed(TENANT, 'client-1', ['User.Read.All', 'Policy.Read.All'], AT)
      await journal.permissionsUsed(TENANT, 'client-1', ['User.Read.All'], later)
      await journal.permissionsUsed(TENANT, 'client-1', ['User.Read.All'], AT)
      await journal.permissionsUsed(TENANT, 'client-2', [], AT)
      await journal.permissionsUsed('other', 'client-1', ['User.Read.All'], AT)
      await journal.close()
      journal = await harness.open()
      expect(await journal.permissionUse(TENANT, 'client-1')).toEqual([
        {permission: 'Policy.Read.All', lastUsed: AT},
        {permission: 'User.Read.All', lastUsed: later},
      ])
      expect(await journal.permissionUse(TENANT, 'client-2')).toEqual([])
      await journal.forgetTenant(TENANT)
      expect(await journal.permissionUse(TENANT, 'client-1')).toEqual([])
      expect(await journal.permissionUse('other', 'client-1')).toEqual([
        {permission: 'User.Read.All', lastUsed: AT},
      ])
    })

    test('the hash key has 32 bytes and stays', async () => {
      const key = Buffer.from(await journal.hashKey())
      expect(key).toHaveLength(32)
      await journal.close()
      journal = await harness.open()
      expect(Buffer.from(await journal.hashKey()).equals(key)).toBe(true)
    })

    describe('locks', () => {
      test('one holder at a time; the other learns whose it is', async () => {
        const other = await harness.open()
        const lock = await journal.lock('tenant', 'mfa migrate --group X')
        await expect(other.lock('tenant', 'mfa undo')).rejects.toSatisfy(
          (error) =>
            error instanceof MfaError &&
            error.exit === 'locked' &&
            error.message.includes('mfa migrate --group X'),
        )
        await expect(journal.lock('tenant', 'again')).rejects.toThrow('mfa migrate')
        await (await other.lock('another', 'mfa sync')).release()
        expect(lock.lost.aborted).toBe(false)
        await lock.release()
        const undo = await other.lock('tenant', 'mfa undo')
        expect(undo.ticket).not.toBe(lock.ticket)
        await undo.release()
        await other.close()
      })

      test('are listed with their holders', async () => {
        await journal.lock('b', 'mfa sync')
        await journal.lock('a', 'mfa migrate')
        expect(await journal.locks()).toMatchObject([
          {name: 'a', pid: process.pid, command: 'mfa migrate'},
          {name: 'b', command: 'mfa sync'},
        ])
        // Another server's clock may keep the times: to a few milliseconds.
        const [first, second] = await journal.locks()
        const after = (iso: string): number => Math.round((Date.parse(iso) - clock.now().getTime()) / 1000)
        expect(after(first?.since ?? '')).toBeCloseTo(0)
        expect([60, 24]).toContain(after(second?.expires ?? ''))
      })

      test('releasing twice, or after it went to another, takes nothing from anybody', async () => {
        const lock = await journal.lock('a', 'one')
        await lock.release()
        const second = await journal.lock('a', 'two')
        await lock.release()
        expect(await journal.locks()).toMatchObject([{command: 'two'}])
        await second.release()
        expect(await journal.locks()).toEqual([])
      })

      test('one that is broken by hand is free at once', async () => {
        expect(await journal.breakLock('a')).toBe(false)
        await journal.lock('a', 'one')
        expect(await journal.breakLock('a')).toBe(true)
        await (await journal.lock('a', 'two')).release()
      })

      test('closing releases', async () => {
        const other = await harness.open()
        await other.lock('a', 'one')
        await other.close()
        expect(await journal.locks()).toEqual([])
      })
    })

    test('any sequence of calls: reopened it tells the same', async () => {
      await assert(
        asyncProperty(integer({min: 0, max: 2 ** 31}), integer({min: 1, max: 60}), async (seed, length) => {
          const fresh = await make(clock)
          const model = new MemoryJournal(clock)
          const subject = await fresh.open()
          try {
            const [playModel, play] = [player(model), player(subject)]
            for (const [index, step] of scriptOf(seed, length).entries()) {
              await playModel(step, index)
              await play(step, index)
            }
            const before = await dump(subject)
            await subject.close()
            const again = await fresh.open()
            const after = await dump(again)
            await again.close()
            expect(before).toEqual(await dump(model))
            expect(after).toEqual(before)
          } finally {
            await subject.close()
            await fresh.clean()
          }
        }),
        {numRuns: 20},
      )
    })
  },
)
