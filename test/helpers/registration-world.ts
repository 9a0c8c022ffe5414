import {X509Certificate, createPrivateKey} from 'node:crypto'
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

import {createAppSignIn} from '../../src/lib/entra/registration/app-sign-in.js'
import {createRegistrations} from '../../src/lib/entra/registration/registrations.js'
import {factsOf} from '../../src/lib/entra/certificates/key-pair.js'
import {createGraph} from '../../src/lib/entra/transport/graph.js'
import {MfaError} from '../../src/lib/errors/mfa-error.js'
import {Secret} from '../../src/lib/model/secret.js'
import type {ConfigStore, RegistrationCaller} from '../../src/lib/ports/app-registration.js'
import type {Certificates, OwnCertificate} from '../../src/lib/ports/certificates.js'
import type {Journal} from '../../src/lib/ports/journal.js'
import type {ConfigureRequest, RegistrationDeps} from '../../src/lib/registration/configure-request.js'
import {startSandbox, type Sandbox, type SandboxOptions} from '../../src/lib/sandbox/server.js'
import {FakeClock} from '../fakes/clock.js'
import {MemoryFiles} from '../fakes/memory-files.js'
import {journalStore, MemoryJournal, type JournalStore} from '../fakes/memory-journal.js'
import {FakeUi} from '../fakes/ui.js'
import {EMPTY} from '../fixtures/empty-tenant.js'
import {makeCertificate} from './certificates.js'

export const FILE = '/home/ann/.config/mfa/client.pem'
export const CONFIG = '/home/ann/.config/mfa/mfa.config.json'

/** Certificates made by openssl once for many tests: making keys takes longer than everything else. */
export async function makeOwnCertificates(count: number): Promise<readonly OwnCertificate[]> {
  const folder = await mkdtemp(join(tmpdir(), 'mfa-registration-'))
  try {
    const names = Array.from({length: count}, (_, index) => `own-${index}`)
    return await Promise.all(
      names.map(async (name) => {
        const {certificate, key} = await makeCertificate(folder, name)
        const privateKey = createPrivateKey(key).export({type: 'pkcs8', format: 'pem'}).toString()
        return {facts: factsOf(new X509Certificate(certificate)), privateKey: new Secret(privateKey)}
      }),
    )
  } finally {
    await rm(folder, {recursive: true, force: true})
  }
}

/** Key files in a Map; `make` takes the next of the given certificates. */
export class FakeCertificates implements Certificates {
  readonly files = new Map<string, OwnCertificate>()
  made = 0
  readonly #supply: readonly OwnCertificate[]

  constructor(supply: readonly OwnCertificate[]) {
    this.#supply = supply
  }

  async make(): Promise<OwnCertificate> {
    const next = this.#supply[this.made++ % this.#supply.length]
    if (next === undefined) throw new Error('no certificates to hand out')
    return next
  }

  async keep(path: string, certificate: OwnCertificate): Promise<void> {
    if (this.files.has(path)) throw new MfaError('CERTIFICATE_EXISTS', `${path} exists`, {exit: 'usage'})
    this.files.set(path, certificate)
  }

  async read(path: string): Promise<OwnCertificate> {
    const found = this.files.get(path)
    if (found === undefined) throw new MfaError('CERTIFICATE_MISSING', `${path}: none`, {exit: 'usage'})
    return found
  }
}

export class MemoryConfig implements ConfigStore {
  readonly file = CONFIG
  values: Readonly<Record<string, unknown>> = {}

  resolve(path: string): string {
    return path
  }

  async read(): Promise<Readonly<Record<string, unknown>>> {
    return this.values
  }

  async write(values: Readonly<Record<string, unknown>>): Promise<void> {
    this.values = Object.fromEntries(
      Object.entries({...this.values, ...values}).filter(([, value]) => value !== null),
    )
  }
}

/** What lasts when a process ends. */
export interface RegistrationWorld {
  readonly sandbox: Sandbox
  readonly store: JournalStore
  readonly certificates: FakeCertificates
  readonly config: MemoryConfig
  stop(): Promise<void>
}

export async function registrationWorld(
  supply: readonly OwnCertificate[],
  options: Partial<SandboxOptions> = {},
): Promise<RegistrationWorld> {
  const sandbox = await startSandbox({stateFile: ':memory:', tenant: EMPTY, ...options})
  return {
    sandbox,
    store: journalStore(),
    certificates: new FakeCertificates(supply),
    config: new MemoryConfig(),
    stop: () => sandbox.stop(),
  }
}

export class Killed extends Error {}

export interface Process {
  readonly deps: RegistrationDeps
  readonly ui: FakeUi
  readonly clock: FakeClock
  /** Steps so far: requests, entries of the journal, files. */
  steps(): number
}

