import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

import {array, assert, asyncProperty, boolean, constantFrom, record as recordOf} from 'fast-check'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'

import type {ActionId, ObjectId, RunId} from '../../src/lib/model/brand.js'
import type {
  Journal,
  LatestResult,
  RunKind,
  RunRecord,
  UserResultRecord,
} from '../../src/lib/ports/journal.js'
import {openDatabase} from '../../src/lib/state/open-database.js'
import {MIGRATIONS} from '../../src/lib/state/schema.js'
import {SqliteJournal} from '../../src/lib/state/sqlite-journal.js'
import {connectPostgres} from '../../src/lib/state/postgres/connect.js'
import {openPostgres} from '../../src/lib/state/postgres/open-postgres.js'
import {FakeClock} from '../fakes/clock.js'
import {journalStore, MemoryJournal} from '../fakes/memory-journal.js'
import {collect} from '../helpers/collect.js'
import {hasPostgres, startPostgres, type TestPostgres} from '../helpers/postgres.js'

const TENANT = 'tenant-1'
const USERS = ['u1', 'u2', 'u3']
const GROUPS = ['g1', 'g2']

interface Place {
  open(): Promise<Journal>
  /** Takes the tables back to before there were latest results; undefined where there are no tables. */
  readonly back?: (() => Promise<void>) | undefined
  clean(): Promise<void>
}

let postgres: TestPostgres | undefined
beforeAll(async () => {
  if (hasPostgres) postgres = await startPostgres()
})
afterAll(() => postgres?.stop())

/** What the third step of SQLite's schema made, and the third of PostgreSQL's. */
const DROP = ['runs_kind', 'runs_scope', 'runs_unfinished']
  .map((name) => `DROP INDEX ${name}`)
  .concat('DROP TABLE latest')

const clock = new FakeClock()

const PLACES: readonly (readonly [string, () => Promise<Place>])[] = [
  [
    'SQLite',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'mfa-latest-'))
      const file = join(folder, 'state.db')
      return {
        open: async () => new SqliteJournal(openDatabase(file, {now: clock.now()}), clock),
        back: async () => {
          const db = openDatabase(file, {now: clock.now()})
          for (const sql of DROP) db.exec(sql)
          db.exec(`PRAGMA user_version = ${MIGRATIONS.length - 1}`)
          db.close()
        },
        clean: () => rm(folder, {recursive: true, force: true}),
      }
    },
  ],
  [
    'memory',
    async () => {
      const store = journalStore()
      return {open: async () => new MemoryJournal(clock, store), clean: async () => {}}
    },
  ],
  [
    'PostgreSQL',
    async () => {
      const address = postgres?.address() ?? ''
      const secrets = {password: postgres?.password}
      return {
        open: () => openPostgres(address, {clock, ...secrets}),
        back: async () => {
          const {db} = await connectPostgres(address, secrets)
          for (const sql of DROP) await db.run(sql)
          await db.run('DELETE FROM schema_version WHERE version = (SELECT max(version) FROM schema_version)')
          await db.close()
        },
        clean: async () => {},
      }
    },
  ],
]

/** One result that is told; `same`: in the run before it, if that was of the same kind and group. */
const told = recordOf({
  kind: constantFrom<RunKind>('migrate', 'sync', 'sync', 'sync', 'undo'),
  group: constantFrom(...GROUPS),
  user: constantFrom(...USERS),
  outcome: constantFrom(
    'migrated',
    'unchanged',
    'failed',
    'failed',
    'partly',
    'unmatched',
    'disabled',
    'left',
  ),
  finding: constantFrom(undefined, 'phone-kept', 'nothing-to-carry'),
  same: boolean(),
})
type Told = typeof told extends {generate: (...args: never[]) => {value: infer T}} ? T : never

type Kept = UserResultRecord & {readonly kind: RunKind; readonly group: ObjectId}

