import {readTenantFile, type TenantFile, type TenantUser} from '../../src/lib/sandbox/tenant-file.js'
import type {ObjectId} from '../../src/lib/model/brand.js'
import type {EntraIdentity, EntraMethods, InventoryToken} from '../../src/lib/model/entra-user.js'
import {
  POLICY_METHODS,
  type MethodConfiguration,
  type MethodsPolicy,
} from '../../src/lib/model/methods-policy.js'
import type {Directory, EntraGroup} from '../../src/lib/ports/directory.js'

/** A Directory that shows the tenant of a tenant file as it is before anything was written. No HTTP, no paging. */
export async function tenantDirectory(file: string): Promise<Directory> {
  const tenant = await readTenantFile(file)
  const inventory = inventoryOf(tenant)
  return {
    tenantId: async () => tenant.tenantId,
    findGroup: async (nameOrId) => findGroup(tenant, nameOrId),
    async *members(group) {
      yield membersOf(tenant, group).map(identity)
    },
    async *everyone() {
      yield tenant.users.map(identity)
    },
    findUser: async (name) => tenant.users.filter((user) => isNamed(user, name)).map(identity)[0],
    async usersBySamAccountName(names) {
      const found = new Map<string, EntraIdentity[]>()
      for (const user of tenant.users) {
        const sam = user.onPremisesSamAccountName?.toLowerCase()
        if (sam !== undefined && names.includes(sam))
          found.set(sam, [...(found.get(sam) ?? []), identity(user)])
      }
      return found
    },
    methods: async (ids) =>
      new Map(
        tenant.users
          .filter((user) => ids.includes(user.id as ObjectId))
          .map((user) => [user.id as ObjectId, methodsOf(user, inventory)]),
      ),
    async tokens(serials) {
      const found = new Map<string, InventoryToken[]>()
      for (const token of inventory) {
        if (serials.includes(token.serialNumber)) {
          found.set(token.serialNumber, [...(found.get(token.serialNumber) ?? []), token])
        }
      }
      return found
    },
    methodsPolicy: async () => policyOf(tenant),
  }
}

function findGroup(tenant: TenantFile, nameOrId: string): EntraGroup {
  const found = tenant.groups.filter((group) => group.id === nameOrId || group.displayName === nameOrId)
  const [group] = found
  if (group === undefined || found.length > 1) throw new Error(`${found.length} groups are named ${nameOrId}`)
  return {
    id: group.id as ObjectId,
    displayName: group.displayName,
    isDynamic: group.membershipRule !== undefined,
  }
}

function membersOf(tenant: TenantFile, groupId: string, seen = new Set<string>()): TenantUser[] {
  if (seen.has(groupId)) return []
  seen.add(groupId)
  const group = tenant.groups.find((each) => each.id === groupId)
  const users = (group?.members ?? []).flatMap((member) => {
    const user = tenant.users.find((each) => isNamed(each, member))
    if (user !== undefined) return [user]
    const inner = tenant.groups.find((each) => each.id === member || each.displayName === member)
    if (inner === undefined) throw new Error(`${group?.displayName} has a member that nobody is: ${member}`)
    return membersOf(tenant, inner.id, seen)
  })
  return [...new Set(users)]
}

const isNamed = (user: TenantUser, name: string): boolean =>
  user.id === name || user.userPrincipalName.toLowerCase() === name.toLowerCase()

function identity(user: TenantUser): EntraIdentity {
  return {
    id: user.id as ObjectId,
    userPrincipalName: user.userPrincipalName,
    displayName: user.displayName,
    accountEnabled: user.accountEnabled ?? true,
    isGuest: user.userType === 'Guest',
    onPremisesSecurityIdentifier: user.onPremisesSecurityIdentifier,
    onPremisesSamAccountName: user.onPremisesSamAccountName,
    onPremisesDomainName: user.onPremisesDomainName,
  }
}

function inventoryOf(tenant: TenantFile): readonly InventoryToken[] {
  return (tenant.hardwareOathDevices ?? []).map((device, at) => {
    const owner = tenant.users.find(
      (user) => device.assignedTo !== undefined && isNamed(user, device.assignedTo),
    )
    return {
      id: device.id ?? `device-${at}`,
      serialNumber: device.serialNumber,
      manufacturer: device.manufacturer,
      model: device.model,
      timeIntervalInSeconds: device.timeIntervalInSeconds,
      hashFunction: device.hashFunction ?? 'hmacsha1',
      status: owner === undefined ? 'available' : device.activated === true ? 'activated' : 'assigned',
      assignedTo: owner?.id as ObjectId | undefined,
    }
  })
}

function methodsOf(user: TenantUser, inventory: readonly InventoryToken[]): EntraMethods {
  const {
    isSystemPreferredAuthenticationMethodEnabled: systemPreferred = false,
    userPreferredMethodForSecondaryAuthentication: preferred,
  } = user.signInPreferences ?? {}
  return {
    phones: (user.phoneMethods ?? []).map((phone) => ({
      id: phone.phoneType,
      slot: phone.phoneType,
      number: phone.phoneNumber,
      createdDateTime: phone.createdDateTime,
      smsSignInState: phone.smsSignInState,
    })),
    authenticators: (user.microsoftAuthenticatorMethods ?? []).map((app, at) => ({
      id: app.id ?? `app-${at}`,
      displayName: app.displayName,
      phoneAppVersion: app.phoneAppVersion,
      createdDateTime: app.createdDateTime,
    })),
    softwareOath: (user.softwareOathMethods ?? []).map((method, at) => ({id: method.id ?? `software-${at}`})),
    hardwareOath: inventory
      .filter((token) => token.assignedTo === user.id)
      .map((token) => ({
        id: token.id,
        deviceId: token.id,
        serialNumber: token.serialNumber,
        status: token.status,
      })),
    others: (user.fido2Methods ?? []).map((method, at) => ({id: method.id ?? `fido2-${at}`, type: 'fido2'})),
    systemPreferred,
    preferred,
  }
}

function policyOf(tenant: TenantFile): MethodsPolicy {
  const policy = tenant.authenticationMethodsPolicy
  const configurations = (policy?.authenticationMethodConfigurations ?? []).flatMap(
    (each): MethodConfiguration[] => {
      const method = POLICY_METHODS.find((name) => name.toLowerCase() === each.id.toLowerCase())
      if (method === undefined) return []
      const fields = each as Readonly<Record<string, unknown>>
      return [
        {
          method,
          enabled: each.state === 'enabled',
          include: (each.includeTargets ?? []).map((target) => ({
            id: target.id,
            isUsableForSignIn: (target as Readonly<Record<string, unknown>>)['isUsableForSignIn'] === true,
          })),
          exclude: (each.excludeTargets ?? []).map((target) => target.id),
          isOfficePhoneAllowed: fields['isOfficePhoneAllowed'] === true,
        },
      ]
    },
  )
  return {migrationState: policy?.policyMigrationState, configurations}
}
