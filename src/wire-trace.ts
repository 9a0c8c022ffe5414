import {EXIT} from './lib/errors/exit-codes.js'
import {MfaError} from './lib/errors/mfa-error.js'
import type {RequestDone} from './lib/entra/transport/request-done.js'
import type {UiEvent} from './lib/ports/ui.js'
import type {LogFields, LogLevel} from './lib/state/log.js'
import {tracesAsked} from './lib/tracing/asked.js'
import type {Sent} from './lib/tracing/delivery.js'
import type {TerminalUi} from './lib/terminal/terminal-ui.js'
import type {Facts, Tracing} from './lib/tracing/tracing.js'

/** How long the end of a command waits for a collector: a little longer than one batch may take, so that its fault is known. */
const FLUSH_MS = 2500

/** What a span says of a run: ids and counts, never a user. */
export interface RunFacts {
  readonly run: string | null
  readonly kind?: string | undefined
  readonly tenantId: string
  readonly summary: object
}

export interface TracesOptions {
  /** `sync:run` */
  readonly command: string
  readonly version: string
  readonly note: (text: string) => void
}

type Log = (level: LogLevel, message: string, fields: LogFields) => void

/**
 * OpenTelemetry traces of one command, where the environment asks for them; else nothing here does anything, and the SDK is not even
 * loaded. Whatever becomes of them, the command goes on as without: at most one note says that spans were lost.
 */
export class Traces {
  readonly #options: TracesOptions
  readonly #begun = Date.now()
  #opening: Promise<void> | undefined
  #tracing: Tracing | undefined
  #host = ''
  #noted = false

  constructor(options: TracesOptions) {
    this.#options = options
  }

  /** Once a command talks to a tenant; what only looks at this machine is not traced. */
  open(): Promise<void> {
    this.#opening ??= this.#open()
    return this.#opening
  }

  async #open(): Promise<void> {
    const asked = tracesAsked(process.env)
    if (asked.why !== undefined) this.#options.note(asked.why)
    if (!asked.on) return
    const {command, version} = this.#options
    const {createTracing} = await import('./lib/tracing/tracing.js')
    this.#host = asked.host
    const failed = ({fault}: Sent): void => this.#lost(`${fault}; the command goes on without them`)
    this.#tracing = createTracing({version, share: asked.share, failed})
    // Its rounds are traces of their own: one trace of days could not be read.
    if (command !== 'sync:run') this.#tracing.beginMain(`mfa ${command.replaceAll(':', ' ')}`, this.#begun)
  }

  /** For `createGraph`; undefined where nobody listens. */
  get done(): ((request: RequestDone) => void) | undefined {
    const tracing = this.#tracing
    return tracing === undefined ? undefined : (request) => tracing.request(requestSpan(request))
  }

  /** Phases are told to people and to traces alike. */
  seen(event: UiEvent): void {
    if (event.type === 'phase') this.#tracing?.phase(event.phase)
    else if (event.type === 'phase-end') this.#tracing?.phaseEnd(event.phase)
  }

  /** Of the run that is under way here. */
  describe(facts: RunFacts): void {
    this.#tracing?.describe(runFacts(facts))
  }

  /** `work` as a trace of its own. */
  async around<T>(name: string, facts: Facts, work: () => Promise<T>): Promise<T> {
    return this.#tracing === undefined ? work() : this.#tracing.run(name, facts, errorWord, work)
  }

  /** Ends the trace of the command and sends what waits, within `FLUSH_MS` or not at all. */
  async close(exitCode: number, error: MfaError | undefined, log: Log | undefined): Promise<void> {
    const tracing = this.#tracing
    if (tracing === undefined) return
    this.#tracing = undefined
    const exit = Object.entries(EXIT).find(([, code]) => code === exitCode)?.[0]
    tracing.describe({'process.exit.code': exitCode, 'mfa.exit': exit})
    tracing.endMain(error?.code)
    const sent = await tracing.close(FLUSH_MS)
    log?.('info', 'traces', {collector: this.#host, ...sent})
    const lost = sent.ended - sent.taken
    if (lost > 0) this.#lost(sent.fault ?? `${lost} of ${sent.ended} spans were not taken in time`)
  }

  #lost(why: string): void {
    if (this.#noted) return
    this.#noted = true
    this.#options.note(`traces do not all reach ${this.#host}: ${why}`)
  }
}

function requestSpan({method, version, route, ...rest}: RequestDone): Parameters<Tracing['request']>[0] {
  return {
    name: `${method} ${route}`,
    ms: rest.ms,
    error: rest.error,
    facts: {
      'http.request.method': method,
      'url.template': `/${version}${route}`,
      'http.response.status_code': rest.status,
      'mfa.graph.attempts': rest.attempts,
      'mfa.graph.waited_ms': Math.round(rest.waitedMs),
      'mfa.graph.throttled_ms': Math.round(rest.throttledMs),
      'mfa.graph.request_id': rest.requestId,
      'mfa.graph.client_request_id': rest.clientRequestId,
    },
  }
}

function runFacts({run, kind, tenantId, summary}: RunFacts): Facts {
  const {actions = {}, ...users} = summary as {readonly actions?: object}
  return {
    'mfa.run.id': run ?? undefined,
    'mfa.run.kind': kind,
    'mfa.tenant.id': tenantId,
    ...counts('mfa.users.', users),
    ...counts('mfa.actions.', actions),
  }
}

/** `{alreadyDone: 1}` as `mfa.actions.already_done` */
function counts(prefix: string, of: object): Facts {
  const word = (name: string) =>
    name === 'users' ? 'total' : name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  return Object.fromEntries(
    Object.entries(of).flatMap(([name, value]: [string, unknown]) =>
      typeof value === 'number' ? [[`${prefix}${word(name)}`, value]] : [],
    ),
  )
}

const errorWord = (error: unknown): string => (error instanceof MfaError ? error.code : 'BUG')

/** The same terminal, with somebody who hears what is told. */
export function overheard(ui: TerminalUi, hears: (event: UiEvent) => void): TerminalUi {
  const emit: TerminalUi['emit'] = (event) => {
    hears(event)
    ui.emit(event)
  }
  return {...ui, emit}
}
