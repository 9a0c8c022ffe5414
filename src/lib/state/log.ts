import {join} from 'node:path'
import {inspect} from 'node:util'
import {makeFolders} from '../disk/make-folders.js'
import {MfaError} from '../errors/mfa-error.js'
import {printable} from '../model/printable.js'
import {redact} from '../model/redact.js'
import {LogFile} from './log-file.js'
import {stateFault} from './state-fault.js'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
export type LogFields = Readonly<Record<string, unknown>>

/** The log of one run: JSON Lines, one object an event. Secrets show as `[secret]` (R5). */
export interface RunLog {
  /** Absolute path, to be named in errors. */
  readonly file: string
  write(level: LogLevel, message: string, fields?: LogFields): void
  close(): void
}

export interface LogOptions {
  /** `--verbose`: the same lines for people, here as well. */
  readonly verbose?: NodeJS.WritableStream | undefined
  readonly now?: (() => Date) | undefined
  /** Of one part of the log; ten are kept at most. */
  readonly partBytes?: number | undefined
}

/** Names that never hold anything for a log, whatever their value is. */
const HIDDEN = new Set(['authorization', 'password', 'secret', 'secretkey', 'token', 'accesstoken', 'refreshtoken', 'clientassertion', 'pin', 'privatekey', 'cookie']) // prettier-ignore

/**
 * Opens `folder/name.jsonl` for appending, made with 0600. A line is with the operating system when `write` returns, so
 * a killed process loses none. A log that grows large goes on in a new part (see `LogFile`). Throws MfaError (`usage`,
 * `unavailable`) with the path if the file cannot be opened.
 */
export async function openLog(folder: string, name: string, options: LogOptions = {}): Promise<RunLog> {
  const file = join(folder, `${name}.jsonl`)
  const {destination, pino} = await import('pino')
  try {
    await makeFolders(folder, 0o700)
    const stream = new LogFile(
      file,
      (dest) => destination({dest, sync: true, append: true, mode: 0o600}),
      options.partBytes,
    )
    const now = options.now ?? (() => new Date())
    const logger = pino(
      {
        level: 'debug',
        base: null,
        messageKey: 'message',
        // Errors are spelled out by `hide`.
        serializers: {err: (value: unknown) => value},
        timestamp: () => `,"time":"${now().toISOString()}"`,
        formatters: {level: (label) => ({level: label})},
      },
      stream,
    )
    return {
      file,
      write(level, message, fields = {}) {
        const safe = hide(fields)
        const text = redact(message)
        logger[level](safe, text)
        if (options.verbose !== undefined) options.verbose.write(plainLine(now(), level, text, safe))
      },
      close() {
        stream.end()
      },
    }
  } catch (error) {
    throw stateFault(error, file)
  }
}

function plainLine(now: Date, level: LogLevel, message: string, fields: LogFields): string {
  const rest = Object.keys(fields).length === 0 ? '' : ` ${printable(JSON.stringify(fields))}`
  return `${now.toISOString().slice(11, 23)} ${level.padEnd(5)} ${printable(message)}${rest}\n`
}

/** A copy that JSON can hold: errors spelled out, hidden names gone, circles cut. */
function hide(fields: LogFields): LogFields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, hideValue(name, value, 0)]))
}

function hideValue(name: string, value: unknown, depth: number): unknown {
  if (HIDDEN.has(name.toLowerCase().replaceAll(/[-_]/g, '')) && value !== undefined) return '[secret]'
  if (typeof value === 'string') return redact(value)
  if (value instanceof Error) return describeError(value, depth)
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth > 5) return redact(inspect(value, {depth: 0}))
  if (Array.isArray(value)) return value.map((one: unknown) => hideValue('', one, depth + 1))
  if ('toJSON' in value && typeof value.toJSON === 'function') return (value.toJSON as () => unknown)()
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, hideValue(key, one, depth + 1)]))
}

function describeError(error: Error, depth: number): LogFields {
  const known = error instanceof MfaError
  return {
    name: error.name,
    message: redact(error.message),
    ...(known ? {code: error.code, fix: error.fix, requestId: error.requestId} : {}),
    stack: redact(error.stack ?? ''),
    ...(error.cause === undefined || depth > 5 ? {} : {cause: hideValue('cause', error.cause, depth + 1)}),
  }
}
