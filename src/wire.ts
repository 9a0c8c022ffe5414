import {homedir} from 'node:os'
import {join} from 'node:path'

import type {MfaError} from './lib/errors/mfa-error.js'
import {loadSettings} from './lib/config/load-settings.js'
import {pickFlags} from './lib/config/settings-flags.js'
import type {Settings} from './lib/config/settings.js'
import {checkCloud} from './lib/registration/clouds.js'
import type {Feature} from './lib/registration/features.js'
import type {SignInDeps} from './lib/entra/auth/sign-in-settings.js'
import type {TokenProvider} from './lib/entra/auth/token-provider.js'
import {createFetch} from './lib/entra/network.js'
import type {MigrateDeps} from './lib/migration/migrate.js'
import type {PairDeps} from './lib/migration/pair.js'
import type {UndoDeps} from './lib/migration/undo.js'
import type {MigrationRequest, PlanningDeps} from './lib/migration/request.js'
import type {Clock} from './lib/ports/clock.js'
import type {Directory} from './lib/ports/directory.js'
import type {DirectoryLookup} from './lib/ports/directory-lookup.js'
import type {Files} from './lib/ports/files.js'
import type {Journal} from './lib/ports/journal.js'
import type {Output} from './lib/ports/output.js'
import type {Scratch} from './lib/ports/scratch.js'
import type {Source} from './lib/ports/source.js'
import type {Ui} from './lib/ports/ui.js'
import type {Show} from './lib/report/show.js'
import {repeatedFlags, WHERE} from './repeated-flags.js'
import {systemClock} from './system-clock.js'
import type {SignInAs, Tenant} from './wire-tenant.js'
import {createOutput} from './lib/terminal/output.js'
import {terminalFacts} from './lib/terminal/terminal-facts.js'
import {createTerminalUi, type TerminalUi} from './lib/terminal/terminal-ui.js'
import {ownerFiles, refuseUnwritable} from './lib/state/owner-files.js'
import type {RunLog} from './lib/state/log.js'
import {restrictToOwner} from './lib/state/restrict.js'
import type {State} from './lib/state/open-state.js'
import {overheard, Traces} from './wire-trace.js'

type Flags = Readonly<Record<string, unknown>>

/** One command's adapters, each built on first use. Nothing is opened or asked before that. */
export class Wiring {
  readonly settings: Settings
  #ui: TerminalUi
  readonly traces: Traces
  readonly out: Output
  readonly files: Files = ownerFiles
  readonly clock: Clock = systemClock
  readonly #flags: Flags
  readonly #command: string
  readonly #signal: AbortSignal
  readonly #closers: (() => Promise<void> | void)[] = []
  #log: RunLog | undefined
  #state: Promise<State> | undefined
  #tenant: Promise<Tenant> | undefined
  #personTenant: Promise<Tenant> | undefined

  constructor(settings: Settings, flags: Flags, options: WireOptions) {
    this.settings = settings
    this.#flags = flags
    this.#command = options.command
    this.#signal = options.signal
    const {stderr, stdin, stdout} = process
    const err = terminalFacts(process.env, stderr)
    const ui = createTerminalUi({...err, stderr, stdin, json: options.json, clock: this.clock})
    this.traces = new Traces({
      command: options.command,
      version: options.version,
      note: (text) => ui.emit({type: 'note', text}),
    })
    this.#ui = overheard(ui, (event) => this.traces.seen(event))
    const write = (text: string) => void stdout.write(text)
    this.out = createOutput({...terminalFacts(process.env, stdout), json: options.json, write})
    this.#closers.push(() => this.ui.close())
  }

  /** What is told on the way goes through this from now on. */
  tellThrough(wrap: (ui: Ui) => Ui): void {
    this.#ui = {...this.#ui, ...wrap(this.#ui)}
  }

  get ui(): TerminalUi {
    return this.#ui
  }

  get show(): Show {
    return {out: this.out, files: this.files}
  }

  /** Flags that say where things are, as they were typed; for the command that comes next. */
  get again(): string {
    return this.repeated(WHERE)
  }

  /** As `again`, but for one flag, which the next command gives anew. */
  againWithout(name: string): string {
    return this.repeated(WHERE.filter((each) => each !== name))
  }

