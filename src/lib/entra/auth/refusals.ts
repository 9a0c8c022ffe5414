import {MfaError} from '../../errors/mfa-error.js'
import {redact} from '../../model/redact.js'
import type {ExitName} from '../../errors/exit-codes.js'
import type {Conversation, Refusal} from './conversation.js'

/** What the messages need to know about the sign-in that was refused. */
export interface Attempt {
  readonly tenant: string
  readonly clientId: string
  readonly cloud: string
  /** SHA-256 thumbprint, where a certificate signed. */
  readonly thumbprint?: string | undefined
  /** Milliseconds by which this machine's clock is ahead of Entra's. */
  readonly clockAhead?: number | undefined
}

/** Entra allows five minutes; a network takes seconds. */
const WRONG_CLOCK = 120_000

interface Meaning {
  /** SIGN_IN_REFUSED unless set. */
  readonly code?: Uppercase<string> | ((attempt: Attempt) => Uppercase<string> | undefined)
  readonly says: (attempt: Attempt) => string
  readonly fix: (attempt: Attempt) => string
  readonly exit?: ExitName
}

const app = ({clientId}: Attempt) => `application ${clientId}`
const signInAgain = () => 'Run mfa auth login again.'
const trust = {
  says: (attempt: Attempt) =>
    `the ${app(attempt)} trusts no federated credential like the token of this pipeline`,
  fix: () =>
    'Compare issuer, subject and audience of the pipeline’s token with the federated credentials of the app registration.',
}
const wrongCloud = {
  code: 'WRONG_CLOUD' as const,
  says: ({tenant, cloud}: Attempt) => `tenant ${tenant} does not belong to the cloud "${cloud}"`,
  fix: () => 'Choose the right cloud: --cloud or MFA_CLOUD.',
}
const tenantUnknown = {
  code: 'TENANT_NOT_FOUND' as const,
  says: ({tenant, cloud}: Attempt) => `there is no tenant ${tenant} in the cloud "${cloud}"`,
  fix: () => 'Check --tenant or MFA_TENANT_ID, and --cloud or MFA_CLOUD.',
}
const tooOld = {
  says: () => 'the sign-in of mfa auth login is no longer good',
  fix: signInAgain,
}
const needsPerson = {
  says: () => 'Entra asks the person to sign in again, or for more proof',
  fix: signInAgain,
}

const isRight = (ahead: number) => Math.abs(ahead) < WRONG_CLOCK
const notNow: Meaning = {
  code: ({clockAhead = Infinity}) => (isRight(clockAhead) ? undefined : 'CLOCK_WRONG'),
  says: ({clockAhead}) =>
    `the signed statement that proves who we are is not valid at this time${
      clockAhead === undefined ? '' : `; ${clockSays(clockAhead)}`
    }`,
  fix: ({clockAhead = Infinity}) =>
    isRight(clockAhead)
      ? 'A federated token must be fresh: let the pipeline write a new one. A certificate must be valid today.'
      : 'Set this machine’s clock (a few minutes are too much; let it follow a time server), then run the same command again.',
}

