import {MfaError} from '../errors/mfa-error.js'
import type {RegistrationCaller} from '../ports/app-registration.js'

const REGISTER = 'Application.ReadWrite.All'

/** A refusal of Graph in the words of who signed in: the permission was not consented to, or the person's role is too low. */
export function roleTooLow(error: unknown, caller: RegistrationCaller): unknown {
  if (!(error instanceof MfaError) || error.code !== 'GRAPH_FORBIDDEN') return error
  const {permissions, name} = caller
  const who = name === undefined ? 'your' : `${name}'s`
  const holds = permissions === undefined || permissions.includes(REGISTER)
  if (caller.kind === 'person' && holds)
    return new MfaError(
      'ROLE_TOO_LOW',
      `${who} role is too low to register an application: ${error.message}`,
      {
        exit: 'auth',
        fix: 'Sign in as somebody with the role Application Administrator or Cloud Application Administrator; Global Administrator and Privileged Role Administrator may consent as well.',
        requestId: error.requestId,
      },
    )
  const what = caller.kind === 'application' ? 'the application that signed in' : 'the sign-in'
  return new MfaError('BOOTSTRAP_PERMISSION', `${what} lacks the permission ${REGISTER}: ${error.message}`, {
    exit: 'auth',
    fix: `Sign in as an administrator and accept the permissions that are asked for: unset MFA_ACCESS_TOKEN, or set it to a token with ${REGISTER}.`,
    requestId: error.requestId,
  })
}
