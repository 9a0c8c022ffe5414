import type {EntraMethods} from '../model/entra-user.js'
import type {AllowedMethods} from '../model/methods-policy.js'
import {describeStanding, methodStanding} from '../model/usable-methods.js'
import type {Account, DomainFederation} from '../ports/federation.js'
import {type Blocker, final} from './blockers.js'

export interface EmergencyFacts {
  readonly account: Account
  /** The domain of its user principal name; undefined where the tenant has none of that name. */
  readonly domain: DomainFederation | undefined
  readonly methods: EntraMethods | undefined
  readonly allowed: AllowedMethods
}

/**
 * Somebody has to be able to sign in and take the change back when it goes wrong: an account that is enabled, lives in the cloud
 * alone, in a domain that no federation server answers for, with a method that works. None of this can be waived.
 */
export function judgeEmergencyAccount({
  account,
  domain,
  methods,
  allowed,
}: EmergencyFacts): readonly Blocker[] {
  const {userPrincipalName: name} = account
  const found: Blocker[] = []
  if (!account.accountEnabled)
    found.push(final('emergency-account-disabled', 'the account is disabled', name))
  if (account.isGuest)
    found.push(final('emergency-account-guest', 'a guest signs in at another organisation', name))
  if (account.isSynced)
    found.push(
      final(
        'emergency-account-synced',
        'the account is synchronised from Active Directory; it has to be cloud-only',
        name,
      ),
    )
  if (domain === undefined || domain.authenticationType === 'Federated')
    found.push(
      final(
        'emergency-account-federated',
        'the account signs in through a federated domain; take one in the .onmicrosoft.com domain',
        name,
      ),
    )
  if (methods === undefined)
    found.push(final('emergency-account-unreadable', 'its methods could not be read', name))
  else if (methodStanding(methods, allowed) !== 'usable')
    found.push(
      final(
        'emergency-account-no-method',
        `no method that works in Entra: ${describeStanding(methods, allowed)}`,
        name,
      ),
    )
  return found
}

export const emergencyAccountMissing = (): Blocker =>
  final(
    'emergency-account-missing',
    'no emergency account is named: --emergency-account UPN (enabled, cloud-only, in a domain that is not federated, with a usable method)',
  )

export const emergencyAccountUnknown = (name: string): Blocker =>
  final('emergency-account-unknown', 'the tenant has no such user', name)
