import {MfaError} from '../../errors/mfa-error.js'
import {field, text} from './graph-error.js'

/** No usable answer. `sent` is false only where it is certain that nothing left this machine. */
export interface NetworkFault {
  readonly fault: true
  readonly sent: boolean
  /** Nothing that trying again would cure: a certificate, a page of a proxy. */
  readonly lasting: boolean
  readonly code: string
  readonly message: string
  readonly fix?: string | undefined
}

/** Refused while the connection was being made: by the system, by name resolution, or by us. */
const BEFORE_SENDING = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'UND_ERR_CONNECT_TIMEOUT',
  'ERR_INVALID_URL',
])
const IF_CONNECTING = new Set([
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'EADDRNOTAVAIL',
  'EACCES',
  'EPERM',
])
const TLS =
  /^(CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|DEPTH_ZERO_SELF_SIGNED_CERT$|SELF_SIGNED_CERT_IN_CHAIN$|HOSTNAME_MISMATCH$|INVALID_CA$)/

/**
 * `fetch` never connects to the ports of some other services (1, 9, 22, 25, 6000 …), whatever listens there: nothing that
 * waiting would cure. Undefined for any other failure. `setting`: where the address comes from.
 */
export function blockedPort(error: unknown, url: URL, setting: string): MfaError | undefined {
  if (text(field(rootCause(error), 'message')) !== 'bad port') return undefined
  return new MfaError('PORT_BLOCKED', `${url.host}: port ${url.port} is never used for web requests`, {
    exit: 'usage',
    fix: `Set ${setting} to an address with another port; requests to this one are blocked, since it belongs to another kind of service.`,
  })
}

/** Reads what `fetch` threw; the cause, which the Graph client would lose, is kept. Never carries a header or a body. */
export function networkFault(error: unknown, host: string): NetworkFault {
  const cause = rootCause(error)
  const code = text(field(cause, 'code')) ?? text(field(cause, 'name')) ?? 'NETWORK'
  if (TLS.test(code)) {
    return {
      fault: true,
      sent: false,
      lasting: true,
      code,
      message: `the TLS connection to ${host} failed: ${plain(cause)} (${code})`,
      fix: `Check that MFA_GRAPH_URL names the right host. If a proxy inspects TLS here, let Node trust its certificate with NODE_EXTRA_CA_CERTS.`,
    }
  }
  const syscall = text(field(cause, 'syscall'))
  const connecting = syscall === 'connect' || syscall === 'getaddrinfo'
  const sent = !(BEFORE_SENDING.has(code) || (IF_CONNECTING.has(code) && connecting))
  return {
    fault: true,
    sent,
    lasting: false,
    code,
    message: sent
      ? `the connection to ${host} broke before the answer was complete (${code})`
      : `${host} cannot be reached (${code})`,
    fix: sent
      ? undefined
      : 'Check the network, MFA_GRAPH_URL, and the proxy (HTTPS_PROXY); then run the same command again.',
  }
}

function rootCause(error: unknown): unknown {
  let cause = error
  for (let depth = 0; depth < 5; depth++) {
    const inner = field(cause, 'cause')
    const several = field(cause, 'errors')
    const next = inner ?? (Array.isArray(several) ? (several as unknown[])[0] : undefined)
    if (next === undefined) break
    cause = next
  }
  return cause
}

function plain(cause: unknown): string {
  return text(field(cause, 'message'))?.split('\n')[0] ?? 'no reason given'
}
