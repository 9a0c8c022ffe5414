import type {Column, Output} from '../ports/output.js'

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
    out.line(`  group "${displayName}": ${members.length} direct members`)
  await out.table(columns, tenant.users, {limit: LIMIT})
}
