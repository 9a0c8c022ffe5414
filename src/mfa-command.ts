import {once} from 'node:events'

import {Command, Flags} from '@oclif/core'

import {EXIT, type ExitName} from './lib/errors/exit-codes.js'
import {MfaError} from './lib/errors/mfa-error.js'
import {printableLines} from './lib/model/printable.js'
import {redact} from './lib/model/redact.js'
import {jsonText} from './lib/report/lazy-list.js'
import type {Wiring} from './wire.js'

/** What every command's result may carry besides its own keys. */
export type Result = Readonly<Record<string, unknown>>

/**
 * What all commands share: one wiring, one result printer, one way from an error to an exit code, and a clean end on
 * Ctrl-C. `--json` prints exactly one object, also on failure.
 */
export abstract class MfaCommand extends Command {
  static override enableJsonFlag = true
  static override baseFlags = {
    verbose: Flags.boolean({summary: 'Tell on stderr what is asked of the services.', helpGroup: 'GLOBAL'}),
  }

  #wiring: Wiring | undefined
  #stopIsSuccess = false
  #failure: MfaError | undefined
  readonly #interrupt = new AbortController()
  readonly #onSignal = (name: NodeJS.Signals): void => {
    if (this.#interrupt.signal.aborted) {
      process.stderr.write('\nstopped at once; what was under way is settled by the next run\n')
      process.exit(EXIT.interrupted)
    }
    process.stderr.write('\nstopping after what is under way; press again to stop at once\n')
    this.#interrupt.abort(interrupted(name))
  }

  /** Aborted on Ctrl-C, with the error that ends the command. */
  protected get signal(): AbortSignal {
    return this.#interrupt.signal
  }

  /** As oclif's, but the result is printed while what it is read from is still open, and in pieces. */
  protected override async _run<T>(): Promise<T> {
    let error: Error | undefined
    try {
      await this.init()
      const result: unknown = await this.run()
      await this.#wiring?.warnOfCertificate()
      if (this.jsonEnabled()) await print(jsonText(this.toSuccessJson(result)))
      return result as T
    } catch (thrown) {
      error = thrown as Error
      await this.catch(error)
      return undefined as T
    } finally {
      await this.finally(error)
    }
  }

  override async init(): Promise<void> {
    process.on('SIGINT', this.#onSignal)
    process.on('SIGTERM', this.#onSignal)
    await super.init()
  }

  /** Builds the adapters on first use; they are closed when the command ends. */
  protected async wire(flags: Readonly<Record<string, unknown>>): Promise<Wiring> {
    if (this.#wiring === undefined) {
      const {wire} = await import('./wire.js')
      this.#wiring = await wire(flags, {
        json: this.jsonEnabled(),
        command: this.id ?? 'mfa',
        version: this.config.version,
        signal: this.signal,
      })
    }
    return this.#wiring
  }

  /** For a command that serves: Ctrl-C is its regular end. */
  protected untilInterrupted(): Promise<void> {
    return new Promise((resolve) => {
      this.signal.addEventListener('abort', () => resolve(), {once: true})
    })
  }

  /** For a command that runs until it is stopped: being stopped is its success. */
  protected endedWell(): void {
    this.#stopIsSuccess = true
  }

  /** For a result that is right and yet not 0: `differences`, `partial`. */
  protected exitWith(name: ExitName): void {
    process.exitCode = EXIT[name]
  }

  protected override toSuccessJson(result: unknown): Result {
    const warnings = this.#wiring?.ui.warnings ?? []
    return {schemaVersion: 1, ...(result as Result), warnings: [...warnings]}
  }

  protected override async catch(error: Error): Promise<void> {
    const stopped = this.#interrupt.signal.aborted && !this.#stopIsSuccess
    const known = understood(stopped ? this.#interrupt.signal.reason : error)
    this.#failure = known
    if (known !== undefined) report(known, this.jsonEnabled(), await this.#logged(known))
  }

  /** Puts the error into the log of the run; a bug gets a log in any case. The file's name, if there is one. */
  async #logged(error: MfaError): Promise<string | undefined> {
    try {
      if (this.#wiring === undefined || (this.#wiring.logFile === undefined && error.exit !== 'bug'))
        return undefined
      const log = await this.#wiring.log()
      log.write('error', error.message, {error})
      return log.file
    } catch {
      // No log can be kept: the state itself may be what failed.
      return undefined
    }
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    process.off('SIGINT', this.#onSignal)
    process.off('SIGTERM', this.#onSignal)
    await this.#wiring?.close(this.#failure)
    await super.finally(error)
  }
}

/** Waits for a slow reader instead of piling up what it has not read yet. */
async function print(pieces: Iterable<string>): Promise<void> {
  const {stdout} = process
  for (const piece of pieces) if (!stdout.write(piece)) await once(stdout, 'drain')
  stdout.write('\n')
}

const interrupted = (name: NodeJS.Signals): MfaError =>
  new MfaError('INTERRUPTED', `stopped (${name}); what was written is on record`, {
    exit: 'interrupted',
    fix: 'The same command goes on where it stopped.',
  })

/** Errors that explain themselves: no log is named. */
const PLAIN: ReadonlySet<ExitName> = new Set(['usage', 'declined'])

/** The one way from an error to the exit code and to what is printed; the same code with and without `--json`. */
export function report(error: unknown, json: boolean, logFile?: string): void {
  const known = understood(error)
  if (known === undefined) return
  process.exitCode = EXIT[known.exit]
  const {code, message, fix, requestId} = known
  const log = logFile === undefined || PLAIN.has(known.exit) ? undefined : logFile
  if (known.exit === 'bug' && log === undefined)
    process.stderr.write(`${redact(String((known.cause as Error)?.stack))}\n`)
  if (json) {
    const details = {code, message, fix, requestId, logFile: log}
    process.stdout.write(`${JSON.stringify({schemaVersion: 1, error: details, ...known.details}, null, 2)}\n`)
    return
  }
  const below = [
    ...(fix?.split('\n') ?? []),
    ...(requestId === undefined ? [] : [`Request id: ${requestId}`]),
    ...(log === undefined ? [] : [`Log: ${log}`]),
  ]
  process.stderr.write(printableLines(`error: ${message}\n${below.map((line) => `  ${line}\n`).join('')}`))
}

/** Undefined for oclif's own way of saying that all is well. */
function understood(error: unknown): MfaError | undefined {
  if (error instanceof MfaError) return error
  const {oclif, message, code} = error as {oclif?: {exit?: number}; message?: string; code?: string}
  if (oclif?.exit === 0 || code === 'EPIPE') return undefined
  // Whatever oclif itself complains of is the command line, unless a file of the program is missing.
  if (oclif !== undefined && code !== 'MODULE_NOT_FOUND') {
    const text = (message ?? 'bad command line').replace(/^EEXIT: \d+$/, 'no such command')
    return new MfaError('USAGE', withoutHint(text), {exit: 'usage', fix: 'See --help.'})
  }
  return new MfaError('BUG', `unforeseen: ${redact(message ?? String(error))}`, {
    exit: 'bug',
    fix: 'This is a fault of mfa. Please report it with the log; nothing secret is in it.',
    cause: error,
  })
}

/** oclif puts a heading above some messages, breaks their line, and repeats "See more help with --help" below. */
const withoutHint = (text: string): string =>
  text
    .replace(/\n?See more help with --help\s*$/, '')
    .replace(/^The following errors? occurred:\s*/, '')
    .replace(/^Parsing (--[\w-]+)\s+/, '$1: ')
    .trim()
