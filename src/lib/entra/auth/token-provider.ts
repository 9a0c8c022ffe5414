import {MfaError} from '../../errors/mfa-error.js'
import {Secret} from '../../model/secret.js'
import type {SignInDescription, SignInKind} from '../../ports/sign-in-status.js'
import {abortable} from './abortable.js'
import {cloudOf} from '../clouds.js'
import {acquireByCertificate, acquireByFederatedToken} from './app-only.js'
import {peek} from './jwt.js'
import {acquireByManagedIdentity} from './managed-identity.js'
import {readSignIn} from './sign-in-file.js'
import type {Acquired, SignInDeps, SignInSettings} from './sign-in-settings.js'
import {acquireForUser} from './user-sign-in.js'

/** Gives bearer tokens for Microsoft Graph and keeps them while they are good. */
export interface TokenProvider {
  /**
   * A token that is good for at least a little while. `refresh`: the one before was refused, so get another.
   * Calls may run side by side and share one sign-in. Throws MfaError `auth`, `unavailable` or `usage`.
   */
  token(signal: AbortSignal, options?: {readonly refresh?: boolean | undefined}): Promise<string>
  /** Who signs in and how, without asking anybody. */
  describe(): SignInDescription
  /** What the token in use says it may do; undefined before the first, and where it does not say. */
  holder?(): TokenHolder | undefined
}

export interface TokenHolder {
  readonly kind: 'application' | 'person'
  /** Names of permissions. */
  readonly permissions: readonly string[]
}

/** Renewed this long before the end, or after four fifths of a short life. */
const MARGIN = 5 * 60_000
const DAY = 86_400_000

/**
 * The first of these that the settings have: ready token, certificate, federated token file, managed identity, the
 * person who ran `mfa auth login`. Nothing is probed.
 */
export function createTokenProvider(settings: SignInSettings, deps: SignInDeps): TokenProvider {
  const {clock} = deps
  const kind = kindOf(settings)
  let held: (Acquired & {readonly at: number}) | undefined
  let warned = -Infinity
  // Once a command; once a day where a command lives for months.
  const warn = (text: string) => {
    const now = clock.monotonic()
    if (now - warned < DAY) return
    warned = now
    deps.ui.emit({type: 'warning', text})
  }
  let pending: {readonly promise: Promise<Acquired>; readonly signal: AbortSignal} | undefined

  const good = ({at, lifetime}: {readonly at: number; readonly lifetime: number}) => {
    const age = clock.now().getTime() - at
    return age >= 0 && age < lifetime - Math.min(MARGIN, lifetime / 5)
  }
  const start = (refresh: boolean, signal: AbortSignal) => {
    const promise = acquire(kind, settings, {...deps, warn}, signal, refresh)
    const entry = {promise, signal}
    pending = entry
    const done = (got?: Acquired) => {
      if (got !== undefined) held = {...got, at: clock.now().getTime()}
      if (pending === entry) pending = undefined
    }
    promise.then(done, () => done())
    return entry
  }

  return {
    async token(signal, {refresh = false} = {}) {
      for (;;) {
        signal.throwIfAborted()
        if (!refresh && held !== undefined && good(held)) return held.token.reveal()
        const shared = pending ?? start(refresh, signal)
        try {
          return (await abortable(shared.promise, signal)).token.reveal()
        } catch (error) {
          // Whoever began it gave up; whoever still waits begins again.
          if (signal.aborted || !shared.signal.aborted) throw error
        }
      }
    },
    describe: () => describe(kind, settings, deps.stateFolder, held?.token),
    holder: () => holderOf(held?.token.reveal() ?? ''),
  }
}

function kindOf(settings: SignInSettings): Exclude<SignInKind, 'none'> {
  if (settings.accessToken !== undefined) return 'access-token'
  if (settings.clientCertificate !== undefined || settings.clientCertificatePath !== undefined)
    return 'certificate'
  if (settings.federatedTokenFile !== undefined) return 'federated-token'
  if (settings.managedIdentity?.value === true) return 'managed-identity'
  return 'user'
}

