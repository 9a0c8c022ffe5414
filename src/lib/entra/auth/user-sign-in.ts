import type {AuthenticationResult, ICachePlugin, PublicClientApplication} from '@azure/msal-node'
import {MfaError} from '../../errors/mfa-error.js'
import {Secret} from '../../model/secret.js'
import {acquired, targetOf} from './app-only.js'
import {authorityOf} from './authority.js'
import {converse, type Conversation} from './conversation.js'
import {signInError} from './refusals.js'
import {readSignIn, writeSignIn, type StoredSignIn} from './sign-in-file.js'
import type {Acquired, SignInDeps, SignInSettings} from './sign-in-settings.js'

/** MSAL's cache in memory; `changed` tells whether it must be written. */
export interface MemoryCache extends ICachePlugin {
  readonly content: () => Secret
  readonly changed: () => boolean
}

export function memoryCache(initial: Secret): MemoryCache {
  let content = initial
  let changed = false
  return {
    content: () => content,
    changed: () => changed,
    beforeCacheAccess: async ({tokenCache}) => {
      if (!content.isEmpty) tokenCache.deserialize(content.reveal())
    },
    afterCacheAccess: async ({tokenCache, cacheHasChanged}) => {
      if (!cacheHasChanged) return
      content = new Secret(tokenCache.serialize())
      changed = true
    },
  }
}

/** A token for the person who ran `mfa auth login`, from the cache or by its refresh token. */
export async function acquireForUser(
  settings: SignInSettings,
  deps: SignInDeps,
  signal: AbortSignal,
  refresh: boolean,
): Promise<Acquired> {
  const stored = readSignIn(deps.stateFolder)
  if (stored === undefined) throw notSignedIn()
  checkSame(stored, settings)
  const cachePlugin = memoryCache(stored.cache)
  const {app, conversation} = await publicClient(settings, deps, signal, stored, stored.tenantId, cachePlugin)
  let result: AuthenticationResult
  try {
    const account = await app.getTokenCache().getAccountByHomeId(stored.homeAccountId)
    if (account === null) throw notSignedIn()
    result = await app.acquireTokenSilent({account, scopes: [...stored.scopes], forceRefresh: refresh})
  } catch (error) {
    throw signInError(error, conversation, {
      tenant: stored.tenantId,
      clientId: stored.clientId,
      cloud: settings.cloud.value,
    })
  }
  // Somebody who signed out meanwhile stays signed out.
  if (cachePlugin.changed() && readSignIn(deps.stateFolder) !== undefined)
    await writeSignIn(deps.stateFolder, {...stored, cache: cachePlugin.content()}, deps.restrict)
  return acquired(result)
}

export async function publicClient(
  settings: SignInSettings,
  deps: SignInDeps,
  signal: AbortSignal,
  {clientId}: {readonly clientId: string},
  tenant: string,
  cachePlugin: ICachePlugin,
): Promise<{app: PublicClientApplication; conversation: Conversation}> {
  const target = targetOf(settings)
  const conversation = converse({...deps, signal, origin: new URL(target.authorityUrl).origin})
  const msal = await import('@azure/msal-node')
  const app = new msal.PublicClientApplication({
    auth: {clientId, ...authorityOf(target, tenant)},
    cache: {cachePlugin},
    system: {networkClient: conversation.network},
  })
  return {app, conversation}
}

/** A sign-in to one tenant or cloud is never used for another. */
function checkSame(stored: StoredSignIn, settings: SignInSettings): void {
  const {tenant, cloud} = settings
  const target = targetOf(settings)
  const asked = tenant?.value
  const otherTenant = asked !== undefined && asked !== stored.tenantId && asked !== stored.tenant
  const otherPlace = stored.cloud !== cloud.value || stored.authorityUrl !== target.authorityUrl
  if (!otherTenant && !otherPlace) return
  const what = otherTenant
    ? `tenant ${stored.tenant}`
    : `the cloud "${stored.cloud}" at ${stored.authorityUrl}`
  throw new MfaError(
    'SIGNED_IN_ELSEWHERE',
    `${stored.account} is signed in to ${what}, but ${otherTenant ? `${tenant?.from} says ${asked}` : 'the settings name another place'}.`,
    {exit: 'auth', fix: `Run mfa auth login${asked === undefined ? '' : ` --tenant ${asked}`}.`},
  )
}

export function notSignedIn(): MfaError {
  return new MfaError('NOT_SIGNED_IN', 'Not signed in to Microsoft Entra.', {
    exit: 'auth',
    fix: [
      'One of these:',
      '  a person:          mfa auth login',
      '  a certificate:     MFA_TENANT_ID, MFA_CLIENT_ID and MFA_CLIENT_CERTIFICATE_PATH (or MFA_CLIENT_CERTIFICATE, the PEM itself)',
      '  a pipeline:        AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE',
      '  an Azure machine:  MFA_MANAGED_IDENTITY=1',
      '  a ready token:     MFA_ACCESS_TOKEN',
      'To rehearse without a tenant: --tenant sandbox',
    ].join('\n'),
  })
}
