import {MfaError} from '../errors/mfa-error.js'
import {
  type Behavior,
  domainName,
  federationInEffect,
  federationOf,
  type StoredFederation,
} from './domain-store.js'
import {findUser, type StoredUser} from './resources/users.js'
import {rolloutCovers} from './rollout-covers.js'
import {signInMethods} from './sign-in-methods.js'
import type {Store} from './store.js'

export interface SignInOptions {
  /** Whether MFA works at the on-premises identity provider; it does unless told. */
  readonly onPremisesMfa?: boolean | undefined
}

/** Who asks one user for MFA, where MFA is demanded, and whether that can end well. */
export interface SignIn {
  readonly userPrincipalName: string
  /** The tenant's clock, ISO 8601. */
  readonly at: string
  readonly domain: string
  readonly authenticationType: 'Managed' | 'Federated'
  /** What Graph shows now; null where it was never set or the domain is managed. */
  readonly federatedIdpMfaBehavior: Behavior | null
  /** What sign-ins follow at that time: a change takes a day. */
  readonly behaviorInEffect: Behavior | null
  readonly stagedRollout: boolean
  readonly mfaBy: 'entra' | 'on-premises' | 'nobody'
  /** Methods that Entra could ask for, the first one first. */
  readonly methods: readonly string[]
  readonly canSignIn: boolean
  readonly says: string
}

/** Works on what the tenant holds at `at` (ms). Throws MfaError `usage` where there is no such user. */
export function signInOf(store: Store, name: string, at: number, options: SignInOptions = {}): SignIn {
  const row = findUser(store, name)
  if (row === undefined) throw noUser(name)
  const user = JSON.parse(row.body) as StoredUser
  const suffix = user.userPrincipalName.split('@').at(-1) ?? ''
  const domain = domainName(store, suffix) ?? suffix
  const shown = federationOf(store, domain)
  const effective = federationInEffect(store, domain, at)
  const stagedRollout = rolloutCovers(store, user.id, new Date(at))
  const methods = signInMethods(store, row.seq, at)
  const facts = {
    userPrincipalName: user.userPrincipalName,
    at: new Date(at).toISOString(),
    domain,
    authenticationType: shown === undefined ? 'Managed' : 'Federated',
    federatedIdpMfaBehavior: shown?.federatedIdpMfaBehavior ?? null,
    behaviorInEffect: effective?.federatedIdpMfaBehavior ?? null,
    stagedRollout,
    methods,
  } as const
  const {by, because} = asks(effective, stagedRollout, options.onPremisesMfa ?? true)
  if (!user.accountEnabled)
    return {...facts, mfaBy: 'nobody', canSignIn: false, says: 'cannot sign in: the account is disabled'}
  if (by === 'entra' && methods.length === 0) {
    const says = `cannot sign in: Entra asks for MFA (${because}), and the user has no usable method`
    return {...facts, mfaBy: 'entra', canSignIn: false, says}
  }
  if (by === 'nobody') {
    const says = `cannot sign in: Entra sends the user to the on-premises provider for MFA (${because}), which does none`
    return {...facts, mfaBy: 'nobody', canSignIn: false, says}
  }
  const says =
    by === 'entra'
      ? `Entra asks for MFA by ${methods[0]} (${because})`
      : `the on-premises provider asks for MFA (${because})`
  return {...facts, mfaBy: by, canSignIn: true, says}
}

interface Asks {
  readonly by: SignIn['mfaBy']
  readonly because: string
}

/** The order in which Entra decides: managed domain, staged rollout, the domain's behaviour, the old flag. */
function asks(effective: StoredFederation | undefined, stagedRollout: boolean, onPremises: boolean): Asks {
  if (effective === undefined) return {by: 'entra', because: 'the domain is not federated'}
  if (stagedRollout) return {by: 'entra', because: 'staged rollout covers the user'}
  const {federatedIdpMfaBehavior: set, supportsMfa} = effective
  const never = 'the behaviour was never set; '
  const value = set ?? (supportsMfa === true ? 'enforceMfaByFederatedIdp' : 'acceptIfMfaDoneByFederatedIdp')
  const why = set ?? `${never}${supportsMfa === true ? 'SupportsMfa is true' : `as ${value}`}`
  switch (value) {
    case 'rejectMfaByFederatedIdp':
      return {by: 'entra', because: why}
    case 'enforceMfaByFederatedIdp':
      return {by: onPremises ? 'on-premises' : 'nobody', because: why}
    case 'acceptIfMfaDoneByFederatedIdp':
      return onPremises
        ? {by: 'on-premises', because: why}
        : {by: 'entra', because: `${why}; the on-premises provider did none`}
    default:
      return value satisfies never
  }
}

const noUser = (name: string): MfaError =>
  new MfaError('NO_SUCH_USER', `the sandbox tenant has no user "${name}"`, {
    exit: 'usage',
    fix: 'mfa sandbox show lists them.',
  })
