import {countOf} from '../model/count-of.js'
import type {RegisteredKey} from '../ports/app-registration.js'
import type {CertificateFacts} from '../ports/certificates.js'
import type {Column} from '../ports/output.js'
import type {ConfigureReport} from '../registration/configure-request.js'
import type {RotateReport} from '../registration/rotate.js'
import type {AppView, CertificateRow} from '../registration/show.js'
import {type Show, writeCsv} from './show.js'

export const certificateColumns: readonly Column<CertificateRow>[] = [
  {key: 'thumbprint', title: 'Thumbprint', value: (row) => thumbprintOf(row), min: 12},
  {key: 'name', title: 'Name', value: ({name}) => name},
  {key: 'notAfter', title: 'Valid until', value: ({notAfter}) => notAfter?.slice(0, 10)},
  {key: 'daysLeft', title: 'Days left', value: ({daysLeft}) => left(daysLeft), align: 'right'},
  {key: 'file', title: 'This machine', value: ({file}) => (file === undefined ? '' : 'yes')},
]

const thumbprintOf = ({thumbprintSha256, thumbprintSha1, keyId}: CertificateRow): string =>
  (thumbprintSha256 ?? thumbprintSha1 ?? keyId ?? '').slice(0, 12)

const left = (days: number | undefined): string =>
  days === undefined ? '' : days < 0 ? 'expired' : String(days)

/** `mfa app certificate list` */
export async function showCertificates(
  {appId, certificates, limited}: AppView,
  show: Show,
  csv: string | undefined,
): Promise<Readonly<Record<string, unknown>>> {
  await show.out.table(certificateColumns, certificates, {empty: 'No certificates.'})
  await writeCsv(csv, certificateColumns, certificates, show)
  if (limited) show.out.prose(LIMITED)
  return {appId, certificates, limited}
}

export const LIMITED =
  'This is what the application’s own sign-in tells; it may not read its registration. For the whole: --as person.'

/** `mfa app certificate add` */
export function showAdded(
  report: ConfigureReport,
  {out}: Show,
  now: Date,
): Readonly<Record<string, unknown>> {
  const {certificate, application, changes, dryRun, proof} = report
  const facts = certificate && certificateJson(certificate.facts, now, certificate.file)
  const about =
    facts === undefined
      ? ''
      : `: ${facts.thumbprintSha256.slice(0, 12)}… in ${facts.file}, ${facts.daysLeft} days left`
  const verdict = dryRun
    ? `${countOf(changes, 'change')} would be made`
    : `${changes === 0 ? 'nothing to change' : 'the certificate is registered'}${about}${proof === undefined ? '' : '; signed in with it'}`
  out.line(verdict)
  return {
    tenantId: report.tenantId,
    dryRun,
    ...application,
    changes,
    ...(facts === undefined ? {} : {certificate: facts}),
    signInProven: proof !== undefined,
    configFile: report.configFile,
    run: report.run ?? null,
    verdict,
  }
}

/** `mfa app certificate rotate` */
export function showRotated(report: RotateReport, {out}: Show, now: Date): Readonly<Record<string, unknown>> {
  const {did, old, oldUntil, oldStays, file} = report
  const facts = certificateJson(report.now, now, file)
  const about = `certificate ${facts.thumbprintSha256.slice(0, 12)}… in ${file}, ${facts.daysLeft} days left`
  const oldName = `the old one (${old?.slice(0, 12)}…)`
  const verdict =
    did === 'rotated'
      ? `rotated: ${about}; signed in with it`
      : did === 'removed-old'
        ? `${oldName} is removed; ${about}`
        : `nothing to change: ${about}`
  if (oldStays !== undefined) out.prose(`${oldName} stays registered: ${oldStays}`)
  if (oldUntil !== undefined)
    out.prose(
      `${oldName} stays registered until ${oldUntil.toISOString()}; the same command removes it then.`,
    )
  out.line(verdict)
  return {
    did,
    certificate: facts,
    old:
      old === undefined
        ? null
        : {
            thumbprintSha256: old,
            removed: did !== 'nothing' && oldUntil === undefined && oldStays === undefined,
          },
    oldUntil: oldUntil?.toISOString() ?? null,
    run: report.run ?? null,
    verdict,
  }
}

/** `mfa app certificate remove` */
export function showRemovedKeys(
  keys: readonly RegisteredKey[],
  {out}: Show,
): Readonly<Record<string, unknown>> {
  const verdict = keys.length === 0 ? 'nothing to remove' : `${countOf(keys.length, 'certificate')} removed`
  out.line(verdict)
  return {removed: keys, verdict}
}

export function certificateJson(facts: CertificateFacts, now: Date, file?: string) {
  const {thumbprintSha256, thumbprintSha1, subject, notBefore, notAfter} = facts
  return {
    thumbprintSha256,
    thumbprintSha1,
    subject,
    notBefore: notBefore.toISOString(),
    notAfter: notAfter.toISOString(),
    daysLeft: daysBetween(now, notAfter),
    ...(file === undefined ? {} : {file}),
  }
}

export const daysBetween = (from: Date, to: Date): number =>
  Math.floor((to.getTime() - from.getTime()) / 86_400_000)
