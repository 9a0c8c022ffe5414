import {afterAll, beforeAll, expect, test} from 'vitest'
import {createDirectory} from '../../src/lib/entra/directory.js'
import {createMethodWriter} from '../../src/lib/entra/method-writer.js'
import {createGraph} from '../../src/lib/entra/transport/graph.js'
import {migrate, type MigrateReport} from '../../src/lib/migration/migrate.js'
import {type Sandbox, startSandbox} from '../../src/lib/sandbox/server.js'
import {readTenantFile} from '../../src/lib/sandbox/tenant-file.js'
import {openBundle} from '../../src/lib/source/bundle/bundle-source.js'
import {openSeedFiles} from '../../src/lib/source/seed-file/seed-index.js'
import {withSeeds} from '../../src/lib/source/seed-file/with-seeds.js'
import {FakeClock} from '../fakes/clock.js'
import {journalStore, MemoryJournal} from '../fakes/memory-journal.js'
import {memoryScratch} from '../fakes/memory-scratch.js'
import {MemoryFiles} from '../fakes/memory-files.js'
import {FakeUi} from '../fakes/ui.js'

const FOLDER = 'examples/contoso'
const clock = new FakeClock('2026-03-01T09:00:00.000Z')
const store = journalStore()
let sandbox: Sandbox

beforeAll(async () => {
  const tenant = await readTenantFile(`${FOLDER}/tenant.json`)
  sandbox = await startSandbox({stateFile: ':memory:', tenant, now: () => clock.now()})
})
afterAll(() => sandbox.stop())

/** The whole way over HTTP: bundle, Graph adapters, sandbox. */
async function run(group: string): Promise<MigrateReport & {readonly writes: number}> {
  const before = sandbox.stats().writes
  const graph = createGraph({rootUrl: sandbox.rootUrl, token: async () => sandbox.issueToken(), clock})
  const scratch = memoryScratch()
  const seeds = await openSeedFiles([`${FOLDER}/seeds.csv`, `${FOLDER}/vendor-seeds.csv`])
  const report = await migrate(
    {
      request: {
        group,
        users: [],
        options: {
          defaultMethod: 'if-unset',
          phones: 'safe',
          appCodes: 'carry',
          smsSignIn: 'prevent',
          promoteBackup: true,
          includeDisabled: false,
          cloud: 'global',
        },
        match: {netbios: {}},
        mapping: [],
        all: false,
        consistencyMs: 1000,
      },
      dryRun: false,
      errorsMax: 50,
      yes: true,
      sourceLabel: FOLDER,
      rates: {},
      preview: async () => {},
    },
    {
      source: withSeeds(await openBundle(FOLDER, {scratch}), seeds),
      directory: createDirectory(graph),
      lookup: undefined,
      journal: new MemoryJournal(clock, store),
      scratch,
      clock,
      ui: new FakeUi(),
      files: new MemoryFiles(),
      writer: async () => createMethodWriter(graph, clock),
    },
    new AbortController().signal,
  )
  return {...report, writes: sandbox.stats().writes - before}
}

test('MFA pilot: everything planned is done, and the second run sends no write', async () => {
  const first = await run('MFA pilot')
  expect(first.stop).toBeUndefined()
  const {summary} = first.results
  expect(summary).toMatchObject({users: 76, partly: 0, failed: 1, unmatched: 8, disabled: 2})
  expect(summary.actions).toEqual({
    planned: summary.actions.planned,
    done: summary.actions.planned,
    alreadyDone: 0,
    failed: 0,
    unknown: 0,
  })
  const codes = [...first.results.users.entries()].flatMap(([, user]) => user.findings.map(({code}) => code))
  expect(codes).toContain('sms-sign-in-disabled') // P9
  expect(first.writes).toBeGreaterThan(100)

  const second = await run('MFA pilot')
  expect(second.results.summary).toMatchObject({migrated: 0, partly: 0, failed: 1, unchanged: 65})
  expect(second.writes).toBe(0)
})

test('Refused token: assigned, refused, unassigned again (O2)', async () => {
  const {results} = await run('Refused token')
  const [[, user] = []] = [...results.users.entries()]
  expect(user).toMatchObject({outcome: 'partly'})
  expect(user?.actions.map(({kind, outcome}) => `${kind} ${outcome}`)).toEqual([
    'set-phone done',
    'assign-token done',
    'activate-token failed',
    'unassign-token done',
    'set-default failed',
  ])
  expect(user?.findings.map(({code}) => code)).toContain('activation-refused')
})
