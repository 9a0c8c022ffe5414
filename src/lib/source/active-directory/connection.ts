import {connect as plainConnect, isIP} from 'node:net'
import {connect as secureConnect, type ConnectionOptions} from 'node:tls'
import {Client, type Entry, type SearchOptions} from 'ldapts'
import type {Secret} from '../../model/secret.js'
import {directoryFailure, DirectoryFailure} from './failure.js'

export interface Account {
  readonly username: string
  readonly password: Secret
}

export interface ConnectOptions {
  /** Undefined: anonymous, because the operator allowed it. */
  readonly account: Account | undefined
  readonly ca: readonly string[]
  readonly connectTimeoutMs: number
  readonly answerTimeoutMs: number
}

export interface Answer {
  readonly entries: readonly Entry[]
  readonly references: readonly string[]
}

/** One signed-in, encrypted connection to one domain controller. It is never made anew: who lost it asks for another. */
export interface Connection {
  readonly url: string
  readonly alive: boolean
  /** Complete, or an error: nothing is cut off silently. Throws ResultCodeError of ldapts or DirectoryFailure. */
  search(base: string, options: SearchOptions, signal: AbortSignal): Promise<Answer>
  close(): Promise<void>
}

/**
 * `ldaps://` speaks TLS from the start; `ldap://` is raised to TLS before anything else is said. Throws
 * DirectoryFailure.
 */
export async function connectTo(
  url: string,
  options: ConnectOptions,
  signal: AbortSignal,
): Promise<Connection> {
  const {account, ca} = options
  const {hostname, protocol} = new URL(url)
  const host = hostname.replace(/^\[|\]$/g, '')
  const tls: ConnectionOptions = {
    ca: [...ca],
    minVersion: 'TLSv1.2',
    host,
    ...(isIP(host) === 0 ? {servername: host} : {}),
  }
  let used = false
  const once = (): void => {
    // ldapts would connect again by itself, signed out and, after StartTLS, in the clear.
    if (used) throw new DirectoryFailure('passing', `${url}: the connection broke off`, LOST)
    used = true
  }
  const client = new Client({
    url,
    timeout: options.answerTimeoutMs,
    connectTimeout: options.connectTimeoutMs,
    strictDN: false,
    createConnection: ((port: number) => {
      once()
      // Not as ldapts gives it: that has the brackets of an IPv6 address.
      return plainConnect(port, host)
    }) as unknown as typeof plainConnect,
    ...(protocol === 'ldaps:'
      ? {
          // Given for ldap:// too, ldapts would speak TLS from the start.
          tlsOptions: tls,
          createSecureConnection: ((port: number, _: string, secure: ConnectionOptions) => {
            once()
            return secureConnect(port, host, secure)
          }) as unknown as typeof secureConnect,
        }
      : {}),
  })
  const close = async (): Promise<void> => {
    try {
      await within(1000, client.unbind())
    } catch {
      // It is gone already.
    }
  }
  const stop = (): void => void close()
  signal.addEventListener('abort', stop, {once: true})
  let during: 'connect' | 'bind' = 'connect'
  try {
    signal.throwIfAborted()
    if (protocol === 'ldap:') await within(2 * options.connectTimeoutMs, client.startTLS(tls))
    during = 'bind'
    // An empty password would bind anonymously and say that all is well.
    if (account !== undefined) {
      if (account.password.isEmpty) throw new Error('empty password')
      await client.bind(account.username, account.password.reveal())
    } else await client.bind('', '')
  } catch (error) {
    await close()
    signal.throwIfAborted()
    throw directoryFailure(url, during, error)
  } finally {
    signal.removeEventListener('abort', stop)
  }
  return {
    url,
    get alive() {
      return client.isBound
    },
    async search(base, wanted, signal) {
      signal.throwIfAborted()
      signal.addEventListener('abort', stop, {once: true})
      try {
        const {searchEntries, searchReferences} = await client.search(base, wanted)
        return {entries: searchEntries, references: searchReferences}
      } finally {
        signal.removeEventListener('abort', stop)
        signal.throwIfAborted()
      }
    },
    close,
  }
}

/** ldapts waits for ever for a handshake, and for a last word. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('timed out')), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

const LOST = {
  code: 'AD_UNREACHABLE',
  exit: 'unavailable',
  fix: 'Run the command again.',
} as const
