import {MfaError} from '../../errors/mfa-error.js'
import type {ExitName} from '../../errors/exit-codes.js'

export type FailureKind =
  | 'host-unknown'
  | 'refused'
  | 'tls'
  | 'certificate-refused'
  | 'timeout'
  | 'connection'
  | 'busy'
  | 'auth'
  | 'not-found'
  | 'redirect'
  | 'http'
  | 'server-error'
  | 'web-page'
  | 'malformed'
  | 'fault'
  | 'refused-by-operation'

/** A read of one operation that did not come off. `message` names the operation and holds no value of an answer. */
export class CallFailure extends Error {
  readonly kind: FailureKind
  readonly operation: string
  readonly fix: string

  constructor(kind: FailureKind, operation: string, what: string, fix: string, cause?: unknown) {
    super(`${operation}: ${what}`, {cause})
    this.name = 'CallFailure'
    this.kind = kind
    this.operation = operation
    this.fix = fix
  }

  /** Reads are safe to repeat; only what may pass by itself is. */
  get passing(): boolean {
    return ['refused', 'timeout', 'connection', 'busy'].includes(this.kind)
  }

  toMfaError(label: string): MfaError {
    return new MfaError('SOURCE_UNREADABLE', `${label}: ${this.message}`, {
      exit: EXITS[this.kind],
      fix: this.fix,
      cause: this,
    })
  }
}

const EXITS: Readonly<Record<FailureKind, ExitName>> = {
  'host-unknown': 'unavailable',
  refused: 'unavailable',
  tls: 'unavailable',
  'certificate-refused': 'auth',
  timeout: 'unavailable',
  connection: 'unavailable',
  busy: 'unavailable',
  auth: 'auth',
  'not-found': 'data',
  redirect: 'data',
  http: 'data',
  'server-error': 'unavailable',
  'web-page': 'data',
  malformed: 'data',
  fault: 'data',
  'refused-by-operation': 'data',
}

const UP = 'Check that the server runs and can be reached from here, then run the command again.'
const CREDENTIALS =
  'Set MFA_SOURCE_USERNAME and MFA_SOURCE_PASSWORD (or --source-certificate) to an account in the local group "PhoneFactor Admins".'
const ADDRESS =
  'Check --source; it usually ends in /MultiFactorAuthWebServiceSdk/PfWsSdk.asmx, and the Web Service SDK must be installed there.'
const CA = "Give the PEM file of the CA that issued the server's certificate with --source-ca."

/** What Node says about a connection, in words. */
export function connectionFailure(
  operation: string,
  host: string,
  withCertificate: boolean,
  error: unknown,
): CallFailure {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const say = (kind: FailureKind, what: string, fix: string): CallFailure =>
    new CallFailure(kind, operation, what, fix, error)
  if (code === 'ENOTFOUND')
    return say('host-unknown', `no host is called ${host}`, 'Check --source and the name resolution here.')
  if (code === 'ECONNREFUSED') return say('refused', `${host} refused the connection`, UP)
  if (code === 'ETIMEDOUT') return say('timeout', `${host} did not answer`, UP)
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return say(
      'tls',
      `the certificate of ${host} was issued for another name`,
      'Use the name in --source that the certificate has.',
    )
  if (code === 'CERT_HAS_EXPIRED')
    return say('tls', `the certificate of ${host} has expired`, 'Renew it on the server.')
  if (code === 'CERT_NOT_YET_VALID')
    return say('tls', `the certificate of ${host} is not valid yet`, 'Check the clocks of both machines.')
  if (/SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY)|CERT_UNTRUSTED|INVALID_CA/.test(code))
    return say('tls', `the certificate of ${host} comes from a CA that is not trusted here (${code})`, CA)
  if (/ALERT_(BAD_CERT|CERT|UNKNOWN_CA|UNSUPPORTED_CERT|ACCESS_DENIED)|CERTIFICATE_REQUIRED/.test(code))
    return say(
      'certificate-refused',
      `${host} did not accept the client certificate, or wants one`,
      CREDENTIALS,
    )
  if (/WRONG_VERSION|PACKET_LENGTH|UNKNOWN_PROTOCOL/.test(code) || code === 'EPROTO')
    return say('tls', `${host} does not speak TLS on that port`, 'Check the port in --source.')
  if (/^(ERR_SSL|ERR_TLS|CERT_)/.test(code))
    return say('tls', `no secure connection to ${host} (${code})`, CA)
  const broke = `the connection to ${host} broke off${code && ` (${code})`}`
  // With TLS 1.3 a server may refuse a certificate by hanging up.
  if (withCertificate)
    return say(
      'connection',
      `${broke}; perhaps it does not accept the client certificate`,
      `${UP} ${CREDENTIALS}`,
    )
  return say('connection', broke, UP)
}

export function timeoutFailure(operation: string, ms: number): CallFailure {
  return new CallFailure('timeout', operation, `no whole answer within ${Math.round(ms / 1000)} s`, UP)
}

export function cutFailure(operation: string): CallFailure {
  return new CallFailure('connection', operation, 'the answer was cut short', UP)
}

/** A status that is neither success nor a SOAP fault. `offered` is WWW-Authenticate. */
export function statusFailure(
  operation: string,
  status: number,
  offered: string,
  location: string,
): CallFailure {
  const say = (kind: FailureKind, what: string, fix: string): CallFailure =>
    new CallFailure(kind, operation, what, fix)
  if (status === 401 || status === 403) {
    const basic = offered === '' || /basic/i.test(offered)
    const more = basic
      ? ''
      : `; it offers only ${offered.split(/[\s,]/)[0]}: switch on Basic authentication in IIS`
    return say('auth', `the server did not let us in (HTTP ${status})${more}`, CREDENTIALS)
  }
  if (status === 404 || status === 410)
    return say('not-found', `there is no web service at this address (HTTP ${status})`, ADDRESS)
  if (status >= 300 && status < 400)
    return say(
      'redirect',
      `the server sends us elsewhere (HTTP ${status}${location && ` to ${location}`}); that is not followed`,
      ADDRESS,
    )
  if ([408, 429, 502, 503, 504].includes(status))
    return say('busy', `the server cannot answer now (HTTP ${status})`, UP)
  if (status >= 500)
    return say('server-error', `the server failed (HTTP ${status})`, "Look into the server's event log.")
  return say('http', `the server answered HTTP ${status}`, ADDRESS)
}

export function webPageFailure(operation: string): CallFailure {
  return new CallFailure('web-page', operation, 'the answer is a web page, not SOAP', ADDRESS)
}

export function malformedFailure(operation: string, what: string): CallFailure {
  return new CallFailure('malformed', operation, `the answer cannot be read: ${what}`, ADDRESS)
}

/** `faultstring` is shortened to its first line: ASMX puts stack traces behind it. */
export function faultFailure(operation: string, faultstring: string): CallFailure {
  return new CallFailure(
    'fault',
    operation,
    `SOAP fault: ${firstLine(faultstring) || '(no text)'}`,
    "Look into the server's event log.",
  )
}

/** The operation itself said no. */
export function refusal(operation: string, code: number | undefined, description: string): CallFailure {
  const number = code === undefined ? 'without an error code' : `with error ${code}`
  const text = firstLine(description)
  return new CallFailure(
    'refused-by-operation',
    operation,
    `the server said no ${number}${text && ` (${text})`}`,
    "Look into the server's log.",
  )
}

function firstLine(text: string): string {
  const [line = ''] = text.trim().split(/[\r\n]/)
  return line.slice(0, 300)
}
