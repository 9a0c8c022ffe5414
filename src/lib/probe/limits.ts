import {errorCode} from '../errors/error-code.js'

export interface Limits {
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** What Node says, for people. */
export const words = (error: unknown): string => {
  const code = errorCode(error)
  return WORDS[code ?? ''] ?? code ?? (error instanceof Error ? error.message : String(error))
}

const WORDS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the name is not known here',
  EAI_AGAIN: 'the name server does not answer',
  ECONNREFUSED: 'refused, nothing listens there',
  ECONNRESET: 'the connection was cut',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
  ETIMEDOUT: 'no answer in time',
  EPROTO: 'no TLS could be agreed on',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: 'it refuses the handshake',
  'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE': 'it refuses the handshake',
}

/** The signal of one attempt: ends with the command, or in time. */
export function bounded<T>(
  {timeoutMs, signal}: Limits,
  attempt: (signal: AbortSignal) => Promise<T>,
  late: T,
): Promise<T> {
  const own = AbortSignal.timeout(timeoutMs)
  return attempt(AbortSignal.any([signal, own])).catch((error: unknown) => {
    signal.throwIfAborted()
    if (own.aborted) return late
    throw error
  })
}

/** Runs `begin` until it settles or the signal aborts. */
export function until<T>(
  signal: AbortSignal,
  begin: (resolve: (value: T) => void) => {destroy(): unknown} | void,
): Promise<T> {
  const {promise, resolve, reject} = Promise.withResolvers<T>()
  if (signal.aborted) return Promise.reject(signal.reason as Error)
  const open = begin(resolve)
  const abort = () => reject(signal.reason as Error)
  signal.addEventListener('abort', abort, {once: true})
  return promise.finally(() => {
    signal.removeEventListener('abort', abort)
    open?.destroy()
  })
}