  /** The same of these flags. */
  repeated(names: readonly string[]): string {
    return repeatedFlags(this.#flags, names)
  }

  signInDeps(): SignInDeps {
    return {
      clock: this.clock,
      ui: this.ui,
      fetch: createFetch(process.env),
      stateFolder: this.settings.state.value.folder,
      restrict: restrictToOwner,
    }
  }

  /** `--report FILE.html`, if it was given. */
  async writePage(
    path: string | undefined,
    page: (sourceLabel: string, at: string) => Iterable<string>,
  ): Promise<void> {
    if (path === undefined) return
    const source = this.settings.source?.value.label ?? ''
    await this.files.write(path, page(source, this.clock.now().toISOString()))
    this.out.line(`Report: ${path}`)
  }

  /** Once something was logged. */
  get logFile(): string | undefined {
    return this.#log?.file
  }

  /** `--source-rate` */
  get sourceRate(): number | undefined {
    const rate = this.#flags['source-rate']
    return typeof rate === 'number' ? rate : undefined
  }

  get resultsFolder(): string {
    return join(this.settings.state.value.folder, 'results')
  }

  async log(): Promise<RunLog> {
    if (this.#log !== undefined) return this.#log
    const {logFolder} = await this.state()
    const {openLog} = await import('./lib/state/log.js')
    const {dropOldLogs} = await import('./lib/state/log-file.js')
    const command = this.#command.replaceAll(':', '-')
    const now = this.clock.now()
    // What a scheduler or a service manager starts again and again has a log a day, every other command one of its own.
    const daily = /^sync-(once|run)$/.test(command)
    const stamp = now.toISOString().replaceAll(/[:.]/g, '-')
    const name = daily ? `${stamp.slice(0, 10)}-${command}` : `${stamp}-${command}-${process.pid}`
    if (daily) await dropOldLogs(logFolder, now)
    const verbose = this.#flags['verbose'] === true ? process.stderr : undefined
    const log = await openLog(logFolder, name, {verbose})
    this.#log = log
    this.#closers.push(() => log.close())
    return log
  }

  /** What the cloud does not have of this feature, before anything is asked. */
  warnOfCloud(feature: Feature): void {
    for (const text of checkCloud(this.settings.cloud.value, [feature])) this.ui.emit({type: 'warning', text})
  }

  /** Where the certificate in use will not be good for long. */
  async warnOfCertificate(): Promise<void> {
    const {clientCertificate, clientCertificatePath} = this.settings
    if ((clientCertificate ?? clientCertificatePath) === undefined) return
    const {warnOfCertificate} = await import('./wire-certificates.js')
    await warnOfCertificate(this)
  }

  onClose(close: () => Promise<void> | void): void {
    this.#closers.push(close)
  }

  state(): Promise<State> {
    this.#state ??= this.#openState()
    return this.#state
  }

  async journal(): Promise<Journal> {
    return (await this.state()).journal
  }

  async scratch(): Promise<Scratch> {
    const {openScratch} = await import('./lib/state/scratch.js')
    const scratch = openScratch()
    this.#closers.push(() => scratch.close())
    return scratch
  }

  tenant(): Promise<Tenant> {
    this.#tenant ??= this.#openTenant()
    return this.#tenant
  }

  /**
   * As `tenant`, signed in as a person: for what Graph does not let applications do, `what` ("Staged rollout") in the
   * words of the message. Throws MfaError `auth` at once where no person is signed in.
   */
  personTenant(what?: string): Promise<Tenant> {
    this.#personTenant ??= this.#openTenant('person', {what})
    return this.#personTenant
  }

  async directory(): Promise<Directory> {
    return (await this.tenant()).directory
  }

  async source(): Promise<Source> {
    const {openSource} = await import('./wire-source.js')
    const source = await openSource(this.settings, {
      clock: this.clock,
      ui: this.ui,
      scratch: await this.scratch(),
      ratePerSecond: this.sourceRate,
    })
    this.#closers.push(() => source.close())
    return source
  }

  /** U2 (4); opened before anything else is asked, so that wrong settings show at once. */
  async lookup(): Promise<DirectoryLookup | undefined> {
    const {openLookup} = await import('./wire-active-directory.js')
    const lookup = await openLookup(this.settings, {clock: this.clock, ui: this.ui, signal: this.#signal})
    if (lookup !== undefined) this.#closers.push(() => lookup.close())
    return lookup
  }

  async planning(): Promise<PlanningDeps> {
    return {
      lookup: await this.lookup(),
      source: await this.source(),
      directory: await this.directory(),
      journal: await this.journal(),
      scratch: await this.scratch(),
      clock: this.clock,
      ui: this.ui,
    }
  }

  async migrating(): Promise<MigrateDeps> {
    const planning = await this.planning()
    const tenant = await this.tenant()
    const {sentSoFar} = await import('./wire-pace.js')
    const deps: MigrateDeps = {
      ...planning,
      files: this.files,
      writer: () => Promise.resolve(tenant.writer()),
      pace: () => sentSoFar(tenant.pace()),
    }
    if (this.#flags['workers'] !== 'shared') return deps
    if (this.#flags['dry-run'] === true) return deps
    return (await import('./wire-workers.js')).withCrew(this, deps)
  }

  async undoing(): Promise<UndoDeps> {
    return {
      directory: await this.directory(),
      journal: await this.journal(),
      scratch: await this.scratch(),
      clock: this.clock,
      ui: this.ui,
      writer: async () => (await this.tenant()).writer(),
    }
  }

  /** Without `--source` only the Entra side. */
  async pairing(): Promise<PairDeps> {
    return {
      lookup: this.settings.source === undefined ? undefined : await this.lookup(),
      source: this.settings.source === undefined ? undefined : await this.source(),
      directory: await this.directory(),
      scratch: await this.scratch(),
      clock: this.clock,
      ui: this.ui,
    }
  }

  async request(flags: Flags): Promise<MigrationRequest> {
    return (await import('./wire-request.js')).migrationRequest(this.settings, flags)
  }

  async #openState(): Promise<State> {
    const {openState} = await import('./lib/state/open-state.js')
    const {value} = this.settings.state
    const location = value.kind === 'sqlite' ? value : {...value, path: value.folder}
    const state = await openState(location, {clock: this.clock})
    this.#closers.push(() => state.close())
    return state
  }

  /** As `tenant`, signed in as somebody whom no other command knows. */
  async tenantAs(signedIn: TokenProvider): Promise<Tenant> {
    return this.#openTenant('configured', {signedIn})
  }

  async #openTenant(
    as: SignInAs = 'configured',
    {signedIn, what}: {readonly signedIn?: TokenProvider; readonly what?: string | undefined} = {},
  ): Promise<Tenant> {
    const {openTenant} = await import('./wire-tenant.js')
    await this.traces.open()
    const {journal, shared} = await this.state()
    const deps = {
      clock: this.clock,
      ui: this.ui,
      log: await this.log(),
      done: this.traces.done,
      journal,
      budget: shared?.budget,
      onlyPersons: what,
    }
    const tenant = await openTenant(this.settings, this.#flags, deps, as, signedIn)
    this.#closers.push(() => tenant.close())
    return tenant
  }

  /** In the opposite order of opening; every one of them, whatever happens to another. `error`: what the command ended with. */
  async close(error?: MfaError): Promise<void> {
    const log = this.#log
    const exit = Number(process.exitCode ?? 0)
    this.#closers.push(() => this.traces.close(exit, error, log && ((...line) => log.write(...line))))
    for (const close of this.#closers.toReversed()) {
      try {
        await close()
      } catch (error) {
        this.ui.emit({
          type: 'warning',
          text: `could not close cleanly: ${error instanceof Error ? error.message : String(error)}`,
        })
      }
    }
  }
}

export interface WireOptions {
  readonly json: boolean
  /** Of this program. */
  readonly version: string
  readonly command: string
  /** Aborted on Ctrl-C. */
  readonly signal: AbortSignal
}

/**
 * Reads settings and looks whether the files that will be written can be; everything else waits until it is asked for.
 * Throws MfaError `usage` with every fault of the settings at once.
 */
export async function wire(flags: Flags, options: WireOptions): Promise<Wiring> {
  const settings = await loadSettings({
    flags: pickFlags(flags),
    env: process.env,
    cwd: process.cwd(),
    home: homedir(),
    writesConfig: flags['writes-config'] === true,
  })
  for (const name of ['csv', 'out', 'users-csv', 'sarif', 'junit']) {
    const path = flags[name]
    if (typeof path === 'string') await refuseUnwritable(path)
  }
  const wiring = new Wiring(settings, flags, options)
  if (process.env[UNCHECKED] === '0') {
    // Node looks at each connection: from here on every certificate is checked.
    delete process.env[UNCHECKED]
    const text = `${UNCHECKED}=0 is ignored: certificates are always checked. For a CA of your own there are --source-ca, --ad-ca and NODE_EXTRA_CA_CERTS.`
    wiring.ui.emit({type: 'warning', text})
  }
  return wiring
}

const UNCHECKED = 'NODE_TLS_REJECT_UNAUTHORIZED'
