import {countOf} from '../model/count-of.js'
import type {Column} from '../ports/output.js'
import type {ConfigureReport, Preview} from '../registration/configure-request.js'
import type {PermissionRow} from '../registration/granted.js'
import type {Granted} from '../registration/plan.js'
import type {RemoveReport} from '../registration/remove.js'
import type {AppView} from '../registration/show.js'
import {certificateColumns, certificateJson, daysBetween, LIMITED} from './app-certificates-report.js'
import {type Show, writeCsv} from './show.js'

const granted = ({granted, available, needed}: PermissionRow): string =>
  granted ? (needed ? 'yes' : 'beyond need') : available ? 'NO' : 'not in this cloud'

const permissionColumns: readonly Column<PermissionRow>[] = [
  {key: 'name', title: 'Permission', value: ({name}) => name, weight: 2, min: 39},
  {
    key: 'why',
    title: 'Why',
    value: ({why = 'mfa has no use for it', kind}) => (kind === 'delegated' ? `people: ${why}` : why),
    weight: 2,
  },
  {key: 'granted', title: 'Granted', value: granted},
]
const triedColumn: Column<PermissionRow> = {
  key: 'tried',
  title: 'Tried',
  value: ({tried}) => (tried === undefined ? '' : tried),
}
const usedColumn: Column<PermissionRow> = {
  key: 'used',
  title: 'Last used',
  value: ({used, granted}) => used?.slice(0, 10) ?? (granted ? 'never' : ''),
}

/** What is going to happen, before anything is asked or written. */
export const showAppPlan =
  ({out}: Show) =>
  async ({tenantId, caller, application, says}: Preview): Promise<void> => {
    const who = caller.name === undefined ? '' : `, signed in as ${caller.name}`
    out.line(`Tenant ${tenantId}${who}`)
    if (application !== undefined) out.line(`Application "${application.displayName}" (${application.appId})`)
    if (says.length === 0) return
    out.line('\nPlan')
    says.forEach((each, index) => out.prose(`${index + 1}. ${each}`))
  }

/** `mfa app configure`, `mfa app grant`: the table, and one plain verdict line. */
export async function showConfigured(
  report: ConfigureReport,
  {out}: Show,
  now: Date,
  again: string,
): Promise<Readonly<Record<string, unknown>>> {
  const {permissions, proof, application, certificate, dryRun} = report
  const tried = proof === undefined ? [] : [triedColumn]
  out.line()
  await out.table([...permissionColumns, ...tried], permissions, {empty: 'No permissions.'})
  if (certificate !== undefined) {
    const {facts, file} = certificate
    out.prose(
      `Certificate ${facts.thumbprintSha256.slice(0, 12)}… in ${file}, valid until ${day(facts.notAfter)} (${daysBetween(now, facts.notAfter)} days).`,
    )
  }
  showBeyond(report.beyond, out)
  out.line(`\n${verdict(report)}`)
  if (!dryRun && application !== undefined) out.line(`Next: mfa app show${again}`)
  return {
    tenantId: report.tenantId,
    dryRun,
    ...application,
    changes: report.changes,
    ...(certificate === undefined
      ? {}
      : {certificate: certificateJson(certificate.facts, now, certificate.file)}),
    permissions: permissionsJson(permissions),
    beyondNeed: report.beyond.map(({permission, kind}) => ({name: permission, kind})),
    signInProven: proof !== undefined,
    configFile: report.configFile,
    run: report.run ?? null,
    verdict: verdict(report),
  }
}

/** Said, and not taken away. */
function showBeyond(beyond: readonly Granted[], out: Show['out']): void {
  if (beyond.length === 0) return
  const names = beyond.map(({permission}) => permission).join(', ')
  out.prose(`Granted beyond need: ${names}. To take it back: mfa app configure --prune`)
}

function verdict({changes, dryRun, permissions, proof, application}: ConfigureReport): string {
  const needed = permissions.filter((row) => row.needed && row.available)
  const has = needed.filter((row) => row.granted)
  const name = application === undefined ? '' : ` of "${application.displayName}"`
  if (dryRun) return changes === 0 ? 'nothing to change' : `${changes} changes would be made`
  const count = `${has.length} of ${needed.length} permissions${name} are granted`
  const proven = proof === undefined ? '' : '; signed in with the certificate'
  return changes === 0 ? `nothing to change: ${count}${proven}` : `${count}${proven}`
}

