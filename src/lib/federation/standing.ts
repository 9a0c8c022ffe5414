import {type FederationRecord, federationRecords, isFederated} from '../changes/federation-changes.js'
import {MfaError} from '../errors/mfa-error.js'
import {equivalentOfNull, type MfaBehavior, type ShownBehavior} from '../model/mfa-behavior.js'
import type {Clock} from '../ports/clock.js'
import type {Directory} from '../ports/directory.js'
import type {DomainFederation, Federations} from '../ports/federation.js'
import type {Journal} from '../ports/journal.js'

/** How one domain stands: what it shows, what our records add. */
export interface DomainStanding {
  readonly domain: string
  readonly authenticationType: string
  readonly federationId: string | null
  readonly federatedIdpMfaBehavior: ShownBehavior
  /** What sign-ins follow where the behaviour was never set and the old flag is not set either; null elsewhere. */
  readonly fallsBackTo: MfaBehavior | null
  /** What stood there before this tool's first change; undefined where it made none. */
  readonly original?: ShownBehavior | undefined
  /** What this tool set it to last. */
  readonly lastSetTo?: MfaBehavior | undefined
  readonly setAt?: string | undefined
  readonly effectiveBy?: string | undefined
  /** Whether the day is over that a change may take; undefined where this tool did not make it. */
  readonly inEffect?: boolean | undefined
}

export interface StandingDeps {
  readonly federations: Federations
  readonly directory: Directory
  readonly journal: Journal
}

/** Domains of the tenant; of one domain only where it is named. Throws MfaError `usage` if the tenant does not have it. */
export async function domainStandings(
  name: string | undefined,
  deps: StandingDeps,
  signal: AbortSignal,
): Promise<readonly DomainStanding[]> {
  const {federations, directory, journal} = deps
  const found = name === undefined ? undefined : await federations.domain(name, signal)
  if (name !== undefined && found === undefined) throw noDomain(name)
  const domains = found === undefined ? await federations.domains(signal) : [found]
  const records = await federationRecords(journal, await directory.tenantId(signal))
  return domains.map((domain) =>
    standingOf(domain, records.get(domain.domain.toLowerCase()), federations.now()),
  )
}

/** Pure. */
export function standingOf(
  domain: DomainFederation,
  record: FederationRecord | undefined,
  now: Date,
): DomainStanding {
  const {behavior} = domain
  const effectiveBy = record?.last.effectiveBy
  const isOurs = record !== undefined && record.last.to === behavior
  return {
    domain: domain.domain,
    authenticationType: domain.authenticationType,
    federationId: domain.federationId ?? null,
    federatedIdpMfaBehavior: behavior,
    fallsBackTo: isFederated(domain) && behavior === null ? equivalentOfNull(undefined) : null,
    original: record?.original,
    lastSetTo: record?.last.to,
    setAt: record?.last.at,
    effectiveBy,
    inEffect: isOurs && effectiveBy !== undefined ? now.getTime() >= Date.parse(effectiveBy) : undefined,
  }
}

export interface WatchRequest {
  readonly domain: string | undefined
  /** What to wait for; what this tool set last unless given. */
  readonly until: MfaBehavior | undefined
  readonly intervalMs: number
  /** Told after each look. */
  readonly seen: (standings: readonly DomainStanding[], at: Date) => void
}

/**
 * Looks again and again until every federated domain shows what is waited for. Goes on until `signal` where nothing is: no change of
 * ours, and no `until`. Throws the signal's reason.
 */
export async function watchFederation(
  request: WatchRequest,
  deps: StandingDeps & {readonly clock: Clock},
  signal: AbortSignal,
): Promise<readonly DomainStanding[]> {
  for (;;) {
    const standings = await domainStandings(request.domain, deps, signal)
    request.seen(standings, deps.federations.now())
    if (isReached(standings, request.until)) return standings
    await deps.clock.sleep(request.intervalMs, signal)
  }
}

/** Pure: whether there is something to wait for and all of it is there. */
export function isReached(standings: readonly DomainStanding[], until: MfaBehavior | undefined): boolean {
  const waited = standings
    .filter(({federationId}) => federationId !== null)
    .flatMap(({federatedIdpMfaBehavior: shown, lastSetTo}) => {
      const wanted = until ?? lastSetTo
      return wanted === undefined ? [] : [shown === wanted]
    })
  return waited.length > 0 && waited.every(Boolean)
}

const noDomain = (name: string): MfaError =>
  new MfaError('NO_SUCH_DOMAIN', `the tenant has no verified domain ${name}`, {
    exit: 'usage',
    fix: 'mfa federation list shows its domains.',
  })
