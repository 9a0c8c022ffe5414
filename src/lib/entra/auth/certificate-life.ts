import type {CertificateFacts} from '../../ports/certificates.js'
import type {CertificateLife} from '../../ports/sign-in-status.js'

/** The command line begins to speak of it this long before the end. */
const WARN_DAYS = 30
const DAY = 86_400_000
/** What renews it; every warning of it names this. */
export const RENEW = 'mfa app certificate rotate'

type Dates = Pick<CertificateFacts, 'notBefore' | 'notAfter'>

export function lifeOf({notBefore, notAfter}: Dates, now: Date): CertificateLife {
  const left = notAfter.getTime() - now.getTime()
  const daysLeft = Math.floor(left / DAY)
  if (left < 0) return {daysLeft, state: 'expired'}
  if (now < notBefore) return {daysLeft, state: 'not-yet-valid'}
  return {daysLeft, state: left <= WARN_DAYS * DAY ? 'soon' : 'good'}
}

/** What to say of a certificate that is still good but not for long; undefined for all others. */
export function expiryWarning(where: string, dates: Dates, now: Date): string | undefined {
  const {state, daysLeft} = lifeOf(dates, now)
  if (state !== 'soon') return undefined
  const days = daysLeft === 0 ? 'in less than a day' : daysLeft === 1 ? 'in 1 day' : `in ${daysLeft} days`
  const date = dates.notAfter.toISOString().slice(0, 10)
  return `the client certificate ${where} expires on ${date} (${days}); renew it in time: ${RENEW}`
}
