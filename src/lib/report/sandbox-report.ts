import {countOf} from '../model/count-of.js'
import type {Column, Output} from '../ports/output.js'
import {shellWord} from '../model/shell-word.js'

/** The part of a dumped tenant that is shown. */
export interface ShownTenant {
  readonly tenantId: string
  readonly displayName: string
  readonly users: readonly {
    readonly userPrincipalName: string
    readonly phoneMethods?: readonly {readonly phoneType: string; readonly phoneNumber: string}[] | undefined
    readonly microsoftAuthenticatorMethods?: readonly unknown[] | undefined
    readonly signInPreferences?:
      {readonly userPreferredMethodForSecondaryAuthentication?: string | null | undefined} | undefined
  }[]
  readonly groups: readonly {readonly displayName: string; readonly members: readonly string[]}[]
  readonly hardwareOathDevices?:
    readonly {readonly serialNumber: string; readonly assignedTo?: string | undefined}[] | undefined
  readonly applications?:
    | readonly {
        readonly appId: string
        readonly displayName: string
        readonly keyCredentials?: readonly unknown[] | undefined
      }[]
    | undefined
  readonly servicePrincipals?:
    | readonly {
        readonly appId: string
        readonly accountEnabled?: boolean | undefined
        readonly appRoleAssignments?: readonly string[] | undefined
        readonly oauth2PermissionGrants?: readonly {readonly scope: string}[] | undefined
      }[]
    | undefined
}

type User = ShownTenant['users'][number]

const LIMIT = 200

/** `mfa sandbox show` */
export async function showSandbox(tenant: ShownTenant, out: Output): Promise<void> {
  const tokens = new Map<string, string[]>()
  for (const {serialNumber, assignedTo} of tenant.hardwareOathDevices ?? []) {
    if (assignedTo !== undefined) tokens.set(assignedTo, [...(tokens.get(assignedTo) ?? []), serialNumber])
  }
  const columns: readonly Column<User>[] = [
    {key: 'user', title: 'User', value: ({userPrincipalName}) => userPrincipalName},
    {
      key: 'default',
      title: 'Default',
      value: ({signInPreferences}) =>
        signInPreferences?.userPreferredMethodForSecondaryAuthentication ?? undefined,
      weight: 0,
    },
    {
      key: 'phones',
      title: 'Phones',
      value: ({phoneMethods}) => phoneMethods?.map((phone) => `${phone.phoneType} ${phone.phoneNumber}`),
    },
    {
      key: 'apps',
      title: 'Apps',
      value: ({microsoftAuthenticatorMethods}) => microsoftAuthenticatorMethods?.length,
      weight: 0,
    },
    {
      key: 'tokens',
      title: 'Tokens',
      value: ({userPrincipalName}) => tokens.get(userPrincipalName),
    },
  ]
  out.line(`Sandbox tenant "${tenant.displayName}" (${tenant.tenantId})`)
  for (const {displayName, members} of tenant.groups)
    out.line(`  group "${displayName}": ${countOf(members.length, 'direct member')}`)
  for (const line of applicationLines(tenant)) out.line(line)
  await out.table(columns, tenant.users, {limit: LIMIT})
}

function applicationLines({applications = [], servicePrincipals = []}: ShownTenant): string[] {
  return applications.flatMap(({appId, displayName, keyCredentials = []}) => {
    const principal = servicePrincipals.find((each) => each.appId === appId)
    const granted = principal?.appRoleAssignments ?? []
    const delegated = principal?.oauth2PermissionGrants?.map(({scope}) => scope) ?? []
    const state =
      principal === undefined
        ? ', no service principal'
        : principal.accountEnabled === false
          ? ', disabled'
          : ''
    return [
      `  application "${displayName}" (${appId}): ${countOf(keyCredentials.length, 'certificate')}${state}`,
      ...(granted.length > 0 ? [`    granted: ${granted.join(', ')}`] : []),
      ...(delegated.length > 0
        ? [`    granted for people: ${delegated.join(' ').replaceAll(' ', ', ')}`]
        : []),
    ]
  })
}

export interface ResetTenant {
  readonly displayName: string
  readonly users: number
  readonly groups: number
}

/** `mfa sandbox reset`; `next` is a group to rehearse with, if there is one, and where its users' data may come from. */
export function showReset(
  tenant: ResetTenant,
  next: {readonly group: string | undefined; readonly source: string},
  out: Output,
): void {
  const counts = `${countOf(tenant.users, 'user')}, ${countOf(tenant.groups, 'group')}`
  out.line(`sandbox tenant "${tenant.displayName}" is as at its beginning: ${counts}`)
  if (next.group === undefined) out.line('Next: mfa sandbox show')
  else
    out.line(
      `Next: mfa migrate --tenant sandbox --group ${shellWord(next.group)} --source ${shellWord(next.source)}`,
    )
}
