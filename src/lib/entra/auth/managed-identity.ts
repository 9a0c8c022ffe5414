import type {INetworkModule} from '@azure/msal-node'
import {MfaError} from '../../errors/mfa-error.js'
import {acquired, targetOf} from './app-only.js'
import {converse} from './conversation.js'
import {signInError} from './refusals.js'
import type {Acquired, SignInDeps, SignInSettings} from './sign-in-settings.js'

/** MSAL keeps the first network client for as long as the process lives; this one leads to the sign-in of the moment. */
let current: INetworkModule
const forward: INetworkModule = {
  sendGetRequestAsync: (url, request) => current.sendGetRequestAsync(url, request),
  sendPostRequestAsync: (url, request) => current.sendPostRequestAsync(url, request),
}

/**
 * The identity that Azure gave this machine or service. Only when it was asked for: looking for it would mean asking
 * an address that does not exist elsewhere. MSAL finds the endpoint by the variables that Azure sets.
 */
export async function acquireByManagedIdentity(
  settings: SignInSettings,
  deps: SignInDeps,
  signal: AbortSignal,
): Promise<Acquired> {
  // MSAL repeats by the rules of each endpoint.
  const conversation = converse({...deps, signal, attempts: 1})
  current = conversation.network
  const {ManagedIdentityApplication} = await import('@azure/msal-node')
  const clientId = settings.clientId?.value
  try {
    const app = new ManagedIdentityApplication({
      ...(clientId === undefined ? {} : {managedIdentityIdParams: {userAssignedClientId: clientId}}),
      system: {networkClient: forward},
    })
    return acquired(await app.acquireToken({resource: targetOf(settings).resource, forceRefresh: true}))
  } catch (error) {
    const {message, exit, requestId} = signInError(error, conversation, {
      tenant: settings.tenant?.value ?? '',
      clientId: clientId ?? 'of this machine',
      cloud: settings.cloud.value,
    })
    throw new MfaError(
      'MANAGED_IDENTITY',
      `The managed identity of this machine gives no token. ${message}`,
      {
        exit,
        requestId,
        fix: 'Check that the machine has a managed identity; MFA_CLIENT_ID chooses among user-assigned ones. Else unset MFA_MANAGED_IDENTITY.',
      },
    )
  }
}
