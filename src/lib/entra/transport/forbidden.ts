import {MfaError} from '../../errors/mfa-error.js'
import type {GraphRequest} from './graph-request.js'
import {needOf} from './permissions.js'

/** What the token in use says it may do. */
export interface Holder {
  readonly kind: 'application' | 'person'
  /** Names of permissions. */
  readonly permissions: readonly string[]
}

/**
 * A refusal for want of rights, told apart by what the token holds: no permission at all, or the permission but not the
 * role. Any other error comes back as it is.
 */
export function explained<E>(error: E, request: GraphRequest, holder: Holder | undefined): E | MfaError {
  if (!(error instanceof MfaError) || error.code !== 'GRAPH_FORBIDDEN' || holder === undefined) return error
  const {requestId} = error
  const need = needOf(request)
  if (holder.permissions.length === 0)
    return new MfaError(
      'CONSENT_MISSING',
      `nobody has consented to the permissions of this sign-in: its token holds none. ${error.message}`,
      {
        exit: 'auth',
        requestId,
        fix: 'An administrator grants them: mfa app grant, or Entra admin center, App registrations, API permissions, Grant admin consent. Then run the same command again.',
      },
    )
  if (holder.kind !== 'person' || need === undefined || !holds(holder, need.permission)) return error
  return new MfaError(
    'ROLE_TOO_LOW',
    `the role ${need.role} is missing: the person who is signed in has the permission ${need.permission}, but no role that may use it. ${error.message}`,
    {
      exit: 'auth',
      requestId,
      fix: `Assign the role to this person in the Entra admin center (Roles & admins; activate it if it is only eligible), then mfa auth login again; or sign in as somebody who has it.`,
    },
  )
}

/** `X.ReadWrite.All` includes `X.Read.All`. */
function holds({permissions}: Holder, permission: string): boolean {
  const [name = ''] = permission.split(' ')
  return permissions.includes(name) || permissions.includes(name.replace('.Read.', '.ReadWrite.'))
}