/** A permission that was never used has `used` null. */
export const permissionsJson = (rows: readonly PermissionRow[]) =>
  rows.map((row) => ({...row, why: row.why ?? null, used: row.used ?? null}))

const day = (date: Date): string => date.toISOString().slice(0, 10)

/** `mfa app show` */
export async function showApp(
  view: AppView,
  show: Show,
  csv: string | undefined,
  again: string,
): Promise<Readonly<Record<string, unknown>>> {
  const {out} = show
  const {permissions, certificates} = view
  out.line(
    `Application ${view.displayName === undefined ? '' : `"${view.displayName}" `}(${view.appId}), tenant ${view.tenantId}`,
  )
  out.line(`For: ${view.features.join(', ')}\n`)
  const columns = [...permissionColumns, usedColumn]
  await out.table(columns, permissions, {empty: 'No permissions.'})
  await writeCsv(csv, columns, permissions, show)
  out.line()
  await out.table(certificateColumns, certificates, {empty: 'No certificates.'})
  if (view.limited) out.prose(LIMITED)
  const missing = permissions.filter((row) => row.needed && row.available && !row.granted)
  const unused = permissions.filter((row) => row.granted && row.used === undefined)
  const beyond = permissions.filter((row) => row.granted && !row.needed)
  const names = (rows: readonly PermissionRow[]) => rows.map(({name}) => name).join(', ')
  if (unused.length > 0) out.prose(`Granted but never used by this machine: ${names(unused)}.`)
  if (beyond.length > 0)
    out.prose(`Granted beyond need: ${names(beyond)}. To take it back: mfa app configure --prune`)
  const has = permissions.filter((row) => row.needed && row.granted).length
  const needed = permissions.filter((row) => row.needed).length
  const soon = certificates.filter(({daysLeft}) => daysLeft !== undefined && daysLeft <= 30)
  const verdict = `${has} of ${needed} permissions are granted; ${countOf(certificates.length, 'certificate')}${soon.length > 0 ? `, ${soon.length} of them with 30 days or less` : ''}`
  out.line(`\n${verdict}`)
  if (missing.length > 0) out.line(`Next: mfa app grant${again}`)
  else if (soon.length > 0) out.line(`Next: mfa app certificate rotate${again}`)
  return {
    tenantId: view.tenantId,
    appId: view.appId,
    displayName: view.displayName ?? null,
    features: view.features,
    permissions: permissionsJson(permissions),
    neverUsed: unused.map(({name}) => name),
    beyondNeed: beyond.map(({name, kind}) => ({name, kind})),
    certificates,
    limited: view.limited,
    verdict,
  }
}

/** What is going to happen, in order; nothing where there is nothing to do. */
export const showSteps =
  ({out}: Show) =>
  async (says: readonly string[]): Promise<void> => {
    if (says.length === 0) return
    out.line('Plan')
    says.forEach((each, index) => out.prose(`${index + 1}. ${each}`))
    out.line()
  }

/** `mfa app remove` */
export function showRemoved(report: RemoveReport, {out}: Show): Readonly<Record<string, unknown>> {
  const {application, deleted, dryRun, says, keptFiles} = report
  const name = application === undefined ? '' : `"${application.displayName}" (${application.appId})`
  const verdict =
    says.length === 0
      ? 'nothing of this tool is left to remove'
      : dryRun
        ? `${countOf(says.length, 'change')} would be made`
        : deleted
          ? `the application ${name} is deleted; it can be restored for 30 days in the Entra admin center`
          : `what this tool added to ${application === undefined ? 'this machine' : name} is removed`
  for (const file of keptFiles)
    out.prose(
      `The key file stays: ${file}. Nothing signs in with it any more; delete it, or run: mfa app remove --remove-key`,
    )
  out.line(verdict)
  return {
    appId: application?.appId ?? null,
    deleted: deleted && !dryRun,
    dryRun,
    changes: says,
    keptFiles,
    run: report.run ?? null,
    verdict,
  }
}
