import {readFile} from 'node:fs/promises'
import type {AuthenticationResult, NodeAuthOptions} from '@azure/msal-node'
import {errorCode} from '../../errors/error-code.js'
import {MfaError} from '../../errors/mfa-error.js'
import {Secret} from '../../model/secret.js'
import {endpoints} from '../clouds.js'
import {authorityOf} from './authority.js'
import {expiryWarning} from './certificate-life.js'
import {loadClientCertificate} from './certificate.js'
import {converse} from './conversation.js'
import {peek} from './jwt.js'
import {signInError, type Attempt} from './refusals.js'
import type {Acquired, SignInDeps, SignInSettings} from './sign-in-settings.js'

/** The application itself signs in with its certificate. `warn` is told where it will not be good for long. */
export async function acquireByCertificate(
  settings: SignInSettings,
  deps: SignInDeps,
  signal: AbortSignal,
  warn: (text: string) => void,
): Promise<Acquired> {
  const {tenant, clientId} = needIdentity(settings, 'a client certificate')
  const now = deps.clock.now()
  const {where, facts, privateKey, chain} = await loadClientCertificate(settings, now)
  const warning = expiryWarning(where, facts, now)
  if (warning !== undefined) warn(warning)
  const {thumbprintSha256} = facts
  return acquire(
    settings,
    deps,
    signal,
    {clientCertificate: {thumbprintSha256, privateKey: privateKey.reveal(), x5c: chain}},
    {tenant, clientId, cloud: settings.cloud.value, thumbprint: thumbprintSha256},
  )
}

/** Workload identity: a token of the pipeline or cluster, in a file that its owner keeps fresh, stands in for a key. */
export async function acquireByFederatedToken(
  settings: SignInSettings,
  deps: SignInDeps,
  signal: AbortSignal,
): Promise<Acquired> {
  const {tenant, clientId} = needIdentity(settings, 'a federated token')
  const assertion = await readFederatedToken(settings)
  checkFederatedToken(settings, assertion, deps.clock.now())
  return acquire(
    settings,
    deps,
    signal,
    {clientAssertion: assertion.reveal()},
    {tenant, clientId, cloud: settings.cloud.value},
  )
}

/** A new MSAL application each time: it would send the same assertion again for ten minutes. */
async function acquire(
  settings: SignInSettings,
  deps: SignInDeps,
  signal: AbortSignal,
  credential: Pick<NodeAuthOptions, 'clientCertificate' | 'clientAssertion'>,
  attempt: Attempt,
): Promise<Acquired> {
  const target = targetOf(settings)
  const conversation = converse({...deps, signal, origin: new URL(target.authorityUrl).origin})
  const {ConfidentialClientApplication} = await import('@azure/msal-node')
  try {
    const app = new ConfidentialClientApplication({
      auth: {clientId: attempt.clientId, ...authorityOf(target, attempt.tenant), ...credential},
      system: {networkClient: conversation.network},
    })
    return acquired(await app.acquireTokenByClientCredential({scopes: [target.scope]}))
  } catch (error) {
    throw signInError(error, conversation, attempt)
  }
}

export function acquired(result: AuthenticationResult | null): Acquired {
  if (result === null || result.accessToken === '')
    throw new MfaError('SIGN_IN_FAILED', 'Entra’s answer to the sign-in holds no token.', {
      exit: 'unavailable',
      fix: 'Run the same command again; check MFA_AUTHORITY_URL.',
    })
  // MSAL reckons from the system clock, so the difference is taken by the same one.
  return {
    token: new Secret(result.accessToken),
    lifetime: (result.expiresOn?.getTime() ?? Date.now()) - Date.now(),
  }
}

export function targetOf(settings: SignInSettings) {
  return endpoints(settings.cloud.value, {
    graphUrl: settings.graphUrl?.value,
    authorityUrl: settings.authorityUrl?.value,
  })
}

function needIdentity(settings: SignInSettings, what: string): {tenant: string; clientId: string} {
  const {tenant, clientId} = settings
  if (tenant !== undefined && clientId !== undefined) return {tenant: tenant.value, clientId: clientId.value}
  const missing = [
    ...(tenant === undefined ? [{what: 'the tenant', fix: '--tenant or MFA_TENANT_ID'}] : []),
    ...(clientId === undefined ? [{what: 'the application', fix: 'MFA_CLIENT_ID'}] : []),
  ]
  throw new MfaError(
    'SIGN_IN_INCOMPLETE',
    `Signing in with ${what} needs ${missing.map(({what}) => what).join(' and ')} as well.`,
    {exit: 'usage', fix: `Set ${missing.map(({fix}) => fix).join(' and ')}.`},
  )
}

/** Throws MfaError `usage` where the file cannot be read or holds something else. */
export async function readFederatedToken({federatedTokenFile}: SignInSettings): Promise<Secret> {
  const path = federatedTokenFile?.value ?? ''
  const from = federatedTokenFile?.from ?? ''
  let text: string
  try {
    text = (await readFile(path, 'utf8')).trim()
  } catch (error) {
    const code = errorCode(error) ?? 'unknown reason'
    throw new MfaError(
      'FEDERATED_TOKEN_UNREADABLE',
      `The federated token file ${path} cannot be read (${code}).`,
      {
        exit: 'usage',
        fix: `Check ${from}, and that the pipeline writes the file for this user.`,
      },
    )
  }
  if (peek(text) === undefined)
    throw new MfaError(
      'FEDERATED_TOKEN_INVALID',
      `The federated token file ${path} holds no JSON Web Token.`,
      {
        exit: 'usage',
        fix: `Check ${from}: the file must hold the token alone.`,
      },
    )
  return new Secret(text)
}

function checkFederatedToken({federatedTokenFile}: SignInSettings, token: Secret, now: Date): void {
  const expires = peek(token.reveal())?.expires
  if (expires !== undefined && expires <= now.getTime())
    throw new MfaError(
      'FEDERATED_TOKEN_EXPIRED',
      `The federated token in ${federatedTokenFile?.value} expired at ${new Date(expires).toISOString()}.`,
      {exit: 'auth', fix: 'Let the pipeline write a fresh one; check this machine’s clock.'},
    )
}