async function tell(journal: Journal, steps: readonly Told[], name: string): Promise<readonly Kept[]> {
  const history: Kept[] = []
  let run: RunRecord | undefined
  for (const [index, {kind, group, user, outcome, finding, same}] of steps.entries()) {
    if (!same || run?.kind !== kind || run.group?.id !== group)
      ({run} = await journal.beginRun({
        kind,
        tenantId: TENANT,
        group: {id: group as ObjectId, displayName: `Group ${group}`},
        sourceLabel: 'bundle',
        sourceFingerprint: 'f',
        options: {},
        resumeKey: `${name} ${index}`,
        startedAt: '2026-03-01T10:00:00.000Z',
      }))
    const record: UserResultRecord = {
      run: run.id,
      user: user as ObjectId,
      userPrincipalName: `${user}@contoso.com`,
      outcome,
      findings: finding === undefined ? [] : [{code: finding, detail: `step ${index}`}],
      at: new Date(Date.UTC(2026, 2, 1) + index * 1000).toISOString(),
    }
    await journal.userResult(record)
    history.push({...record, kind, group: group as ObjectId})
  }
  return history
}

/** Said anew, not step by step: what a whole history of results comes to. */
function sumOf(history: readonly Kept[]): LatestResult | undefined {
  const last = history.at(-1)
  if (last === undefined) return undefined
  const ofMigrations = history.filter(({kind}) => kind !== 'undo')
  const teller = ofMigrations.findLast(
    ({outcome, findings}) => outcome !== 'left' && (outcome !== 'unchanged' || findings.length > 0),
  )
  const isBad = ({outcome}: Kept): boolean => outcome === 'failed' || outcome === 'partly'
  const lastGood = ofMigrations.findLastIndex((one) => !isBad(one))
  const failures = ofMigrations.filter((one, at) => {
    const before = ofMigrations[at - 1]
    const again = before !== undefined && before.run === one.run && isBad(before)
    return at > lastGood && one.kind === 'sync' && !again
  }).length
  const good = last.outcome === 'migrated' || last.outcome === 'unchanged'
  return {
    user: last.user,
    userPrincipalName: last.userPrincipalName,
    group: last.group,
    ...(teller === undefined
      ? {}
      : {told: {run: teller.run, outcome: teller.outcome, findings: teller.findings, at: teller.at}}),
    failures,
    stands: (good
      ? last.kind === 'undo'
        ? 'put-back'
        : carriedNothing(history)
          ? 'nothing-to-carry'
          : 'migrated'
      : last.outcome) as LatestResult['stands'],
  }
}

/** The last word about it: an `unchanged` without a finding adds none. */
function carriedNothing(history: readonly Kept[]): boolean {
  const word = history.findLast(
    ({kind, outcome, findings}) => kind === 'undo' || outcome !== 'unchanged' || findings.length > 0,
  )
  return (
    word !== undefined &&
    word.kind !== 'undo' &&
    word.outcome === 'unchanged' &&
    JSON.stringify(word.findings).includes('"nothing-to-carry"')
  )
}

function sums(history: readonly Kept[]): readonly LatestResult[] {
  return GROUPS.flatMap((group) =>
    USERS.flatMap((user) => sumOf(history.filter((one) => one.group === group && one.user === user)) ?? []),
  )
}

async function read(journal: Journal): Promise<readonly LatestResult[]> {
  const all: LatestResult[] = []
  for (const group of GROUPS) all.push(...(await collect(journal.latestIn(TENANT, group as ObjectId))))
  return all
}

/** What is left of a history in the tables: of a run and a user the last. */
const lastOfEach = (history: readonly Kept[]): readonly Kept[] =>
  history.filter(
    (one, at) => !history.slice(at + 1).some(({run, user}) => run === one.run && user === one.user),
  )

