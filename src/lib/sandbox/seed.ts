import {randomUUID} from 'node:crypto'

import {MfaError} from '../errors/mfa-error.js'
import {seedDomains} from './domain-store.js'
import {putFact} from './facts.js'
import type {FactKind, Moment} from './facts.js'
import {PHONE_ID, phoneKey} from './phone-rules.js'
import {ensureGraphPrincipal} from './resources/graph-principal.js'
import {findGroup, type StoredGroup} from './resources/groups.js'
import {freeToken, putToken} from './resources/hardware-tokens.js'
import {NO_PREFERENCES, ONLY} from './resources/method-changes.js'
import {readConfiguration, seedPolicy} from './resources/policy-store.js'
import {findUser} from './resources/users.js'
import type {StoredUser} from './resources/users.js'
import {coverGroup, MFA_FEATURE, TENANT} from './rollout-effect.js'
import {seedRegistrations} from './seed-registrations.js'
import type {Store} from './store.js'
import type {TenantDevice, TenantFile, TenantGroup, TenantRollout, TenantUser} from './tenant-file.js'

/** True if the state has never been seeded. */
export function isEmpty(store: Store): boolean {
  return store.meta('tenantId') === undefined
}

/**
 * Writes a tenant into an empty state, all of it or nothing.
 * Throws MfaError `data` for a reference to nobody or an id that is there twice.
 */
export function seedTenant(store: Store, tenant: TenantFile, now: Date): void {
  store.transaction(() => {
    store.setMeta('tenantId', tenant.tenantId.toLowerCase())
    store.setMeta('displayName', tenant.displayName)
    store.setMeta('created', now.toISOString())
    store.setMeta('clientApplications', JSON.stringify(tenant.clientApplications ?? []))
    seedPolicy(store, tenant.authenticationMethodsPolicy)
    ensureGraphPrincipal(store)
    const moment: Moment = {at: 0, keep: 0}
    seedDomains(store, tenant.domains, moment)
    const smsState = mobileState(store)
    for (const user of tenant.users) seedUser(store, user, now, moment, smsState)
    seedGroups(store, tenant.groups, now)
    for (const device of tenant.hardwareOathDevices ?? []) seedDevice(store, device, now, moment)
    for (const rollout of tenant.featureRolloutPolicies ?? []) seedRollout(store, rollout, moment)
    seedRegistrations(store, tenant, now, moment)
  })
}

