import {createCertificates} from './lib/entra/certificates/certificates.js'
import {expiryWarning, RENEW} from './lib/entra/auth/certificate-life.js'
import {factsOf} from './lib/entra/certificates/key-pair.js'
import {MfaError} from './lib/errors/mfa-error.js'
import type {Certificates} from './lib/ports/certificates.js'
import {restrictToOwner} from './lib/state/restrict.js'
import {ownCertificatePath} from './wire-registration-settings.js'
import {isEmbedded} from './wire-tenant.js'
import type {Wiring} from './wire.js'

/** Certificates of the app registration: kept for their owner only. */
export const certificatesFor = ({clock}: Pick<Wiring, 'clock'>): Certificates =>
  createCertificates({clock, restrict: restrictToOwner})

/** Every command says it, also one that does not sign in, unless it was said already. */
export async function warnOfCertificate({settings, ui, clock}: Pick<Wiring, 'settings' | 'ui' | 'clock'>) {
  // A certificate in the environment has nothing to do with the tenant inside the tool.
  const isUsed = !isEmbedded(settings) || ownCertificatePath(settings) !== undefined
  if (!isUsed || ui.warnings.some((text) => text.includes(RENEW))) return
  const {readClientCertificate} = await import('./lib/entra/auth/certificate.js')
  try {
    const {where, own} = await readClientCertificate(settings)
    const text = expiryWarning(where, factsOf(own), clock.now())
    if (text !== undefined) ui.emit({type: 'warning', text})
  } catch (error) {
    // Whoever signs in with it says what is wrong.
    if (!(error instanceof MfaError)) throw error
  }
}
