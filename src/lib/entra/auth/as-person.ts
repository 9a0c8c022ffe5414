import {MfaError} from '../../errors/mfa-error.js'
import {peek} from './jwt.js'
import type {SignInSettings} from './sign-in-settings.js'

/**
 * The settings without what signs in as an application, so that the person of `mfa auth login` is used, or a ready token
 * of a person. Throws MfaError `auth` for a ready token that belongs to an application.
 */
export function asPerson(settings: SignInSettings): SignInSettings {
  const claims = peek(settings.accessToken?.value.reveal() ?? '')
  if (claims?.isApplication === true)
    throw new MfaError(
      'PERSON_NEEDED',
      `The token in ${settings.accessToken?.from ?? 'MFA_ACCESS_TOKEN'} belongs to an application. Microsoft Graph lets only people do this.`,
      {exit: 'auth', fix: 'Unset it and sign in as a person: mfa auth login.'},
    )
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
