import type {ObjectId, SourceKey} from '../../src/lib/model/brand.js'
import type {EntraIdentity, EntraMethods} from '../../src/lib/model/entra-user.js'
import {POLICY_METHODS} from '../../src/lib/model/methods-policy.js'
import type {ServerUser} from '../../src/lib/model/server-user.js'
import {
  migrate,
  type MigrateDeps,
  type MigrateInput,
  type MigrateReport,
} from '../../src/lib/migration/migrate.js'
import {collectPlans} from '../../src/lib/migration/collect.js'
import type {MigrationOptions, UserPlan} from '../../src/lib/migration/plan.js'
import type {MigrationRequest} from '../../src/lib/migration/request.js'
import type {UserResult} from '../../src/lib/migration/result.js'
import {verify, type VerifyReport} from '../../src/lib/migration/verify.js'
import type {Journal} from '../../src/lib/ports/journal.js'
import {FakeClock} from '../fakes/clock.js'
import {FakeSource} from '../fakes/fake-source.js'
import {FakeTenant} from '../fakes/fake-tenant.js'
import {type JournalStore, journalStore, MemoryJournal} from '../fakes/memory-journal.js'
import {MemoryFiles} from '../fakes/memory-files.js'
import {memoryScratch} from '../fakes/memory-scratch.js'
import {FakeUi} from '../fakes/ui.js'
import {options, serverUser} from '../fixtures/users.js'

export const GROUP = '00000000-0000-4000-8000-0000000000aa'
const GROUP_NAME = 'MFA pilot'

/** Both sides and the state of the tool, over several runs. */
export interface World {
  readonly clock: FakeClock
  readonly tenant: FakeTenant
  readonly source: FakeSource
  readonly store: JournalStore
  readonly journal: Journal
  readonly files: MemoryFiles
}

/** One person: `ann` is `ann@contoso.com` in Entra, and on the server unless `server` is null. */
export interface Person {
  readonly name: string
  readonly server?: Partial<ServerUser> | null
  readonly entra?: Partial<EntraIdentity>
  readonly methods?: Partial<EntraMethods>
}

export const idOf = (name: string): ObjectId => `id-${name}` as ObjectId
export const keyOf = (name: string): SourceKey => `${name}@contoso.com` as SourceKey

export function world(people: readonly Person[]): World {
  const clock = new FakeClock()
  const tenant = new FakeTenant(clock)
  for (const {name, entra, methods} of people) {
    const identity = {
      id: idOf(name),
      userPrincipalName: `${name}@contoso.com`,
      accountEnabled: true,
      isGuest: false,
    }
    tenant.addUser({...identity, ...entra}, methods)
  }
  tenant.addGroup(
    GROUP,
    GROUP_NAME,
    people.map(({name}) => idOf(name)),
  )
  const records = people.flatMap(({name, server}) =>
    server === null ? [] : [serverUser({key: keyOf(name), username: `${name}@contoso.com`, ...server})],
  )
  const store = journalStore()
  store.hashKey = new Uint8Array(32).fill(7)
  const journal = new MemoryJournal(clock, store)
  return {clock, tenant, source: new FakeSource(records), store, journal, files: new MemoryFiles()}
}

/** The tenant's policy allows every method to everybody, so that a default method is set. */
export function allowing(at: World): World {
  at.tenant.policy = {
    migrationState: 'migrationComplete',
    configurations: POLICY_METHODS.map((method) => ({
      method,
      enabled: true,
      include: [{id: 'all_users', isUsableForSignIn: true}],
      exclude: [],
      isOfficePhoneAllowed: true,
      isSoftwareOathEnabled: true,
    })),
  }
  return at
}

/** What a test may ask differently. */
export interface Asked {
  readonly request?: Partial<MigrationRequest>
  readonly options?: Partial<MigrationOptions>
  readonly input?: Partial<MigrateInput>
  readonly deps?: Partial<MigrateDeps>
  readonly signal?: AbortSignal
  readonly ui?: FakeUi
}

export function requestOf({request, options: chosen}: Asked = {}): MigrationRequest {
  return {
    group: GROUP_NAME,
    users: [],
    options: options(chosen),
    match: {netbios: {}},
    mapping: [],
    all: false,
    consistencyMs: 10_000,
    ...request,
  }
}

/** What a process of its own works with: new scratch, the same tenant, source and journal. */
function planningOf({clock, tenant, source, journal}: World, {deps, ui = new FakeUi()}: Asked) {
  const own = {source, directory: tenant, journal, scratch: memoryScratch(), clock, ui}
  return {...own, ...deps, lookup: deps?.lookup}
}

const signalOf = ({signal}: Asked): AbortSignal => signal ?? new AbortController().signal

/** A run by a process of its own. */
export async function run(at: World, asked: Asked = {}): Promise<MigrateReport> {
  const {tenant, files} = at
  const input: MigrateInput = {
    request: requestOf(asked),
    dryRun: false,
    errorsMax: 50,
    yes: true,
    sourceLabel: './export',
    rates: {},
    preview: async () => {},
    ...asked.input,
  }
  const deps = {files, writer: async () => tenant, ...planningOf(at, asked)}
  return migrate(input, deps, signalOf(asked))
}

/** What a dry run plans, in the order of the plan. */
export async function plansOf(at: World, asked: Asked = {}): Promise<readonly UserPlan[]> {
  const {plans} = await collectPlans(requestOf(asked), planningOf(at, asked), signalOf(asked))
  return [...plans.entries()].map(([, plan]) => plan)
}

export async function verified(at: World, asked: Asked = {}): Promise<VerifyReport> {
  return verify(requestOf(asked), planningOf(at, asked), signalOf(asked))
}

export function resultsOf({results}: MigrateReport): readonly UserResult[] {
  return [...results.users.entries()].map(([, result]) => result)
}

export function resultOf(report: MigrateReport, name: string): UserResult {
  const found = resultsOf(report).find(({id}) => id === idOf(name))
  if (found === undefined) throw new Error(`no result of ${name}`)
  return found
}

export const codesOf = ({
  findings,
}: {
  readonly findings: readonly {readonly code: string}[]
}): readonly string[] => findings.map(({code}) => code)
