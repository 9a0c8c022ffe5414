import {errorCode} from '../../errors/error-code.js'
import {MfaError} from '../../errors/mfa-error.js'
import {blockedPort} from '../transport/network-fault.js'

const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name cannot be resolved',
  EAI_AGAIN: 'its name cannot be resolved for now',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection broke',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'the network cannot be reached',
  ETIMEDOUT: 'it did not answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'it did not answer in time',
  UND_ERR_HEADERS_TIMEOUT: 'it did not answer in time',
  UND_ERR_SOCKET: 'the connection broke',
}
const TLS = /CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS|ERR_SSL|EPROTO/

/** Why a sign-in request did not get through, in plain words. The request itself is in no message. */
export function networkError(url: URL, error: unknown): MfaError {
  const blocked = blockedPort(error, url, 'MFA_AUTHORITY_URL')
  if (blocked !== undefined) return blocked
  const codes = errorCodes(error)
  const tls = codes.find((code) => TLS.test(code))
  if (tls !== undefined)
    return new MfaError('TLS_FAILED', `The TLS certificate of ${url.host} is not trusted (${tls}).`, {
      exit: 'unavailable',
      fix: 'If a proxy opens TLS connections here, or the server has a private CA, set NODE_EXTRA_CA_CERTS to the PEM file of that CA.',
    })
  const known = codes.find((code) => code in REASONS)
  const timedOut = error instanceof Error && error.name === 'TimeoutError'
  const reason =
    known === undefined
      ? timedOut
        ? 'it did not answer in time'
        : `the request failed${codes[0] === undefined ? '' : ` (${codes[0]})`}`
      : `${REASONS[known]} (${known})`
  return new MfaError('SIGN_IN_UNREACHABLE', `${url.host} cannot be reached: ${reason}.`, {
    exit: 'unavailable',
    fix: 'Check the network, and HTTPS_PROXY and NO_PROXY if there is a proxy; then run the same command again.',
  })
}

/** Error codes from the outside in; several addresses of a host fail together. */
export function errorCodes(error: unknown, depth = 0): readonly string[] {
  if (typeof error !== 'object' || error === null || depth > 5) return []
  const own = errorCode(error) ?? []
  const inner =
    error instanceof AggregateError ? error.errors.flatMap((one) => errorCodes(one, depth + 1)) : []
  return [own, ...('cause' in error ? errorCodes(error.cause, depth + 1) : []), ...inner].flat()
}
