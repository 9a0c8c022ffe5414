import {countFacts, factOf, factsOf, type FactKind} from './facts.js'
import {hasActivatedToken} from './resources/hardware-tokens.js'
import type {StoredMethods} from './resources/method-kinds.js'
import {NO_PREFERENCES, ONLY, type StoredPreferences} from './resources/method-changes.js'
import {readConfiguration} from './resources/policy-store.js'
import type {Store} from './store.js'

/** What Entra could ask this user for at a sign-in, as the policy allows it; the user's default first, else the most secure. */
export function signInMethods(store: Store, user: number, at: number): readonly string[] {
  const groups = groupsOf(store, user)
  const allowed = (id: string): boolean => isAllowed(store, id, groups)
  const has = (kind: FactKind): boolean => countFacts(store, user, kind) > 0
  const slots = new Set(factsOf<StoredMethods['phone']>(store, user, 'phone').map(({body}) => body.phoneType))
  const voice = allowed('Voice')
  const office = voice && readConfiguration(store, 'Voice')?.['isOfficePhoneAllowed'] === true
  const found = [
    ['fido2', has('fido2') && allowed('Fido2')],
    ['windowsHelloForBusiness', has('windowsHelloForBusiness')],
    ['push', has('microsoftAuthenticator') && allowed('MicrosoftAuthenticator')],
    [
      'oath',
      (hasActivatedToken(store, user) && allowed('HardwareOath')) ||
        (has('softwareOath') && allowed('SoftwareOath')),
    ],
    ['temporaryAccessPass', hasPass(store, user, at) && allowed('TemporaryAccessPass')],
    ['sms', slots.has('mobile') && allowed('Sms')],
    ['voiceMobile', slots.has('mobile') && voice],
    ['voiceAlternateMobile', slots.has('alternateMobile') && voice],
    ['voiceOffice', slots.has('office') && office],
  ] as const
  const names = found.filter(([, usable]) => usable).map(([name]) => name)
  const preferred = preferencesOf(store, user)
  return [...names.filter((name) => name === preferred), ...names.filter((name) => name !== preferred)]
}

function preferencesOf(store: Store, user: number): string | null {
  const stored = factOf<StoredPreferences>(store, user, 'preferences', ONLY) ?? NO_PREFERENCES
  return stored.isSystemPreferredAuthenticationMethodEnabled
    ? null
    : stored.userPreferredMethodForSecondaryAuthentication
}

/** A pass that has begun and not run out. */
function hasPass(store: Store, user: number, at: number): boolean {
  return factsOf<StoredMethods['temporaryAccessPass']>(store, user, 'temporaryAccessPass').some(({body}) => {
    const start = Date.parse(body.startDateTime ?? '')
    return start <= at && at < start + (body.lifetimeInMinutes ?? 0) * 60_000
  })
}

/** An exclusion beats an inclusion. */
function isAllowed(store: Store, id: string, groups: ReadonlySet<string>): boolean {
  const found = readConfiguration(store, id)
  const covers = (target: {readonly id: string}): boolean =>
    target.id === 'all_users' || groups.has(target.id.toLowerCase())
  return (
    found?.state === 'enabled' &&
    (found.includeTargets ?? []).some(covers) &&
    !(found.excludeTargets ?? []).some(covers)
  )
}

/** Ids of the groups that the user is in, through nested groups too. */
function groupsOf(store: Store, user: number): ReadonlySet<string> {
  const rows = store.all<{id: string}>(
    `WITH RECURSIVE over (seq) AS (
       SELECT parent FROM members WHERE kind = 'u' AND member = ?
       UNION SELECT m.parent FROM members m JOIN over o ON m.kind = 'g' AND m.member = o.seq)
     SELECT g.id FROM over o JOIN groups g ON g.seq = o.seq`,
    user,
  )
  return new Set(rows.map(({id}) => id.toLowerCase()))
}
