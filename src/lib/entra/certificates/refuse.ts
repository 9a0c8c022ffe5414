import {MfaError} from '../../errors/mfa-error.js'

/** Where the password of a key or of a PFX comes from. */
export const PASSWORD = 'MFA_CLIENT_CERTIFICATE_PASSWORD'

export function refuse(
  code: Uppercase<string>,
  message: string,
  init: {readonly fix: string; readonly exit?: 'auth' | undefined},
): MfaError {
  return new MfaError(code, message, {exit: init.exit ?? 'usage', fix: init.fix})
}
