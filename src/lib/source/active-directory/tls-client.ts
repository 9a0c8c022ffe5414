import {connect as plainConnect, isIP, type Socket} from 'node:net'
import {connect as secureConnect, type ConnectionOptions, type TLSSocket} from 'node:tls'
import {Client} from 'ldapts'
import {AnswerEnds} from './answer-ends.js'
import {DirectoryFailure} from './failure.js'

export interface TlsClientOptions {
  readonly ca: readonly string[]
  readonly connectTimeoutMs: number
  readonly answerTimeoutMs: number
}

/** A client of ldapts over sockets of our own: it connects once, to the named host, and what it is sent is heard here too. */
export interface TlsClient {
  readonly client: Client
  readonly ends: AnswerEnds
  readonly alive: boolean
  /** Nothing but StartTLS itself is said before it is done. */
  startTls(): Promise<void>
}

/** @param url `ldaps://` for TLS from the start, `ldap://` for `startTls` */
export function tlsClient(url: string, options: TlsClientOptions): TlsClient {
  const {hostname, protocol} = new URL(url)
  const host = hostname.replace(/^\[|\]$/g, '')
  const tls: ConnectionOptions = {
    ca: [...options.ca],
    minVersion: 'TLSv1.2',
    // Not left to the environment of the process.
    rejectUnauthorized: true,
    host,
    ...(isIP(host) === 0 ? {servername: host} : {}),
  }
  const ends = new AnswerEnds()
  let socket: TLSSocket | undefined
  let used = false
  const once = (): void => {
    // ldapts would connect again by itself, signed out and, after StartTLS, in the clear.
    if (used) throw new DirectoryFailure('passing', `${url}: the connection broke off`, LOST)
    used = true
  }
  const heard = (secure: TLSSocket): TLSSocket => {
    secure.on('data', ends.read)
    socket = secure
    return secure
  }
  const client = new Client({
    url,
    timeout: options.answerTimeoutMs,
    connectTimeout: options.connectTimeoutMs,
    strictDN: false,
    createConnection: ((port: number): Socket => {
      once()
      // Not as ldapts gives it: that has the brackets of an IPv6 address.
      return plainConnect(port, host)
    }) as unknown as typeof plainConnect,
    createSecureConnection: ((...given: [number, string, ConnectionOptions] | [ConnectionOptions]) => {
      if (given.length === 1) return heard(secureConnect(given[0]))
      once()
      return heard(secureConnect(given[0], host, given[2]))
    }) as unknown as typeof secureConnect,
    // Given for ldap:// too, ldapts would speak TLS from the start.
    ...(protocol === 'ldaps:' ? {tlsOptions: tls} : {}),
  })
  return {
    client,
    ends,
    get alive() {
      // After StartTLS ldapts does not notice that the connection has ended.
      return client.isBound && socket?.destroyed === false
    },
    async startTls() {
      if (protocol === 'ldap:') await client.startTLS(tls)
    },
  }
}

const LOST = {
  code: 'AD_UNREACHABLE',
  exit: 'unavailable',
  fix: 'Run the command again.',
} as const
