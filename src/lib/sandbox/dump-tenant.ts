import {dumpDomains} from './domain-store.js'
import {dumpRegistrations} from './dump-registrations.js'
import {factsOf} from './facts.js'
import type {FactKind} from './facts.js'
import type {StoredGroup} from './resources/groups.js'
import {rowToToken} from './resources/hardware-tokens.js'
import type {TokenRow} from './resources/hardware-tokens.js'
import {ONLY} from './resources/method-changes.js'
import {CONFIGURATION_TYPES, readConfiguration, readPolicy} from './resources/policy-store.js'
import {storedUser} from './resources/users.js'
import type {StoredUser} from './resources/users.js'
import {TENANT, type StoredRollout} from './rollout-effect.js'
import {FOREVER, openStore} from './store.js'
import type {Store} from './store.js'
import type {TenantFile, TenantUser} from './tenant-file.js'

export interface DumpOptions {
  /** Show the keys of hardware tokens, so that the result can seed another state. Otherwise `[secret]` stands there. */
  readonly secrets?: boolean | undefined
}

/**
 * The whole tenant as it is now, in the form of a seed; equal states give equal dumps. All of it in memory.
 * Without `secrets` the result is for looking at and comparing, not for seeding.
 */
export function dumpTenant(stateFile: string, options: DumpOptions = {}): TenantFile {
  const store = openStore(stateFile)
  try {
    return dumpStore(store, options)
  } finally {
    store.close()
  }
}

export function dumpStore(store: Store, {secrets = false}: DumpOptions = {}): TenantFile {
  return {
    tenantId: store.meta('tenantId') ?? '',
    displayName: store.meta('displayName') ?? '',
    domains: dumpDomains(store),
    users: store
      .all<{seq: number; body: string}>('SELECT seq, body FROM users ORDER BY seq')
      .map((row) => dumpUser(store, row.seq, JSON.parse(row.body) as StoredUser)),
    groups: store
      .all<{seq: number; body: string}>('SELECT seq, body FROM groups ORDER BY seq')
      .map((row) => dumpGroup(store, row.seq, JSON.parse(row.body) as StoredGroup)),
    hardwareOathDevices: dumpDevices(store, secrets),
    ...dumpRollouts(store),
    authenticationMethodsPolicy: {
      ...readPolicy(store),
      authenticationMethodConfigurations: Object.keys(CONFIGURATION_TYPES).flatMap(
        (id) => readConfiguration(store, id) ?? [],
      ),
    } as TenantFile['authenticationMethodsPolicy'],
    clientApplications: JSON.parse(
      store.meta('clientApplications') ?? '[]',
    ) as TenantFile['clientApplications'],
    ...dumpRegistrations(store),
  }
}

function dumpUser(store: Store, seq: number, stored: StoredUser): TenantUser {
  const list = (kind: FactKind): object[] | undefined => {
    const facts = factsOf<object>(store, seq, kind)
    return facts.length === 0 ? undefined : facts.map(({id, body}) => ({id, ...body}))
  }
  const one = (kind: FactKind): object | undefined =>
    factsOf<object>(store, seq, kind).find(({id}) => id === ONLY)?.body
  const {createdDateTime: _created, ...user} = stored
  const preferences = one('preferences')
  const all = {
    ...user,
    phoneMethods: factsOf<object>(store, seq, 'phone').map(({body}) => body),
    softwareOathMethods: list('softwareOath'),
    microsoftAuthenticatorMethods: list('microsoftAuthenticator'),
    fido2Methods: list('fido2'),
    windowsHelloForBusinessMethods: list('windowsHelloForBusiness'),
    signInPreferences: isDefault(preferences) ? undefined : withoutEmpty(preferences ?? {}),
    ...one('requirements'),
  }
  // Rows were checked when they came in.
  return withoutEmpty(all) as TenantUser
}

function dumpGroup(store: Store, seq: number, stored: StoredGroup): TenantFile['groups'][number] {
  const {createdDateTime: _created, ...group} = stored
  const members = store
    .all<{name: string}>(
      `SELECT CASE m.kind WHEN 'u' THEN u.body ->> 'userPrincipalName' ELSE g.id END AS name FROM members m
       LEFT JOIN users u ON m.kind = 'u' AND u.seq = m.member LEFT JOIN groups g ON m.kind = 'g' AND g.seq = m.member
       WHERE m.parent = ? ORDER BY m.kind DESC, m.member`,
      seq,
    )
    .map((row) => row.name)
  return {...group, members}
}

/** Absent where there is none, so that a tenant that never had one looks as it did. */
function dumpRollouts(store: Store): Pick<TenantFile, 'featureRolloutPolicies'> {
  const found = factsOf<StoredRollout>(store, TENANT, 'rolloutPolicy')
  if (found.length === 0) return {}
  const featureRolloutPolicies = found.map(({id, body}) => withoutEmpty({id, ...body}))
  // Rows were checked when they came in.
  return {featureRolloutPolicies: featureRolloutPolicies as TenantFile['featureRolloutPolicies']}
}

function dumpDevices(store: Store, secrets: boolean): TenantFile['hardwareOathDevices'] {
  return store
    .all<TokenRow>('SELECT * FROM devices WHERE until = ? ORDER BY serial, id', FOREVER)
    .map(rowToToken)
    .map(({id, owner, status, secret, body: {assignedAt: _at, displayName, ...body}}) => ({
      id,
      ...body,
      ...(displayName === null ? {} : {displayName}),
      secretKey: secrets ? secret : '[secret]',
      ...(owner === null ? {} : {assignedTo: storedUser(store, owner)?.userPrincipalName ?? ''}),
      ...(status === 'activated' ? {activated: true} : {}),
    }))
}

type Preferences = NonNullable<TenantUser['signInPreferences']>

/** As for a user whose preferences nobody ever touched. */
function isDefault(preferences: Preferences | undefined): boolean {
  const {
    isSystemPreferredAuthenticationMethodEnabled: system,
    userPreferredMethodForSecondaryAuthentication: method,
  } = preferences ?? {}
  return system !== true && (method ?? null) === null
}

function withoutEmpty(value: object): object {
  return Object.fromEntries(
    Object.entries(value).filter(
      ([, each]) => each !== undefined && each !== null && !(Array.isArray(each) && each.length === 0),
    ),
  )
}
