import type {Machine} from '../../model/topology.js'
import type {Clock} from '../../ports/clock.js'
import type {Endpoint, Network} from '../../ports/network.js'
import type {Ui} from '../../ports/ui.js'
import type {RuleId} from '../finding.js'

/** What is looked at, in the order in which it is. */
export const PROBES = ['name', 'port', 'certificate', 'sdk', 'sticky', 'radius', 'outbound'] as const
export type ProbeKind = (typeof PROBES)[number]

/** `unknown`: it cannot be told from here, and `detail` says why. It is neither good nor bad. */
export type Outcome = 'ok' | 'warning' | 'failed' | 'unknown'

export interface ProbeResult {
  readonly probe: ProbeKind
  readonly rule: RuleId | undefined
  /** `MFA1 (mfa1.contoso.com:443)` */
  readonly target: string
  readonly outcome: Outcome
  readonly detail: string
  readonly fix?: string | undefined
}

export interface ProbeDeps {
  readonly network: Network
  readonly clock: Clock
  readonly ui: Ui
  /** RADIUS is left out without a shared secret. */
  readonly hasRadiusSecret: boolean
  readonly graphUrl: string
  readonly signInUrl: string
}

/** Results of one kind about one target. */
export const resultsOf = (probe: ProbeKind, rule: RuleId | undefined, target: string) => {
  const make =
    (outcome: Outcome) =>
    (detail: string, fix?: string): ProbeResult => ({probe, rule, target, outcome, detail, fix})
  return {ok: make('ok'), warning: make('warning'), failed: make('failed'), unknown: make('unknown')}
}

export const at = (name: string, {host, port}: Endpoint): string =>
  `${name} (${host.includes(':') ? `[${host}]` : host}:${port})`

/** As it would be reached from here: by its name, unless only an address is known to lead there. */
export const endpointOf = ({host}: Pick<Machine, 'host'>, port: number): Endpoint => ({host, port})

/** Side by side, a few at a time, in order. */
export async function all<T, R>(items: readonly T[], work: (item: T) => Promise<R>, width = 8): Promise<R[]> {
  const results: R[] = []
  for (let from = 0; from < items.length; from += width)
    results.push(...(await Promise.all(items.slice(from, from + width).map(work))))
  return results
}
