import {printable} from '../model/printable.js'
import type {CertificateStatus, SignInStatus, TokenStatus} from '../ports/sign-in-status.js'

/** What `mfa auth status` says; nothing secret is in it. */
export function signInLines(status: SignInStatus): readonly string[] {
  const {kind, account, clientId, certificate, token, signedInAt, federated, person} = status
  const tenant = status.tenantId ?? status.tenant
  if (kind === 'none') return ['not signed in']
  return [
    account === undefined ? kind : `${kind} ${printable(account)}`,
    ...(tenant === undefined ? [] : [`tenant ${tenant}`]),
    ...(clientId === undefined ? [] : [`client ${clientId}`]),
    ...(certificate === undefined ? [] : certificateLines(certificate)),
    ...(federated === undefined
      ? []
      : [`issuer ${printable(federated.issuer ?? '?')}, subject ${printable(federated.subject ?? '?')}`]),
    ...(signedInAt === undefined ? [] : [`signed in ${signedInAt}`]),
    ...(token === undefined ? [] : [tokenLine(token)]),
    ...(person === undefined
      ? []
      : [`for what only people may do: ${printable(person.account)}, signed in ${person.signedInAt}`]),
    ...(kind === 'user' && !status.usable ? ['sign in again: mfa auth login'] : []),
  ]
}

function certificateLines(certificate: CertificateStatus): readonly string[] {
  const {from, subject, thumbprintSha256, notBefore, notAfter, daysLeft, state} = certificate
  const validity = {
    good: `valid until ${date(notAfter)} (${days(daysLeft)} left)`,
    soon: `valid until ${date(notAfter)} (${days(daysLeft)} left); renew it: mfa app certificate rotate`,
    expired: `expired on ${date(notAfter)}; sign in as a person (mfa auth login), then mfa app certificate rotate`,
    'not-yet-valid': `valid from ${date(notBefore)} only; check this machine’s clock`,
  }[state]
  return [
    `certificate ${printable(from)} (${printable(subject)})`,
    `thumbprint SHA-256 ${thumbprintSha256}`,
    validity,
  ]
}

function tokenLine({minutesLeft, expiresAt, renews}: TokenStatus): string {
  const renewal = renews ? '; it is renewed without you' : ''
  if (minutesLeft < 0) return `token expired at ${expiresAt}${renewal}`
  return `token good for ${minutesLeft === 1 ? '1 minute' : `${minutesLeft} minutes`}${renewal}`
}

const date = (iso: string) => iso.slice(0, 10)
const days = (count: number) => (count === 1 ? '1 day' : `${count} days`)
