import type {AuthenticationResult} from '@azure/msal-node'
import {MfaError} from '../../errors/mfa-error.js'
import {Secret} from '../../model/secret.js'
import type {SignInDescription} from '../../ports/sign-in-status.js'
import {abortable} from './abortable.js'
import {acquired, targetOf} from './app-only.js'
import {openBrowser} from './open-browser.js'
import {GRAPH_COMMAND_LINE_CLIENT} from './public-client.js'
import {signInError} from './refusals.js'
import {readSignIn, removeSignIn, writeSignIn, type StoredSignIn} from './sign-in-file.js'
import type {SignInDeps, SignInSettings} from './sign-in-settings.js'
import type {TokenProvider} from './token-provider.js'
import {memoryCache, publicClient} from './user-sign-in.js'

export interface LoginOptions {
  /** Names of delegated permissions of Graph. Absent: everything that was consented to (`.default`). */
  readonly scopes?: readonly string[] | undefined
  /** Absent: that of the settings, else Microsoft's. */
  readonly clientId?: string | undefined
  /** Absent: the system's way. May fail: the address is shown as well. */
  readonly openBrowser?: ((url: string) => Promise<void>) | undefined
}

export interface UserSignIn {
  readonly account: string
  readonly tenantId: string
  readonly clientId: string
  readonly signedInAt: string
}

/**
 * A person signs in; what the other commands need is kept in the state folder and replaces an earlier sign-in.
 * The address and the code come as a `note`. Throws MfaError `auth` (declined, too late, refused) or `unavailable`.
 */
export async function login(
  kind: SignInWay,
  settings: SignInSettings,
  deps: SignInDeps,
  signal: AbortSignal,
  options: LoginOptions = {},
): Promise<UserSignIn> {
  const {signIn, stored} = await interactive(kind, settings, deps, signal, options)
  await writeSignIn(deps.stateFolder, stored(), deps.restrict)
  return signIn
}

/** As `login`, for one command: nothing is kept, and an earlier sign-in of `mfa auth login` stays as it is. */
export async function loginOnce(
  kind: SignInWay,
  settings: SignInSettings,
  deps: SignInDeps,
  signal: AbortSignal,
  options: LoginOptions = {},
): Promise<{readonly signIn: UserSignIn; readonly provider: TokenProvider}> {
  const {signIn, silent} = await interactive(kind, settings, deps, signal, options)
  const {tenantId, clientId, account} = signIn
  const provider: TokenProvider = {
    token: (tokenSignal, tokenOptions) => silent(tokenSignal, tokenOptions?.refresh === true),
    describe: () => ({kind: 'user', tenantId, clientId, account}),
  }
  return {signIn, provider}
}

export type SignInWay = 'device-code' | 'browser'