describe.each(PLACES.filter(([name]) => name !== 'PostgreSQL' || hasPostgres))(
  'latest results: %s',
  (name, make) => {
    const inPlace = async (work: (place: Place, journal: Journal) => Promise<void>): Promise<void> => {
      const place = await make()
      const journal = await place.open()
      try {
        await work(place, journal)
      } finally {
        await journal.close()
        await place.clean()
      }
    }
    const numRuns = name === 'PostgreSQL' ? 10 : 40

    test('are what the whole history of results comes to, and so are counts and who fails', async () => {
      await assert(
        asyncProperty(array(told, {maxLength: 40}), async (steps) => {
          await inPlace(async (_place, journal) => {
            const history = await tell(journal, steps, 'one')
            const expected = sums(history)
            expect(await read(journal)).toEqual(expected)
            const users = USERS as readonly string[] as readonly ObjectId[]
            const of = await journal.latestOf(TENANT, users)
            expect(of.toSorted(byGroup)).toEqual(expected.toSorted(byGroup))
            for (const group of GROUPS as readonly string[] as readonly ObjectId[]) {
              const mine = expected.filter((one) => one.group === group)
              expect(await collect(journal.latestIn(TENANT, group, 'failing'))).toEqual(
                mine.filter(({failures}) => failures > 0),
              )
              const counts = Object.fromEntries(
                [...Map.groupBy(mine, ({stands}) => stands)].map(([stands, list]) => [stands, list.length]),
              )
              expect(await journal.latestCounts(TENANT, group)).toEqual(counts)
              expect(await journal.latestOf(TENANT, users.slice(0, 1), group)).toEqual(
                mine.filter(({user}) => user === users[0]),
              )
            }
            expect(await journal.latestOf('another', users)).toEqual([])
          })
        }),
        {numRuns},
      )
    })

    test.skipIf(name === 'memory')('are the same when an older state is brought up to date', async () => {
      await assert(
        asyncProperty(array(told, {maxLength: 40}), async (steps) => {
          await inPlace(async (place, journal) => {
            const history = await tell(journal, steps, 'one')
            await place.back?.()
            const again = await place.open()
            expect(await read(again)).toEqual(sums(lastOfEach(history)))
            await again.close()
          })
        }),
        {numRuns},
      )
    })

    test('tell what is left when a run, a user, or a tenant is forgotten', async () => {
      await assert(
        asyncProperty(array(told, {minLength: 1, maxLength: 30}), async (steps) => {
          await inPlace(async (_place, journal) => {
            const history = await tell(journal, steps, 'one')
            const run = history[Math.floor(history.length / 2)]?.run
            const gone = new Set(history.filter((one) => one.run === run).map(({user}) => user))
            await journal.forget({run})
            const left = history.filter((one) => one.run !== run)
            const untouched = sums(history).filter(({user}) => !gone.has(user))
            const folded = sums(lastOfEach(left)).filter(({user}) => gone.has(user))
            expect((await read(journal)).toSorted(byGroup)).toEqual(
              [...untouched, ...folded].toSorted(byGroup),
            )
            await journal.forget({user: 'u1'})
            expect((await read(journal)).filter(({user}) => user === 'u1')).toEqual([])
            await journal.forgetTenant(TENANT)
            expect(await read(journal)).toEqual([])
          })
        }),
        {numRuns},
      )
    })

    test('more than a page of users comes in order, each once', async () => {
      await inPlace(async (_place, journal) => {
        const many = Array.from({length: 1203}, (_, index) => `user-${String(index).padStart(5, '0')}`)
        const {run} = await journal.beginRun({
          kind: 'sync',
          tenantId: TENANT,
          group: {id: 'g1' as ObjectId, displayName: 'Group'},
          sourceLabel: 'bundle',
          sourceFingerprint: 'f',
          options: {},
          resumeKey: 'many',
          startedAt: '2026-03-01T10:00:00.000Z',
        })
        await Promise.all(
          many.toReversed().map((user) =>
            journal.userResult({
              run: run.id,
              user: user as ObjectId,
              userPrincipalName: `${user}@contoso.com`,
              outcome: 'failed',
              findings: [],
              at: '2026-03-01T10:00:00.000Z',
            }),
          ),
        )
        const read = await collect(journal.latestIn(TENANT, 'g1' as ObjectId, 'failing'))
        expect(read.map(({user}) => String(user))).toEqual(many)
      })
    })

    test('runs are found by what is asked, newest first, and no more than that', async () => {
      await inPlace(async (_place, journal) => {
        const ids: RunId[] = []
        const begin = async (kind: RunKind, group: string, tenantId = TENANT) => {
          const {run} = await journal.beginRun({
            kind,
            tenantId,
            group: {id: group as ObjectId, displayName: `Group ${group} ${ids.length}`},
            sourceLabel: 'bundle',
            sourceFingerprint: 'f',
            options: {},
            resumeKey: `key ${ids.length}`,
            startedAt: '2026-03-01T10:00:00.000Z',
          })
          ids.push(run.id)
          return run.id
        }
        const [one, two, three, four] = [
          await begin('migrate', 'g1'),
          await begin('sync', 'g1'),
          await begin('sync', 'g2'),
          await begin('sync', 'g1', 'tenant-2'),
        ]
        await journal.endRun(one, 'finished', {}, '2026-03-01T11:00:00.000Z')
        await journal.endRun(two, 'stopped', {}, '2026-03-01T12:00:00.000Z')
        const found = async (query: Parameters<Journal['runs']>[0]) =>
          (await journal.runs(query)).map(({id}) => id)
        expect(await found(undefined)).toEqual([four, three, two, one])
        expect(await found({limit: 2})).toEqual([four, three])
        expect(await found({tenantId: TENANT, kinds: ['sync']})).toEqual([three, two])
        expect(await found({kinds: []})).toEqual([])
        expect(await found({group: 'g1' as ObjectId, limit: 2})).toEqual([four, two])
        expect(await found({statuses: ['open', 'stopped']})).toEqual([four, three, two])
        expect(await found({resumeKey: 'key 2'})).toEqual([three])
        expect(await found({before: three, tenantId: TENANT})).toEqual([two, one])
        expect(await found({endedSince: '2026-03-01T11:30:00.000Z'})).toEqual([four, three, two])
        expect(await found({idPrefix: two})).toEqual([two])
        expect(await found({idPrefix: two.slice(0, 2)})).toEqual([four, three, two, one])
        expect(await found({idPrefix: '%'})).toEqual([])
        expect((await journal.runScopes()).map(({kind, group, newest}) => [kind, group?.id, newest])).toEqual(
          [
            ['sync', 'g1', four],
            ['sync', 'g2', three],
            ['sync', 'g1', two],
            ['migrate', 'g1', one],
          ],
        )
        const renamed = await begin('sync', 'g2')
        const scopes = await journal.runScopes()
        expect(scopes.filter(({group}) => group?.id === 'g2')).toEqual([
          {tenantId: TENANT, kind: 'sync', group: {id: 'g2', displayName: 'Group g2 4'}, newest: renamed},
        ])
      })
    })

    test('what was written to a user comes by run, oldest first', async () => {
      await inPlace(async (_place, journal) => {
        const begin = async (resumeKey: string, tenantId: string) =>
          (
            await journal.beginRun({
              kind: 'migrate',
              tenantId,
              sourceLabel: 'bundle',
              sourceFingerprint: 'f',
              options: {},
              resumeKey,
              startedAt: '2026-03-01T10:00:00.000Z',
            })
          ).run.id
        const [one, two, other] = [
          await begin('a', TENANT),
          await begin('b', TENANT),
          await begin('c', 'tenant-2'),
        ]
        const write = (run: RunId, user: string, action: string) =>
          journal.intent({
            run,
            user: user as ObjectId,
            userPrincipalName: `${user}@contoso.com`,
            action: action as ActionId,
            intent: {},
            intentAt: '2026-03-01T10:00:00.000Z',
          })
        await write(two, 'u1', 'second')
        await write(one, 'u1', 'first')
        await write(two, 'u2', 'of another')
        await write(other, 'u1', 'in another')
        await write(two, 'u1', 'third')
        const actions = async (since?: RunId) =>
          (await journal.writesTo(TENANT, 'u1' as ObjectId, since)).map(({action}) => String(action))
        expect(await actions()).toEqual(['first', 'second', 'third'])
        expect(await actions(two)).toEqual(['second', 'third'])
      })
    })
  },
)

const keyOf = ({group, user}: LatestResult): string => `${group} ${user}`
const byGroup = (one: LatestResult, other: LatestResult): number => (keyOf(one) < keyOf(other) ? -1 : 1)
