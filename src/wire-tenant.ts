import {join} from 'node:path'

import {paceSettings} from './lib/config/pace-settings.js'
import type {Settings} from './lib/config/settings.js'
import {createDirectory} from './lib/entra/directory.js'
import {asPerson, personNeeded} from './lib/entra/auth/as-person.js'
import {createTokenProvider, type TokenProvider} from './lib/entra/auth/token-provider.js'
import {peek, type TokenClaims} from './lib/entra/auth/jwt.js'
import {endpoints} from './lib/entra/clouds.js'
import {createMethodWriter} from './lib/entra/method-writer.js'
import {createFetch} from './lib/entra/network.js'
import {createGraph, type Graph, type GraphLogEvent} from './lib/entra/transport/graph.js'
import type {PaceStats} from './lib/entra/transport/pace-stats.js'
import {createPacer} from './lib/entra/transport/pacer.js'
import type {RequestDone} from './lib/entra/transport/request-done.js'
import type {GetToken} from './lib/entra/transport/tokens.js'
import type {Clock} from './lib/ports/clock.js'
import type {Directory} from './lib/ports/directory.js'
import type {Journal} from './lib/ports/journal.js'
import type {MethodWriter} from './lib/ports/method-writer.js'
import type {SignInDescription} from './lib/ports/sign-in-status.js'
import type {Ui} from './lib/ports/ui.js'
import type {WriteBudget} from './lib/ports/write-budget.js'
import type {RunLog} from './lib/state/log.js'
import {restrictToOwner} from './lib/state/restrict.js'

/** One tenant, real or embedded. */
export interface Tenant {
  /** For adapters of what is not a user's methods: registration, rollout, federation. */
  readonly graph: Graph
  readonly graphUrl: string
  readonly authorityUrl: string
  /** What the token of this sign-in says of itself; undefined for one that tells nothing. */
  claims(signal: AbortSignal): Promise<TokenClaims | undefined>
  /** Who signs in and how; absent for the tenant inside the tool. */
  readonly signIn: (() => SignInDescription) | undefined
  readonly directory: Directory
  writer(): MethodWriter
  /** How fast it goes, for progress and the forecast. */
  pace(): PaceStats
  /** HTTP requests so far by status (or code of a network fault), and how long throttling made us wait. */
  readonly traffic: Traffic
  close(): Promise<void>
}

export interface Traffic {
  readonly byResult: Map<string, number>
  throttledMs: number
}

interface TenantDeps {
  /** What only a person may change ("Staged rollout"), for the message that says so. */
  readonly onlyPersons?: string | undefined
  readonly clock: Clock
  readonly ui: Ui
  readonly log: RunLog
  /** Hears of every request at its end. */
  readonly done?: ((request: RequestDone) => void) | undefined
  /** Keeps what permissions were used for: `mfa app show` tells which never were. */
  readonly journal: Journal
  /** The write budget of all machines, where the state is shared. */
  readonly budget?: WriteBudget | undefined
}

/** `sandbox` names the tenant inside the tool, unless requests are sent elsewhere. */
export const isEmbedded = ({tenant, graphUrl}: Settings): boolean =>
  tenant?.value === 'sandbox' && graphUrl === undefined

/** Beyond --max-duration: who is under way when it is over is let finish. */
const ENDING_MS = 60_000

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * `configured`: whatever the settings say. `person`: only what a person may do, so neither certificate nor federated
 * token nor managed identity is used.
 */
export type SignInAs = 'configured' | 'person'

