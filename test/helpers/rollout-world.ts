import type {ObjectId} from '../../src/lib/model/brand.js'
import type {AllowedMethods} from '../../src/lib/model/methods-policy.js'
import type {Journal} from '../../src/lib/ports/journal.js'
import type {MigrationState, MigrationStandings} from '../../src/lib/ports/migration-standing.js'
import type {RolloutMember} from '../../src/lib/ports/rollout.js'
import {advanceWaves, type AdvanceWaves} from '../../src/lib/rollout/advance-waves.js'
import {
  changeRollout,
  type Asked,
  type ChangeRequest,
  type Planned,
} from '../../src/lib/rollout/change-rollout.js'
import {checkGroup} from '../../src/lib/rollout/check-group.js'
import {removeFromWaves} from '../../src/lib/rollout/remove-from-waves.js'
import {startWaves, type StartWaves} from '../../src/lib/rollout/start-waves.js'
import type {WaveDeps} from '../../src/lib/rollout/wave-report.js'
import {FakeClock} from '../fakes/clock.js'
import {FakeRollout} from '../fakes/fake-rollout.js'
import {journalStore, MemoryJournal, type JournalStore} from '../fakes/memory-journal.js'
import {memoryScratch} from '../fakes/memory-scratch.js'
import {FakeUi} from '../fakes/ui.js'
import {allowed, methods} from '../fixtures/users.js'

export const idOf = (name: string): ObjectId => `id-${name}` as ObjectId
export const PILOT = 'group-pilot' as ObjectId

export const PHONE = methods({phones: [{id: 'p', slot: 'mobile', number: '+1 4255550100'}]})
export const NO_METHODS = methods()

export const person = (name: string, over: Partial<RolloutMember> = {}): RolloutMember => ({
  id: idOf(name),
  userPrincipalName: `${name}@contoso.com`,
  accountEnabled: true,
  isGuest: false,
  isSynced: true,
  ...over,
})

/** A tenant, what earlier migrations say, and the state of the tool. */
export interface RolloutWorld {
  readonly clock: FakeClock
  readonly tenant: FakeRollout
  readonly store: JournalStore
  readonly journal: Journal
  readonly states: Map<ObjectId, MigrationState>
  readonly overLimit: Map<ObjectId, string>
  readonly migrationGroups: Set<string>
  readonly allowed: Partial<AllowedMethods>
  readonly ui: FakeUi
}

/** Everybody is migrated, has a phone, and is in the group "Pilot". */
export function rolloutWorld(names: readonly string[], answers: readonly boolean[] = []): RolloutWorld {
  const clock = new FakeClock()
  const tenant = new FakeRollout()
  for (const name of names) tenant.addUser(person(name), PHONE)
  tenant.addFakeGroup({id: PILOT, displayName: 'Pilot'}, names.map(idOf))
  const store = journalStore()
  return {
    clock,
    tenant,
    store,
    journal: new MemoryJournal(clock, store),
    states: new Map(),
    overLimit: new Map(),
    migrationGroups: new Set(),
    allowed: {},
    ui: new FakeUi(answers),
  }
}

export function depsOf(at: RolloutWorld, journal: Journal = at.journal): WaveDeps {
  const {tenant, clock, ui} = at
  const standings: MigrationStandings = {
    readsServer: false,
    groups: async () => at.migrationGroups,
    async *of(members) {
      for (const [, {id}] of members.entries()) {
        const overLimit = at.overLimit.get(id)
        const state = at.states.get(id) ?? {is: 'migrated' as const}
        yield [overLimit === undefined ? {user: id, state} : {user: id, state, overLimit}]
      }
    },
  }
  const directory = tenant.directory()
  return {
    policies: tenant,
    groups: tenant,
    writer: tenant,
    directory,
    journal,
    clock,
    ui,
    now: () => clock.now(),
    newScratch: async () => memoryScratch(),
    checking: async () => ({
      directory,
      standings,
      scratch: memoryScratch(),
      ui,
      allowed: async () => () => allowed(at.allowed),
    }),
  }
}

const {signal} = new AbortController()
const asked = (over: Partial<Asked>): Asked => ({
  accept: [],
  yes: true,
  consistencyMs: 5000,
  logFile: undefined,
  preview: () => {},
  ...over,
})

type Without<Request> = Request extends Asked ? Omit<Request, keyof Asked> : never

export const change = (
  at: RolloutWorld,
  request: Without<ChangeRequest>,
  over: Partial<Asked> = {},
  journal?: Journal,
) => changeRollout({...asked(over), ...request}, depsOf(at, journal), signal)

export const add = (at: RolloutWorld, over: Partial<Asked> = {}, group = 'Pilot') =>
  change(at, {action: 'add-group', group}, over)

export const check = (at: RolloutWorld, group = 'Pilot', accept: readonly string[] = []) =>
  checkGroup({group, accept}, depsOf(at), signal)

export const start = (at: RolloutWorld, over: Partial<StartWaves> = {}, journal?: Journal) =>
  startWaves(
    {...asked({}), group: 'Pilot', size: '2', everyMs: undefined, ...over},
    depsOf(at, journal),
    signal,
  )

export const advance = (at: RolloutWorld, over: Partial<AdvanceWaves> = {}, journal?: Journal) =>
  advanceWaves({...asked({}), group: undefined, early: false, ...over}, depsOf(at, journal), signal)

export const sendBack = (
  at: RolloutWorld,
  users: readonly string[],
  accept: readonly string[],
  journal?: Journal,
) => removeFromWaves({...asked({accept}), group: 'Pilot', users}, depsOf(at, journal), signal)

export const codes = ({objections}: Pick<Planned, 'objections'>): readonly string[] =>
  [...objections.blockers()].map(({code, user}) => (user === null ? code : `${user.split('@')[0]} ${code}`))