async function acquire(
  kind: Exclude<SignInKind, 'none'>,
  settings: SignInSettings,
  deps: SignInDeps & {readonly warn: (text: string) => void},
  signal: AbortSignal,
  refresh: boolean,
): Promise<Acquired> {
  switch (kind) {
    case 'access-token': {
      const token = readyToken(settings, deps.clock.now(), refresh)
      return {token: new Secret(token), lifetime: 0}
    }
    case 'certificate':
      return acquireByCertificate(settings, deps, signal, deps.warn)
    case 'federated-token':
      return acquireByFederatedToken(settings, deps, signal)
    case 'managed-identity':
      return acquireByManagedIdentity(settings, deps, signal)
    case 'user':
      return acquireForUser(settings, deps, signal, refresh)
    default:
      return kind satisfies never
  }
}

function holderOf(token: string): TokenHolder | undefined {
  const claims = peek(token)
  if (claims?.permissions === undefined) return undefined
  return {kind: claims.isApplication === false ? 'person' : 'application', permissions: claims.permissions}
}

function readyToken(
  {accessToken, tenant, cloud, graphUrl}: SignInSettings,
  now: Date,
  refresh: boolean,
): string {
  const token = accessToken?.value.reveal() ?? ''
  const from = accessToken?.from ?? 'MFA_ACCESS_TOKEN'
  const claims = peek(token)
  if (claims?.expires !== undefined && claims.expires <= now.getTime())
    throw new MfaError('TOKEN_EXPIRED', `The token in ${from} expired at ${iso(claims.expires)}.`, {
      exit: 'auth',
      fix: `Start it again with a new token in ${from}: what runs keeps the one it began with. Or sign in another way: mfa auth login, or a certificate, which renews itself.`,
    })
  if (refresh)
    throw new MfaError(
      'TOKEN_REFUSED',
      `The token in ${from} is no longer accepted, and a ready token cannot be renewed.`,
      {
        exit: 'auth',
        fix: `Start it again with a new token for this tenant and cloud in ${from}: what runs keeps the one it began with. A certificate renews itself: MFA_CLIENT_CERTIFICATE_PATH.`,
      },
    )
  const elsewhere = cloudOf(claims?.audience)
  if (graphUrl === undefined && elsewhere !== undefined && elsewhere !== cloud.value)
    throw new MfaError(
      'WRONG_CLOUD',
      `The token in ${from} is for the cloud "${elsewhere}", but ${cloud.from} says ${cloud.value}.`,
      {exit: 'auth', fix: `Choose the cloud of the token (--cloud ${elsewhere}), or set ${from} to another.`},
    )
  const tid = claims?.tenantId
  if (tenant !== undefined && tid !== undefined && isId(tenant.value) && tid !== tenant.value)
    throw new MfaError(
      'TOKEN_TENANT',
      `The token in ${from} is for tenant ${tid}, but ${tenant.from} says ${tenant.value}.`,
      {
        exit: 'auth',
        fix: `Set ${from} to a token of that tenant, or correct ${tenant.from}.`,
      },
    )
  return token
}

function describe(
  kind: SignInKind,
  settings: SignInSettings,
  stateFolder: string,
  held: Secret | undefined,
): SignInDescription {
  if (kind === 'access-token') {
    const claims = peek(settings.accessToken?.value.reveal() ?? '')
    return {kind, tenantId: claims?.tenantId, clientId: claims?.clientId, account: claims?.account}
  }
  if (kind !== 'user') {
    const named = settings.tenant?.value
    const tenantId = named !== undefined && isId(named) ? named : peek(held?.reveal() ?? '')?.tenantId
    return {kind, tenantId, clientId: settings.clientId?.value}
  }
  const stored = readSignIn(stateFolder)
  return stored === undefined
    ? {kind: 'none'}
    : {kind, tenantId: stored.tenantId, clientId: stored.clientId, account: stored.account}
}

const isId = (tenant: string) => /^[0-9a-f-]{36}$/.test(tenant)
const iso = (time: number) => new Date(time).toISOString().replace('.000Z', 'Z')
