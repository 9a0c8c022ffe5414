import type {EntraIdentity} from '../model/entra-user.js'
import type {MfaBehavior, ShownBehavior} from '../model/mfa-behavior.js'
import type {Outcome} from '../model/outcome.js'

/** A verified domain of the tenant. */
export interface DomainFederation {
  /** As the tenant spells it. */
  readonly domain: string
  readonly authenticationType: string
  /** Id of its federation settings; absent where it is managed, or federated together with a domain above it. */
  readonly federationId?: string | undefined
  readonly displayName?: string | undefined
  readonly issuerUri?: string | undefined
  /** Null where it was never set, and where there are no settings. */
  readonly behavior: ShownBehavior
}

/** An account as the check of the emergency account wants it. */
export interface Account extends EntraIdentity {
  readonly isSynced: boolean
}

/**
 * Domains of the tenant and who does MFA in them.
 *
 * Reads are repeated within the budget. Throws MfaError `auth` (signed out, permission missing: named) and `unavailable`.
 */
export interface Federations {
  /** Every verified domain, with the settings of the federated ones. */
  domains(signal: AbortSignal): Promise<readonly DomainFederation[]>
  /** By name in any letter case. Undefined where the tenant has no such domain. */
  domain(name: string, signal: AbortSignal): Promise<DomainFederation | undefined>
  /** Sends one change, once; says what is known of it. What ends the run is thrown. */
  setBehavior(
    domain: Pick<DomainFederation, 'domain' | 'federationId'>,
    behavior: MfaBehavior,
    signal: AbortSignal,
  ): Promise<Outcome>
  /** Everybody whose user principal name ends in one of these domains, page by page. */
  users(domains: readonly string[], signal: AbortSignal): AsyncIterable<readonly EntraIdentity[]>
  /** By user principal name or object id; undefined if there is none. */
  account(name: string, signal: AbortSignal): Promise<Account | undefined>
  /** The service's time, as far as its answers told it. */
  now(): Date
}
