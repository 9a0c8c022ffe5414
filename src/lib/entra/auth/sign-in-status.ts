import {MfaError} from '../../errors/mfa-error.js'
import {asJsonObject, parseJsonObject, type JsonObject} from '../../model/json-object.js'
import type {CertificateStatus, SignInStatus, TokenStatus} from '../../ports/sign-in-status.js'
import {factsOf} from '../certificates/key-pair.js'
import {lifeOf} from './certificate-life.js'
import {readFederatedToken} from './app-only.js'
import {readClientCertificate} from './certificate.js'
import {peek} from './jwt.js'
import {readSignIn} from './sign-in-file.js'
import type {SignInDeps, SignInSettings} from './sign-in-settings.js'
import {createTokenProvider} from './token-provider.js'

/**
 * For `mfa auth status` and `mfa status`. Throws MfaError where the files that the settings name cannot be used (`usage`),
 * or the kept sign-in cannot (`auth`); an expired certificate is no error: `usable` is false.
 */
export async function signInStatus(settings: SignInSettings, deps: SignInDeps): Promise<SignInStatus> {
  const status = await statusOf(settings, deps)
  if (status.kind === 'user' || status.kind === 'none') return status
  const person = keptPerson(deps.stateFolder)
  return person === undefined ? status : {...status, person}
}

/** What only people may do goes by the kept sign-in, whatever else is set. One that cannot be used is none. */
function keptPerson(stateFolder: string): SignInStatus['person'] {
  try {
    const stored = readSignIn(stateFolder)
    return stored && {account: stored.account, signedInAt: stored.signedInAt}
  } catch (error) {
    if (error instanceof MfaError) return undefined
    throw error
  }
}

async function statusOf(settings: SignInSettings, deps: SignInDeps): Promise<SignInStatus> {
  const who = {...createTokenProvider(settings, deps).describe(), tenant: settings.tenant?.value}
  const now = deps.clock.now()
  switch (who.kind) {
    case 'certificate': {
      const certificate = await certificateStatus(settings, now)
      return {...who, usable: certificate.state === 'good' || certificate.state === 'soon', certificate}
    }
    case 'access-token': {
      const token = tokenStatus(peek(settings.accessToken?.value.reveal() ?? '')?.expires, now, false)
      return {...who, usable: token === undefined || token.minutesLeft >= 0, token}
    }
    case 'federated-token': {
      const claims = peek((await readFederatedToken(settings)).reveal())
      const token = tokenStatus(claims?.expires, now, true)
      const federated = {issuer: claims?.issuer, subject: claims?.subject}
      return {...who, usable: token === undefined || token.minutesLeft >= 0, token, federated}
    }
    case 'user': {
      const stored = readSignIn(deps.stateFolder)
      const {expires, renews} = cached(stored?.cache.reveal() ?? '')
      const token = tokenStatus(expires, now, renews)
      const usable = renews || (token !== undefined && token.minutesLeft >= 0)
      return {...who, usable, token, signedInAt: stored?.signedInAt}
    }
    case 'managed-identity':
      return {...who, usable: true}
    case 'none':
      return {...who, usable: false}
    default:
      return who.kind satisfies never
  }
}

async function certificateStatus(settings: SignInSettings, now: Date): Promise<CertificateStatus> {
  const {where, own} = await readClientCertificate(settings)
  const facts = factsOf(own)
  return {
    from: where,
    subject: facts.subject,
    thumbprintSha256: facts.thumbprintSha256,
    notBefore: facts.notBefore.toISOString(),
    notAfter: facts.notAfter.toISOString(),
    ...lifeOf(facts, now),
  }
}

function tokenStatus(expires: number | undefined, now: Date, renews: boolean): TokenStatus | undefined {
  if (expires === undefined) return undefined
  return {
    expiresAt: new Date(expires).toISOString(),
    minutesLeft: Math.floor((expires - now.getTime()) / 60_000),
    renews,
  }
}

/** The end of the last access token in MSAL's cache, and whether there is a refresh token beside it. */
function cached(cache: string): {expires: number | undefined; renews: boolean} {
  let content: JsonObject | undefined
  try {
    content = parseJsonObject(cache)
  } catch {
    // Damaged, or of a later version: nothing is known of it.
  }
  const entries = (name: string) => Object.values(asJsonObject(content?.[name]) ?? {}).map(asJsonObject)
  const ends = entries('AccessToken')
    .map((token) => Number(token?.['expires_on']) * 1000)
    .filter((end) => Number.isFinite(end))
  return {
    expires: ends.length === 0 ? undefined : Math.max(...ends),
    renews: entries('RefreshToken').length > 0,
  }
}
