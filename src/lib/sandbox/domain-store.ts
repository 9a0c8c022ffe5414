import type {FederatedIdpMfaBehavior} from '@microsoft/microsoft-graph-types'

import {MfaError} from '../errors/mfa-error.js'
import {deterministicId} from './deterministic-id.js'
import {endFact, factOf, putFact, type Moment} from './facts.js'
import {CURRENT, type Store} from './store.js'
import type {TenantDomain, TenantFile} from './tenant-file.js'

/** Until a change takes effect; the real service says "up to 24 hours". */
export const FEDERATION_DELAY_MS = 24 * 60 * 60 * 1000
/** Long enough for `behaviorInEffect` to find what stood there before. */
const KEEP_MS = FEDERATION_DELAY_MS + 60 * 60 * 1000

export type Behavior = Exclude<FederatedIdpMfaBehavior, 'unknownFutureValue'>
export const BEHAVIORS = [
  'acceptIfMfaDoneByFederatedIdp',
  'enforceMfaByFederatedIdp',
  'rejectMfaByFederatedIdp',
] as const satisfies readonly Behavior[]

/** How one domain is federated, as Graph shows it; `supportsMfa` is the old flag, which Graph does not show. */
export interface StoredFederation {
  readonly id: string
  readonly displayName: string | null
  readonly issuerUri: string | null
  readonly passiveSignInUri: string | null
  readonly federatedIdpMfaBehavior: Behavior | null
  readonly supportsMfa?: boolean | undefined
  readonly [property: string]: unknown
}

/** Tenant-wide facts belong to nobody. */
const TENANT = 0

/** Names of the verified domains; the first one is the default. */
export function domainNames(store: Store): readonly string[] {
  return JSON.parse(store.meta('domains') ?? '[]') as string[]
}

/** As spelled in the tenant; undefined for a domain that is not the tenant's. */
export function domainName(store: Store, name: string): string | undefined {
  return domainNames(store).find((each) => each.toLowerCase() === name.toLowerCase())
}

/** Undefined for a managed domain. */
export function federationOf(store: Store, domain: string, seenAt = CURRENT): StoredFederation | undefined {
  return factOf<StoredFederation>(store, TENANT, 'federation', domain.toLowerCase(), seenAt)
}

/** What is replaced stays known for a day: it is still what sign-ins follow. */
export function putFederation(store: Store, domain: string, body: StoredFederation, moment: Moment): void {
  const keep = Math.max(moment.keep, KEEP_MS)
  putFact(store, TENANT, {kind: 'federation', id: domain.toLowerCase(), body}, {...moment, keep})
}

export function endFederation(store: Store, domain: string, moment: Moment): boolean {
  return endFact(store, TENANT, 'federation', domain.toLowerCase(), moment)
}

/** What sign-ins follow at `at` (ms): the value that was there a day before. */
export function federationInEffect(store: Store, domain: string, at: number): StoredFederation | undefined {
  const now = federationOf(store, domain)
  // A domain that was federated a moment ago is federated at once; only its MFA behaviour takes a day.
  return now === undefined ? undefined : (federationOf(store, domain, at - FEDERATION_DELAY_MS) ?? now)
}

/** Throws MfaError `data` for a domain that is there twice. */
export function seedDomains(store: Store, domains: TenantFile['domains'], moment: Moment): void {
  const all = domains.map((domain): TenantDomain => (typeof domain === 'string' ? {name: domain} : domain))
  const names = all.map(({name}) => name)
  const twice = names.find((name, at) =>
    names.slice(0, at).some((other) => other.toLowerCase() === name.toLowerCase()),
  )
  if (twice !== undefined) {
    throw new MfaError('TENANT_FILE', `the tenant cannot be built: domain "${twice}" is there twice`, {
      exit: 'data',
      fix: 'correct the tenant file; nothing was written',
    })
  }
  store.setMeta('domains', JSON.stringify(names))
  for (const {name, authenticationType, ...given} of all) {
    if (authenticationType !== 'Federated') continue
    putFederation(store, name, {...standard(name), ...defined(given)}, moment)
  }
}

/** The form of the tenant file; a domain without anything to say is its name. */
export function dumpDomains(store: Store): TenantFile['domains'] {
  return domainNames(store).map((name) => {
    const found = federationOf(store, name)
    if (found === undefined) return name
    const {federatedIdpMfaBehavior, ...rest} = found
    const shown = Object.fromEntries(
      Object.entries(rest).filter(([key, value]) => value !== null && value !== standard(name)[key]),
    )
    return {
      name,
      authenticationType: 'Federated' as const,
      ...shown,
      ...(federatedIdpMfaBehavior === null ? {} : {federatedIdpMfaBehavior}),
    }
  })
}

const defined = (given: object): object =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))

/** An invented AD FS; nothing of it is ever called. */
function standard(domain: string): StoredFederation {
  const host = `sts.${domain.toLowerCase()}`
  return {
    id: deterministicId(`federation ${domain.toLowerCase()}`),
    displayName: `AD FS of ${domain}`,
    issuerUri: `http://${host}/adfs/services/trust`,
    metadataExchangeUri: `https://${host}/adfs/services/trust/mex`,
    signingCertificate: 'SW52ZW50ZWQ=',
    passiveSignInUri: `https://${host}/adfs/ls`,
    preferredAuthenticationProtocol: 'wsFed',
    activeSignInUri: `https://${host}/adfs/services/trust/2005/usernamemixed`,
    signOutUri: `https://${host}/adfs/ls`,
    promptLoginBehavior: 'nativeSupport',
    isSignedAuthenticationRequestRequired: null,
    nextSigningCertificate: null,
    signingCertificateUpdateStatus: null,
    passwordResetUri: null,
    federatedIdpMfaBehavior: null,
  }
}