/** Microsoft's AADSTS numbers and what they mean to the operator of this tool. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  '90002': tenantUnknown,
  '900023': tenantUnknown,
  '50059': tenantUnknown,
  '900382': wrongCloud,
  '900432': wrongCloud,
  '500011': {
    code: 'WRONG_CLOUD',
    says: ({tenant}) => `tenant ${tenant} does not know Microsoft Graph of this cloud`,
    fix: () => 'Choose the cloud of the tenant: --cloud or MFA_CLOUD.',
  },
  '700016': {
    code: 'APP_NOT_FOUND',
    says: (attempt) => `the ${app(attempt)} does not exist in tenant ${attempt.tenant}`,
    fix: () =>
      'Check MFA_CLIENT_ID and the tenant. An app that was deleted is restored in the Entra admin center (30 days), or registered again: mfa app configure --new.',
  },
  '7000229': {
    code: 'APP_WITHOUT_PRINCIPAL',
    says: (attempt) => `the ${app(attempt)} has no service principal in tenant ${attempt.tenant}`,
    fix: () => 'mfa app configure makes it; what was made moments ago may take Entra a few minutes.',
  },
  '7000112': {
    code: 'APP_DISABLED',
    says: (attempt) => `the ${app(attempt)} is disabled`,
    fix: () => 'Enable sign-in for it: Enterprise applications, Properties.',
  },
  '700027': {
    code: 'CERTIFICATE_NOT_REGISTERED',
    says: (attempt) =>
      `the ${app(attempt)} does not know this certificate${
        attempt.thumbprint === undefined ? '' : ` (SHA-256 ${attempt.thumbprint})`
      }`,
    fix: () =>
      'Add the certificate to the app registration (mfa app certificate add, or Certificates & secrets in the admin center), or use the one that is there.',
  },
  '7000216': {
    code: 'CERTIFICATE_NOT_REGISTERED',
    says: (attempt) => `the ${app(attempt)} knows no certificate`,
    fix: () => 'Register the certificate of this machine: mfa app certificate add.',
  },
  '90094': {
    code: 'ROLE_TOO_LOW',
    says: () =>
      'an administrator has to consent to what this sign-in asks for, and the person who signed in is none',
    fix: () =>
      'Sign in as an Application Administrator and Privileged Role Administrator, or a Global Administrator.',
  },
  '1000502': {
    code: 'CERTIFICATE_EXPIRED',
    says: () => 'the client certificate is not valid today',
    fix: () =>
      'Sign in as a person (mfa auth login), then mfa app certificate rotate; or check this machine’s clock.',
  },
  '700023': {
    says: () => 'what we signed is addressed to another place than the one that was asked',
    fix: () => 'Check MFA_AUTHORITY_URL, and --cloud or MFA_CLOUD.',
  },
  '700024': notNow,
  '65001': {
    code: 'CONSENT_MISSING',
    says: (attempt) => `nobody has consented to the permissions of the ${app(attempt)}`,
    fix: () =>
      'An administrator grants them: mfa app grant, or App registrations, API permissions, Grant admin consent.',
  },
  '65004': {
    says: () => 'the person declined the permissions',
    fix: () => 'Sign in again and accept, or ask an administrator to consent.',
  },
  '70021': trust,
  '700211': trust,
  '700212': trust,
  '700213': trust,
  '7000218': {
    says: (attempt) => `the ${app(attempt)} is no public client, so that people cannot sign in with it here`,
    fix: () =>
      'Turn on "Allow public client flows" for it (Authentication), or unset MFA_CLIENT_ID for mfa auth login.',
  },
  '50105': {
    says: (attempt) => `this person is not assigned to the ${app(attempt)}`,
    fix: () => 'Assign the person or a group under Enterprise applications, or sign in as somebody else.',
  },
  '53003': {
    says: () => 'a Conditional Access policy blocks this sign-in',
    fix: () =>
      'Ask who looks after Conditional Access; device code sign-in is often blocked: try the browser.',
  },
  '50076': needsPerson,
  '50079': needsPerson,
  '50173': tooOld,
  '700082': tooOld,
  '70043': tooOld,
  '70008': tooOld,
  '70020': {says: () => 'the code was not entered in time', fix: signInAgain},
  '90033': {
    says: () => 'Entra’s sign-in has a passing fault',
    fix: () => 'Run the same command again in a few minutes.',
    exit: 'unavailable',
  },
}

/** OAuth error words, where no number says more. */
const WORDS: Readonly<Record<string, Meaning>> = {
  authorization_declined: {says: () => 'the sign-in was declined', fix: signInAgain},
  access_denied: {says: () => 'the sign-in was declined', fix: signInAgain},
  expired_token: {says: () => 'the code was not entered in time', fix: signInAgain},
  invalid_grant: tooOld,
}

