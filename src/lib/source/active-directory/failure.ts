import {
  AdminLimitExceededError,
  BusyError,
  ConfidentialityRequiredError,
  InappropriateAuthError,
  InsufficientAccessError,
  InvalidCredentialsError,
  OperationsError,
  ResultCodeError,
  SizeLimitExceededError,
  StrongAuthRequiredError,
  TimeLimitExceededError,
  UnavailableError,
} from 'ldapts'
import type {ExitName} from '../../errors/exit-codes.js'
import {MfaError} from '../../errors/mfa-error.js'

/**
 * What went wrong with one domain controller. `passing`: another one, or a little later, may do. `certificate`: another
 * one may have a better certificate. `final`: nothing will help.
 */
export class DirectoryFailure extends Error {
  readonly kind: 'passing' | 'certificate' | 'final'
  readonly code: Uppercase<string>
  readonly exit: ExitName
  readonly fix: string

  constructor(
    kind: DirectoryFailure['kind'],
    message: string,
    how: {readonly code: Uppercase<string>; readonly exit: ExitName; readonly fix: string; cause?: unknown},
  ) {
    super(message, {cause: how.cause})
    this.kind = kind
    this.code = how.code
    this.exit = how.exit
    this.fix = how.fix
  }

  toMfaError(message = this.message): MfaError {
    const {code, exit, fix} = this
    return new MfaError(code, message, {exit, fix, cause: this})
  }
}

/** Another directory holds the base; it is at these LDAP addresses, if they were told. */
export class Referred extends Error {
  readonly uris: readonly string[]

  constructor(uris: readonly string[]) {
    super(`referred to ${uris.join(', ')}`)
    this.uris = uris
  }
}

/** A failure of the operator's settings: exit `usage`. */
export const misconfigured = (message: string, fix: string): MfaError =>
  new MfaError('AD_SETTINGS', message, {exit: 'usage', fix})

/** Codes that Active Directory puts behind `data` when it refuses to bind. */
const REFUSED: Readonly<Record<string, string>> = {
  '525': 'there is no such account',
  '52e': 'user name or password is wrong',
  '530': 'the account may not sign in at this hour',
  '531': 'the account may not sign in from this machine',
  '532': 'the password has expired',
  '533': 'the account is disabled',
  '568': 'the account is in too many groups',
  '701': 'the account has expired',
  '773': 'the password must be changed first',
  '775': 'the account is locked out',
}

/** Sorts out what ldapts and Node say. `url` names the domain controller; nothing secret is in it. */
export function directoryFailure(
  url: string,
  during: 'connect' | 'bind' | 'search',
  error: unknown,
): DirectoryFailure {
  if (error instanceof DirectoryFailure) return error
  const text = error instanceof Error ? error.message : String(error)
  const say = (
    kind: DirectoryFailure['kind'],
    exit: ExitName,
    code: Uppercase<string>,
    what: string,
    fix: string,
  ): DirectoryFailure => new DirectoryFailure(kind, `${url}: ${what}`, {code, exit, fix, cause: error})

  if (error instanceof InvalidCredentialsError) {
    const data = /\bdata ([0-9a-f]{3,4})\b/i.exec(text)?.[1]?.toLowerCase() ?? ''
    const why = REFUSED[data] ?? 'user name or password is wrong'
    return say('final', 'auth', 'AD_SIGN_IN', `Active Directory refused to sign in: ${why}`, CREDENTIALS)
  }
  if (error instanceof StrongAuthRequiredError || error instanceof ConfidentialityRequiredError)
    return say(
      'final',
      'auth',
      'AD_SIGN_IN',
      'Active Directory asks for stronger protection of the sign-in',
      URLS,
    )
  if (
    error instanceof InappropriateAuthError ||
    error instanceof InsufficientAccessError ||
    (error instanceof OperationsError && /bind|000004DC|authenticat/i.test(text))
  )
    return say(
      'final',
      'auth',
      'AD_ACCESS',
      'Active Directory lets nobody read who is not signed in',
      CREDENTIALS,
    )
  if (error instanceof Referred)
    return say(
      'final',
      'unavailable',
      'AD_UNAVAILABLE',
      `Active Directory has no answer of its own and points elsewhere (${error.uris.join(', ')})`,
      'Give --ad-url a domain controller of that domain.',
    )
  if (error instanceof TimeLimitExceededError || error instanceof AdminLimitExceededError)
    return say(
      'final',
      'unavailable',
      'AD_LIMIT',
      'the question takes longer than Active Directory allows',
      LIMIT,
    )
  if (error instanceof SizeLimitExceededError)
    return say(
      'final',
      'unavailable',
      'AD_LIMIT',
      'the directory cuts its answers off and does not give them page by page',
      'Give --ad-url a domain controller of Active Directory.',
    )
  if (error instanceof BusyError || error instanceof UnavailableError)
    return say('passing', 'unavailable', 'AD_UNAVAILABLE', 'Active Directory is too busy to answer', LATER)
  if (error instanceof ResultCodeError && during === 'connect')
    return say('certificate', 'usage', 'AD_CERTIFICATE', `it offers no StartTLS there (${error.code})`, URLS)
  if (error instanceof ResultCodeError) {
    const first = text.split(/[\r\n]/)[0]?.slice(0, 200) ?? ''
    return say(
      'final',
      'unavailable',
      'AD_UNAVAILABLE',
      `Active Directory answered ${error.code} (${first})`,
      LATER,
    )
  }
  return certificateFailure(text, codeOf(error), say) ?? connectionFailure(during, text, codeOf(error), say)
}

