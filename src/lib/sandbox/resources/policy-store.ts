import type {Store} from '../store.js'
import type {MethodConfiguration, TenantFile} from '../tenant-file.js'

/** The policy without its configurations, which are kept one by one. */
export interface StoredPolicy {
  readonly policyMigrationState?: string | undefined
  readonly [property: string]: unknown
}

/** In Graph's order. Every tenant has all of these. */
export const CONFIGURATION_TYPES: Readonly<Record<string, string>> = {
  Fido2: 'fido2',
  MicrosoftAuthenticator: 'microsoftAuthenticator',
  Sms: 'sms',
  TemporaryAccessPass: 'temporaryAccessPass',
  HardwareOath: 'hardwareOath',
  SoftwareOath: 'softwareOath',
  Voice: 'voice',
  Email: 'email',
  X509Certificate: 'x509Certificate',
}

/** Absent from v1.0. */
export const BETA_ONLY_CONFIGURATION = 'HardwareOath'

const EXTRA: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  Fido2: {isSelfServiceRegistrationAllowed: true, isAttestationEnforced: false},
  MicrosoftAuthenticator: {isSoftwareOathEnabled: true},
  TemporaryAccessPass: {
    defaultLifetimeInMinutes: 60,
    defaultLength: 8,
    minimumLifetimeInMinutes: 60,
    maximumLifetimeInMinutes: 480,
    isUsableOnce: false,
  },
  Voice: {isOfficePhoneAllowed: true},
  Email: {allowExternalIdToUseEmailOtp: 'default'},
}

/** Stores the seed's policy; what it leaves out is enabled for all users, and the migration is complete. */
export function seedPolicy(store: Store, policy: TenantFile['authenticationMethodsPolicy']): void {
  const {authenticationMethodConfigurations = [], ...rest} = policy ?? {}
  writePolicy(store, {policyMigrationState: 'migrationComplete', reconfirmationInDays: null, ...rest})
  for (const id of Object.keys(CONFIGURATION_TYPES)) writeConfiguration(store, standard(id))
  for (const given of authenticationMethodConfigurations) {
    const id = configurationName(given.id) ?? given.id
    const before = readConfiguration(store, id)
    writeConfiguration(store, {...(before ?? standard(id)), ...given, id})
  }
}

export function readPolicy(store: Store): StoredPolicy {
  return JSON.parse(store.meta('policy') ?? '{}') as StoredPolicy
}

export function writePolicy(store: Store, policy: StoredPolicy): void {
  store.setMeta('policy', JSON.stringify(policy))
}

/** By id in any letter case: Graph's own pages write `sms` and `Sms`. */
export function readConfiguration(store: Store, id: string): MethodConfiguration | undefined {
  const text = store.meta(metaName(id))
  return text === undefined ? undefined : (JSON.parse(text) as MethodConfiguration)
}

export function writeConfiguration(store: Store, configuration: MethodConfiguration): void {
  store.setMeta(metaName(configuration.id), JSON.stringify(configuration))
}

/** The id as Graph spells it. */
export function configurationName(id: string): string | undefined {
  return Object.keys(CONFIGURATION_TYPES).find((name) => name.toLowerCase() === id.toLowerCase())
}

function standard(id: string): MethodConfiguration {
  return {
    '@odata.type': `#microsoft.graph.${CONFIGURATION_TYPES[id] ?? id}AuthenticationMethodConfiguration`,
    id,
    state: 'enabled',
    excludeTargets: [],
    ...EXTRA[id],
    includeTargets: [
      {
        targetType: 'group',
        id: 'all_users',
        isRegistrationRequired: false,
        ...(id === 'Sms' ? {isUsableForSignIn: false} : {}),
      },
    ],
  }
}

function metaName(id: string): string {
  return `configuration:${id.toLowerCase()}`
}
