import type {TenantFile, TenantUser} from '../../src/lib/sandbox/tenant-file.js'
import {manyUsersBundle, manyUsersTenant} from '../helpers/many-users.js'

/** What a tenant is left with, and the bundle that it is to be migrated from. */
export interface Population {
  readonly tenant: TenantFile
  readonly bundle: Readonly<Record<string, string>>
}

/**
 * People with phones, backup phones, tokens, app codes and defaults by turns; some have an older number or a token of
 * theirs in Entra already, and every mobile number that is added switches SMS sign-in on (P9).
 */
export function population(count: number): Population {
  const bundle = manyUsersBundle(count)
  const tenant = manyUsersTenant(count)
  const users = tenant.users.map((user, number): TenantUser =>
    number % 7 === 2
      ? {
          ...user,
          phoneMethods: [
            {
              phoneType: 'mobile',
              phoneNumber: `+1 312555${String(1000 + number).slice(-4)}`,
              createdDateTime: '2020-01-01T00:00:00Z',
            },
          ],
        }
      : user,
  )
  const [, ...rows] = (bundle['oath-tokens.csv'] ?? '').trim().split(/\r?\n/)
  const hardwareOathDevices = rows.flatMap((row, index) => {
    const [, serialNumber = '', secretKey = ''] = row.split(',')
    const model = index % 3 === 0 ? 'CT-100' : 'CT-200'
    return index % 3 === 2
      ? []
      : [{serialNumber, secretKey, manufacturer: 'Contoso Tokens', model, timeIntervalInSeconds: 30 as const}]
  })
  const everybody = {targetType: 'group' as const, id: 'all_users'}
  const configuration = (id: string, more: object = {}) => ({
    id,
    state: 'enabled' as const,
    includeTargets: [{...everybody, ...(id === 'Sms' ? {isUsableForSignIn: true} : {})}],
    excludeTargets: [],
    ...more,
  })
  return {
    bundle,
    tenant: {
      ...tenant,
      users,
      hardwareOathDevices,
      authenticationMethodsPolicy: {
        policyMigrationState: 'migrationComplete',
        authenticationMethodConfigurations: [
          configuration('MicrosoftAuthenticator'),
          configuration('SoftwareOath'),
          configuration('HardwareOath'),
          configuration('Sms'),
          configuration('Voice', {isOfficePhoneAllowed: true}),
        ],
      },
    },
  }
}