/** The tenant that the settings name. The embedded one is started here and goes through the same HTTP as a real one. */
export async function openTenant(
  settings: Settings,
  flags: Readonly<Record<string, unknown>>,
  deps: TenantDeps,
  as: SignInAs = 'configured',
  signedIn?: TokenProvider,
): Promise<Tenant> {
  const {clock, ui, log} = deps
  const embedded = isEmbedded(settings)
  const sandbox = embedded ? await startEmbedded(settings) : undefined
  const fetch = createFetch(process.env)
  const provider =
    sandbox === undefined
      ? (signedIn ??
        createTokenProvider(as === 'person' ? asPerson(settings, deps.onlyPersons) : settings, {
          clock,
          ui,
          fetch,
          stateFolder: settings.state.value.folder,
          restrict: restrictToOwner,
        }))
      : undefined
  if (as === 'person' && provider?.describe().kind === 'none') throw personNeeded(settings, deps.onlyPersons)
  const pace = paceSettings(flags)
  // What is inside the tool has no quota, and a rehearsal should not wait for one.
  const quota = embedded ? ('none' as const) : undefined
  const known = sandbox?.tenantId ?? tenantIdOf(settings) ?? provider?.describe().tenantId
  // Graph counts by tenant and application.
  const budgetName = (): string =>
    `${known ?? provider?.describe().tenantId ?? ''} ${provider?.describe().clientId ?? settings.clientId?.value ?? ''}`
  const {budget} = deps
  const pacer = createPacer({
    clock,
    shared: budget === undefined ? undefined : {budget, name: budgetName},
    tps: pace.tps,
    writeQuota: pace.writeQuota ?? quota,
    activationQuota: pace.activationQuota ?? quota,
    maxDurationMs: pace.maxDurationMs === undefined ? undefined : pace.maxDurationMs + ENDING_MS,
  })
  const traffic: Traffic = {byResult: new Map(), throttledMs: 0}
  const used = new Set<string>()
  const {graphUrl, authorityUrl} = endpoints(settings.cloud.value, {
    graphUrl: sandbox?.rootUrl ?? settings.graphUrl?.value,
    authorityUrl: sandbox?.authorityUrl ?? settings.authorityUrl?.value,
  })
  const token: GetToken = (signal, options) =>
    provider?.token(signal, options) ??
    Promise.resolve((as === 'person' ? sandbox?.issuePersonToken() : sandbox?.issueToken()) ?? '')
  const graph = createGraph({
    rootUrl: graphUrl,
    token,
    holder: () => provider?.holder?.(),
    clock,
    fetch,
    pacer,
    retry: pace.maxWaitMs === undefined ? undefined : {maxWaitMs: pace.maxWaitMs},
    log: (event) => {
      countTraffic(traffic, event)
      log.write('debug', describe(event), {...event})
    },
    used: (permission) => used.add(permission),
    done: deps.done,
  })
  const directory = createDirectory(graph, {warn: (text) => ui.emit({type: 'warning', text})})
  return {
    graph,
    graphUrl,
    authorityUrl,
    claims: async (signal) => peek(await token(signal)),
    signIn: provider === undefined ? undefined : () => provider.describe(),
    directory: known === undefined ? directory : {...directory, tenantId: () => Promise.resolve(known)},
    writer: () => createMethodWriter(graph, clock),
    pace: () => pacer.stats(),
    traffic,
    close: async () => {
      await sandbox?.stop()
      const tenantId = known ?? provider?.describe().tenantId
      const clientId = provider?.describe().clientId ?? settings.clientId?.value
      if (used.size === 0 || tenantId === undefined || clientId === undefined) return
      await deps.journal.permissionsUsed(tenantId, clientId, [...used], clock.now().toISOString())
    },
  }
}

function tenantIdOf({tenant}: Settings): string | undefined {
  return tenant !== undefined && GUID.test(tenant.value) ? tenant.value : undefined
}

async function startEmbedded(settings: Settings) {
  const {startSandbox} = await import('./lib/sandbox/server.js')
  const {readTenantFile} = await import('./lib/sandbox/tenant-file.js')
  const stateFile = sandboxFile(settings)
  const tenant = await readTenantFile(exampleTenant)
  return startSandbox({stateFile, tenant})
}

/** Where the embedded tenant lives: beside the runs. */
export const sandboxFile = (settings: Settings): string => join(settings.state.value.folder, 'sandbox.db')

/** What an empty embedded tenant is filled with; it ships with the package. */
export const exampleTenant = join(import.meta.dirname, '..', 'examples', 'contoso', 'tenant.json')

function countTraffic(traffic: Traffic, event: GraphLogEvent): void {
  if (event.type === 'http') {
    const result = String(event.result)
    traffic.byResult.set(result, (traffic.byResult.get(result) ?? 0) + 1)
  } else if (event.reason === 'throttled') traffic.throttledMs += event.ms
}

function describe(event: GraphLogEvent): string {
  return event.type === 'http'
    ? `${event.method} ${event.url} ${event.result} ${Math.round(event.ms)} ms`
    : `wait ${Math.round(event.ms)} ms before ${event.method} ${event.path}: ${event.reason}`
}