/**
 * One MfaError for whatever MSAL threw: a request that could not be made, a refusal by Entra, or MSAL's own no.
 * MSAL's error is not kept as the cause: nothing of what was sent may end up in a log.
 */
export function signInError(
  error: unknown,
  {failure, refusal, clockAhead}: Conversation,
  attempted: Attempt,
): MfaError {
  const attempt = {...attempted, clockAhead: clockAhead()}
  if (error instanceof MfaError) return error
  const failed = failure()
  if (failed !== undefined) return failed
  const refused = refusal()
  if (refused !== undefined) return refusalError(refused, attempt)
  const code = msalCode(error)
  // The browser brings some refusals by another way than the token endpoint.
  const description = error instanceof Error ? error.message : ''
  if (code in WORDS || description.includes('AADSTS'))
    return refusalError({status: 400, error: code, description}, attempt)
  const expired = code === 'device_code_expired'
  return new MfaError(
    'SIGN_IN_FAILED',
    expired ? 'The sign-in failed: the code was not entered in time.' : `The sign-in failed (${code}).`,
    {exit: 'auth', fix: 'Run mfa auth login again, or check the sign-in settings.'},
  )
}

export function refusalError(refusal: Refusal, attempt: Attempt): MfaError {
  const {status, description, error, retryAfter, traceId} = refusal
  const number = /AADSTS(\d+)/.exec(description)?.[1]
  const meaning = (number === undefined ? undefined : MEANINGS[number]) ?? WORDS[error]
  const busy = status === 429 || status >= 500
  const label = number === undefined ? safe(error, 60) : `AADSTS${number}`
  const detail = sentence(description)
  if (busy && meaning === undefined)
    return new MfaError(
      'SIGN_IN_UNAVAILABLE',
      `Entra’s sign-in is not available: it answered ${status} (${label}).`,
      {
        exit: 'unavailable',
        fix: `Run the same command again ${retryAfter === undefined ? 'in a few minutes' : `in ${retryAfter} s`}.`,
        requestId: id(traceId),
      },
    )
  const says =
    meaning === undefined
      ? `Entra refused the sign-in (${label})${detail === '' ? '' : `: ${detail}`}`
      : `Entra refused the sign-in: ${meaning.says(attempt)} (${label})`
  const code = typeof meaning?.code === 'function' ? meaning.code(attempt) : meaning?.code
  return new MfaError(code ?? 'SIGN_IN_REFUSED', says.endsWith('.') ? says : `${says}.`, {
    exit: meaning?.exit ?? 'auth',
    fix: meaning?.fix(attempt) ?? 'Look the AADSTS number up in Microsoft’s list of sign-in error codes.',
    requestId: id(traceId),
  })
}

function clockSays(ahead: number): string {
  if (isRight(ahead)) return 'this machine’s clock is right'
  const minutes = Math.round(Math.abs(ahead) / 60_000)
  const much = minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`
  return `this machine’s clock is ${much} ${ahead > 0 ? 'ahead' : 'behind'}`
}

/** The server's own words, without the ids at their end, and without anything shaped like a token. */
function sentence(description: string): string {
  const [words = ''] = description.split(/\s*(?:Trace ID|Correlation ID|Timestamp):/i)
  return safe(words.replace(/^AADSTS\d+:\s*/, ''), 300)
}

function safe(text: string, length: number): string {
  return redact(text)
    .replace(/[\w+/=-]{80,}/g, '[secret]')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, length)
}

const id = (text: string | undefined) => (text !== undefined && /^[\w-]{1,64}$/.test(text) ? text : undefined)

function msalCode(error: unknown): string {
  const code =
    typeof error === 'object' && error !== null && 'errorCode' in error ? error.errorCode : undefined
  return typeof code === 'string' && /^[\w-]{1,60}$/.test(code) ? code : 'unknown reason'
}