type Say = (
  kind: DirectoryFailure['kind'],
  exit: ExitName,
  code: Uppercase<string>,
  what: string,
  fix: string,
) => DirectoryFailure

function certificateFailure(text: string, code: string, say: Say): DirectoryFailure | undefined {
  const bad = (what: string, fix: string) => say('certificate', 'usage', 'AD_CERTIFICATE', what, fix)
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return bad(
      'the certificate was issued for another name',
      'Use the name in --ad-url that the certificate has; usually the full name of the domain controller.',
    )
  if (code === 'CERT_HAS_EXPIRED')
    return bad('the certificate has expired', 'Renew it on the domain controller.')
  if (code === 'CERT_NOT_YET_VALID')
    return bad('the certificate is not valid yet', 'Check the clocks of both machines.')
  if (/SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY)|CERT_UNTRUSTED|INVALID_CA/.test(code))
    return bad(
      `the certificate comes from a CA that is not trusted here (${code})`,
      'Give the PEM file of the CA that issued it with --ad-ca FILE ("Base-64 encoded X.509" in the export wizard).',
    )
  if (/WRONG_VERSION|PACKET_LENGTH|UNKNOWN_PROTOCOL/.test(code) || code === 'EPROTO')
    return bad(
      'it does not speak TLS on that port',
      'Use ldaps:// with port 636, or ldap:// with port 389 for StartTLS; the domain controller needs a certificate.',
    )
  if (/^(ERR_SSL|ERR_TLS|CERT_)/.test(code)) return bad(`no secure connection (${code}: ${text})`, URLS)
  return undefined
}

function connectionFailure(
  during: 'connect' | 'bind' | 'search',
  text: string,
  code: string,
  say: Say,
): DirectoryFailure {
  const gone = (what: string, fix = LATER) => say('passing', 'unavailable', 'AD_UNREACHABLE', what, fix)
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return gone('no host has this name here', NAME)
  if (code === 'ECONNREFUSED') return gone('the connection was refused')
  if (code === 'ETIMEDOUT' || /time(d )?out/i.test(text)) return gone('no answer in time')
  if (during === 'connect' && (code === 'ECONNRESET' || /closed/i.test(text)))
    return gone('it hung up at once; perhaps it does not speak TLS on that port', URLS)
  if (/EHOSTUNREACH|ENETUNREACH/.test(code)) return gone('no way leads to this host', NAME)
  return gone(`the connection broke off${code === '' ? '' : ` (${code})`}`)
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

const CREDENTIALS =
  'Set MFA_AD_USERNAME (name@contoso.com, CONTOSO\\name or a distinguished name) and MFA_AD_PASSWORD to an account that may read users.'
const URLS =
  'Use ldaps:// with port 636, or ldap:// with port 389, which is always raised to TLS first (StartTLS).'
const LATER =
  'Check that a domain controller runs and can be reached from here; --ad-url may be given several times.'
const NAME = 'Check --ad-url and the name resolution here.'
const LIMIT =
  'Have the attribute indexed, give another one with --ad-attribute, or a smaller part of the directory with --ad-base.'
