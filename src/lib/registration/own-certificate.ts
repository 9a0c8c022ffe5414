import type {CertificateFacts} from '../ports/certificates.js'
import {readIfThere} from './apply-steps.js'
import type {CertificateRequest, RegistrationDeps} from './configure-request.js'
import {expired} from './prove.js'

const DAY_MS = 86_400_000
const SOON_DAYS = 30

/** The certificate that is there; undefined where one is to be made. Throws MfaError `auth` for one that has expired. */
export async function ownCertificate(
  request: CertificateRequest | undefined,
  {certificates, clock}: Pick<RegistrationDeps, 'certificates' | 'clock'>,
): Promise<CertificateFacts | undefined> {
  if (request === undefined) return undefined
  const own = request.mayMake
    ? await readIfThere(certificates, request.file, request.password)
    : await certificates.read(request.file, request.password)
  if (own !== undefined && own.facts.notAfter < clock.now()) throw expired(own.facts.notAfter, request.file)
  return own?.facts
}

export function warnIfSoon(
  {notAfter}: CertificateFacts,
  {clock, ui}: Pick<RegistrationDeps, 'clock' | 'ui'>,
): void {
  const days = daysLeft(notAfter, clock.now())
  if (days <= SOON_DAYS)
    ui.emit({type: 'warning', text: `The certificate expires in ${days} days: mfa app certificate rotate.`})
}

export const daysLeft = (until: Date, now: Date): number =>
  Math.floor((until.getTime() - now.getTime()) / DAY_MS)
