import {EFFECT_DELAY_MS, type MfaBehavior, type ShownBehavior} from '../model/mfa-behavior.js'
import type {DomainFederation, Federations} from '../ports/federation.js'
import type {Journal, TenantRunKind} from '../ports/journal.js'
import {cutOffChange, pastChanges} from './past-changes.js'
import type {ChangeHandling, TenantChange} from './tenant-change.js'

const KIND = 'set-federation'

/** One change of one domain's behaviour. */
export interface FederationChange extends TenantChange {
  readonly kind: typeof KIND
  readonly before: ShownBehavior
  readonly after: MfaBehavior
  /** What the operator says the old flag was; Graph does not show it. */
  readonly supportsMfa?: boolean | undefined
}

/** What this tool knows of one domain from its own records. */
export interface FederationRecord {
  /** What stood there before the first change by `federation set`, else before the first one at all; null: never set. */
  readonly original: ShownBehavior
  /** Only `mfa rollback` has changed it: what was there before is what people were to be brought back from. */
  readonly isRollbackOnly: boolean
  readonly supportsMfa?: boolean | undefined
  readonly last: {
    readonly to: MfaBehavior
    readonly run: string
    readonly isRollback: boolean
    /** ISO 8601, by the service's clock; by ours while its outcome is in doubt. */
    readonly at: string
    /** When it should have taken effect at the latest, by the service's clock. Absent while its outcome is in doubt. */
    readonly effectiveBy?: string | undefined
  }
}

const KINDS: readonly TenantRunKind[] = ['federation', 'rollback']

/** Domains that were changed, by their names in lower case. A change in doubt counts: it may have happened. */
export async function federationRecords(
  journal: Journal,
  tenantId: string,
): Promise<ReadonlyMap<string, FederationRecord>> {
  const records = new Map<string, FederationRecord>()
  for await (const past of pastChanges(journal, tenantId, KINDS)) {
    if (past.change.kind !== KIND || past.outcome?.status === 'failed') continue
    const change = past.change as FederationChange
    const key = change.target.name.toLowerCase()
    const first = records.get(key)
    const isRollback = past.run.kind === 'rollback'
    const isFirst = first === undefined || (first.isRollbackOnly && !isRollback)
    records.set(key, {
      original: isFirst ? change.before : first.original,
      isRollbackOnly: isRollback && (first?.isRollbackOnly ?? true),
      supportsMfa: first?.supportsMfa ?? change.supportsMfa,
      last: {
        to: change.after,
        run: past.run.id,
        isRollback,
        at: past.made?.['setAt'] ?? past.at,
        effectiveBy: past.made?.['effectiveBy'],
      },
    })
  }
  return records
}

/** A change of this domain whose command died before its outcome was on record. */
export const cutOffFederation = async (
  journal: Journal,
  tenantId: string,
  domain: string,
  kinds: readonly TenantRunKind[],
): Promise<FederationChange | undefined> =>
  (await cutOffChange(journal, tenantId, changeId(domain), kinds)) as FederationChange | undefined

export function federationChange(
  domain: DomainFederation,
  to: MfaBehavior,
  supportsMfa?: boolean,
): FederationChange {
  return {
    id: changeId(domain.domain),
    kind: KIND,
    target: {id: domain.federationId ?? domain.domain, name: domain.domain},
    before: domain.behavior,
    after: to,
    says: `set federatedIdpMfaBehavior of ${domain.domain} to ${to} (was ${domain.behavior ?? 'never set'})`,
    ...(supportsMfa === undefined ? {} : {supportsMfa}),
  }
}

/** How a change is sent and recognised. It takes effect up to a day later, which is put on record with it. */
export function federationHandling(change: FederationChange, federations: Federations): ChangeHandling {
  const {id: federationId, name: domain} = change.target
  const made = () => {
    const at = federations.now()
    return {
      setAt: at.toISOString(),
      effectiveBy: new Date(at.getTime() + EFFECT_DELAY_MS).toISOString(),
    }
  }
  return {
    async send(signal) {
      const outcome = await federations.setBehavior({domain, federationId}, change.after, signal)
      return outcome.status === 'failed' || outcome.status === 'unknown' ? {outcome} : {outcome, made: made()}
    },
    async shows(signal) {
      const now = await federations.domain(domain, signal)
      return now?.behavior === change.after ? {made: made()} : undefined
    },
  }
}

/** The domain and those below it that are federated together with it: whoever signs in there is concerned too. */
export function domainsConcerned(domain: string, all: readonly DomainFederation[]): readonly string[] {
  const below = all.filter(
    ({domain: name, authenticationType, federationId}) =>
      authenticationType === 'Federated' &&
      federationId === undefined &&
      name.toLowerCase().endsWith(`.${domain.toLowerCase()}`),
  )
  return [domain, ...below.map(({domain: name}) => name)]
}

export const isFederated = ({authenticationType, federationId}: DomainFederation): boolean =>
  authenticationType === 'Federated' && federationId !== undefined

const changeId = (domain: string): string => `${KIND} ${domain.toLowerCase()}`
