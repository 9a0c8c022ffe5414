import {MfaError} from '../../errors/mfa-error.js'
import {peek} from './jwt.js'
import type {SignInSettings} from './sign-in-settings.js'

/**
 * The settings without what signs in as an application, so that the person of `mfa auth login` is used, or a ready token
 * of a person. `what` is what only a person may change. Throws MfaError `auth` for a ready token of an application.
 */
export function asPerson(settings: SignInSettings, what?: string): SignInSettings {
  const claims = peek(settings.accessToken?.value.reveal() ?? '')
  if (claims?.isApplication === true) {
    const from = settings.accessToken?.from ?? 'MFA_ACCESS_TOKEN'
    throw personNeeded(
      settings,
      what,
      `The token in ${from} belongs to an application.`,
      `Unset ${from}, then run: `,
    )
  }
  const {
    clientCertificate: _pem,
    clientCertificatePath: _path,
    clientCertificatePassword: _password,
    federatedTokenFile: _file,
    managedIdentity: _identity,
    ...rest
  } = settings
  return rest
}

/** Why a certificate does not do here, and how a person signs in. */
export function personNeeded(
  {tenant}: SignInSettings,
  what = 'This',
  found = 'Nobody is signed in.',
  before = 'Run: ',
): MfaError {
  return new MfaError(
    'PERSON_NEEDED',
    `${what} can be changed only by a person: Microsoft Graph does not let applications do it. ${found}`,
    {
      exit: 'auth',
      fix: `${before}mfa auth login${tenant === undefined ? '' : ` --tenant ${tenant.value}`}`,
    },
  )
}