function seedUser(store: Store, user: TenantUser, now: Date, moment: Moment, smsState: string): void {
  const stored: StoredUser = {
    id: user.id.toLowerCase(),
    userPrincipalName: user.userPrincipalName,
    displayName: user.displayName,
    accountEnabled: user.accountEnabled ?? true,
    userType: user.userType ?? 'Member',
    createdDateTime: now.toISOString(),
    mail: user.mail,
    onPremisesSyncEnabled: user.onPremisesSyncEnabled,
    onPremisesSecurityIdentifier: user.onPremisesSecurityIdentifier,
    onPremisesSamAccountName: user.onPremisesSamAccountName,
    onPremisesDomainName: user.onPremisesDomainName,
  }
  unique(user.userPrincipalName, () =>
    store.run(
      `INSERT INTO users (id, upn, name, mail, enabled, type, synced, sid, sam, domain, body)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      stored.id,
      stored.userPrincipalName.toLowerCase(),
      stored.displayName.toLowerCase(),
      stored.mail?.toLowerCase() ?? null,
      stored.accountEnabled ? 1 : 0,
      stored.userType.toLowerCase(),
      stored.onPremisesSyncEnabled === undefined ? null : Number(stored.onPremisesSyncEnabled),
      stored.onPremisesSecurityIdentifier?.toLowerCase() ?? null,
      stored.onPremisesSamAccountName?.toLowerCase() ?? null,
      stored.onPremisesDomainName?.toLowerCase() ?? null,
      JSON.stringify(stored),
    ),
  )
  const facts = methodFacts(user, now, smsState)
  if (facts.length === 0) return
  const owner = store.get<{seq: number}>('SELECT seq FROM users WHERE id = ?', stored.id)?.seq ?? 0
  for (const fact of facts) putFact(store, owner, fact, moment)
}

interface SeedFact {
  readonly kind: FactKind
  readonly id: string
  readonly body: object
  readonly key?: string
}

function methodFacts(user: TenantUser, now: Date, smsState: string): SeedFact[] {
  const methods = (kind: FactKind, list: readonly {readonly id?: string | undefined}[] = []): SeedFact[] =>
    list.map(({id, ...body}) => ({
      kind,
      id: id?.toLowerCase() ?? randomUUID(),
      body: {createdDateTime: now.toISOString(), ...body},
    }))
  const phones = (user.phoneMethods ?? []).map((phone): SeedFact => ({
    kind: 'phone',
    id: PHONE_ID[phone.phoneType],
    key: phoneKey(phone.phoneNumber),
    body: {
      createdDateTime: now.toISOString(),
      smsSignInState: phone.phoneType === 'mobile' ? smsState : 'notSupported',
      ...phone,
    },
  }))
  const {signInPreferences, perUserMfaState} = user
  return [
    ...phones,
    ...methods('softwareOath', user.softwareOathMethods),
    ...methods('microsoftAuthenticator', user.microsoftAuthenticatorMethods),
    ...methods('fido2', user.fido2Methods),
    ...methods('windowsHelloForBusiness', user.windowsHelloForBusinessMethods),
    ...(signInPreferences === undefined
      ? []
      : [{kind: 'preferences' as const, id: ONLY, body: {...NO_PREFERENCES, ...signInPreferences}}]),
    ...(perUserMfaState === undefined
      ? []
      : [{kind: 'requirements' as const, id: ONLY, body: {perUserMfaState}}]),
  ]
}

/** Numbers that were there before nobody switched SMS sign-in on for. */
function mobileState(store: Store): string {
  const sms = readConfiguration(store, 'Sms')
  const usable = sms?.includeTargets?.some((target) => target['isUsableForSignIn'] === true) === true
  return sms?.state === 'enabled' && usable ? 'notEnabled' : 'notAllowedByPolicy'
}

function seedGroups(store: Store, groups: readonly TenantGroup[], now: Date): void {
  for (const group of groups) {
    const stored: StoredGroup = {
      id: group.id.toLowerCase(),
      displayName: group.displayName,
      createdDateTime: now.toISOString(),
      membershipRule: group.membershipRule,
      description: group.description,
      mailNickname: group.mailNickname,
    }
    unique(group.displayName, () =>
      store.run(
        'INSERT INTO groups (id, name, body) VALUES (?, ?, ?)',
        stored.id,
        stored.displayName.toLowerCase(),
        JSON.stringify(stored),
      ),
    )
  }
  for (const group of groups) {
    const parent =
      store.get<{seq: number}>('SELECT seq FROM groups WHERE id = ?', group.id.toLowerCase())?.seq ?? 0
    for (const name of group.members) {
      const user = findUser(store, name)
      const member = user ?? groupNamed(store, name, group)
      store.run(
        'INSERT OR IGNORE INTO members (parent, kind, member) VALUES (?, ?, ?)',
        parent,
        user === undefined ? 'g' : 'u',
        member.seq,
      )
    }
  }
}

function groupNamed(store: Store, name: string, within: TenantGroup): {seq: number} {
  const text = name.toLowerCase()
  const found = store.all<{seq: number}>('SELECT seq FROM groups WHERE id = ? OR name = ?', text, text)
  const [only] = found
  if (only === undefined) throw invalid(`group "${within.displayName}": there is no user or group "${name}"`)
  if (found.length > 1) throw invalid(`group "${within.displayName}": several groups are called "${name}"`)
  return only
}

function seedRollout(store: Store, rollout: TenantRollout, moment: Moment): void {
  const groups = (rollout.groups ?? []).map((id) => id.toLowerCase())
  const {id, displayName, description = null, feature, isEnabled, isAppliedToOrganization = false} = rollout
  const body = {displayName, description, feature, isEnabled, isAppliedToOrganization, groups}
  putFact(store, TENANT, {kind: 'rolloutPolicy', id: id.toLowerCase(), body}, moment)
  for (const group of groups) {
    const row = findGroup(store, group)
    if (row === undefined) throw invalid(`rollout policy "${displayName}": there is no group ${group}`)
    if (isEnabled && feature === MFA_FEATURE) coverGroup(store, {id: group, seq: row.seq}, moment)
  }
}

function seedDevice(store: Store, device: TenantDevice, now: Date, moment: Moment): void {
  const owner = device.assignedTo === undefined ? undefined : findUser(store, device.assignedTo)
  if (device.assignedTo !== undefined && owner === undefined) {
    throw invalid(`hardware OATH device ${device.serialNumber}: there is no user "${device.assignedTo}"`)
  }
  const token = freeToken(device, device.id?.toLowerCase() ?? randomUUID())
  if (owner === undefined) return putToken(store, token, moment)
  const body = {...token.body, assignedAt: now.toISOString()}
  const status = device.activated === true ? 'activated' : 'assigned'
  putToken(store, {...token, owner: owner.seq, method: randomUUID(), status, body}, moment)
}

function unique(name: string, insert: () => unknown): void {
  try {
    insert()
  } catch (cause) {
    throw invalid(`"${name}": its id or user principal name is there twice`, cause)
  }
}

function invalid(message: string, cause?: unknown): MfaError {
  return new MfaError('TENANT_FILE', `the tenant cannot be built: ${message}`, {
    exit: 'data',
    fix: 'correct the tenant file; nothing was written',
    cause,
  })
}