export interface ProcessOptions {
  /** Dies at this step: nothing that it tries afterwards has any effect. */
  readonly killAt?: number | undefined
  readonly caller?: RegistrationCaller | undefined
  readonly token?: string | undefined
  readonly fetch?: typeof fetch | undefined
  readonly answers?: readonly (boolean | string)[] | undefined
  readonly now?: string | undefined
}

const JOURNAL_WRITES: ReadonlySet<string | symbol> = new Set(['beginRun', 'intent', 'outcome', 'endRun'])

/** A process of the command line in that world. */
export function startProcess(world: RegistrationWorld, options: ProcessOptions = {}): Process {
  const {sandbox, store, certificates, config} = world
  const clock = new FakeClock(options.now ?? new Date().toISOString())
  const ui = new FakeUi(options.answers ?? [])
  let steps = 0
  let dead = false
  const alive = (): void => {
    if (dead) throw new Killed('killed')
  }
  const step = (): void => {
    alive()
    steps += 1
    if (steps === options.killAt) dead = true
    alive()
  }
  const send = options.fetch ?? fetch
  const killable: typeof fetch = async (input, init) => {
    step()
    const answer = await send(input, init)
    // It happened, and nobody hears of it.
    step()
    return answer
  }
  const journal = new Proxy<Journal>(new MemoryJournal(clock, store), {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return (...args: unknown[]): unknown => {
        if (JOURNAL_WRITES.has(name)) step()
        else alive()
        return Reflect.apply(value, target, args)
      }
    },
  })
  const guarded = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(of, name) {
        const value: unknown = Reflect.get(of, name, of)
        if (typeof value !== 'function') return value
        return (...args: unknown[]): unknown => {
          step()
          return Reflect.apply(value, of, args)
        }
      },
    })
  const graph = createGraph({
    rootUrl: sandbox.rootUrl,
    token: async () => options.token ?? sandbox.issuePersonToken(),
    clock,
    fetch: killable,
    retry: {maxAttempts: 2},
  })
  const deps: RegistrationDeps = {
    registrations: createRegistrations(graph, {clock, authorityUrl: sandbox.authorityUrl}),
    caller: options.caller ?? {kind: 'person', name: 'admin@contoso.com'},
    signIn: createAppSignIn({
      clock,
      ui,
      fetch: killable,
      stateFolder: '/nowhere',
      cloud: 'global',
      graphUrl: sandbox.rootUrl,
      authorityUrl: sandbox.authorityUrl,
    }),
    certificates: guarded(certificates),
    config: guarded(config),
    files: filesOf(certificates, step),
    journal,
    clock,
    ui,
    tenantId: sandbox.tenantId,
  }
  return {deps, ui, clock, steps: () => steps}
}

/** Moving and removing key files. */
function filesOf(certificates: FakeCertificates, step: () => void) {
  const files = new MemoryFiles()
  return Object.assign(files, {
    async move(from: string, to: string) {
      step()
      certificates.files.set(to, await certificates.read(from))
      certificates.files.delete(from)
    },
    async remove(paths: readonly string[]) {
      step()
      for (const path of paths) certificates.files.delete(path)
    },
  })
}

export const CONFIGURE: ConfigureRequest = {
  command: 'mfa app configure',
  which: {displayName: 'MFA Server Migration Utility', nameGiven: false},
  createNew: false,
  mustExist: false,
  features: ['migrate', 'rollout'],
  extra: [],
  cloud: 'global',
  tenant: 'contoso.com',
  certificate: {file: FILE, mayMake: true, commonName: 'mfa on host', days: 365},
  keep: {signIn: true, features: true},
  prune: false,
  dryRun: false,
  yes: true,
  waitMs: 0,
  consistencyMs: 10_000,
  preview: async () => {},
}

/** What matters of a tenant's registrations, whoever made them and with which ids. */
export async function registered(world: RegistrationWorld) {
  const {deps} = startProcess(world)
  const {signal} = new AbortController()
  const {registrations} = deps
  const found = await registrations.byName(CONFIGURE.which.displayName, signal)
  const graph = await registrations.graph(signal)
  const nameOf = (id: string) => graph.permissions.find((each) => each.id === id)?.name
  return Promise.all(
    found.map(async ({objectId}) => {
      const whole = await registrations.byObjectId(objectId, signal)
      const principal = await registrations.principal(whole?.appId ?? '', signal)
      const grants =
        principal === undefined ? undefined : await registrations.grants(principal.id, graph.id, signal)
      return {
        keys: whole?.keys.map(({thumbprintSha256}) => thumbprintSha256),
        isPublicClient: whole?.isPublicClient,
        asksFor: whole?.asksFor.map(({id}) => nameOf(id)).toSorted(),
        roles: grants?.roles.map(({roleId}) => nameOf(roleId)).toSorted(),
        scopes: grants?.scopes.flatMap(({names}) => names).toSorted(),
      }
    }),
  )
}