async function interactive(
  kind: SignInWay,
  settings: SignInSettings,
  deps: SignInDeps,
  signal: AbortSignal,
  options: LoginOptions,
) {
  const target = targetOf(settings)
  const tenant = settings.tenant?.value ?? 'organizations'
  const clientId = options.clientId ?? settings.clientId?.value ?? GRAPH_COMMAND_LINE_CLIENT
  const scopes = scopesFor(target, options.scopes)
  const cache = memoryCache(new Secret(''))
  const {app, conversation} = await publicClient(settings, deps, signal, {clientId}, tenant, cache)
  const note = (text: string) => deps.ui.emit({type: 'note', text})
  let cancel: (() => Promise<void>) | undefined
  let result: AuthenticationResult | null
  try {
    const asking =
      kind === 'device-code'
        ? app.acquireTokenByDeviceCode({
            scopes,
            deviceCodeCallback: ({verificationUri, userCode, expiresIn}) => {
              const minutes = Math.max(1, Math.round(expiresIn / 60))
              note(
                `Open ${plain(verificationUri)} in a browser and enter the code ${plain(userCode)} (within ${minutes} min).`,
              )
            },
          })
        : app.acquireTokenInteractive({
            scopes,
            openBrowser: async (url) => {
              cancel = () => endListening(url)
              note(`Sign in with the browser that opens. If none does, open this address:\n${url}`)
              await (options.openBrowser ?? openBrowser)(url).catch(() => undefined)
            },
            successTemplate: 'Signed in to mfa. You can close this window.',
            errorTemplate: 'The sign-in failed. The command line says why.',
          })
    result = await abortable(asking, signal)
  } catch (error) {
    await cancel?.()
    signal.throwIfAborted()
    throw signInError(error, conversation, {tenant, clientId, cloud: settings.cloud.value})
  }
  const account = result?.account
  if (result === null || account === null || account === undefined)
    throw new MfaError('SIGN_IN_FAILED', 'Entra’s answer does not say who signed in.', {
      exit: 'unavailable',
      fix: 'Run the same command again; check MFA_AUTHORITY_URL.',
    })
  const signIn: UserSignIn = {
    account: account.username,
    tenantId: (result.tenantId || account.tenantId).toLowerCase(),
    clientId,
    signedInAt: deps.clock.now().toISOString(),
  }
  const stored = (): StoredSignIn => ({
    ...signIn,
    schemaVersion: 1,
    cloud: settings.cloud.value,
    authorityUrl: target.authorityUrl,
    tenant: settings.tenant?.value ?? signIn.tenantId,
    homeAccountId: account.homeAccountId,
    scopes,
    cache: cache.content(),
  })
  const silent = async (tokenSignal: AbortSignal, forceRefresh: boolean): Promise<string> => {
    try {
      const asking = app.acquireTokenSilent({account, scopes, forceRefresh})
      return acquired(await abortable(asking, tokenSignal)).token.reveal()
    } catch (error) {
      tokenSignal.throwIfAborted()
      throw signInError(error, conversation, {tenant, clientId, cloud: settings.cloud.value})
    }
  }
  return {signIn, stored, silent}
}

function scopesFor(
  {resource, scope}: {readonly resource: string; readonly scope: string},
  names: readonly string[] = [],
): string[] {
  if (names.length === 0) return [scope]
  const short = names.map((name) =>
    name.startsWith(`${resource}/`) ? name.slice(resource.length + 1) : name,
  )
  const wrong = short.find((name) => !/^[A-Za-z][\w.-]{0,99}$/.test(name))
  if (wrong !== undefined)
    throw new MfaError('SCOPE_INVALID', `--scope ${wrong}: that is no name of a permission.`, {
      exit: 'usage',
      fix: 'Name a delegated permission of Microsoft Graph, such as Directory.ReadWrite.All.',
    })
  return short.map((name) => `${resource}/${name}`)
}

/** Forgets the person who signed in. False where nobody was. */
export async function logout(deps: Pick<SignInDeps, 'stateFolder'>): Promise<boolean> {
  return removeSignIn(deps.stateFolder)
}

/** Who is signed in by `mfa auth login`; nobody is asked. */
export function signedInUser(
  stateFolder: string,
): (UserSignIn & Pick<SignInDescription, 'account'>) | undefined {
  const stored = readSignIn(stateFolder)
  if (stored === undefined) return undefined
  const {account, tenantId, clientId, signedInAt} = stored
  return {account, tenantId, clientId, signedInAt}
}

/** MSAL waits for the browser with no way to stop it; an answer that says "cancelled" ends the wait. */
async function endListening(authorizeUrl: string): Promise<void> {
  const {searchParams} = new URL(authorizeUrl)
  const port = new URL(searchParams.get('redirect_uri') ?? 'http://localhost').port
  const body = new URLSearchParams({error: 'cancelled', state: searchParams.get('state') ?? ''})
  await globalThis.fetch(`http://127.0.0.1:${port}/`, {method: 'POST', body}).catch(() => undefined)
}

/** What a server sends is shown on a terminal: no control characters. */
const plain = (text: string) => text.replace(/\p{Cc}/gu, '').slice(0, 200)
