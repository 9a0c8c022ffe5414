import {errorCode} from '../../errors/error-code.js'
import {MfaError} from '../../errors/mfa-error.js'

/** SQLSTATE of a server that goes down or comes up, is a standby still, or has no connection left; and broken connections. */
const PASSING = new Set([
  '57P01', '57P02', '57P03', '57P05', '25006', '53300', '40001', '40P01', '08000', '08003', '08006', '08001', '08004',
  'ECONNRESET', 'ECONNREFUSED', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH', 'ENETDOWN',
]) // prettier-ignore

/** Whether the next try may go through. */
export function isPassing(error: unknown): boolean {
  const code = errorCode(error)
  if (code !== undefined) return PASSING.has(code)
  return (
    error instanceof Error &&
    /Connection terminated|timeout expired when trying to connect/i.test(error.message)
  )
}

/** What the server or the way to it refuses, in our words; anything else stays what it is, a bug. */
export function postgresFault(error: unknown, label: string): unknown {
  const code = errorCode(error) ?? ''
  const words = error instanceof Error ? error.message : String(error)
  const fault = (name: Uppercase<string>, exit: 'usage' | 'unavailable' | 'data', fix: string): MfaError =>
    new MfaError(name, `state ${label}: ${words} (${code === '' ? 'no code' : code})`, {exit, fix})
  // Neither PGPASSWORD nor a passfile has one: that is the driver's own complaint.
  if (code === '28P01' || code === '28000' || /password must be a/.test(words))
    return fault(
      'STATE_SIGN_IN',
      'usage',
      'Give the right user in the address, and its password in PGPASSWORD or a passfile.',
    )
  if (code === '3D000') return fault('STATE_DATABASE', 'usage', 'Create the database first: createdb.')
  if (code === '42501')
    return fault(
      'STATE_RIGHTS',
      'usage',
      'Grant the role what docs/postgres.md lists; the first start needs the right to create tables.',
    )
  if (code === '53100') return fault('STATE_FULL', 'unavailable', 'The disk of the database server is full.')
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return fault(
      'STATE_TLS',
      'usage',
      'Name the server in the address as its certificate does, or give it a certificate with that name (subjectAltName).',
    )
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return fault(
      'STATE_TLS',
      'usage',
      "Renew the certificate of the database server; if it is good, this machine's clock is wrong.",
    )
  if (/^(UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|CERT_|ERR_TLS)/.test(code))
    return fault(
      'STATE_TLS',
      'usage',
      'Let Node trust the CA of the database server: NODE_EXTRA_CA_CERTS=ca.pem, or sslrootcert in the address.',
    )
  if (/does not support SSL/i.test(words))
    return fault(
      'STATE_TLS',
      'usage',
      'Turn on TLS at the database server. Without it only a server on this machine is used (sslmode=disable).',
    )
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN' || isPassing(error))
    return fault(
      'STATE_UNREACHABLE',
      'unavailable',
      'Check the address and that the server runs; then run the same command again.',
    )
  return error
}
