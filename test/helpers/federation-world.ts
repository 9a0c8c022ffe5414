import {createDirectory} from '../../src/lib/entra/directory.js'
import {createFederations} from '../../src/lib/entra/federation.js'
import {createRolloutPolicies} from '../../src/lib/entra/rollout.js'
import {createGraph} from '../../src/lib/entra/transport/graph.js'
import type {SetDeps, SetRequest} from '../../src/lib/federation/set-federation.js'
import {readPolicyGroups} from '../../src/lib/migration/members.js'
import {migrationStandings} from '../../src/lib/migration/standings.js'
import {allowedFor} from '../../src/lib/model/allowed-methods.js'
import type {Journal} from '../../src/lib/ports/journal.js'
import type {RollbackDeps, RollbackRequest} from '../../src/lib/rollback/request.js'
import type {Faults} from '../../src/lib/sandbox/faults.js'
import {type Sandbox, startSandbox} from '../../src/lib/sandbox/server.js'
import type {TenantFile} from '../../src/lib/sandbox/tenant-file.js'
import {FakeClock} from '../fakes/clock.js'
import {journalStore, type JournalStore, MemoryJournal} from '../fakes/memory-journal.js'
import {memoryScratch} from '../fakes/memory-scratch.js'
import {FakeUi} from '../fakes/ui.js'
import {EMERGENCY, FEDERATED} from '../fixtures/federated-tenant.js'
import {Killed} from './kill-switch.js'

/** A tenant that is reached over HTTP, and what the tool remembers of it. */
export interface FederationWorld {
  readonly sandbox: Sandbox
  readonly clock: FakeClock
  readonly store: JournalStore
  /** Changes that were asked of the service so far. */
  writes(): number
  /** What each domain shows. */
  behaviors(): Readonly<Record<string, string | null>>
}

export async function federationWorld(
  options: {readonly tenant?: TenantFile; readonly faults?: Faults} = {},
): Promise<FederationWorld> {
  const clock = new FakeClock()
  const sandbox = await startSandbox({
    stateFile: ':memory:',
    tenant: options.tenant ?? FEDERATED,
    now: () => clock.now(),
    faults: options.faults,
  })
  return {
    sandbox,
    clock,
    store: journalStore(),
    writes: () => sandbox.stats().writes,
    behaviors: () =>
      Object.fromEntries(
        sandbox
          .dump()
          .domains.flatMap((domain) =>
            typeof domain === 'string' ? [] : [[domain.name, domain.federatedIdpMfaBehavior ?? null]],
          ),
      ),
  }
}

/** One run of the tool: it may be killed, and has nothing but the journal in common with the next one. */
export interface Process {
  readonly deps: SetDeps & RollbackDeps
  readonly ui: FakeUi
  readonly signal: AbortSignal
  /** Requests sent and answered, entries begun and written, so far. */
  steps(): number
}

/** Dies at its nth step: before or after a request, before or after an entry into the journal. Then nothing of it has an effect. */
export function newProcess(
  {sandbox, clock, store}: FederationWorld,
  {dieAt = Number.MAX_SAFE_INTEGER, answers = []}: {dieAt?: number; answers?: (boolean | string)[]} = {},
): Process {
  const controller = new AbortController()
  let steps = 0
  const alive = (): void => {
    if (controller.signal.aborted) throw new Killed()
  }
  const step = (): void => {
    alive()
    steps += 1
    if (steps === dieAt) controller.abort(new Killed())
    alive()
  }
  store.locks.clear()
  const journal = stepping(new MemoryJournal(clock, store), step, alive)
  const sending: typeof fetch = async (input, init) => {
    step()
    const answer = await fetch(input, init)
    step()
    return answer
  }
  const graphFor = (token: () => string) =>
    createGraph({rootUrl: sandbox.rootUrl, token: async () => token(), clock, fetch: sending})
  const graph = graphFor(() => sandbox.issueToken())
  const directory = createDirectory(graph)
  const scratch = memoryScratch()
  const ui = new FakeUi(answers)
  const tenantId = sandbox.tenantId
  return {
    ui,
    signal: controller.signal,
    steps: () => steps,
    deps: {
      federations: createFederations(graph),
      directory,
      journal,
      clock,
      ui,
      scratch,
      async allowed(aborted) {
        const policy = await directory.methodsPolicy(aborted)
        const isMember = await readPolicyGroups(policy, {directory, scratch, ui}, aborted)
        return (user) => allowedFor(policy, (group) => isMember(group, user))
      },
      standings: async () =>
        migrationStandings({match: {netbios: {}}, mapping: []}, tenantId, {
          directory,
          journal,
          scratch,
          ui,
          lookup: undefined,
          source: undefined,
        }),
      rollout: async () => createRolloutPolicies(graphFor(() => sandbox.issuePersonToken())),
      undo: async () => {
        throw new Error('no undo expected')
      },
    },
  }
}

const WRITES: ReadonlySet<string | symbol> = new Set(['beginRun', 'intent', 'outcome', 'endRun'])

function stepping(journal: MemoryJournal, step: () => void, alive: () => void): Journal {
  return new Proxy(journal, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      if (!WRITES.has(name))
        return (...args: unknown[]): unknown => {
          alive()
          return Reflect.apply(value, target, args)
        }
      return async (...args: unknown[]): Promise<unknown> => {
        step()
        const result: unknown = await Reflect.apply(value, target, args)
        step()
        return result
      }
    },
  })
}

/** "set reject" of contoso.com with everything in order that can be. */
export const setRequestOf = (request: Partial<SetRequest> = {}): SetRequest => ({
  domain: 'contoso.com',
  to: 'rejectMfaByFederatedIdp',
  group: undefined,
  allUsers: true,
  emergencyAccount: EMERGENCY,
  dependencies: [],
  accept: ['not-migrated', 'no-usable-method'],
  confirm: 'contoso.com',
  yes: false,
  dryRun: false,
  supportsMfa: undefined,
  consistencyMs: 5000,
  logFile: undefined,
  preview: () => {},
  ...request,
})

export const rollbackRequestOf = (request: Partial<RollbackRequest> = {}): RollbackRequest => ({
  to: undefined,
  domains: [],
  undo: [],
  skip: [],
  again: false,
  step: undefined,
  accept: ['onprem-mfa'],
  confirm: [],
  yes: true,
  dryRun: false,
  consistencyMs: 5000,
  logFile: undefined,
  preview: async () => {},
  reached: () => {},
  ...request,
})
